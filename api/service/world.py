"""What the service takes from the world around it: the time, numbers nobody can guess, and a chance to die."""

from __future__ import annotations

import secrets
import time
from typing import Protocol


class World(Protocol):
    """The only way to the clock and to chance; a simulation replaces it and nothing else."""

    def now_ms(self) -> int:
        """Give milliseconds since 1970."""

    def new_id(self) -> str:
        """Give an id that no one has and no one can guess."""

    def reached(self, point: str) -> None:
        """Say that a point of a transaction is reached; a simulation may stop the process here."""


class SystemWorld:
    """The machine's clock and chance."""

    def now_ms(self) -> int:
        """Give milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def new_id(self) -> str:
        """Give 128 random bits."""
        return secrets.token_hex(16)

    def reached(self, point: str) -> None:
        """Go on."""

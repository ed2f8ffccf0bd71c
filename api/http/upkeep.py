"""What a running service does beside its requests: every second, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

PAUSE_SECONDS = 1.0


class Upkeep:
    """Does some works in turn, again and again. failed: told when one could not be done; it is tried again."""

    def __init__(self, works: Sequence[Callable[[], None]], failed: Callable[[Exception], None]) -> None:
        self._works, self._failed = works, failed
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin, after a first pause."""
        self._thread.start()

    def close(self) -> None:
        """Do everything once more, and stop."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(PAUSE_SECONDS):
            self._round()
        self._round()

    def _round(self) -> None:
        for work in self._works:
            try:
                work()
            except Exception as failure:
                self._failed(failure)

"""Bounds of what is taken in: how often a key may ask, and what the service holds at one moment."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from api.wire.problems import refuse

BURST_SECONDS = 2
"""A key that was quiet may ask at once for what it may ask in so long."""

MOST_REQUESTS = 2_500
"""Requests in work; more than may wait for the writer, so that those who may not wait are told by it."""

MOST_BYTES = 128 << 20
"""Bytes of all bodies in work."""


class Rates:
    """A bucket of tokens for each key: a request takes one, and they come back evenly."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._most, self._clock = per_second, max(per_second * BURST_SECONDS, 1.0), clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, key_id: str) -> None:
        """Count a request of a key. Raises RequestError, which says when to come again."""
        now = self._clock()
        left, at = self._buckets.get(key_id, (self._most, now))
        left = min(self._most, left + (now - at) * self._per_second)
        if left < 1.0:
            self._buckets[key_id] = (left, now)
            raise refuse("TOO_MANY_REQUESTS", seconds=math.ceil((1.0 - left) / self._per_second))
        self._buckets[key_id] = (left - 1.0, now)


class Room:
    """Counts requests in work and the bytes of their bodies; beyond the bounds it says that the service is busy."""

    def __init__(self, most_requests: int = MOST_REQUESTS, most_bytes: int = MOST_BYTES) -> None:
        self._requests_left, self._bytes_left = most_requests, most_bytes

    def enter(self) -> Stay:
        """Take a request in. Raises RequestError."""
        if self._requests_left <= 0:
            raise refuse("BUSY")
        self._requests_left -= 1
        return Stay(self)

    def take(self, size: int) -> None:
        """Take some bytes in. Raises RequestError."""
        if size > self._bytes_left:
            raise refuse("BUSY")
        self._bytes_left -= size

    def leave(self, size: int) -> None:
        """Let a request go with its bytes."""
        self._requests_left += 1
        self._bytes_left += size


@dataclass(slots=True)
class Stay:
    """One request in the room, and the bytes of its body so far."""

    room: Room
    held: int = 0

    def hold(self, size: int) -> None:
        """Take some more bytes in. Raises RequestError."""
        self.room.take(size)
        self.held += size

    def leave(self) -> None:
        """Let the request go."""
        self.room.leave(self.held)

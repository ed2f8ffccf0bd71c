"""A clock that can be set: the sandbox has one, so that the end of a year can be tried."""

from __future__ import annotations

from api.service.days import DAY_MS, book_day
from api.service.world import World


class MovedClock:
    """A world whose day is set. Requests are signed and remembered by the clock behind it."""

    def __init__(self, world: World) -> None:
        self._world, self._offset_ms = world, 0
        self.new_id, self.reached = world.new_id, world.reached

    def now_ms(self) -> int:
        """Give the time of now on the day that was set."""
        return self._world.now_ms() + self._offset_ms

    @property
    def day(self) -> int:
        """The day in Shanghai, in days since 1970-01-01."""
        return book_day(self.now_ms())

    def set_day(self, day: int) -> None:
        """Go to a day; the time of day stays."""
        self._offset_ms += (day - self.day) * DAY_MS

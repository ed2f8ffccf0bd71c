"""The simulated world: a clock that jumps, ids from the seed, a process that may die anywhere, a network that lies."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from api.service.requests import Message
from tests.service.office import StandingClock, moment


class Crash(BaseException):
    """The process dies; what was not committed is gone."""


class CrashingWorld(StandingClock):
    """A world that dies at a random point of a transaction now and then."""

    def __init__(self, chance: random.Random, crashes: float) -> None:
        super().__init__(now=moment("2023-12-05T08:00:00"))
        self._chance, self._crashes = chance, crashes
        self.armed = False

    def new_id(self) -> str:
        return f"{self._chance.getrandbits(96):024x}"

    def reached(self, point: str) -> None:
        if self.armed and self._chance.random() < self._crashes:
            raise Crash(point)

    def pass_time(self) -> None:
        """Go on by some minutes, sometimes by a night, now and then back."""
        chance = self._chance.random()
        if chance < 0.02:
            self.now -= self._chance.randrange(600_000)
        else:
            self.now += self._chance.randrange(36_000_000 if chance < 0.05 else 900_000)


@dataclass
class Network:
    """Messages on their way: some twice, some late, none in order."""

    chance: random.Random
    under_way: list[tuple[int, Message]] = field(default_factory=list)
    step: int = 0
    duplicates: int = 0
    late: int = 0

    def send(self, message: Message) -> None:
        """Put a message on its way, perhaps with a twin."""
        copies = 2 if self.chance.random() < 0.06 else 1
        self.duplicates += copies - 1
        for _ in range(copies):
            slow = self.chance.random() < 0.08
            self.late += slow
            self.under_way.append((self.step + self.chance.randrange(5, 60) if slow else self.step, message))

    def arriving(self, most: int) -> list[Message]:
        """Give what arrives now, at most so many, in any order."""
        self.step += 1
        due = [entry for entry in self.under_way if entry[0] <= self.step]
        self.chance.shuffle(due)
        taken = due[:most]
        for entry in taken:
            self.under_way.remove(entry)
        return [message for _, message in taken]

"""What re-adjudication comes to: for one person, and for all persons of a job together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from api.service.answers import Adjustment, yuan
from api.wire.problems import Mistake
from api.wire.values import AMOUNT_DECIMALS, units


@dataclass(frozen=True, slots=True)
class Readjudicated:
    """What a person's year comes to. adjustments: by settlement, in order. posted: whether it stands in the journal.

    undecided: why nothing can be done, where something would have to be. done_before: posted by this job before.
    """

    person_key: str
    adjustments: tuple[Adjustment, ...] = ()
    posted: bool = False
    undecided: Mistake | None = None
    done_before: bool = False


@dataclass(slots=True)
class Differences:
    """The sum of a job. most: how many settlements, and how many persons that cannot be decided, are listed.

    persons: with settlements that differ. before: persons for whom this job had posted before. sums: fen by account.
    """

    most: int | None = None
    persons: int = 0
    settlements: int = 0
    undecided: int = 0
    before: int = 0
    sums: Counter[str] = field(default_factory=Counter)
    adjusted: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)

    def add(self, found: Readjudicated) -> None:
        """Take in what a person came to."""
        self.persons += bool(found.adjustments)
        self.settlements += len(found.adjustments)
        self.before += found.done_before
        for adjustment in found.adjustments:
            self.sums.update(dict(adjustment.differences))
            if self.most is None or len(self.adjusted) < self.most:
                self.adjusted.append(adjustment.as_dict())
        if found.undecided is not None:
            self.undecided += 1
            if self.most is None or len(self.refused) < self.most:
                self.refused.append(found.undecided.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """Give it for a body."""
        return {
            "persons": self.persons,
            "settlements": self.settlements,
            "undecided": self.undecided,
            "before": self.before,
            "adjusted": self.adjusted,
            "refused": self.refused,
            "sums": {account: yuan(fen) for account, fen in sorted(self.sums.items()) if fen},
        }


def posted_before(said: dict[str, Any], most: int) -> Differences:
    """Give what a job that died had posted, to go on from; whom it could not decide will be found again."""
    sums = Counter({account: units(text, AMOUNT_DECIMALS) for account, text in said["sums"].items()})
    return Differences(most, said["persons"], said["settlements"], sums=sums, adjusted=list(said["adjusted"]))

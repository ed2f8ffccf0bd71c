"""Valid pairs of plan and batch, from one whole number: the same number always gives the same pair."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from .counters import Entries
from .document import library
from .interpreter import Result, settle
from .making_claims import ClaimMaker, opening_of
from .making_plans import Generated, PlanMaker


@dataclass
class Pair:
    """A plan, a batch of claims and opening accounts, with the features they reach."""

    seed: int
    generated: Generated
    claims: list[dict[str, Any]]
    opening: Entries

    @property
    def name(self) -> str:
        """Give the id of the plan to settle under."""
        return self.generated.name

    def settle(
        self, claims: list[dict[str, Any]] | None = None, opening: Entries | None = None
    ) -> tuple[dict[str, Result], Entries]:
        """Settle by the letter of the document."""
        return settle(
            self.name,
            library(self.generated.texts),
            self.claims if claims is None else claims,
            self.opening if opening is None else opening,
        )


def pair_of(seed: int) -> Pair:
    """Make the pair of a number."""
    rng = random.Random(seed)
    reached: set[str] = set()
    generated = PlanMaker(rng, reached).make()
    claims = ClaimMaker(rng, generated).make()
    documents = library(generated.texts)
    _, touched = settle(generated.name, documents, claims)
    return Pair(seed, generated, claims, opening_of(rng, generated, touched))


def outcomes(results: dict[str, Result], closing: Entries, opening: Entries) -> set[str]:
    """Give the features that only show in results."""
    found: set[str] = set()
    for result in results.values():
        found |= {f"outcome.{result.status}", f"outcome.{result.reason}"}
        for name, amount in result.amounts.items():
            if amount > 0:
                found.add(f"outcome.{name.rsplit('.')[-1]}")
        if result.beyond_bill:
            found.add("outcome.beyond_bill")
        if result.cash != result.person:
            found.add("outcome.account")
        slices = [number for (_, number), amount in result.paid_by_slice.items() if amount]
        if len(slices) > 1:
            found.add("outcome.several_slices")
    if closing != opening:
        found.add("outcome.counter_moves")
    return found

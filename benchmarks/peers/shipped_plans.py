"""Shipped plans on the claims of the workload: what their documents ask of a claim is added, lines stay as they are.

The reference plan's rows say nothing about a plan with more layers; these do. They have no peers: nobody else wrote the
plans out. What is checked is that every claim settles and that the money adds up; worked cases prove the figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from adjudicator import Batch, Category, ClaimStatus, Flags, Number, Rulebook, Settlement, settle
from benchmarks.calibration import GROUPS
from benchmarks.peers.columns import Columns
from benchmarks.workload import DAYS, program

OLDEST, YOUNGEST = (59, 95, 95), (20, 60, 0)
"""Ages by group."""

CIVIL_SERVANTS = 0.1
"""Share of the persons."""


@dataclass(slots=True)
class State:
    """A batch with the rulebook of its plan."""

    batch: Batch
    rulebook: Rulebook
    threads: int


def prepare(columns: Columns, threads: int, plan: str, asked: Callable[[Batch], Batch]) -> State:
    """Make the batch of a plan out of that of the reference plan."""
    made = program(plan)
    batch = replace(asked(columns.work.batch), plan=constant(len(columns.work.batch), made.name))
    state = State(batch, replace(columns.work.rulebook, programs=(made,)), threads)
    run(state)
    return state


def run(state: State) -> Settlement:
    return settle(state.batch, state.rulebook, workers=state.threads)


def check(state: State, found: Settlement) -> dict[str, int]:
    """Count claims that did not settle, lines and claims whose money does not add up."""
    parts = found.in_scope + found.upfront + found.over_limit + found.self_funded
    paid = sum((layer.paid for layer in found.layers.values()), np.zeros_like(found.total))
    wrong = {
        "status": np.count_nonzero(found.status != ClaimStatus.SETTLED),
        "buckets": np.count_nonzero(parts != state.batch.lines.amount_fen),
        "paid": np.count_nonzero(found.total != paid - found.beyond_bill_fen + found.cash_fen),
    }
    return {name: count for name, count in wrong.items() if count}


def constant(rows: int, value: str) -> Category:
    return Category(np.zeros(rows, np.int32), (value,))


def ages(batch: Batch) -> Number:
    """Give the age of each claim's person: one of its group's, the same for all claims of the person."""
    group = batch.attributes["group"]
    assert isinstance(group, Category) and group.values == GROUPS
    chance = np.random.default_rng(2).random(len(batch.person.values))[batch.person.codes]
    youngest, oldest = np.array(YOUNGEST)[group.codes], np.array(OLDEST)[group.codes]
    return Number((youngest + chance * (oldest - youngest + 1)).astype(np.int64))


def beijing(batch: Batch) -> Batch:
    """Ask what Beijing's plan asks: residents stand as in service, everybody is treated in the city."""
    group = batch.attributes["group"]
    assert isinstance(group, Category)
    own = np.where(group.codes == GROUPS.index("retired"), 1, 0).astype(np.int32)
    more = {
        "group": Category(own, ("in_service", "retired")),
        "age": ages(batch),
        "zone": constant(len(batch), "local"),
    }
    return replace(batch, attributes={**batch.attributes, **more})


def chengdu(batch: Batch) -> Batch:
    """Ask what Chengdu's plan asks: a year earlier, visits are for single-line drugs, one in ten a civil servant."""
    visit = batch.attributes["visit"]
    assert isinstance(visit, Category)
    civil = np.random.default_rng(3).random(len(batch.person.values)) < CIVIL_SERVANTS
    more = {
        "visit": Category(visit.codes, ("dual_channel", "inpatient")),
        "age": ages(batch),
        "zone": constant(len(batch), "local"),
        "status": Flags(civil[batch.person.codes].astype(np.int64), ("civil_servant",)),
    }
    year = np.int32(DAYS)
    return replace(
        batch,
        order_time=batch.order_time - DAYS * 86_400,
        admission=batch.admission - year,
        discharge=batch.discharge - year,
        settlement=batch.settlement - year,
        lines=replace(batch.lines, service_date=batch.lines.service_date - year),
        attributes={**batch.attributes, **more},
    )

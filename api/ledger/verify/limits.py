"""Limits: no counter stands above the most that the figures of its plan allow anywhere, whatever adjudicated it.

A counter is bounded when all that it adds is what a layer pays below a limit on this counter, or bears as a deductible
that this counter uses up. Its bound is the largest of these figures over all persons, places and dates of the plan. So
the check knows nothing of how a claim is adjudicated; that each row is right to the fen, law A says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np
from sqlalchemy import Connection, select

from adjudicator.rulebook import Formula, Layer, Measure, Program, State, Table
from api.ledger.counters import unpack
from api.ledger.rows import BALANCES
from api.ledger.schema import journal
from api.ledger.verify.report import Report

WHOLE = 1_000_000
"""Parts per million of an amount that counts as it is."""

OPEN = (State.NOT_STATED, State.TARGET)
"""Where a figure has none of these in any cell, a claim that none of its cells decides is held."""

ROWS_AT_ONCE = 1_000


def verify_limits(connection: Connection, programs: Iterable[Program], rules: str, report: Report) -> None:
    """Look at every counter that a row of these rules has changed; what was carried in stands as it was brought."""
    bounds = {(program.name, name): most for program in programs for name, most in bounds_of(program).items()}
    settled = (journal.c.rules == rules) & journal.c.kind.not_in(sorted(BALANCES))
    rows = select(journal.c.seq, journal.c.closing).where(settled).order_by(journal.c.seq)
    for seq, closing in connection.execute(rows.execution_options(yield_per=ROWS_AT_ONCE)):
        for place, value in unpack(closing).items():
            most = bounds.get((place[1], place[2]))
            if most is not None:
                report.count("bounded")
                if value > most:
                    report.wrong("LEDGER_LIMIT_EXCEEDED", "journal", seq, "closing", [*place, value], most)


def bounds_of(program: Program) -> dict[str, int]:
    """Give the most that each bounded counter of a plan can stand at."""
    layers = {layer.name: layer for layer in program.layers}
    found: dict[str, int] = {}
    for rule in program.counters:
        mosts = [_most(layers, amount, weight, rule.name) for amount, weight in rule.adds]
        if mosts and None not in mosts and not rule.sets:
            found[rule.name] = max(most for most in mosts if most is not None)
    return found


def _most(layers: Mapping[str, Layer], amount: str, weight: Table, counter: str) -> int | None:
    """Give the figure that an amount cannot take a counter above, None where there is none."""
    name, _, what = amount.rpartition(".")
    layer = layers.get(name)
    if layer is None or int(weight.values.max()) > WHOLE:
        return None
    if what == "paid":
        mosts = [
            _largest(limit.amount, (State.ABSENT, *OPEN))
            for limit in layer.limits
            if (limit.measure, limit.counter, limit.when, limit.times) == (Measure.PAYMENT, counter, None, None)
        ]
    elif what == "deductible" and len(layer.deductibles) == 1:
        mosts = [
            _largest(deductible.amount, OPEN)
            for deductible in layer.deductibles
            if (deductible.counter, deductible.times) == (counter, None)
        ]
    else:
        return None
    return min((most for most in mosts if most is not None), default=None)


def _largest(formula: Formula, unbounding: Collection[State]) -> int | None:
    """Give the largest value a formula can have, None where it has terms or cells of a state that leaves it open."""
    states = formula.fixed.states
    if formula.terms or np.isin(states, list(unbounding)).any():
        return None
    values = [formula.fixed.values[states <= State.ASSUMED]]
    if formula.at_least is not None:
        values.append(formula.at_least.values)
    every = np.concatenate(values)
    return int(every.max()) if every.size else 0

"""Looks for cliffs: places where a higher bill is paid less. Found by settling bills around every edge of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass

import numpy as np

from adjudicator.batch import Batch, Lines
from adjudicator.columns import MISSING, Category, Column, Flags, Int64, Number
from adjudicator.engine import settle
from adjudicator.line_codes import is_of_line
from adjudicator.reasons import ClaimStatus
from adjudicator.rulebook import Key, KeyKind, Program, Rulebook, Table
from adjudicator.settlement import Settlement
from catalogs.plans.cases import yuan
from catalogs.plans.complete import CompletePlan
from catalogs.plans.findings import Findings

KINDS_OF_CLAIM = 160
"""How many kinds of claim (combinations of attributes) are tried; chosen by a fixed seed."""

BILLS = 200
"""How many bills are tried for each kind of claim."""

ROUNDING_FEN = 2
"""A fall of no more than this comes from rounding."""


def check_cliffs(plan: CompletePlan, program: Program, findings: Findings) -> None:
    """Add a warning for each layer whose payment falls when the bill rises."""
    bills = _bills(program)
    sample = _sample(plan, program)
    kinds = len(sample.dates)
    batch = _batch(program, sample, bills)
    settlement = settle(batch, Rulebook((program,)))
    shape = (kinds, len(bills))
    settled = (settlement.status == ClaimStatus.SETTLED).reshape(shape)
    paid: Int64 = sum((layer.paid for layer in settlement.layers.values()), np.zeros(kinds * len(bills), np.int64))
    fall = _fall(paid.reshape(shape), settled)
    while fall.max(initial=0) > ROUNDING_FEN:
        kind, step = np.unravel_index(int(fall.argmax()), fall.shape)
        name = _falling_layer(settlement, program, int(kind) * len(bills) + int(step))
        _report(plan, name, sample, bills, paid.reshape(shape), int(kind), int(step), findings)
        of_layer = _fall(settlement.layers[name].paid.reshape(shape), settled)
        fall = np.where(of_layer > 0, 0, fall)


def _fall(paid: Int64, settled: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Int64:
    """Give by how much each next bill is paid less, where both are settled."""
    return np.where(settled[:, 1:] & settled[:, :-1], np.maximum(paid[:, :-1] - paid[:, 1:], 0), 0)


def _falling_layer(settlement: Settlement, program: Program, row: int) -> str:
    """Give the layer whose payment falls most."""
    falls = {layer.name: settlement.layers[layer.name].paid for layer in program.layers}
    return max(falls, key=lambda name: int(falls[name][row] - falls[name][row + 1]))


@dataclass(frozen=True, slots=True)
class _Sample:
    """Kinds of claim: attribute columns and dates, [kinds]."""

    columns: dict[str, Column]
    dates: Int64

    def describe(self, kind: int) -> str:
        """Give the attributes of a kind of claim, for messages."""
        shown = []
        for name, column in self.columns.items():
            if isinstance(column, Category) and column.codes[kind] >= 0:
                shown.append(f"{name}: {column.values[column.codes[kind]]}")
            elif isinstance(column, Number) and column.values[kind] != MISSING:
                shown.append(f"{name}: {column.values[kind]}")
            elif isinstance(column, Flags):
                shown += [f"{name}: {v}" for i, v in enumerate(column.values) if column.bits[kind] >> i & 1]
        return ", ".join(shown)


def _report(
    plan: CompletePlan,
    name: str,
    sample: _Sample,
    bills: Int64,
    paid: Int64,
    kind: int,
    step: int,
    findings: Findings,
) -> None:
    entry = next(entry for entry in plan.layers if entry.name == name)
    findings.add(
        "CLIFF",
        entry.place,
        layer=name,
        bill=yuan(int(bills[step])),
        paid=yuan(int(paid[kind, step])),
        higher=yuan(int(bills[step + 1])),
        less=yuan(int(paid[kind, step + 1])),
        claim=sample.describe(kind),
    )


def _parts(thing: object) -> Iterator[Table]:
    if isinstance(thing, Table):
        yield thing
    elif isinstance(thing, tuple):
        for item in thing:
            yield from _parts(item)
    elif is_dataclass(thing):
        for field in fields(thing):
            yield from _parts(getattr(thing, field.name))


def _bills(program: Program) -> Int64:
    """Give bills (fen, rising) on both sides of every edge, of every edge above a deductible, and between."""
    edges: set[int] = {1}
    for table in _parts((program.layers, program.counters)):
        for key in table.keys:
            if key.kind is KeyKind.AMOUNT:
                edges.update(int(edge) for edge in key.edges.tolist() if edge > 0)
    deductibles: set[int] = {0}
    for layer in program.layers:
        for deductible in layer.deductibles:
            deductibles.update(deductible.amount.fixed.values.tolist())
        for part in layer.bands.slices if layer.bands is not None else ():
            if part.to is not None:
                edges.update(part.to.fixed.values.tolist())
    around = {edge + off for edge in edges for off in (-1, 0, 1)}
    above = {edge + borne + off for edge in edges for borne in sorted(deductibles)[:8] for off in (0, 1)}
    even = np.geomspace(100, 200_000_000, 60).astype(np.int64).tolist()
    chosen = [*sorted(around), *even, *sorted(above)][:BILLS]
    return np.array(sorted({bill for bill in chosen if 0 < bill < 10_000_000_000}), np.int64)


def _sample(plan: CompletePlan, program: Program) -> _Sample:
    """Choose kinds of claim over everything the tables of the plan tell apart."""
    words: dict[str, dict[str, None]] = {}
    numbers: dict[str, set[int]] = {}
    marks: dict[str, dict[str, None]] = {}
    starts = {plan.valid_from}
    for table in _parts((program.layers, program.counters, program.lines.category_limits, program.excluded_if)):
        for key in table.keys:
            _note(key, words, numbers, marks, starts)
    choose = np.random.default_rng(1998)
    columns: dict[str, Column] = {}
    for name, known in words.items():
        columns[name] = Category(choose.integers(0, len(known), KINDS_OF_CLAIM).astype(np.int32), tuple(known))
    for name, edges in numbers.items():
        columns[name] = Number(choose.choice(np.array(sorted(edges), np.int64), KINDS_OF_CLAIM))
    for name, known in marks.items():
        drawn = choose.random((KINDS_OF_CLAIM, len(known))) < 0.3 / len(known)
        bits = (drawn * (1 << np.arange(len(known), dtype=np.int64))).sum(axis=1)
        columns[name] = Flags(bits.astype(np.int64), tuple(known))
    within = [start for start in starts if plan.valid_from <= start < plan.valid_until]
    return _Sample(columns, choose.choice(np.array(within, np.int64), KINDS_OF_CLAIM))


def _note(
    key: Key,
    words: dict[str, dict[str, None]],
    numbers: dict[str, set[int]],
    marks: dict[str, dict[str, None]],
    starts: set[int],
) -> None:
    if is_of_line(key) or key.kind in (KeyKind.AMOUNT, KeyKind.COUNTER):
        return
    if key.kind is KeyKind.CATEGORY:
        words.setdefault(key.source, {}).update(dict.fromkeys(key.domain))
    elif key.kind is KeyKind.FLAG:
        marks.setdefault(key.source, {}).update(dict.fromkeys(key.domain))
    elif key.source == "date":
        starts.update(key.edges.tolist()[1:])
    else:
        edges = [edge for edge in key.edges.tolist()[1:] if edge >= 0]
        numbers.setdefault(key.source, {0}).update(edges)


def _batch(program: Program, sample: _Sample, bills: Int64) -> Batch:
    """Make one claim of an own person for every kind and bill; the bill is all in scope."""
    kinds, count = len(sample.dates), len(sample.dates) * len(bills)
    of_kind = np.repeat(np.arange(kinds), len(bills))
    dates = sample.dates[of_kind].astype(np.int32)
    buckets = np.zeros((count, 4), np.int64)
    buckets[:, 0] = np.tile(bills, kinds)
    rows = np.arange(count, dtype=np.int32)
    names = tuple(str(row) for row in range(count))
    none = np.empty(0, np.int64)
    return Batch(
        claim_id=Category(rows, names),
        person=Category(rows, names),
        plan=Category(np.zeros(count, np.int32), (program.name,)),
        order_time=dates.astype(np.int64) * 86_400,
        admission=dates,
        discharge=dates,
        settlement=dates,
        lines=Lines(np.zeros(count + 1, np.int64), none.astype(np.int32), none.astype(np.int32), none),
        attributes={name: column.take(of_kind) for name, column in sample.columns.items()},
        given_buckets=buckets,
        bucketed=np.ones(count, np.uint8),
    )

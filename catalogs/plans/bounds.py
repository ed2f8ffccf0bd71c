"""Checks a compiled plan against the national bounds of its base (section 11)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from adjudicator.catalog import days
from adjudicator.columns import PPM, Bool, Int64
from adjudicator.rulebook import Key, KeyKind, Layer, Program, State, Table
from catalogs.findings import Severity
from catalogs.plans.complete import CompletePlan
from catalogs.plans.document import Bound
from catalogs.plans.findings import Findings, Place
from catalogs.plans.values import Cell

NO_RATE = 1 << 40
"""Stands for a rate that no document gives; higher than any."""

STRICT_FROM = days("2025-01-01")
"""Plans in force from this day must respect the bounds; older ones that cite a source are only told."""


def check_bounds(plan: CompletePlan, program: Program, findings: Findings) -> None:
    """Add a finding for every breach: a warning in a sourced plan of before 2025, else an error."""
    for bound in plan.bounds:
        if plan.valid_until <= bound.start or not isinstance(bound.at_most, Cell) or bound.at_most.number is None:
            continue
        if bound.check == "waiting":
            _check_waiting(plan, program, bound, int(bound.at_most.number), findings)
            continue
        highest = int(bound.at_most.number * PPM)
        for layer in program.layers:
            for table, sign in _rate_tables(layer):
                _check_drop(plan, program, layer, bound, table, sign, highest, findings)


def _rate_tables(layer: Layer) -> Iterator[tuple[Table, int]]:
    """Give the rates of a layer (a drop is a cut) and its shares borne before (a rise is a cut)."""
    for part in layer.bands.slices if layer.bands is not None else ():
        yield from ((table, 1) for table in part.rates)
    yield from ((group.first_pay, -1) for group in layer.groups if group.first_pay is not None)


def _check_drop(
    plan: CompletePlan,
    program: Program,
    layer: Layer,
    bound: Bound,
    table: Table,
    sign: int,
    highest: int,
    findings: Findings,
) -> None:
    position = next((i for i, key in enumerate(table.keys) if key.source == bound.attribute), None)
    if position is None:
        return
    shape = tuple(key.size for key in table.keys)
    values = sign * table.values.reshape(shape)
    known: Bool = (table.states <= State.ASSUMED).reshape(shape)
    at_value = _code(table.keys[position], bound.value)
    here = values.take([at_value], position)
    here_known: Bool = (known & _dates(table, bound)).take([at_value], position)
    origins = table.origins.reshape(shape).take([at_value], position)
    home = np.where(known, values, NO_RATE).take(
        [_code(table.keys[position], word) for word in bound.against], position
    ).min(axis=position, keepdims=True)  # fmt: skip
    zone = next((i for i, key in enumerate(table.keys) if key.source == "zone"), None)
    places = range(table.keys[zone].size) if zone is not None else range(1)
    if zone is not None:
        home = home.take([_code(table.keys[zone], "local")], zone)
    for place in places:
        rates, of = (cells if zone is None else cells.take([place], zone) for cells in (here, origins))
        rates_known: Bool = here_known if zone is None else here_known.take([place], zone)
        lowest = home
        for axis in _flat_axes(np.where(rates_known, rates, NO_RATE), rates_known):
            lowest = lowest.min(axis=axis, keepdims=True)
        drop = np.where(rates_known & (lowest < NO_RATE), lowest - rates, 0)
        if int(drop.max(initial=0)) > highest:
            worst = int(of.reshape(-1)[int(np.argmax(drop))])
            _report(plan, program, layer, bound, int(drop.max()), highest, worst, findings)


def _flat_axes(rates: Int64, known: Bool) -> list[int]:
    """Give the axes on which a rate does not depend: one rate for all levels is compared with the lowest of home."""
    flat = []
    for axis in range(rates.ndim):
        highest = np.where(known, rates, -NO_RATE).max(axis=axis)
        lowest = rates.min(axis=axis)
        if rates.shape[axis] > 1 and bool(np.all((highest == lowest) | (highest == -NO_RATE))):
            flat.append(axis)
    return flat


def _dates(table: Table, bound: Bound) -> Bool:
    """Tell which cells lie in the time of a bound."""
    shape = [1] * len(table.keys)
    for position, key in enumerate(table.keys):
        if key.kind is KeyKind.NUMBER and key.source == "date":
            ends = np.append(key.edges, np.iinfo(np.int64).max)
            shape[position] = key.size
            return np.asarray(ends > bound.start, np.bool_).reshape(shape)
    return np.ones(shape, np.bool_)


def _code(key: Key, word: str) -> int:
    return key.domain.index(word) if word in key.domain else len(key.domain)


def _report(
    plan: CompletePlan,
    program: Program,
    layer: Layer,
    bound: Bound,
    drop: int,
    highest: int,
    origin_number: int,
    findings: Findings,
) -> None:
    origin = program.origins[origin_number] if origin_number >= 0 else None
    entry = next(entry for entry in plan.layers if entry.name == layer.name)
    place = Place(entry.place.file, origin.line, 1) if origin is not None else entry.place
    older = plan.valid_from < STRICT_FROM and origin is not None and origin.source != "own"
    findings.add_as(
        "warning" if older else "error",
        "BOUND_RATE_DROP",
        place,
        bound=bound.name,
        layer=layer.name,
        drop=f"{drop / PPM * 100:g}",
        at_most=f"{highest / PPM * 100:g}",
        value=bound.value,
    )


def _check_waiting(plan: CompletePlan, program: Program, bound: Bound, highest: int, findings: Findings) -> None:
    table = program.waiting
    if table is None or plan.waiting is None:
        return
    shape = tuple(key.size for key in table.keys)
    values, known = table.values.reshape(shape), (table.states <= State.ASSUMED).reshape(shape)
    values = np.where(known & _dates(table, bound), values, 0)
    position = next((i for i, key in enumerate(table.keys) if key.source == bound.attribute), None)
    if position is not None:
        values = np.take(values, [_code(table.keys[position], bound.value)], position)
    months = int(values.max(initial=0))
    if months > highest:
        severity: Severity = "warning" if plan.valid_from < STRICT_FROM else "error"
        findings.add_as(severity, "BOUND_WAITING", plan.waiting.place, bound=bound.name, months=months, at_most=highest)

"""Lay the lists of places over each other: nation, province, city, county. The most local word wins, date by date.

Every column of a row that is empty is taken from the next larger place in force on that day. An item of a place that
has neither rows nor usual rates of its own is not repeated: who looks it up goes on to the larger place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from adjudicator.columns import Bool, Int32, Int64
from catalogs.tables.cells import EMPTY, OPEN

_SHIFT = 1 << 33
_LOWEST_DAY = 1 << 31


@dataclass(frozen=True, slots=True)
class Layered:
    """Rows [n] of the items table, or versions after composition, sorted by (place, code, valid_from).

    `place`: index into the list of places; `code`: rank of the code, so that sorting by it sorts the codes.
    `fields`: one int64 column a property, EMPTY where the cell is empty. `origin`: row of the table the version comes
    from (the most local one in force).
    """

    place: Int32
    code: Int32
    valid_from: Int64
    valid_until: Int64
    fields: Mapping[str, Int64]
    origin: Int64

    def __len__(self) -> int:
        return len(self.code)

    def take(self, rows: Int64) -> Layered:
        """Give the rows named."""
        return Layered(
            self.place[rows],
            self.code[rows],
            self.valid_from[rows],
            self.valid_until[rows],
            {name: column[rows] for name, column in self.fields.items()},
            self.origin[rows],
        )


@dataclass(frozen=True, slots=True)
class UsualRate:
    """One row of usual_rates: what it asks of an item (EMPTY asks nothing) and the properties it gives."""

    place: int
    asks: Mapping[str, int]
    mark: int  # bits that must all be set, 0 for none
    valid_from: int
    valid_until: int
    gives: Mapping[str, int]

    def fits(self, rows: Layered) -> Bool:
        """Say for each version whether the rate is meant for it."""
        fit: Bool = (rows.valid_from >= self.valid_from) & (rows.valid_until <= self.valid_until)
        for name, value in self.asks.items():
            fit &= rows.fields[name] == value
        fit &= (np.maximum(rows.fields["marks"], 0) & self.mark) == self.mark
        return fit


def compose(
    rows: Layered,
    chains: Mapping[int, Sequence[int]],
    rates: Sequence[UsualRate],
    paired: Sequence[tuple[str, str]] = (("upfront", "schedule"),),
) -> Layered:
    """Give the versions of every place.

    chains: place -> itself and the larger places, most local first. paired: two properties that are one choice; a row
    that gives either of them takes both away from larger places.
    """
    rows = rows.take(np.lexsort((rows.valid_from, rows.code, rows.place)))
    bounds = np.searchsorted(rows.place, np.arange(len(chains) + 1))
    with_rates = {rate.place for rate in rates}
    parts = []
    for place, chain in chains.items():
        own = np.arange(bounds[place], bounds[place + 1])
        whole = place in with_rates
        if not len(own) and not whole:
            continue
        rest = np.concatenate([np.arange(bounds[p], bounds[p + 1]) for p in chain[1:]] or [own[:0]])
        if not whole and len(rest):
            rest = rest[np.isin(rows.code[rest], np.unique(rows.code[own]))]
        part = rows.take(np.concatenate([own, rest]))
        speaking = sum(bounds[p] < bounds[p + 1] for p in chain)
        part = _overlay(part, place, chain, paired) if speaking > 1 else _moved(part, place)
        fitting = [rate for p in chain for rate in rates if rate.place == p]
        parts.append(_apply_rates(part, fitting) if fitting else part)
    return _concatenate(parts) if parts else rows


def _moved(rows: Layered, place: int) -> Layered:
    """Give versions of one place to another that has nothing to add."""
    here = np.full(len(rows), place, np.int32)
    return Layered(here, rows.code, rows.valid_from, rows.valid_until, rows.fields, rows.origin)


def _overlay(rows: Layered, place: int, chain: Sequence[int], paired: Sequence[tuple[str, str]]) -> Layered:
    """Cut the days of every code at every beginning and end, then let each place speak, the largest first."""
    begin = rows.code.astype(np.int64) * _SHIFT + (rows.valid_from + _LOWEST_DAY)
    end = rows.code.astype(np.int64) * _SHIFT + (rows.valid_until + _LOWEST_DAY)
    points = _distinct(np.concatenate([begin, end]))
    low, high = np.searchsorted(points, begin), np.searchsorted(points, end)
    fields = {name: np.full(len(points), EMPTY, np.int64) for name in rows.fields}
    origin = np.full(len(points), -1, np.int64)
    for larger in reversed(chain):
        mine = np.flatnonzero(rows.place == larger)
        source, target = _spread(mine, low, high)
        for first, second in paired:
            decides = (rows.fields[first][source] != EMPTY) | (rows.fields[second][source] != EMPTY)
            fields[first][target[decides]] = EMPTY
            fields[second][target[decides]] = EMPTY
        for name, column in rows.fields.items():
            given = column[source] != EMPTY
            fields[name][target[given]] = column[source[given]]
        origin[target] = rows.origin[source]
    used = np.flatnonzero(origin >= 0)
    ends = np.append(points[1:], 0)[used]
    code = (points[used] // _SHIFT).astype(np.int32)
    return _merge(
        Layered(
            np.full(len(used), place, np.int32),
            code,
            points[used] % _SHIFT - _LOWEST_DAY,
            ends - code.astype(np.int64) * _SHIFT - _LOWEST_DAY,
            {name: column[used] for name, column in fields.items()},
            origin[used],
        )
    )


def _distinct(values: Int64) -> Int64:
    """Sort and drop repetitions (np.unique would hash, which is slower for many values)."""
    ordered = np.sort(values)
    distinct: Int64 = ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]
    return distinct


def _spread(mine: Int64, low: Int64, high: Int64) -> tuple[Int64, Int64]:
    """Give (row, stretch) for every stretch of days that each of the rows covers."""
    counts = (high - low)[mine]
    source = np.repeat(mine, counts)
    offsets = np.arange(len(source)) - np.repeat(np.cumsum(counts) - counts, counts)
    return source, low[source] + offsets


def _merge(rows: Layered) -> Layered:
    """Join neighbouring versions that say the same."""
    if len(rows) < 2:
        return rows
    same = (rows.code[1:] == rows.code[:-1]) & (rows.valid_from[1:] == rows.valid_until[:-1])
    same &= rows.origin[1:] == rows.origin[:-1]
    for column in rows.fields.values():
        same &= column[1:] == column[:-1]
    first = np.flatnonzero(np.append(True, ~same))
    last = np.append(first[1:], len(rows)) - 1
    merged = rows.take(first)
    return Layered(merged.place, merged.code, merged.valid_from, rows.valid_until[last], merged.fields, merged.origin)


def _apply_rates(rows: Layered, rates: Sequence[UsualRate]) -> Layered:
    """Give the versions without a rate of their own the first usual rate that fits."""
    for cut in sorted({day for rate in rates for day in (rate.valid_from, rate.valid_until)} - {OPEN}):
        inside = np.flatnonzero((rows.valid_from < cut) & (cut < rows.valid_until))
        until = rows.valid_until.copy()
        until[inside] = cut
        head = Layered(rows.place, rows.code, rows.valid_from, until, rows.fields, rows.origin)
        tail = rows.take(inside)
        tail = Layered(tail.place, tail.code, np.full(len(inside), cut), tail.valid_until, tail.fields, tail.origin)
        rows = _concatenate([head, tail])
        rows = rows.take(np.lexsort((rows.valid_from, rows.code)))
    free = (rows.fields["upfront"] == EMPTY) & (rows.fields["schedule"] < 0)
    fields = {name: column.copy() for name, column in rows.fields.items()}
    for rate in rates:
        chosen = free & rate.fits(rows)
        for name, value in rate.gives.items():
            fields[name][chosen] = value
        free &= ~chosen
    return _merge(Layered(rows.place, rows.code, rows.valid_from, rows.valid_until, fields, rows.origin))


def _concatenate(parts: Sequence[Layered]) -> Layered:
    return Layered(
        np.concatenate([p.place for p in parts]),
        np.concatenate([p.code for p in parts]),
        np.concatenate([p.valid_from for p in parts]),
        np.concatenate([p.valid_until for p in parts]),
        {name: np.concatenate([p.fields[name] for p in parts]) for name in parts[0].fields},
        np.concatenate([p.origin for p in parts]),
    )

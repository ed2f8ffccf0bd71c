"""Facilities as arrays: attributes and agreements by date. What a hospital was on the day decides, not what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from adjudicator.columns import Category, Int32, Int64, UInt8
from adjudicator.reasons import ClaimReason
from catalogs.tables.checking import CheckedTable
from catalogs.tables.consistency import until_of
from catalogs.tables.dictionaries import bits, dictionary
from catalogs.tables.schema import ANY_WORD, VISITS

ATTRIBUTES = ("place", "level", "administration", "price_class", "facility_kind", "grade", "name")


@dataclass(frozen=True, slots=True)
class Facilities:
    """Facilities and the periods of their agreements.

    The periods of facility i are rows first[i]:first[i+1], by agreement_from. `attributes` have one value a period.
    `visits` are bits over `visit_names`; the last bit, `len(visit_names)`, stands for every other kind of visit.
    """

    codes: tuple[str, ...]
    first: Int32  # [facilities + 1]
    agreement_from: Int32  # [periods] days, inclusive
    agreement_until: Int32  # [periods] days, exclusive
    visits: Int64  # [periods]
    visit_names: tuple[str, ...]
    attributes: Mapping[str, Category]
    _rows: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.codes)

    def rows_of(self, codes: Sequence[str]) -> Int32:
        """Give the row of each facility code, -1 where it is unknown."""
        return np.fromiter((self._rows.get(code, -1) for code in codes), np.int32, len(codes))

    def periods_at(self, rows: Int32, dates: Int32) -> Int32:
        """Give, for each claim, the period that holds on its date, or the last one begun, or else the first.

        -1 for an unknown facility. The attributes of a hospital do not end with its agreement.
        """
        if not len(self.codes):
            return np.full(len(rows), -1, np.int32)
        facility = np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.first))
        starts = (facility << 33) + self.agreement_from
        begun = np.searchsorted(starts, (rows.astype(np.int64) << 33) + dates, "right") - 1
        return np.where(rows < 0, -1, np.maximum(begun, self.first[np.maximum(rows, 0)])).astype(np.int32)

    def attribute(self, name: str, periods: Int32) -> Category:
        """Give an attribute (level, administration, price_class, facility_kind, place, grade, name) of each period."""
        column = self.attributes[name]
        taken = np.append(column.codes, np.int32(-1))[periods]
        return Category(taken.astype(np.int32), column.values)

    def reasons(self, rows: Int32, periods: Int32, dates: Int32, visits: Category) -> UInt8:
        """Give 0 where an agreement covers the visit on its date, else the `ClaimReason` why not.

        rows, periods, dates and visits have one entry a claim.
        """
        safe = np.maximum(periods, 0)
        result = np.zeros(len(rows), np.uint8)
        if not len(self.codes):
            result[:] = ClaimReason.UNKNOWN_FACILITY
            return result
        bit = np.array([self._bit(name) for name in visits.values] + [self._bit("")], np.int64)[visits.codes]
        agreed = (self.visits[safe] >> bit) & 1 == 1
        inside = (self.agreement_from[safe] <= dates) & (dates < self.agreement_until[safe]) & (self.visits[safe] != 0)
        result[~agreed] = ClaimReason.OUT_OF_AGREEMENT
        result[~inside] = ClaimReason.NOT_DESIGNATED
        result[rows < 0] = ClaimReason.UNKNOWN_FACILITY
        return result

    def _bit(self, visit: str) -> int:
        return self.visit_names.index(visit) if visit in self.visit_names else len(self.visit_names)


def compile_facilities(table: CheckedTable) -> Facilities:
    """Sort the periods by facility and date and turn them into arrays."""
    raw = table.raw
    column = raw.columns["code"]
    ranks = {code: rank for rank, code in enumerate(sorted(column.values))}
    number = np.array([ranks[code] for code in column.values] or [0], np.int64)[column.codes]
    start = table.numbers["agreement_from"]
    order = np.lexsort((start, number))
    names = dictionary(VISITS, raw.columns["agreement_visits"])
    agreed = bits(raw.columns["agreement_visits"], (*names, ANY_WORD))
    codes = tuple(sorted(column.values))
    return Facilities(
        codes,
        np.searchsorted(number[order], np.arange(len(codes) + 1)).astype(np.int32),
        start[order].astype(np.int32),
        until_of(table.numbers["agreement_until"])[order].astype(np.int32),
        agreed[order],
        names,
        {name: _sorted_words(raw.columns[name].take(order)) for name in ATTRIBUTES},
        {code: i for i, code in enumerate(codes)},
    )


def _sorted_words(column: Category) -> Category:
    """Renumber a column by its words, so that it does not depend on the order of the file."""
    order = sorted(range(len(column.values)), key=lambda i: column.values[i])
    rank = np.full(len(order) + 1, -1, np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return Category(rank[column.codes], tuple(column.values[i] for i in order))

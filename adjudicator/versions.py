"""Which version of an item is in force on the date of service.

An index lays the catalog out: between two dates on which anything in it changes every item has one version, so a line
costs one gather of a packed word that holds all a plain line needs (rate, ceiling row, why it is not payable). Where
an index would not pay or grow too large, the versions of each line's item are searched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from adjudicator.catalog import CLASSES, Catalog
from adjudicator.ceilings import E6, PriceUnit
from adjudicator.columns import Int32, Int64, Integers, UInt8
from adjudicator.line_blocks import LineBlock, Scratch
from adjudicator.reasons import LineReason
from adjudicator.tables import Index

REASON_BITS = 3
"""Of a packed word: the lowest bits are why the item is not payable."""

REASON = np.array((1 << REASON_BITS) - 1, np.int32)
SPECIAL = 1 << 32
"""Added to the rate of a version that has a restriction or an upfront schedule while terms are numbered."""

CLASS_C = CLASSES.index("C")
LARGEST_INDEX = 8_000_000
"""Cells of an index at most (8 bytes each, 12 where a word needs 64 bits)."""

LONGEST_SPAN = 100_000
"""Days of an index at most."""

FAR = 200_000
"""Days from 1970-01-01 (the year 2517): what changes later, or as long before, is for ever."""

ALL_TIME = (1 - FAR, FAR - 1)

SMALL_INDEX = 1_000_000
"""Up to so many cells (some 50 ms) an index is built for a single line: others will follow."""

NARROW = 1 << 31
"""Numbers below it are kept in 32 bits."""

NO_LINES = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class VersionIndex:
    """The version in force for every item and every stretch of days in which the catalog does not change.

    It holds for service dates from `lowest` to `highest`.
    offsets [days]: cell of item 0 in the stretch a day lies in, for days from `first_day` on; earlier and later days
    count as the first and the last. The cell before it stands for an unknown item (row -1).
    words [cells]: packed, from the lowest bit: the reason, the number of the terms (rate, special or not), where the
    row of its ceilings begins. They have 32 bits where these suffice: the fewer bytes, the more of them stay in the
    cache.
    versions [cells]: row of the catalog's versions, -1 none in force.
    terms: mask of reason and terms. rates [terms x reasons]: ppm, by these bits. special_from: those from here on
    have a restriction or an upfront schedule. shift: of the bits above.
    ceilings [rows x (levels + 1), flat]: unit prices in `price_unit`, in 32 bits where they fit, the last row without a
    ceiling. highest_ceiling: none of them is larger.
    """

    lowest: int
    highest: int
    first_day: int
    offsets: Int64
    words: Integers
    versions: Int32
    terms: Integers
    rates: Int64
    special_from: int
    shift: Integers
    ceilings: Integers
    highest_ceiling: int
    price_unit: PriceUnit

    def covers(self, lowest: int, highest: int) -> bool:
        """Tell whether it holds for dates of this span."""
        return self.lowest <= lowest and highest <= self.highest

    def first_cell(self, date: Int32, lowest: int, highest: int) -> Index:
        """Give the cell of item 0 for every date [lines] in this span; one int when all are of one stretch."""
        end = len(self.offsets) - 1
        first, last = (int(self.offsets[min(max(0, day - self.first_day), end)]) for day in (lowest, highest))
        if first == last:
            return first
        return self.offsets.take(np.subtract(date, self.first_day, dtype=np.int64), mode="clip")


def index_versions(catalog: Catalog, service_date: Int32, fewest_lines: int | None = None) -> VersionIndex | None:
    """Give an index for the dates of some lines (it may not cover all of them); None when none would pay.

    If the catalog changes on few days it is for all time, and a small one is built even for a single line. Else it is
    for the span of these dates, and built when there are an eighth as many lines as versions (more than
    `fewest_lines`). The last one is kept with the catalog and serves any number of lines.
    """
    if not len(catalog.valid_from) or not len(service_date):
        return None
    kept = cast("VersionIndex | None", catalog.memo.get("version_index"))
    if kept is not None and kept.covers(*ALL_TIME):
        return kept
    changes = _changes(catalog)
    fewest = len(catalog.valid_from) // 8 if fewest_lines is None else fewest_lines
    most_cells = LARGEST_INDEX if len(service_date) > fewest else SMALL_INDEX
    if not _fits(catalog, changes, most_cells):
        if most_cells < LARGEST_INDEX:
            return kept
        lowest, highest = int(service_date.min()), int(service_date.max())
        changes = changes[(changes > lowest) & (changes <= highest)]
        if (kept is not None and kept.covers(lowest, highest)) or not _fits(catalog, changes, most_cells):
            return kept
        kept = _laid_out(catalog, lowest, highest, changes)
    else:
        kept = _laid_out(catalog, *ALL_TIME, changes)
    catalog.memo["version_index"] = kept
    return kept


def _changes(catalog: Catalog) -> Int32:
    """Give the days on which anything in the catalog changes; worked out once."""
    found = cast("Int32 | None", catalog.memo.get("changes"))
    if found is None:
        found = np.unique(np.concatenate([catalog.valid_from, catalog.valid_until]))
        found = catalog.memo["changes"] = found[(found > -FAR) & (found < FAR)]
    return found


def _fits(catalog: Catalog, changes: Int32, most_cells: int) -> bool:
    return (len(changes) + 1) * len(catalog.first) <= most_cells and _span(changes) <= LONGEST_SPAN


def _span(changes: Int32) -> int:
    return int(changes[-1]) - int(changes[0]) if len(changes) else 0


def _laid_out(catalog: Catalog, lowest: int, highest: int, changes: Int32) -> VersionIndex:
    width = len(catalog.first)
    item = np.repeat(np.arange(1, width, dtype=np.int64), np.diff(catalog.first))
    cells = np.full((len(changes) + 1, width), -1, np.int32)
    for stretch, day in enumerate([lowest, *changes.tolist()]):
        valid = np.flatnonzero((catalog.valid_from <= day) & (day < catalog.valid_until))
        cells[stretch, item[valid]] = valid
    first_day = int(changes[0]) - 1 if len(changes) else lowest
    days = np.arange(first_day, first_day + _span(changes) + 2)
    offsets = np.searchsorted(changes, days, "right") * width + 1
    rows, levels = catalog.ceilings_e6.shape
    unit = PriceUnit.of(np.maximum(catalog.ceilings_e6, 0))
    ceilings = np.full((rows + 1, levels), unit.no_ceiling)
    np.copyto(ceilings[:rows], catalog.ceilings_e6 // unit.e6, where=catalog.ceilings_e6 >= 0)
    dearest = int(ceilings.max())
    narrow = max(dearest, -unit.no_ceiling) < NARROW
    reason, terms, number, row = _terms(catalog)
    shift = REASON_BITS + int(len(terms) - 1).bit_length()
    kind: type[np.signedinteger] = np.int32 if ceilings.size << shift < NARROW else np.int64
    words = ((row * levels << shift) | (number << REASON_BITS) | reason).astype(kind)
    found = words[cells]
    found[:, 0] = words[-2]
    return VersionIndex(
        lowest,
        highest,
        first_day,
        offsets,
        words=found.ravel(),
        versions=cells.ravel(),
        terms=np.array((1 << shift) - 1, kind),
        rates=np.repeat(terms % SPECIAL, 1 << REASON_BITS),
        special_from=int(terms.searchsorted(SPECIAL)) << REASON_BITS,
        shift=np.array(shift, kind),
        ceilings=ceilings.ravel().astype(np.int32 if narrow else np.int64),
        highest_ceiling=dearest,
        price_unit=unit,
    )


def _terms(catalog: Catalog) -> tuple[Int64, Int64, Int64, Int64]:
    """Give reasons, all terms there are, their numbers, and rows of ceilings.

    Reasons, numbers and rows are those of all versions, then of an unknown item and of an item not in force.
    """
    versions = len(catalog.valid_from)
    reason, terms = np.zeros(versions + 2, np.int64), np.zeros(versions + 2, np.int64)
    reason[:versions][catalog.item_class == CLASS_C] = LineReason.CLASS_C
    reason[versions:] = LineReason.UNKNOWN_ITEM, LineReason.NOT_IN_FORCE
    terms[:versions] = catalog.upfront_ppm
    terms[:versions][(catalog.restriction >= 0) | (catalog.upfront_schedule >= 0)] += SPECIAL
    row = np.full(versions + 2, len(catalog.ceilings_e6), np.int64)
    np.copyto(row[:versions], catalog.ceiling, where=catalog.ceiling >= 0)
    distinct, number = np.unique(terms, return_inverse=True)
    return reason, distinct, number, row


def in_force(catalog: Catalog, item: Int32, date: Int32) -> tuple[Int64, UInt8]:
    """Give the version row of every line [lines], -1 for none, and the reason UNKNOWN_ITEM, NOT_IN_FORCE or 0.

    Searches version after version, as deep as the item with most versions among these lines. The catalog is not empty.
    """
    reason = np.zeros(len(item), np.uint8)
    unknown = item < 0
    start = catalog.first.take(item, mode="clip")
    depth = catalog.first.take(item + 1, mode="clip") - start
    version = start.astype(np.int64)
    for step in range(1, int(depth.max(initial=0))):
        later = (step < depth) & (catalog.valid_from.take(start + step, mode="clip") <= date)
        np.copyto(version, start + step, where=later)
    ends, begins = catalog.valid_until.take(version, mode="clip"), catalog.valid_from.take(version, mode="clip")
    out = (date < begins) | (date >= ends) | (depth == 0)
    if out.any():
        reason[out] = LineReason.NOT_IN_FORCE
        version[out] = -1
    if unknown.any():
        reason[unknown] = LineReason.UNKNOWN_ITEM
        version[unknown] = -1
    return version, reason


class Found:
    """What the catalog says about the lines of a block, as far as it is asked.

    reason [lines]: UNKNOWN_ITEM, NOT_IN_FORCE, CLASS_C or 0. rate [lines]: the item's plain upfront rate, ppm.
    special: positions of the lines whose version has a restriction or schedule. The owner may change all arrays.
    """

    def __init__(self, catalog: Catalog | None, index: VersionIndex | None, block: LineBlock, scratch: Scratch):
        self.catalog, self._scratch = catalog, scratch
        self._index: VersionIndex | None = None
        self._version: Int64 | None = None
        self.special = NO_LINES
        if catalog is None:
            unknown = np.uint8(LineReason.UNKNOWN_ITEM)
            self._version = np.full(len(block), -1, np.int64)
            self.rate = np.zeros(len(block), np.int64)
            self.reason = np.where(block.item < 0, unknown, np.uint8(LineReason.NOT_IN_FORCE))
            return
        lowest, highest = int(np.minimum.reduce(block.date)), int(np.maximum.reduce(block.date))
        if index is not None and index.covers(lowest, highest):
            self._index = index
            self._look_up(index, block, index.first_cell(block.date, lowest, highest))
        else:
            self._search(catalog, block.item, block.date)

    def _search(self, catalog: Catalog, item: Int32, date: Int32) -> None:
        self._version, self.reason = version, reason = in_force(catalog, item, date)
        none = version < 0
        reason[(catalog.item_class.take(version, mode="clip") == CLASS_C) & ~none] = LineReason.CLASS_C
        self.rate = catalog.upfront_ppm.take(version, mode="clip").astype(np.int64)
        self.rate[none] = 0
        has_restriction = catalog.restriction.take(version, mode="clip") >= 0
        has_schedule = catalog.upfront_schedule.take(version, mode="clip") >= 0
        self.special = ((has_restriction | has_schedule) & ~none).nonzero()[0]

    def _look_up(self, index: VersionIndex, block: LineBlock, first_cell: Index) -> None:
        self._cell = np.add(block.item, first_cell, out=self._scratch.cell, dtype=np.int64)
        memory = self._scratch.word.view(index.words.dtype)[: len(block)]
        word = self._word = index.words.take(self._cell, mode="clip", out=memory)
        self.reason = np.bitwise_and(word, REASON).astype(np.uint8)
        terms = np.bitwise_and(word, index.terms)
        self.rate = index.rates.take(terms, mode="clip", out=self._scratch.rate)
        if index.special_from < len(index.rates):
            self.special = np.flatnonzero(terms >= index.special_from)

    @property
    def version(self) -> Int64:
        """Give the row of the catalog's versions for every line, -1 none."""
        if self._version is None:
            assert self._index is not None
            self._version = self._index.versions.take(self._cell).astype(np.int64)
        return self._version

    def versions_of(self, lines: Int64) -> Int64:
        """Give the row of the catalog's versions for some lines."""
        if self._version is not None:
            return self._version[lines]
        assert self._index is not None
        versions: Int64 = self._index.versions[self._cell[lines]].astype(np.int64)
        return versions

    def price_ceilings(self, level: Index) -> tuple[Integers, int, PriceUnit]:
        """Give the payable unit price of every line, `no_ceiling` where none, a bound of them all, their unit.

        `level` [lines]: column of the catalog's ceilings.
        """
        if self._index is not None:
            row = np.right_shift(self._word, self._index.shift, out=self._word)
            np.add(row, level, out=row, casting="same_kind")
            ceilings = self._index.ceilings
            memory = self._scratch.price.view(ceilings.dtype)[: len(row)]
            price = ceilings.take(row, mode="clip", out=memory)
            return price, self._index.highest_ceiling, self._index.price_unit
        assert self.catalog is not None
        row = self.catalog.ceiling.take(self.version, mode="clip")
        found = self.catalog.ceilings_e6[row, level]
        found[(row < 0) | (self.version < 0) | (found < 0)] = E6.no_ceiling
        return found, int(found.max()), E6

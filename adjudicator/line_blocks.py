"""The lines of the chosen claims, cut into blocks of whole claims that fit into cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from adjudicator.batch import Batch, Lines
from adjudicator.columns import Bool, Category, Int8, Int32, Int64
from adjudicator.tables import Index, Rows


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Lines of whole claims, one after the other, as columns [lines].

    claims, lines: the block's slices of the chosen claims and lines. counts [claims]: lines of each claim.
    starts [claims]: position of its first line in the block. filled: which claims have lines at all, None: all.
    """

    claims: slice
    lines: slice
    counts: Int64
    starts: Int64
    filled: Bool | None
    admission: Int32
    item: Int32
    date: Int32
    amount: Int64
    quantity: Int64 | None
    price: Int64 | None
    class_code: Int8 | None
    upfront_ppm: Int32 | None
    group: Category | None
    confirmed: Int8 | None

    def __len__(self) -> int:
        return len(self.amount)

    def spread(self, of_claims: Index) -> Index:
        """Give every line the value of its claim [claims -> lines]; a value all claims share stays one int."""
        return of_claims if isinstance(of_claims, int) else np.repeat(of_claims, self.counts)

    def claim_of_line(self) -> Int64:
        """Give the position of every line's claim in the block."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    def sums(self, values: Int64) -> Int64:
        """Sum lines to claims."""
        if self.filled is None:
            return np.add.reduceat(values, self.starts)
        sums = np.zeros(len(self.counts), np.int64)
        if len(values):
            sums[self.filled] = np.add.reduceat(values, self.starts[self.filled])
        return sums


class ChosenLines:
    """The lines of the claims that `rows` chooses, in that order.

    rows: where they stand in the batch. first [claims + 1]: the lines of chosen claim i are first[i]:first[i + 1].
    columns: a view of the batch's lines where `rows` is a slice, else a copy of the lines chosen.
    """

    def __init__(self, batch: Batch, rows: Rows) -> None:
        self.rows, self.first = _positions(batch.lines.first, rows)
        self.columns = _cut(batch.lines, self.first, self.rows)
        self.counts = np.diff(self.first)
        self.admission = batch.admission[rows]

    def blocks(self, block_lines: int) -> Iterator[LineBlock]:
        """Cut into blocks of up to `block_lines` lines; more only where a single claim has more."""
        claims, at = len(self.counts), 0
        while at < claims:
            until = int(self.first.searchsorted(self.first[at] + block_lines, "right")) - 1
            until = min(max(until, at + 1), claims)
            yield self._block(slice(at, until))
            at = until

    def _block(self, claims: slice) -> LineBlock:
        first, counts = self.first, self.counts[claims]
        start = int(first[claims.start])
        here = slice(start, int(first[claims.stop]))
        lines = _cut(self.columns, first[claims.start : claims.stop + 1], here)
        return LineBlock(
            claims,
            here,
            counts,
            first[claims] - start,
            None if counts.all() else counts > 0,
            self.admission[claims],
            lines.item,
            lines.service_date,
            lines.amount_fen,
            lines.quantity_e4,
            lines.price_e6,
            lines.class_code,
            lines.upfront_ppm,
            lines.group,
            lines.confirmed,
        )


def _positions(first: Int64, rows: Rows) -> tuple[Rows, Int64]:
    if isinstance(rows, slice):
        start, stop, _ = rows.indices(len(first) - 1)
        stop = max(start, stop)
        return slice(int(first[start]), int(first[stop])), first[start : stop + 1] - first[start]
    counts = first[rows + 1] - first[rows]
    chosen = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(counts, out=chosen[1:])
    return np.repeat(first[rows] - chosen[:-1], counts) + np.arange(chosen[-1]), chosen


def _cut(lines: Lines, first: Int64, rows: Rows) -> Lines:
    return Lines(
        first,
        lines.item[rows],
        lines.service_date[rows],
        lines.amount_fen[rows],
        None if lines.quantity_e4 is None else lines.quantity_e4[rows],
        None if lines.price_e6 is None else lines.price_e6[rows],
        None if lines.class_code is None else lines.class_code[rows],
        None if lines.upfront_ppm is None else lines.upfront_ppm[rows],
        None if lines.group is None else lines.group.take(rows),
        None if lines.confirmed is None else lines.confirmed[rows],
    )

"""The lines of the chosen claims, cut into blocks of whole claims that fit into cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from adjudicator.batch import Batch
from adjudicator.columns import Category, Int8, Int32, Int64, Integers, UInt8
from adjudicator.tables import Index, Rows

ObserveLines = Callable[[str, Int64, Integers | UInt8], None]
"""Called with (name, lines of the batch, values) for what is found out about lines, when someone asks for it."""


class LineBlock:
    """Lines of whole claims, one after the other, as columns [lines].

    claims: the block's slice of the chosen claims. rows: where its lines stand in the batch. bounds [claims + 1]: the
    lines of claim i are the bounds[i]th to bounds[i + 1]th of the block. counts [claims]: how many these are.
    admission [claims]: days. observe: who asks how each line is divided, None for nobody.
    """

    __slots__ = (
        "_lines",
        "admission",
        "amount",
        "bounds",
        "claims",
        "counts",
        "date",
        "item",
        "observe",
        "quantity",
        "rows",
    )

    def __init__(
        self,
        batch: Batch,
        claims: slice,
        rows: Rows,
        bounds: Int64,
        counts: Int64,
        admission: Int32,
        observe: ObserveLines | None,
    ) -> None:
        lines = self._lines = batch.lines
        self.observe = observe
        self.claims, self.rows, self.bounds, self.counts, self.admission = claims, rows, bounds, counts, admission
        self.item, self.date, self.amount = lines.item[rows], lines.service_date[rows], lines.amount_fen[rows]
        self.quantity = None if lines.quantity_e4 is None else lines.quantity_e4[rows]

    def __len__(self) -> int:
        return len(self.amount)

    @property
    def price(self) -> Int64 | None:
        """Give the unit price as billed, 1e-6 yuan."""
        return None if self._lines.price_e6 is None else self._lines.price_e6[self.rows]

    @property
    def class_code(self) -> Int8 | None:
        """Give the class that came with the lines."""
        return None if self._lines.class_code is None else self._lines.class_code[self.rows]

    @property
    def upfront_ppm(self) -> Int32 | None:
        """Give the upfront rate that came with the lines."""
        return None if self._lines.upfront_ppm is None else self._lines.upfront_ppm[self.rows]

    @property
    def group(self) -> Category | None:
        """Give the item group that came with the lines."""
        return None if self._lines.group is None else self._lines.group.take(self.rows)

    @property
    def confirmed(self) -> Int8 | None:
        """Give the institution's answer on restrictions."""
        return None if self._lines.confirmed is None else self._lines.confirmed[self.rows]

    def spread(self, of_claims: Index) -> Index:
        """Give every line the value of its claim [claims -> lines]; a value all claims share stays one int."""
        return of_claims if isinstance(of_claims, int) else of_claims.repeat(self.counts)

    def claim_of_line(self) -> Int64:
        """Give the position of every line's claim in the block."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    def see(self, name: str, values: Integers | UInt8 | int, lines: Int64 | None = None) -> None:
        """Tell the observer the values of some lines (positions in the block; default: all), or the one they share."""
        assert self.observe is not None
        rows = np.arange(self.rows.start, self.rows.stop) if isinstance(self.rows, slice) else self.rows
        rows = rows if lines is None else rows[lines]
        self.observe(name, rows, np.broadcast_to(np.asarray(values), rows.shape))

    def sums(self, values: Int64, scratch: Scratch) -> Int64:
        """Sum columns of lines to claims [columns, lines -> columns, claims].

        They are differences of running sums: `reduceat` would mispredict a branch at the end of every claim.
        """
        if len(self.counts) == 1:
            return np.add.reduce(values, axis=1, keepdims=True)
        running, until = scratch.running, scratch.running[1:]
        ends = np.empty((len(values), len(self.bounds)), np.int64)
        for column, at_ends in zip(values, ends, strict=True):
            np.add.accumulate(column, out=until)
            running.take(self.bounds, mode="clip", out=at_ends)
        sums: Int64 = ends[:, 1:] - ends[:, :-1]
        return sums


class Scratch:
    """Memory [lines] of one worker that every block writes over: fresh memory costs a page fault every few kilobytes.

    cell, word, rate: of the version in force. price: the payable unit price; anything before that. running [1 +
    lines]: running sums from 0 on, in the place of the price when lines are summed to claims.
    """

    __slots__ = ("cell", "price", "rate", "running", "word")

    def __init__(self, arrays: Int64) -> None:
        self.running = arrays[3]
        self.cell, self.word, self.rate, self.price = arrays[:, 1:]


class ChosenLines:
    """The lines of the claims that `rows` chooses, in that order.

    first [claims + 1]: the lines of chosen claim i are the first[i]th to first[i + 1]th of them; where the claims
    follow each other in the batch, of all its lines.
    """

    def __init__(self, batch: Batch, rows: Rows, observe: ObserveLines | None = None) -> None:
        self._batch, self._observe = batch, observe
        first = batch.lines.first
        self._begins = first[:-1][rows]
        self._unbroken = isinstance(rows, slice)
        self.admission = batch.admission[rows]
        if isinstance(rows, slice):
            self.first = first[rows.start : rows.stop + 1]
        else:
            self.first = np.concatenate(([0], np.cumsum(first[1:][rows] - self._begins)))

    def cuts(self, block_lines: int) -> list[slice]:
        """Cut the claims into blocks of up to `block_lines` lines; more only where a single claim has more."""
        claims, cuts, at = len(self._begins), [], 0
        while at < claims:
            until = int(self.first.searchsorted(self.first[at] + block_lines, "right")) - 1
            until = min(max(until, at + 1), claims)
            cuts.append(slice(at, until))
            at = until
        return cuts

    def blocks(self, cuts: list[slice]) -> Iterator[tuple[LineBlock, Scratch]]:
        """Give the blocks that have lines, all with the same memory to work in."""
        counts = [int(self.first[claims.stop] - self.first[claims.start]) for claims in cuts]
        memory = np.empty((4, 1 + max(counts)), np.int64)
        memory[:, 0] = 0
        for claims, count in zip(cuts, counts, strict=True):
            if count:
                yield self._block(claims, count), Scratch(memory[:, : 1 + count])

    def _block(self, claims: slice, count: int) -> LineBlock:
        begins = self._begins[claims]
        bounds = self.first[claims.start : claims.stop + 1] - self.first[claims.start]
        counts = bounds[1:] - bounds[:-1]
        rows: Rows = slice(int(begins[0]), int(begins[0]) + count)
        if not self._unbroken:
            rows = np.repeat(begins - bounds[:-1], counts) + np.arange(count)
        return LineBlock(self._batch, claims, rows, bounds, counts, self.admission[claims], self._observe)

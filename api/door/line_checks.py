"""Checks of lines against themselves: amount, price and quantity agree, ids are unique in a claim, an item is named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.batch import LARGEST_FEN
from adjudicator.columns import MISSING, Bool, Int64
from api.door.claims import Claims, as_text
from api.door.rows import Books, Rows
from api.files.findings import Trouble, Troubles
from api.files.source import Source

TOLERANCE_FEN = 1
"""An amount may differ so much from price x quantity rounded half-up: hospitals round each line in their own way."""

FEN_E8 = 100_000_000
"""A price in 1e-6 yuan times a quantity in 1e-4 units is in 1e-8 fen."""

HALF_FEN = FEN_E8 // 2
SAFE_PRODUCT = (1 << 63) - FEN_E8
SAFE_DIFFERENCE = 1 << 62

CHECKED_TOGETHER = 1 << 14
"""Lines whose amounts are checked at once: they stay in the cache."""

BLOCK_LINES = 1 << 20
"""Lines whose ids are compared at once."""

FEW_LINES = 1_000
"""Ids of so few lines are compared as Python strings: that is done before Arrow's first call returns."""


def check_lines(claims: Claims, source: Source, books: Books, troubles: Troubles) -> Claims:
    """Give the claims with the amounts of all lines; those with a line that contradicts itself are refused.

    A line without an amount has price x quantity, half-up to the fen. Negative lines are refunds: amount and quantity
    are both negative.
    """
    check = _Check(claims, source, books, troubles)
    lines = check.amounts()
    check.signs(lines)
    check.named_items(lines)
    check.unique_ids(lines)
    bad = claims.bad.copy()
    bad[claims.line_claim[check.bad]] = True
    return replace(claims, lines=replace(lines, bad=lines.bad | check.bad), bad=bad)


class _Check:
    def __init__(self, claims: Claims, source: Source, books: Books, troubles: Troubles) -> None:
        self.claims, self.source, self.books, self.troubles = claims, source, books, troubles
        self.bad = np.zeros(len(claims.lines), np.bool_)

    def report(self, code: str, column: str, at: Int64, values: pa.StringArray | None = None) -> None:
        """Report some lines, with what they show."""
        alone = ~self.claims.lines.bad[at]
        self.bad[at[alone]] = True
        if len(at := at[alone]):
            shown = None if values is None else values.filter(pa.array(alone))
            claims = self.claims.code[self.claims.line_claim[at]].astype(np.int32)
            name = self.source.reading.shown(column)
            self.troubles.add(Trouble(code, self.source.name, name, self.claims.lines.row[at], shown, claims))

    def amounts(self) -> Rows:
        """Fill in amounts that are not given, and find those that are not price x quantity."""
        lines = self.claims.lines
        amount, price, quantity = (_numbers(lines, name) for name in ("amount", "price", "quantity"))
        at = doubtful(amount, price, quantity)
        if len(at):
            amount = amount.copy()
            amount[at] = self._doubted(at, amount[at], price[at], quantity[at])
        return replace(lines, columns={**lines.columns, "amount": amount})

    def _doubted(self, at: Int64, amount: Int64, price: Int64, quantity: Int64) -> Int64:
        """Look at some lines in full; give their amounts."""
        both = (price != MISSING) & (quantity != MISSING)
        product = product_fen(np.where(both, price, 0), np.where(both, quantity, 0))
        given = amount != MISSING
        self.report("CELL_EMPTY", "amount", at[~given & ~both])
        self.report("NUMBER_TOO_LARGE", "amount", at[~given & both & (np.abs(product) > LARGEST_FEN)])
        differs = given & both & (np.abs(amount - product) > TOLERANCE_FEN) & (price >= 0)
        shown = [as_text(fen[differs], [], "money") for fen in (amount, product)]
        shown_both = pc.binary_join_element_wise(*shown, " ≠ ")
        self.report("AMOUNT_NOT_PRICE_TIMES_QUANTITY", "amount", at[differs], shown_both)
        return np.where(given, amount, np.where(both, product, 0))

    def signs(self, lines: Rows) -> None:
        """Find negative prices, and quantities whose sign is not that of the amount."""
        amount, price, quantity = (_numbers(lines, name) for name in ("amount", "price", "quantity"))
        if not len(lines) or price.min() >= 0:
            return
        self.report("NEGATIVE_PRICE", "price", np.flatnonzero((price != MISSING) & (price < 0)))
        against = (quantity != MISSING) & (price == MISSING) & (np.sign(quantity) * np.sign(amount) < 0)
        at = np.flatnonzero(against)
        self.report("QUANTITY_AGAINST_AMOUNT", "quantity", at, as_text(amount[at], [], "money"))

    def named_items(self, lines: Rows) -> None:
        """Find lines that name neither an item nor a class."""
        unnamed = np.ones(len(lines), np.bool_)
        for name in ("item_code", "class"):
            if name in lines.columns:
                unnamed &= lines.columns[name] < 0
        self.report("CELL_EMPTY", "item_code", np.flatnonzero(unnamed))

    def unique_ids(self, lines: Rows) -> None:
        """Find line ids that stand twice in a claim; the first one stays, the later ones are named."""
        texts = lines.texts.get("line_id")
        if texts is None or not len(lines):
            return
        repeated = repeated_in_groups(texts, self.claims.line_claim)
        at = np.flatnonzero(repeated)
        if len(at):
            self.bad[at] = True
            claims = self.claims.code[self.claims.line_claim[at]].astype(np.int32)
            name = self.source.reading.shown("line_id")
            values = texts.take(pa.array(at)).combine_chunks()
            self.troubles.add(Trouble("DUPLICATE_LINE", self.source.name, name, lines.row[at], values, claims))


def _numbers(lines: Rows, name: str) -> Int64:
    column = lines.columns.get(name)
    return np.full(len(lines), MISSING) if column is None else column.astype(np.int64, copy=False)


def doubtful(amount: Int64, price: Int64, quantity: Int64) -> Int64:
    """Give the lines to look at in full: all of a block in which one lacks an amount, a price or a quantity, or in
    which an amount is more than a fen from price x quantity; a fen before rounding is never more after it."""
    blocks = []
    for start in range(0, len(amount), CHECKED_TOGETHER):
        fen, unit, units = (column[start : start + CHECKED_TOGETHER] for column in (amount, price, quantity))
        largest = [max(int(column.max()), -int(column.min())) for column in (fen, unit, units)]
        safe = max(*largest, largest[0] * FEN_E8, largest[1] * largest[2]) < SAFE_DIFFERENCE
        if not safe or np.abs(fen * FEN_E8 - unit * units).max() > TOLERANCE_FEN * FEN_E8:
            blocks.append(np.arange(start, start + len(fen)))
    return np.concatenate(blocks) if blocks else np.empty(0, np.int64)


def repeated_in_groups(texts: pa.ChunkedArray, group: Int64) -> Bool:
    """Say which texts (not empty) stand earlier in the same group; groups rise."""
    repeated = np.zeros(len(group), np.bool_)
    if len(group) < FEW_LINES and len(set(zip(group.tolist(), texts.to_pylist(), strict=True))) == len(group):
        return repeated
    start = 0
    while start < len(group):
        end = min(start + BLOCK_LINES, len(group))
        if end < len(group):  # whole groups only
            end = int(np.searchsorted(group, group[end - 1], "right"))
        codes = texts.slice(start, end - start).combine_chunks().dictionary_encode()
        if len(codes.dictionary) == len(codes):  # all differ
            start = end
            continue
        given = pc.not_equal(pc.utf8_trim_whitespace(codes.dictionary), "").to_numpy(zero_copy_only=False)
        code = codes.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        key = (group[start:end] - group[start]) * len(codes.dictionary) + code
        order = np.argsort(key, kind="stable")
        again = order[1:][key[order[1:]] == key[order[:-1]]]
        repeated[start + again[given[code[again]]]] = True
        start = end
    return repeated


def product_fen(price_e6: Int64, quantity_e4: Int64) -> Int64:
    """Give price x quantity in fen, half-up (halves away from zero).

    Bounds: |price| up to 10**15 (one billion yuan), |quantity| up to 10**13. Products above LARGEST_FEN are only known
    to be above it.
    """
    if int(np.abs(price_e6).max(initial=0)) * int(np.abs(quantity_e4).max(initial=0)) < SAFE_PRODUCT:
        exact = price_e6 * quantity_e4
        half: Int64 = (exact + (HALF_FEN - (exact < 0))) // FEN_E8
        return half
    fen, price_rest = np.divmod(np.abs(price_e6), 10_000)
    units, quantity_rest = np.divmod(np.abs(quantity_e4), 10_000)
    units = np.minimum(units, 4 * LARGEST_FEN // np.maximum(fen, 1))
    high, low = np.divmod(fen * quantity_rest + price_rest * units, 10_000)
    small = (low * 10_000 + price_rest * quantity_rest + HALF_FEN) // FEN_E8
    product: Int64 = (fen * units + high + small) * np.sign(price_e6) * np.sign(quantity_e4)
    return product

"""Sort rows by a whole number."""

from __future__ import annotations

import numpy as np

from adjudicator.columns import Int64

_TABLE, _WORD = 16, 64
"""Bits of the numbers that NumPy sorts by a table, and of the largest that it sorts at all."""


def sorted_rows(values: Int64) -> tuple[Int64, Int64]:
    """Sort stably: give the values in rising order, and the row that each came from.

    Small numbers NumPy sorts by a table, in linear time. Of larger ones each is sorted with its row as one number, if
    both fit into 64 bits: bare numbers are sorted many at a time, in a tenth of what it takes to find their order.
    """
    if len(values) < 2:
        return values, np.zeros(len(values), np.int64)
    lowest = values.min()
    rank = (values - lowest).view(np.uint64)  # differences above int64 come out right
    bits, width = len(values).bit_length(), int(rank.max()).bit_length()
    if width <= _TABLE or width + bits > _WORD:
        rows = np.argsort(rank.astype(np.uint16) if width <= _TABLE else rank, kind="stable")
        return values.take(rows), rows
    numbers = rank << np.uint64(bits)
    numbers |= np.arange(len(values), dtype=np.uint64)
    numbers.sort()
    rows = (numbers & (np.uint64((1 << bits) - 1))).view(np.int64)
    return (numbers >> np.uint64(bits)).view(np.int64) + lowest, rows


def numbered(values: Int64) -> tuple[Int64, Int64]:
    """Give the distinct values in rising order, and for every row the number of its value among them."""
    if len(values) < 2:
        return values, np.zeros(len(values), np.int64)
    ordered, rows = sorted_rows(values)
    is_new = np.ones(len(values), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=is_new[1:])
    number = np.empty(len(values), np.int64)
    number[rows] = np.cumsum(is_new) - 1
    return ordered[is_new], number

"""Sort rows by a whole number."""

from __future__ import annotations

import numpy as np

from adjudicator.columns import Int64

_TABLE, _WORD = 16, 64
"""Bits of the numbers that NumPy sorts by a table, and of the largest that it sorts at all."""

_HALF, _LOW = np.uint64(32), np.uint64((1 << 32) - 1)


def sorted_rows(values: Int64) -> tuple[Int64, Int64]:
    """Sort stably: give the values in rising order, and the row that each came from.

    Small numbers NumPy sorts by a table, in linear time. Of larger ones each is sorted with its row as one number: bare
    numbers are sorted many at a time, in a tenth of what it takes to find their order. Where both do not fit into 64
    bits, rows are sorted by the lower half of their numbers, then by the upper one.
    """
    if len(values) < 2:
        return values, np.zeros(len(values), np.int64)
    lowest = values.min()
    numbers = (values - lowest).view(np.uint64)  # differences above int64 come out right
    bits, width = len(values).bit_length(), int(numbers.max()).bit_length()
    if width <= _TABLE:
        rows = np.argsort(numbers.astype(np.uint16), kind="stable")
        return values.take(rows), rows
    if width + bits > _WORD:
        _, by_low = sorted_rows((numbers & _LOW).view(np.int64))
        _, by_high = sorted_rows((numbers >> _HALF).view(np.int64).take(by_low))
        rows = by_low.take(by_high)
        return values.take(rows), rows
    rows = np.arange(len(values))
    numbers <<= np.uint64(bits)
    numbers |= rows.view(np.uint64)
    numbers.sort()
    np.bitwise_and(numbers.view(np.int64), (1 << bits) - 1, out=rows)
    numbers >>= np.uint64(bits)
    ordered = numbers.view(np.int64)
    ordered += lowest
    return ordered, rows


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

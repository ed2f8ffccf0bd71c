"""Sort rows by a whole number."""

from __future__ import annotations

import numpy as np

from adjudicator.columns import Int64


def sorted_rows(values: Int64) -> tuple[Int64, Int64]:
    """Sort stably: give the values in rising order, and the row that each came from.

    Value and row are packed into one word where they fit, because plain sorting of int64 is vectorized: it takes a
    fifth to a tenth of the time of a stable argsort.
    """
    if len(values) < 2:
        return values, np.zeros(len(values), np.int64)
    low = int(values.min())
    bits = (len(values) - 1).bit_length()
    if (int(values.max()) - low).bit_length() + bits > 63:
        rows = np.argsort(values, kind="stable")
        return values.take(rows), rows
    packed = np.subtract(values, low, dtype=np.int64)
    packed <<= bits
    packed |= np.arange(len(values))
    packed.sort()
    rows = packed & ((1 << bits) - 1)
    packed >>= bits
    packed += low
    return packed, rows

"""Payable price times quantity, in fen, by integer arithmetic."""

from __future__ import annotations

import numpy as np

from adjudicator.batch import LARGEST_FEN
from adjudicator.columns import MISSING, Int64

ONE_UNIT = 10_000
"""Quantity 1 in 1e-4 units."""

PER_FEN = 100_000_000
"""1e-6 yuan times 1e-4 units is 1e-8 fen."""

SAFE_PRODUCT = (1 << 63) - PER_FEN


def billed_quantity(quantity_e4: Int64 | None) -> Int64 | int:
    """Give the quantity as a magnitude; a line that does not say counts as one unit."""
    if quantity_e4 is None or not len(quantity_e4):
        return ONE_UNIT
    lowest = quantity_e4.min()
    if lowest >= 0:
        return quantity_e4
    return np.where(quantity_e4 == MISSING, ONE_UNIT, np.abs(quantity_e4))


def payable_fen(price_e6: Int64, quantity_e4: Int64 | int, highest_e6: int, out: Int64) -> Int64:
    """Give price x quantity in fen, half-up, for prices >= 0 (the result for a negative price has no meaning).

    One product per line where it fits into int64; larger ones are split. Bounds: prices up to 1e15 (a billion yuan a
    unit) and any quantity; results above LARGEST_FEN are only known to be above it, which no line's amount reaches.
    """
    most = quantity_e4 if isinstance(quantity_e4, int) else int(quantity_e4.max(initial=0))
    if highest_e6 * most >= SAFE_PRODUCT:
        return _split_payable_fen(price_e6, quantity_e4)
    np.multiply(price_e6, quantity_e4, out=out)
    np.add(out, PER_FEN // 2, out=out)
    np.floor_divide(out, PER_FEN, out=out)
    return out


def _split_payable_fen(price_e6: Int64, quantity_e4: Int64 | int) -> Int64:
    fen, rest = np.divmod(np.maximum(price_e6, 0), 10_000)
    units, part = np.divmod(quantity_e4, ONE_UNIT)
    units = np.minimum(units, 2 * LARGEST_FEN // np.maximum(fen, 1))
    units = np.minimum(units, np.iinfo(np.int64).max // 20_000)
    high, low = np.divmod(fen * part + rest * units, 10_000)
    small: Int64 = (low * 10_000 + rest * part + PER_FEN // 2) // PER_FEN
    whole: Int64 = fen * units + high + small
    return whole


def unit_price_e6(price_e6: Int64 | None, quantity_e4: Int64 | None, amount_fen: Int64) -> Int64:
    """Give the unit price in 1e-6 yuan: as billed, else amount / quantity half-up, else the amount as one unit."""
    amount = np.abs(amount_fen).astype(np.uint64)
    quantity = np.maximum(np.asarray(billed_quantity(quantity_e4)), 1).astype(np.uint64)
    derived = ((amount * np.uint64(PER_FEN) + quantity // np.uint64(2)) // quantity).astype(np.int64)
    if price_e6 is None:
        return derived
    given: Int64 = np.where(price_e6 == MISSING, derived, np.abs(price_e6))
    return given

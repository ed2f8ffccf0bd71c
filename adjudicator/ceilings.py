"""Payable price times quantity, in fen, by integer arithmetic."""

from __future__ import annotations

import numpy as np

from adjudicator.batch import LARGEST_FEN
from adjudicator.columns import MISSING, Int64, Integers, constant

ONE_UNIT = 10_000
"""Quantity 1 in 1e-4 units."""

PER_FEN = 100_000_000
"""1e-6 yuan times 1e-4 units is 1e-8 fen."""

HIGHEST = np.iinfo(np.int64).max


def billed_quantity(quantity_e4: Int64 | None) -> tuple[Int64 | int, int]:
    """Give quantities as magnitudes and a bound of them; a line that does not say counts as one unit."""
    if quantity_e4 is None or not len(quantity_e4):
        return ONE_UNIT, ONE_UNIT
    most = int(np.maximum.reduce(quantity_e4.view(np.uint64)))  # a negative number is a huge one here
    if most <= HIGHEST:
        return quantity_e4, most
    billed: Int64 = np.where(quantity_e4 == MISSING, ONE_UNIT, np.abs(quantity_e4))
    return billed, int(billed.max())


class PriceUnit:
    """A unit in which prices are whole numbers: `e6` 1e-6 yuan.

    per_fen: so many products of a price in it and a quantity make a fen; an even number. no_ceiling: the price of an
    item without a ceiling: times any quantity and read as an unsigned number, it is more than any amount.
    """

    __slots__ = ("divisor", "e6", "half", "no_ceiling", "per_fen")

    def __init__(self, e6: int) -> None:
        self.e6, self.per_fen = e6, PER_FEN // e6
        self.no_ceiling = -self.per_fen // 2 - 1
        self.half, self.divisor = constant(self.per_fen // 2), np.array(self.per_fen, np.uint64)

    @staticmethod
    def of(price_e6: Int64) -> PriceUnit:
        """Give the largest unit for prices that are not negative."""
        return PriceUnit(int(np.gcd.reduce(price_e6, axis=None, initial=PER_FEN // 2)))


E6 = PriceUnit(1)


def payable_fen(
    price: Integers,
    highest: int,
    quantity_e4: Int64 | int,
    most_e4: int,
    unit: PriceUnit = E6,
    out: Int64 | None = None,
) -> Int64:
    """Give price x quantity in fen, half-up, where they fit in `out`; more than LARGEST_FEN for `no_ceiling`.

    price [lines], and a bound of it: in `unit`. One product per line where it fits into int64 by the bounds given;
    larger ones are split. Prices go up to a billion yuan a unit, quantities as far as int64; a result above LARGEST_FEN
    is only known to be above it, and no line's amount is.
    """
    if max(highest, unit.per_fen) * most_e4 >= (1 << 63) - unit.per_fen:
        return _split_payable_fen(price.astype(np.int64) * unit.e6, quantity_e4)
    payable = np.multiply(price, quantity_e4, out=out, dtype=np.int64)
    np.add(payable, unit.half, out=payable)
    unsigned = payable.view(np.uint64)
    np.floor_divide(unsigned, unit.divisor, out=unsigned)
    if not isinstance(quantity_e4, int) and np.minimum.reduce(quantity_e4) == 0:
        payable[price < 0] = HIGHEST
    return payable


def _split_payable_fen(price_e6: Int64, quantity_e4: Int64 | int) -> Int64:
    price = np.maximum(price_e6, 0)
    fen, rest = np.divmod(price, 10_000)
    units, part = np.divmod(quantity_e4, ONE_UNIT)
    units = np.minimum(units, 2 * LARGEST_FEN * 10_000 // np.maximum(price, 1))  # more is above any amount anyway
    high, low = np.divmod(fen * part + rest * units, 10_000)
    small: Int64 = (low * 10_000 + rest * part + PER_FEN // 2) // PER_FEN
    whole: Int64 = fen * units + high + small
    whole[price_e6 < 0] = HIGHEST
    return whole


def unit_price_e6(price_e6: Int64 | None, quantity_e4: Int64 | None, amount_fen: Int64) -> Int64:
    """Give the unit price in 1e-6 yuan: as billed, else amount / quantity half-up, else the amount as one unit."""
    amount = np.abs(amount_fen).astype(np.uint64)
    quantity = np.maximum(np.asarray(billed_quantity(quantity_e4)[0]), 1).astype(np.uint64)
    exact = (amount * np.uint64(PER_FEN) + quantity // np.uint64(2)) // quantity
    derived: Int64 = np.minimum(exact, np.uint64(HIGHEST)).astype(np.int64)
    if price_e6 is None:
        return derived
    given: Int64 = np.where(price_e6 == MISSING, derived, np.abs(price_e6))
    return given

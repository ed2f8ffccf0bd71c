"""Rounding by integer arithmetic. Half-up means: halves go away from zero. No float is ever involved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adjudicator.columns import PPM, Int64, constant
from adjudicator.rulebook import Rounding

Amount = Int64 | np.int64 | int


_ZERO = constant(0)
_HALF = constant(PPM // 2)
_WHOLE = constant(PPM)


def floored(amount: Amount) -> Amount:
    """Give the amount, floored at 0."""
    return np.maximum(amount, _ZERO)


def sum_of(amounts: Sequence[Amount] | Int64) -> Int64:
    """Add amounts up, claim by claim; a single one needs no addition."""
    total, *others = amounts
    for amount in others:
        total = total + amount
    return np.asarray(total)


def share(amount: Amount, rate_ppm: Amount) -> Amount:
    """Give amount x rate, half-up to 1. Either may be negative; |amount x rate| stays below 2**62."""
    if isinstance(rate_ppm, (int, np.integer)):
        if rate_ppm == PPM:
            return amount
        if rate_ppm == 0:
            return amount * 0
    product = amount * rate_ppm
    return (product + (_HALF - (product < _ZERO))) // _WHOLE


def quotient(numerator: Amount, rate_ppm: Amount) -> Amount:
    """Give fen x ppm / rate in fen, half-up, for numerators >= 0 below 2**62; 0 where the rate is 0."""
    rate = np.maximum(rate_ppm, 1)
    return np.where(np.asarray(rate_ppm) > 0, (2 * numerator + rate) // (2 * rate), 0)


def payment(numerator: Amount, rounding: Rounding) -> Amount:
    """Round fen x ppm (>= 0) to whole units of `rounding.unit` fen."""
    unit = PPM * rounding.unit
    match rounding.mode:
        case "half_up" if rounding.unit == 1:
            return (numerator + _HALF) // _WHOLE
        case "half_up":
            whole = (numerator + unit // 2) // unit
        case "down":
            whole = numerator // unit
        case "up":
            whole = -(-numerator // unit)
        case _:
            whole = (numerator + unit // 2) // unit
            tie = numerator % unit == unit // 2
            whole = whole - (tie & (whole % 2 == 1))
    return whole * rounding.unit

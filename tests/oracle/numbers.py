"""Scalars of a plan document, read as text and typed by the place where they stand. Exact fractions only."""

from __future__ import annotations

import datetime
import math
from fractions import Fraction

FEN = 100
PERCENT = Fraction(1, 100)


def half_up(exact: Fraction) -> int:
    """Round to a whole number, halves away from zero."""
    rounded = math.floor(abs(exact) + Fraction(1, 2))
    return rounded if exact >= 0 else -rounded


def fen(text: str) -> int:
    """Read an amount in yuan with at most two decimals."""
    exact = Fraction(str(text)) * FEN
    if exact.denominator != 1:
        raise ValueError(f"{text} has more than two decimals")
    return int(exact)


def rate(text: str) -> Fraction:
    """Read a rate: 60% or 0.6; a bare 60 is refused."""
    exact = percentage(text)
    if exact > 1:
        raise ValueError(f"{text} is not a rate")
    return exact


def percentage(text: str) -> Fraction:
    """Read a factor or a rate: 60%, 0.6, 1.2, -1."""
    text = str(text)
    return Fraction(text[:-1]) * PERCENT if text.endswith("%") else Fraction(text)


def scalar(text: str, kind: str) -> Fraction:
    """Read a scalar of a kind: amount (fen), rate, points (as a rate), factor, number."""
    if kind == "amount":
        return Fraction(fen(text))
    if kind == "rate":
        return rate(text)
    if kind == "points":
        return Fraction(str(text)) * PERCENT
    if kind == "factor":
        return percentage(text)
    return Fraction(str(text))


def rounded(exact: Fraction, mode: str, unit_fen: int) -> int:
    """Round an amount that is not negative to a multiple of the unit."""
    units = exact / unit_fen
    down = math.floor(units)
    if mode == "down":
        return down * unit_fen
    if mode == "up":
        return math.ceil(units) * unit_fen
    if mode == "half_even":
        return round(units) * unit_fen
    assert mode == "half_up", mode
    return half_up(units) * unit_fen


def date(text: str) -> datetime.date:
    """Read a date."""
    return datetime.date.fromisoformat(str(text))


def day_number(day: datetime.date) -> int:
    """Give days since 1970-01-01."""
    return (day - datetime.date(1970, 1, 1)).days

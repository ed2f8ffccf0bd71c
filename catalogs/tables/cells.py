"""Turn the text of cells into numbers: dates, rates, prices, counts. Exact, by whole-number arithmetic.

Each reader takes one text and gives an int, or None where the text is not of that form.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import numpy as np

from adjudicator.columns import PPM, Category, Int64

Reader = Callable[[str], int | None]

OPEN = int(np.iinfo(np.int32).max)
"""Day number that stands for 'no end'."""

EMPTY = -(1 << 40)
"""The cell is empty: inherit, or not asked."""

NONE = -1
"""The cell says that there is none (`-`)."""

WRONG = EMPTY - 1
"""The cell cannot be read; a finding says so."""

LARGEST_PRICE_E6 = 10**9 * 10**6
"""One billion yuan."""

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?: 00:00:00(?:\.0+)?)?")
_DECIMAL = re.compile(r"(\d{1,12})(?:\.(\d{1,18}))?")
_EPOCH = date(1970, 1, 1).toordinal()


def scaled(text: str, digits: int) -> int | None:
    """Read a decimal without sign as a whole number of 10^-digits; None when it is none, or not exact."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return None
    whole, fraction = match[1], (match[2] or "").rstrip("0")
    if len(fraction) > digits:
        return None
    return int(whole + fraction.ljust(digits, "0"))


def day(text: str) -> int | None:
    """Read an ISO date (2024-01-31) as days since 1970-01-01."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3])).toordinal() - _EPOCH
    except ValueError:
        return None


def rate(text: str) -> int | None:
    """Read `10%`, `10 %`, or `0.1` as parts per million. The value may be above one; the caller says so."""
    if text.endswith(("%", "\uff05")):
        return scaled(text[:-1].rstrip(), 4)
    return scaled(text, len(str(PPM)) - 1)


def price(text: str) -> int | None:
    """Read yuan with at most 6 decimals as 1e-6 yuan."""
    value = scaled(text, 6)
    return value if value is not None and value <= LARGEST_PRICE_E6 else None


def quantity(text: str) -> int | None:
    """Read a quantity with at most 4 decimals as 1e-4."""
    value = scaled(text, 4)
    return value if value is not None and value < 1 << 50 else None


def count(text: str) -> int | None:
    """Read a whole number from 0 to 99999."""
    return int(text) if re.fullmatch(r"\d{1,5}", text) else None


def flag(text: str) -> int | None:
    """Read yes or no."""
    return {"yes": 1, "no": 0, "1": 1, "0": 0, "true": 1, "false": 0}.get(text.lower())


def numbers(column: Category, reader: Reader) -> Int64:
    """Read each distinct text once and spread it over the rows: EMPTY where missing, WRONG where unreadable."""
    values = np.empty(len(column.values) + 1, np.int64)
    for i, text in enumerate(column.values):
        read = reader(text)
        values[i] = WRONG if read is None else read
    values[-1] = EMPTY
    return values[column.codes]

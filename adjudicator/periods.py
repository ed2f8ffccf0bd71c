"""Which benefit year, quarter, month or day a claim belongs to."""

from __future__ import annotations

import numpy as np

from adjudicator.columns import Int32, Int64
from adjudicator.rulebook import Period


def months_of(dates: Int32 | Int64) -> Int64:
    """Give months since January 1970."""
    return dates.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def period_of(dates: Int32 | Int64, period: Period, year_start: tuple[int, int]) -> Int64:
    """Give the number of the period that each date (days since 1970) falls in, as accounts write it.

    A benefit year is named by the calendar year it starts in. NONE, EPISODE and CLAIM have period 0.
    """
    if period is Period.DAY:
        return dates.astype(np.int64)
    if period in (Period.NONE, Period.EPISODE, Period.CLAIM):
        return np.zeros(len(dates), np.int64)
    months = months_of(dates)
    year, month = 1970 + months // 12, months % 12 + 1
    if period in (Period.MONTH, Period.ROLLING):
        return year * 100 + month
    if period is Period.QUARTER:
        return year * 10 + (month + 2) // 3
    if year_start == (1, 1):
        return year
    day = dates - months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + 1
    return year - (month * 100 + day < year_start[0] * 100 + year_start[1])


class Calendar:
    """Periods of all claims of a batch under one program; each kind of period is worked out once.

    A kind whose claims all fall in one period is one int, not an array.
    """

    def __init__(self, dates: Int32, year_start: tuple[int, int]):
        self._dates = dates
        self._year_start = year_start
        self._first, self._last = int(dates.min()), int(dates.max())
        self._known: dict[Period, int | Int64] = {}

    def of(self, period: Period) -> int | Int64:
        """Give the period number of every claim; months counted from year 0 for ROLLING."""
        found = self._known.get(period)
        if found is None:
            found = self._known[period] = self._find(period)
        return found

    def _find(self, period: Period) -> int | Int64:
        if period in (Period.NONE, Period.EPISODE, Period.CLAIM):
            return 0
        days = np.arange(self._first, self._last + 1)
        numbers = period_of(days, period, self._year_start)
        if period is Period.ROLLING:
            numbers = linear_month(numbers)
        if numbers[0] == numbers[-1]:
            return int(numbers[0])
        return numbers[self._dates - self._first]


def linear_month(period: Int64) -> Int64:
    """Turn year*100+month into months counted from year 0, so that neighbours differ by 1."""
    return period // 100 * 12 + period % 100 - 1

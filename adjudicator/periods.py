"""Which benefit year, quarter, month or day a claim belongs to."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from adjudicator.columns import Int32, Int64
from adjudicator.rulebook import Period

_Days = TypeVar("_Days", int, Int32, Int64)
"""Dates as days since 1970: one, or a column."""


def calendar_date(days: _Days) -> tuple[_Days, _Days, _Days]:
    """Give year, month and day of the month of dates (Gregorian).

    Years are counted from 1 March, so that the leap day is the last; 400 of them have 146,097 days.
    """
    since = days + 719_468  # days since 1 March of the year 0
    era, day = since // 146_097, since % 146_097
    year = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
    day = day - (365 * year + year // 4 - year // 100)
    month = (5 * day + 2) // 153  # 0 is March; months from March on have 153 days in every five
    after = month // 10  # January and February belong to the next year
    return year + 400 * era + after, month + 3 - 12 * after, day - (153 * month + 2) // 5 + 1


def period_of(days: _Days, period: Period, year_start: tuple[int, int]) -> _Days:
    """Give the number of the period that each date (days since 1970) falls in, as accounts write it.

    A benefit year is named by the calendar year it starts in. NONE, EPISODE and CLAIM have period 0.
    """
    if period is Period.DAY:
        return days
    if period in (Period.NONE, Period.EPISODE, Period.CLAIM):
        return days * 0
    year, month, day = calendar_date(days)
    if period in (Period.MONTH, Period.ROLLING):
        return year * 100 + month
    if period is Period.QUARTER:
        return year * 10 + (month + 2) // 3
    if year_start == (1, 1):
        return year
    return year - (month * 100 + day < year_start[0] * 100 + year_start[1])


class Calendar:
    """Periods of all claims of a batch under one program; each kind of period is worked out once.

    A kind whose claims all fall in one period is one int, not an array.
    """

    def __init__(self, dates: Int32, year_start: tuple[int, int]):
        self._dates = dates
        self._year_start = year_start
        self._first = self._last = int(dates[0])
        if len(dates) > 1:
            self._first, self._last = int(np.minimum.reduce(dates)), int(np.maximum.reduce(dates))
        self._known: dict[Period, int | Int64] = {}

    def within(self, first: int, beyond: int) -> bool:
        """Tell whether all dates lie from `first` on, before `beyond`."""
        return first <= self._first and self._last < beyond

    def of(self, period: Period) -> int | Int64:
        """Give the period number of every claim; months counted from year 0 for ROLLING."""
        found = self._known.get(period)
        if found is None:
            found = self._known[period] = self._find(period)
        return found

    def _find(self, period: Period) -> int | Int64:
        if period in (Period.NONE, Period.EPISODE, Period.CLAIM):
            return 0
        first = self._number(self._first, period)
        if self._first == self._last or first == self._number(self._last, period):
            return first
        numbers = self._number(np.arange(self._first, self._last + 1), period)
        return numbers[self._dates - self._first]

    def _number(self, days: _Days, period: Period) -> _Days:
        number = period_of(days, period, self._year_start)
        return linear_month(number) if period is Period.ROLLING else number


def linear_month(period: _Days) -> _Days:
    """Turn year*100+month into months counted from year 0, so that neighbours differ by 1."""
    return period // 100 * 12 + period % 100 - 1

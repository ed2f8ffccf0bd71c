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

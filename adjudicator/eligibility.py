"""Who is covered when: dated spans found for many persons and days at once, ages and waiting periods in whole units."""

from __future__ import annotations

import numpy as np

from adjudicator.columns import MISSING, Bool, Int32, Int64

NONE = -1
"""No span."""

FOREVER = 2**31 - 1
"""End of a span that is open."""

_DAYS = np.int64(1) << 33
"""More than there are days: a rank times this leaves room for any day."""


class Spans:
    """Half-open spans of days [start, until), each belonging to a key (a person, or a person in a scheme).

    Spans of one key may overlap: of those that hold a day, the one that starts last is found, of equal starts the one
    that stands last.
    """

    def __init__(self, key: Int64, start: Int32 | Int64, until: Int32 | Int64) -> None:
        self._order = np.lexsort((start, key))
        self._keys, rank = np.unique(key[self._order], return_inverse=True)
        self._start = start[self._order].astype(np.int64)
        self._until = until[self._order].astype(np.int64)
        self._base = rank.astype(np.int64) * _DAYS
        self._position = self._base + self._start
        self._latest = np.maximum.accumulate(self._base + self._until) - self._base

    def at(self, key: Int64, day: Int32 | Int64) -> Int64:
        """Give the row of the span that holds each key's day, NONE where there is none. [queries]"""
        found = np.full(len(key), NONE, np.int64)
        if not len(self._keys):
            return found
        rank = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        asked = np.flatnonzero(self._keys[rank] == key)
        base, days = rank[asked] * _DAYS, day[asked].astype(np.int64)
        candidate = np.searchsorted(self._position, base + days, "right") - 1
        while len(asked):
            possible = (candidate >= 0) & (self._base[candidate] == base)
            possible &= self._latest[candidate] > days
            asked, base, days, candidate = asked[possible], base[possible], days[possible], candidate[possible]
            holds = self._until[candidate] > days
            found[asked[holds]] = self._order[candidate[holds]]
            asked, base, days, candidate = asked[~holds], base[~holds], days[~holds], candidate[~holds] - 1
        return found

    def unbroken_from(self) -> Int64:
        """Give, for each span as it was handed in, the first day of the cover that reaches it without a gap."""
        first = np.ones(len(self._start), np.bool_)
        first[1:] = (self._base[1:] != self._base[:-1]) | (self._start[1:] > self._latest[:-1])
        chain = np.cumsum(first) - 1
        days = np.empty(len(self._start), np.int64)
        days[self._order] = self._start[first][chain]
        return days


def ages(birth: Int64, day: Int32 | Int64) -> Int64:
    """Give whole years of age on a day; MISSING where the birth is not given or lies after the day.

    A person born on 29 February completes a year on 28 February of a year without that day (Civil Code, article 202:
    where a month lacks the day, the period ends on the last day of the month).
    """
    known = (birth != MISSING) & (birth <= day)
    born_year, born_month, born_day = _parts(np.where(known, birth, 0))
    year, month, day_of_month = _parts(np.where(known, day, 0))
    common = ~is_leap(year) & (born_month == 2) & (born_day == 29)
    not_yet = month * 100 + day_of_month < born_month * 100 + born_day - common
    return np.where(known, year - born_year - not_yet, MISSING)


def months_later(day: Int32 | Int64, months: Int64 | int) -> Int64:
    """Give the same day of the month so many months later, or the last day of that month where it has no such day."""
    dates = np.asarray(day, np.int64).astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    in_month = (dates - month).astype(np.int64)
    later = month + months
    length = ((later + 1).astype("datetime64[D]") - later.astype("datetime64[D]")).astype(np.int64)
    day_later: Int64 = later.astype("datetime64[D]").astype(np.int64) + np.minimum(in_month, length - 1)
    return day_later


def is_leap(year: Int64) -> Bool:
    """Say which years have a 29 February."""
    leap: Bool = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    return leap


def _parts(day: Int64) -> tuple[Int64, Int64, Int64]:
    dates = day.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    number = months.astype(np.int64)
    return 1970 + number // 12, number % 12 + 1, (dates - months).astype(np.int64) + 1

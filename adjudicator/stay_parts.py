"""Splitting stays where a benefit year begins (年度跨年拆分): one part for each year that has fee lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adjudicator.columns import Bool, Int64


@dataclass(frozen=True, slots=True)
class StayParts:
    """What becomes of claims [n] and their lines [m]: parts [p >= n] in order of claims, then of years.

    claim: the claim each part is of. year: benefit year of the part, named by the calendar year it begins in; 0 for a
    claim that is not split. number, count: which part of how many. admission, discharge: days, cut to the year.
    days: length of a part that a further one follows, the last day counted; -1 for every other.
    line_part: the part of each line.
    """

    claim: Int64
    year: Int64
    number: Int64
    count: Int64
    admission: Int64
    discharge: Int64
    days: Int64
    line_part: Int64


def benefit_years(days: Int64, year_start: Int64) -> Int64:
    """Give the benefit year of days since 1970; `year_start` is month * 100 + day, one for each of them."""
    date = days.astype("datetime64[D]")
    months = date.astype("datetime64[M]")
    day = (date - months.astype("datetime64[D]")).astype(np.int64) + 1
    number = months.astype(np.int64)
    years: Int64 = 1970 + number // 12 - ((number % 12 + 1) * 100 + day < year_start)
    return years


def first_days(years: Int64, year_start: Int64) -> Int64:
    """Give the day on which each benefit year begins."""
    months = (years - 1970) * 12 + year_start // 100 - 1
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + year_start % 100 - 1


def crosses(admission: Int64, discharge: Int64, year_start: Int64) -> Bool:
    """Say which stays begin in one benefit year and end in another."""
    found: Bool = benefit_years(admission, year_start) != benefit_years(discharge, year_start)
    return found


def parts_of(
    split: Bool, admission: Int64, discharge: Int64, year_start: Int64, line_claim: Int64, line_day: Int64
) -> StayParts:
    """Split some claims [n] by the days of their lines [m]; `line_claim` rises, every split claim has a line.

    A line before the stay belongs to its first year, one after it to its last. A claim that is not split, or whose
    lines all fall into one year, stays one part; the days of the latter are cut to that year all the same.
    """
    stays = np.flatnonzero(split)
    first, last = np.zeros(len(split), np.int64), np.zeros(len(split), np.int64)
    first[stays] = benefit_years(admission[stays], year_start[stays])
    last[stays] = benefit_years(discharge[stays], year_start[stays])
    at = np.flatnonzero(split[line_claim])
    owner = line_claim[at]
    years = np.clip(benefit_years(line_day[at], year_start[owner]), first[owner], last[owner])
    span = int((last - first).max(initial=0)) + 1
    key = owner * span + years - first[owner]
    parts = np.sort(np.concatenate([np.unique(key), np.flatnonzero(~split) * span]))
    claim = parts // span
    count = np.bincount(claim, minlength=len(split))
    start = np.cumsum(count) - count
    number = np.arange(len(parts)) - start[claim]
    year, from_day, to_day = first[claim] + parts % span, admission[claim], discharge[claim]
    cut = np.flatnonzero(split[claim])
    start_of = year_start[claim[cut]]
    from_day[cut] = np.maximum(from_day[cut], first_days(year[cut], start_of))
    to_day[cut] = np.minimum(to_day[cut], first_days(year[cut] + 1, start_of) - 1)
    line_part = start[line_claim]
    line_part[at] = np.searchsorted(parts, key)
    return StayParts(
        claim=claim,
        year=year,
        number=number,
        count=count[claim],
        admission=from_day,
        discharge=to_day,
        days=np.where(number < count[claim] - 1, to_day - from_day + 1, -1),
        line_part=line_part,
    )

"""Spans by day, ages and months, against slow and plain counterparts."""

from __future__ import annotations

import datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.catalog import days
from adjudicator.columns import MISSING
from adjudicator.eligibility import Spans, ages, months_later

SPAN = st.tuples(st.integers(0, 4), st.integers(0, 60), st.integers(1, 40))
DATES = st.dates(datetime.date(1920, 1, 1), datetime.date(2060, 12, 31))


@settings(max_examples=300, deadline=None)
@given(st.lists(SPAN, max_size=12), st.lists(st.tuples(st.integers(0, 5), st.integers(-5, 110)), max_size=12))
def test_spans_find_the_one_that_starts_last(spans: list[tuple[int, int, int]], asked: list[tuple[int, int]]) -> None:
    key, start, length = (
        np.array(column, np.int64) for column in (zip(*spans, strict=True) if spans else ([], [], []))
    )
    found = Spans(key, start, start + length).at(
        np.array([k for k, _ in asked], np.int64), np.array([d for _, d in asked], np.int64)
    )
    for (k, day), row in zip(asked, found.tolist(), strict=True):
        holding = [(s, i) for i, (own, s, n) in enumerate(spans) if own == k and s <= day < s + n]
        assert row == (max(holding)[1] if holding else -1)


@settings(max_examples=200, deadline=None)
@given(st.lists(SPAN, min_size=1, max_size=10))
def test_unbroken_cover_goes_back_over_spans_that_touch(spans: list[tuple[int, int, int]]) -> None:
    key, start, length = (np.array(column, np.int64) for column in zip(*spans, strict=True))
    found = Spans(key, start, start + length).unbroken_from()
    for (k, s, _), first in zip(spans, found.tolist(), strict=True):
        covered = {d for own, b, n in spans if own == k for d in range(b, b + n)}
        while s - 1 in covered:
            s -= 1
        assert first == s


@settings(max_examples=500, deadline=None)
@given(DATES, DATES)
def test_ages_are_whole_years(birth: datetime.date, day: datetime.date) -> None:
    epoch = datetime.date(1970, 1, 1).toordinal()
    found = ages(np.array([birth.toordinal() - epoch]), np.array([day.toordinal() - epoch]))[0]
    if day < birth:
        assert found == MISSING
        return
    years = day.year - birth.year
    try:
        birthday = birth.replace(year=day.year)
    except ValueError:
        birthday = datetime.date(day.year, 2, 28)
    assert found == years - (day < birthday)


def test_born_on_29_february() -> None:
    birth = np.full(4, days("1960-02-29"))
    on = np.array([days(d) for d in ("2023-02-27", "2023-02-28", "2024-02-28", "2024-02-29")])
    assert ages(birth, on).tolist() == [62, 63, 63, 64]
    assert ages(np.array([MISSING]), np.array([0])).tolist() == [MISSING]


def test_months_later_end_with_the_month() -> None:
    start = np.array([days(d) for d in ("2023-01-31", "2023-11-30", "2023-03-15", "1969-12-31")])
    later = months_later(start, np.array([1, 3, 12, 2]))
    assert [str(d) for d in later.astype("datetime64[D]")] == ["2023-02-28", "2024-02-29", "2024-03-15", "1970-02-28"]

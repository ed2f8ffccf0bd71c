from __future__ import annotations

import datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.catalog import days
from adjudicator.stay_parts import benefit_years, crosses, first_days, parts_of

JANUARY, APRIL = 101, 401


def column(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def test_a_stay_over_two_new_years_has_three_parts_and_others_stay_one() -> None:
    parts = parts_of(
        np.array([False, True, False]),
        column(days("2023-05-01"), days("2022-12-20"), days("2023-12-30")),
        column(days("2023-05-04"), days("2024-01-05"), days("2024-01-02")),
        column(JANUARY, JANUARY, JANUARY),
        column(0, 1, 1, 1, 1, 2),
        column(*map(days, ("2023-05-02", "2024-01-03", "2022-12-31", "2023-01-01", "2023-12-31", "2024-01-01"))),
    )
    assert parts.claim.tolist() == [0, 1, 1, 1, 2]
    assert parts.year.tolist() == [0, 2022, 2023, 2024, 0]
    assert parts.number.tolist() == [0, 0, 1, 2, 0]
    assert parts.count.tolist() == [1, 3, 3, 3, 1]
    assert parts.admission.tolist()[1:4] == [*map(days, ("2022-12-20", "2023-01-01", "2024-01-01"))]
    assert parts.discharge.tolist()[1:4] == [*map(days, ("2022-12-31", "2023-12-31", "2024-01-05"))]
    assert parts.days.tolist() == [-1, 12, 365, -1, -1]
    assert parts.line_part.tolist() == [0, 3, 1, 2, 2, 4]


def test_years_without_lines_have_no_part_and_lines_outside_the_stay_go_to_its_ends() -> None:
    split = np.array([True, True])
    admission, discharge = (
        column(days("2022-12-20"), days("2023-12-20")),
        column(days("2024-01-05"), days("2024-01-01")),
    )
    lines = column(*map(days, ("2021-07-01", "2025-07-01", "2023-12-21")))
    parts = parts_of(split, admission, discharge, column(JANUARY, JANUARY), column(0, 0, 1), lines)
    assert parts.year.tolist() == [2022, 2024, 2023]
    assert parts.count.tolist() == [2, 2, 1]
    assert parts.discharge.tolist()[2] == days("2023-12-31")
    assert parts.line_part.tolist() == [0, 1, 2]


def test_a_benefit_year_may_begin_on_another_day() -> None:
    around = column(days("2024-03-31"), days("2024-04-01"))
    assert benefit_years(around, column(APRIL, APRIL)).tolist() == [2023, 2024]
    assert crosses(around[:1], around[1:], column(APRIL)).tolist() == [True]
    assert crosses(around[:1], around[1:], column(JANUARY)).tolist() == [False]


@given(
    st.dates(datetime.date(1900, 1, 1), datetime.date(2199, 12, 31)),
    st.integers(1, 12),
    st.integers(1, 28),
)
def test_each_day_lies_in_its_benefit_year(day: datetime.date, month: int, first: int) -> None:
    start, number = column(month * 100 + first), column(days(str(day)))
    year = benefit_years(number, start)
    assert year[0] == day.year - (day < datetime.date(day.year, month, first))
    assert first_days(year, start)[0] == days(str(datetime.date(int(year[0]), month, first)))


@given(st.data())
def test_parts_keep_every_line_and_lie_inside_their_stay(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 5))
    stays = data.draw(
        st.lists(st.tuples(st.integers(19_000, 20_000), st.integers(0, 900)), min_size=count, max_size=count)
    )
    admission = column(*(day for day, _ in stays))
    discharge = column(*(day + length for day, length in stays))
    starts = column(*data.draw(st.lists(st.sampled_from((JANUARY, APRIL)), min_size=count, max_size=count)))
    lines = sorted((claim, data.draw(st.integers(18_900, 21_000))) for claim in range(count) for _ in range(3))
    owner, day = column(*(c for c, _ in lines)), column(*(d for _, d in lines))
    split = crosses(admission, discharge, starts)
    parts = parts_of(split, admission, discharge, starts, owner, day)
    assert (parts.claim[parts.line_part] == owner).all()
    assert set(parts.line_part.tolist()) == set(range(len(parts.claim)))
    assert (parts.admission >= admission[parts.claim]).all() and (parts.discharge <= discharge[parts.claim]).all()
    assert (parts.admission <= parts.discharge).all()
    assert not crosses(parts.admission, parts.discharge, starts[parts.claim]).any()

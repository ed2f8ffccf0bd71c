"""Order of settlement: total, by holder, and the same whatever the blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator import Accounts, Batch, Category, Lines, Rulebook, settle
from adjudicator.holders import groups_of
from adjudicator.ordering import numbered, sorted_rows
from adjudicator.periods import Calendar, calendar_date, period_of
from adjudicator.rulebook import Period
from adjudicator.waves import Order, arrange, sequence
from catalogs.plans import load_library

PLAN = """
plan: test.waves
title: {en: Waves, zh: 波次}
scheme: resident_basic
place: null
inherits: cn.national
valid: {from: 2020-01-01}
sources: {T: {title: Test, grade: D}}
source: T
attributes:
  household: {of: person, id: yes}
layers:
  - layer: basic
    fund: pool
    when: {visit: inpatient}
    deductible: [{name: year, amount: 100, counter: borne}]
    bands: [{rate: 70%}]
    limits:
      - {name: own, on: payment, amount: 500, counter: paid}
      - {name: household, on: payment, amount: 800, counter: household_paid}
counters:
  borne: {per: year, adds: [basic.deductible]}
  paid: {per: year, adds: [basic.paid]}
  household_paid: {per: year, holder: household, adds: [basic.paid]}
cases:
  - {name: one, claim: {visit: inpatient, in_scope: 200}, expect: {paid.basic: 70}}
"""


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    library = load_library()
    library.add_text(PLAN)
    return Rulebook((library.compile("test.waves"),))


def batch_of(rows: list[tuple[str, str, str | None, int, int, int]]) -> Batch:
    """Claims of (id, person, household, second, day, fen)."""
    n = len(rows)
    day = np.array([r[4] for r in rows], np.int32)
    nothing = np.zeros(0, np.int32)
    buckets = np.zeros((n, 4), np.int64)
    buckets[:, 0] = [r[5] for r in rows]
    return Batch(
        claim_id=Category.encode([r[0] for r in rows]),
        person=Category.encode([r[1] for r in rows]),
        plan=Category.encode(["test.waves"] * n),
        order_time=np.array([r[3] for r in rows], np.int64),
        admission=day,
        discharge=day,
        settlement=day,
        lines=Lines(np.zeros(n + 1, np.int64), nothing, nothing, nothing.astype(np.int64)),
        attributes={"visit": Category.encode(["inpatient"] * n), "household": Category.encode([r[2] for r in rows])},
        given_buckets=buckets,
        bucketed=np.ones(n, np.uint8),
    )


claims = st.lists(
    st.tuples(
        st.sampled_from("abcde"),
        st.sampled_from([None, "h1", "h2"]),
        st.integers(0, 5),
        st.sampled_from([19_358, 19_400, 19_800]),
        st.integers(0, 60_000),
    ),
    min_size=1,
    max_size=14,
).map(lambda rows: [(f"c{i:02d}", p, h, t, d, a) for i, (p, h, t, d, a) in enumerate(rows)])


@given(claims)
def test_blocks_change_nothing(rulebook: Rulebook, rows: list[tuple[str, str, str | None, int, int, int]]) -> None:
    batch = batch_of(rows)
    whole = settle(batch, rulebook)
    for holders in (1, 2, 3):
        parts = settle(batch, rulebook, block_holders=holders)
        assert np.array_equal(parts.layers["basic"].paid, whole.layers["basic"].paid)
        assert parts.accounts.entries() == whole.accounts.entries()


@given(claims, st.randoms())
def test_order_of_rows_changes_nothing(
    rulebook: Rulebook, rows: list[tuple[str, str, str | None, int, int, int]], random
) -> None:
    whole = settle(batch_of(rows), rulebook)
    paid = dict(zip([r[0] for r in rows], whole.layers["basic"].paid.tolist(), strict=True))
    mixed = list(rows)
    random.shuffle(mixed)
    other = settle(batch_of(mixed), rulebook)
    assert dict(zip([r[0] for r in mixed], other.layers["basic"].paid.tolist(), strict=True)) == paid
    assert other.accounts.entries() == whole.accounts.entries()


def test_same_second_is_settled_by_claim_id(rulebook: Rulebook) -> None:
    rows = [("c2", "a", None, 5, 19_400, 60_000), ("c1", "a", None, 5, 19_400, 60_000)]
    settled = settle(batch_of(rows), rulebook)
    assert settled.layers["basic"].deductible.tolist() == [0, 10_000]
    assert settled.layers["basic"].paid.tolist() == [15_000, 35_000]


def test_persons_of_a_household_share_in_order_of_time(rulebook: Rulebook) -> None:
    rows = [("c1", "a", "h", 2, 19_400, 90_000), ("c2", "b", "h", 1, 19_400, 90_000)]
    settled = settle(batch_of(rows), rulebook)
    assert settled.layers["basic"].paid.tolist() == [30_000, 50_000]
    assert ("test.waves", "household:h", "household_paid", "", 2023, 80_000) in settled.accounts.entries()


def test_a_person_with_thousands_of_claims(rulebook: Rulebook) -> None:
    rows = [(f"c{i:05d}", "a" if i % 3 else f"p{i}", None, i, 19_400, 10_010) for i in range(4_000)]
    settled = settle(batch_of(rows), rulebook)
    of_a = settled.layers["basic"].paid[[i for i in range(4_000) if i % 3]]
    assert of_a.sum() == 50_000
    assert of_a[:3].tolist() == [7, 7_007, 7_007]


def test_late_claim_counts_in_its_own_year(rulebook: Rulebook) -> None:
    rows = [("c1", "a", None, 1, 19_800, 80_000), ("c2", "a", None, 2, 19_400, 80_000)]
    settled = settle(batch_of(rows), rulebook)
    assert settled.layers["basic"].paid.tolist() == [49_000, 49_000]
    assert [e[4] for e in settled.accounts.entries() if e[2] == "paid"] == [2023, 2024]


def test_entries_of_others_stay(rulebook: Rulebook) -> None:
    kept = [("test.waves", "z", "paid", "", 2023, 7), ("other.plan", "a", "paid", "", 2023, 9)]
    opening = Accounts.of(
        [*kept, ("test.waves", "a", "paid", "", 2023, 49_000), ("test.waves", "a", "paid", "", 2019, 3)]
    )
    settled = settle(batch_of([("c1", "a", None, 1, 19_400, 80_000)]), rulebook, opening)
    assert settled.layers["basic"].paid.tolist() == [1_000]
    entries = settled.accounts.entries()
    assert set(kept) <= set(entries)
    assert ("test.waves", "a", "paid", "", 2023, 50_000) in entries
    assert ("test.waves", "a", "paid", "", 2019, 3) in entries


def test_waves_are_prefixes() -> None:
    waves = arrange(Order(np.array([10, 11, 20, 30, 31, 32]), np.array([3, 0, 2]), np.array([3, 2, 1])), 0, 3)
    assert waves.starts == [0, 3, 5, 6]
    assert waves.rows.tolist() == [30, 10, 20, 31, 11, 32]


def test_sequence_without_risen_time() -> None:
    batch = batch_of([("x", "a", None, 9, 19_400, 1), ("y", "b", None, 1, 19_400, 1), ("z", "a", None, 3, 19_400, 1)])
    order = sequence(batch, np.arange(3), groups_of(batch, np.arange(3), ()))
    assert order.rows.tolist() == [2, 0, 1]
    assert order.first.tolist() == [0, 2]
    assert order.sizes.tolist() == [2, 1]


@pytest.mark.parametrize("seconds", [1, 1 << 54])
@pytest.mark.parametrize("swapped", [0, 3, 200])
def test_sequence_of_claims_more_or_less_in_order_of_time(swapped: int, seconds: int) -> None:
    rng = np.random.default_rng(swapped)
    times = np.sort(rng.integers(-100, 200, 400)) * seconds
    for _ in range(swapped):
        one, other = rng.integers(0, 400, 2)
        times[[one, other]] = times[[other, one]]
    rows = [(f"c{i:03d}", f"p{i * i % 61}", None, time, 19_400, 1) for i, time in enumerate(times.tolist())]
    batch = batch_of(rows)
    order = sequence(batch, np.arange(400), groups_of(batch, np.arange(400), ()))
    found = [order.rows[at : at + size].tolist() for at, size in zip(order.first, order.sizes, strict=True)]
    persons = list(dict.fromkeys(row[1] for row in rows))
    by_person = {p: [i for i in range(400) if rows[i][1] == p] for p in persons}
    expected = [sorted(of_person, key=lambda i: (times[i], i)) for of_person in by_person.values()]
    assert found == sorted(expected, key=len, reverse=True)


def test_groups_join_through_shared_holders() -> None:
    rows = [("1", "a", "h1", 0, 0, 0), ("2", "b", "h1", 0, 0, 0), ("3", "b", "h2", 0, 0, 0), ("4", "c", "h2", 0, 0, 0)]
    batch = batch_of([*rows, ("5", "d", None, 0, 0, 0)])
    groups = groups_of(batch, np.arange(5), ("household",))
    assert len(set(groups[:4].tolist())) == 1
    assert groups[4] != groups[0]


@pytest.mark.parametrize(
    ("date", "period", "start", "expected"),
    [
        ("2023-12-31", Period.YEAR, (1, 1), 2023),
        ("2023-06-30", Period.YEAR, (7, 1), 2022),
        ("2023-07-01", Period.YEAR, (7, 1), 2023),
        ("2024-02-29", Period.QUARTER, (1, 1), 20241),
        ("2024-12-01", Period.QUARTER, (1, 1), 20244),
        ("2024-02-29", Period.MONTH, (1, 1), 202402),
        ("1969-12-31", Period.MONTH, (1, 1), 196912),
        ("1970-01-02", Period.DAY, (1, 1), 1),
    ],
)
def test_periods(date: str, period: Period, start: tuple[int, int], expected: int) -> None:
    days = np.array([date], "datetime64[D]").astype(np.int32)
    assert period_of(days, period, start).tolist() == [expected]


def test_dates_are_gregorian() -> None:
    days = np.arange(-800_000, 800_000, 7)
    year, month, day = calendar_date(days)
    written = (days.astype("datetime64[D]")).astype(str)
    assert [f"{y:04d}-{m:02d}-{d:02d}" for y, m, d in zip(year, month, day, strict=True)] == written.tolist()
    assert calendar_date(int(days[5])) == (year[5], month[5], day[5])


@given(st.lists(st.integers(18_000, 20_500), min_size=1, max_size=20))
def test_calendar_agrees_with_periods(days: list[int]) -> None:
    dates = np.array(days, np.int32)
    calendar = Calendar(dates, (7, 1))
    for period in (Period.YEAR, Period.QUARTER, Period.MONTH, Period.DAY):
        assert np.array_equal(np.broadcast_to(calendar.of(period), len(days)), period_of(dates, period, (7, 1)))


WHOLE = st.one_of(
    st.integers(-(2**63), 2**63 - 1), st.integers(-70_000, 70_000), st.sampled_from([0, 1, 1 << 16, 1 << 40])
)


@given(st.lists(WHOLE, max_size=40))
def test_rows_are_sorted_stably_and_distinct_values_numbered(values: list[int]) -> None:
    """Differences may come up to 2**64; equal values stay in order of their rows."""
    column = np.array(values, np.int64)
    ordered, rows = sorted_rows(column)
    assert rows.tolist() == sorted(range(len(values)), key=lambda row: (values[row], row))
    assert ordered.tolist() == sorted(values)
    distinct, number = numbered(column)
    assert distinct.tolist() == sorted(set(values))
    assert distinct[number].tolist() == values

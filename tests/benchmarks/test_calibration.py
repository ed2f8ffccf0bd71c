"""The workload is what `calibration` says: every published figure within a tolerance, every chosen one too."""

from __future__ import annotations

import csv
import functools
from pathlib import Path

import numpy as np
import pytest

from benchmarks import calibration, workload
from benchmarks.calibration import FIGURES, GROUPS, KINDS, LEVELS, SCHEME_OF_GROUP, SCHEMES, figure

STATISTICS = Path(__file__).parents[2].parent / "shared" / "data" / "calibration_long.csv"
LINES = 3_000_000
COUNTS, FEES = 0.03, 0.08
"""Tolerances: of counts, and of mean fees, where a few dear stays weigh much."""


class Made:
    """The claims of a workload with their fees and how many insured of each scheme there are."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)  # as the workload draws, so that group and kind of its claims are known
        self.work = workload.workload(LINES)
        batch = self.work.batch
        self.persons = len(batch.person.values)
        level = workload.levels_of_facilities(rng)
        self.claims = workload.make_claims(len(batch), self.persons, level, rng)
        assert np.array_equal(self.claims.person, batch.person.codes)
        self.scheme = np.array(SCHEME_OF_GROUP)[self.claims.group]
        self.fee = np.add.reduceat(batch.lines.amount_fen, batch.lines.first[:-1]) / 100

    def insured(self, scheme: int) -> float:
        shares = calibration.insured_by_group()
        return self.persons * sum(s for s, of in zip(shares, SCHEME_OF_GROUP, strict=True) if of == scheme)

    def rows(self, scheme: int, kind: str, level: int | None = None) -> np.ndarray:
        here = (self.scheme == scheme) & (self.claims.kind == KINDS.index(kind))
        return here if level is None else here & (self.claims.level == level)


@functools.cache
def made() -> Made:
    return Made()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("kind", KINDS)
def test_claims_of_an_insured_a_year(scheme: str, kind: str) -> None:
    number = SCHEMES.index(scheme)
    a_year = made().rows(number, kind).sum() / made().insured(number)
    if kind == "stay":
        assert 100 * a_year == pytest.approx(figure(f"{scheme}_admission_rate"), rel=COUNTS)
    else:
        assert a_year == pytest.approx(figure(f"{scheme}_{kind}_visits_per_insured"), rel=COUNTS)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_fees(scheme: str) -> None:
    number = SCHEMES.index(scheme)

    def mean(kind: str, level: int | None = None) -> float:
        return float(made().fee[made().rows(number, kind, level)].mean())

    assert mean("outpatient") == pytest.approx(figure(f"{scheme}_fee_per_outpatient_visit"), rel=FEES)
    assert mean("chronic") == pytest.approx(figure(f"{scheme}_fee_per_chronic_visit"), rel=FEES)
    assert mean("stay") == pytest.approx(figure(f"{scheme}_fee_per_stay"), rel=FEES)
    tertiary = mean("stay", LEVELS.index("tertiary"))
    assert tertiary == pytest.approx(figure(f"{scheme}_tertiary_fee_per_stay"), rel=FEES)


def test_fees_of_the_cells_give_the_published_means() -> None:
    for number, scheme in enumerate(SCHEMES):
        shares, fees = calibration.LEVEL_SHARES[number], calibration.fees()[number]
        stay = KINDS.index("stay")
        mean = sum(s * f for s, f in zip(shares[stay], fees[stay], strict=True))
        assert mean == pytest.approx(figure(f"{scheme}_fee_per_stay"))
        assert min(fees[stay]) > 1_000


def test_groups_of_persons() -> None:
    persons, rows = np.unique(made().claims.person, return_index=True)
    assert len(persons) > 10_000
    work, claims = made().work, made().claims
    assert np.array_equal(claims.group, work.batch.attributes["group"].codes)
    of_person = np.full(made().persons, -1)
    of_person[claims.person] = claims.group
    assert np.array_equal(of_person[claims.person], claims.group)  # a person has one group
    a_year = calibration.claims_a_year()
    for number, share in enumerate(calibration.insured_by_group()):
        expected = share * sum(a_year[SCHEME_OF_GROUP[number]]) / workload.expected_claims_a_year()
        assert (claims.group == number).mean() == pytest.approx(expected, rel=COUNTS), GROUPS[number]
    assert len(rows) == len(persons)


def test_length_of_stay() -> None:
    claims = made().claims
    days = (claims.discharge - claims.admission)[claims.kind == KINDS.index("stay")]
    assert days.mean() == pytest.approx(figure("bulletin_employee_avg_length_of_stay"), rel=COUNTS)
    assert figure("bulletin_employee_avg_length_of_stay") == figure("bulletin_resident_avg_length_of_stay")
    assert not (claims.discharge - claims.admission)[claims.kind != KINDS.index("stay")].any()


def test_sizes_of_the_issue() -> None:
    """200 thousand dated items, 5 thousand facilities, 12 lines a claim; a million persons make 58 million lines."""
    work = made().work
    catalog = work.rulebook.catalog
    assert catalog is not None and len(catalog.codes) == 200_000
    assert (np.diff(catalog.first) == 2).mean() == pytest.approx(1 / 3, rel=COUNTS)
    assert len(work.facility_level) == 5_000
    assert len(np.unique(work.facility)) > 4_500
    level = work.batch.attributes["level"].codes
    assert np.array_equal(level, work.facility_level[work.facility])
    assert len(work.batch.lines) / len(work.batch) == pytest.approx(calibration.LINES_A_CLAIM, rel=0.01)
    assert workload.PERSONS * workload.expected_claims_a_year() * calibration.LINES_A_CLAIM == pytest.approx(
        58e6, rel=0.01
    )


def test_visits_are_skewed() -> None:
    claims = np.sort(np.bincount(made().claims.person, minlength=made().persons))[::-1]
    assert claims[: len(claims) // 5].sum() / claims.sum() == pytest.approx(2 / 3, abs=0.03)
    assert 50 < claims[0] < 366
    busiest = np.sort(np.bincount(made().work.facility))[::-1]
    assert busiest[:50].sum() / busiest.sum() > 0.3


def test_chinese_medicines_among_the_drugs() -> None:
    catalog = made().work.rulebook.catalog
    assert catalog is not None
    drugs = catalog.marks[catalog.kind == 0]
    assert drugs.mean() == pytest.approx(calibration.share_of_tcm(), rel=COUNTS)
    assert not catalog.marks[catalog.kind != 0].any()


def test_memory_of_the_inputs() -> None:
    lines = made().work.batch.lines
    columns = (lines.item, lines.service_date, lines.amount_fen, lines.quantity_e4, lines.price_e6)
    assert sum(column.itemsize for column in columns if column is not None) == 32


@pytest.mark.shared
def test_figures_are_those_of_the_collected_statistics() -> None:
    if not STATISTICS.exists():
        pytest.skip("the collected statistics are not beside the checkout (../shared/data)")
    with STATISTICS.open(encoding="utf-8", newline="") as file:
        rows = {row["metric"]: row for row in csv.DictReader(file) if row["year"] == str(calibration.YEAR)}
    for name, (value, address) in FIGURES.items():
        assert float(rows[name]["value"]) == value, name
        assert address in rows[name]["source"], name

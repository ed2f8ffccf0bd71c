"""The project's own catalogs: complete, sourced, without findings, and of every shape the tables allow."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from adjudicator.catalog import CLASSES, KINDS, days
from adjudicator.columns import Category
from adjudicator.reasons import ClaimReason
from catalogs.tables import OWN_DATA, Catalogs, check, load

CITIES = ("340300", "140100", "110000", "510100", "330100", "440100", "320500", "532900", "120000")


@cache
def own() -> Catalogs:
    return load(OWN_DATA)


def version_at(place: str, code: str, day: str) -> int:
    catalog = own().catalog
    row = int(own().index.rows_of(place, [code])[0])
    assert row >= 0, f"{code} unknown in {place}"
    for version in range(catalog.first[row], catalog.first[row + 1]):
        if catalog.valid_from[version] <= days(day) < catalog.valid_until[version]:
            return version
    raise AssertionError(f"{code} not in force in {place} on {day}")


def code_of(name: str, form: str | None = None) -> str:
    for path in OWN_DATA.glob("items.cn.*.csv"):
        with path.open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["name"] == name and form in (None, row["form"]):
                    return row["code"]
    raise AssertionError(name)


def test_without_findings() -> None:
    result = check(OWN_DATA)
    assert [finding.render() for finding in result.findings] == []
    assert result.passed
    assert len(result.digest) == 64


@pytest.mark.parametrize(("kind", "least"), [("drug", 300), ("service", 120), ("consumable", 60), ("bed", 12)])
def test_enough_of_each_kind(kind: str, least: int) -> None:
    catalog = own().catalog
    nation = catalog.place == catalog.places.index("CN")
    first = catalog.first[:-1][nation]
    assert np.count_nonzero(catalog.kind[first] == KINDS.index(kind)) >= least


def test_enough_facilities_in_every_city() -> None:
    facilities = own().facilities
    assert len(facilities) >= 60
    for city in CITIES:
        assert sum(code[1:5] == city[:4] for code in facilities.codes) >= 8


@pytest.mark.parametrize(
    ("place", "name", "day"), [("340300", "恩替卡韦", "2024-01-01"), ("440100", "瑞舒伐他汀", "2023-03-01")]
)
def test_class_changes_on_a_day(place: str, name: str, day: str) -> None:
    catalog, code = own().catalog, code_of(name, "口服常释剂型")
    before = str(np.datetime64(day) - 1)
    seen = [CLASSES[catalog.item_class[version_at(where, code, on)]] for where in (place, "CN") for on in (before, day)]
    assert seen == ["B", "A", "B", "B"]


def test_price_cut_on_a_day() -> None:
    catalog = own().catalog
    code = code_of("曲妥珠单抗")
    prices = [
        int(catalog.ceilings_e6[catalog.ceiling[version_at("510100", code, day)], -1])
        for day in ("2019-12-31", "2020-01-01")
    ]
    assert prices == [7_600_000_000, 5_500_000_000]


def test_suzhou_valve_before_and_after_the_change() -> None:
    """A domestic valve of 210,000 yuan was payable at 35,000, since 2023-08-10 at 168,000 (price limit and share)."""
    catalog = own().catalog
    code = code_of("经导管主动脉瓣膜(国产)")
    payable = []
    for day in ("2023-08-09", "2023-08-10"):
        version = version_at("320500", code, day)
        ceiling = catalog.ceiling[version]
        price = 210_000_000_000
        limit = price if ceiling < 0 else min(price, int(catalog.ceilings_e6[ceiling, -1]))
        schedule = catalog.upfront_schedule[version]
        rows = range(catalog.schedule_from[schedule], catalog.schedule_from[schedule + 1])
        rate = next(
            int(catalog.schedule_rate_ppm[r])
            for r in rows
            if catalog.schedule_price_from_e6[r] <= price < catalog.schedule_price_until_e6[r]
        )
        payable.append(limit * (1_000_000 - rate) // 10**12)
    assert payable == [35_000, 168_000]


def test_bed_fees_by_level() -> None:
    catalog = own().catalog
    version = version_at("310101", "B-01", "2023-01-01")
    row = catalog.ceilings_e6[catalog.ceiling[version]]
    assert row[catalog.levels.index("tertiary")] == 48_000_000
    assert row[catalog.levels.index("secondary")] == 37_000_000
    assert row[-1] == 25_000_000


def test_every_city_knows_every_national_item() -> None:
    catalog, index = own().catalog, own().index
    nation = catalog.place == catalog.places.index("CN")
    codes = [catalog.codes[i] for i in np.flatnonzero(nation)]
    for city in CITIES:
        assert (index.rows_of(city, codes) >= 0).all()


def test_restrictions_of_every_kind() -> None:
    restrictions = own().catalog.restrictions
    for name in ("levels", "sexes", "age_from", "visits", "schemes", "second_line", "text"):
        assert (getattr(restrictions, name) > 0).any(), name
    assert (restrictions.age_until < 150).any()
    for name in ("diagnosis_set", "max_days", "max_quantity_e4"):
        assert (getattr(restrictions, name) >= 0).any(), name


def test_marks() -> None:
    catalog = own().catalog
    for mark in ("tcm", "dual_channel", "negotiated", "essential", "imported", "domestic", "pieces"):
        bit = 1 << catalog.mark_names.index(mark)
        assert np.count_nonzero(catalog.marks & bit) >= 5, mark


def test_every_version_has_a_source() -> None:
    catalogs = own()
    assert all(catalogs.source_of(version) is not None for version in range(len(catalogs.catalog.valid_from)))


def test_a_hospital_rises_a_level_and_a_clinic_loses_its_agreement() -> None:
    facilities = own().facilities
    rows = facilities.rows_of(["H34030000003", "H34030000003", "H34030000008", "H34030000008", "H34030000010", "?"])
    dates = np.array(
        [days(d) for d in ["2023-12-31", "2024-01-01", "2022-06-30", "2022-07-01"] + ["2023-01-01"] * 2], np.int32
    )
    periods = facilities.periods_at(rows, dates)
    assert facilities.attribute("level", periods).decode() == [
        "secondary", "tertiary", "unranked", "unranked", "secondary", None,
    ]  # fmt: skip
    visits = Category.encode(["inpatient", "inpatient", "outpatient", "outpatient", "outpatient", "outpatient"])
    assert facilities.reasons(rows, periods, dates, visits).tolist() == [
        0, 0, 0, ClaimReason.NOT_DESIGNATED, ClaimReason.NOT_DESIGNATED, ClaimReason.UNKNOWN_FACILITY,
    ]  # fmt: skip


def test_agreement_reaches_only_some_visits() -> None:
    facilities = own().facilities
    rows = facilities.rows_of(["P34030000001"] * 3)
    dates = np.full(3, days("2023-01-01"), np.int32)
    visits = Category.encode(["dual_channel", "inpatient", None])
    reasons = facilities.reasons(rows, facilities.periods_at(rows, dates), dates, visits)
    assert reasons.tolist() == [0, ClaimReason.OUT_OF_AGREEMENT, ClaimReason.OUT_OF_AGREEMENT]


@pytest.mark.shared
def test_classes_agree_with_the_published_catalogue() -> None:
    published = Path(__file__).parents[3] / "shared" / "data" / "nrdl2024.csv"
    if not published.exists():
        pytest.skip("the published catalogue does not lie beside the checkout")
    with published.open(encoding="utf-8") as file:
        classes = {(r["name"], r["dosage_form"]): {"甲": "A", "乙": "B"}[r["class"]] for r in csv.DictReader(file)}
    with (OWN_DATA / "items.cn.drugs.csv").open(encoding="utf-8") as file:
        ours = [r for r in csv.DictReader(file) if (r["name"], r["form"]) in classes]
    assert len(ours) > 300
    assert [r["name"] for r in ours if classes[r["name"], r["form"]] != r["class"]] == []

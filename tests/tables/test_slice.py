"""From small tables to arrays: composition, dates, lookup."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from adjudicator.catalog import Catalog, days
from catalogs.tables import Catalogs, load

ITEMS = """place,code,name,kind,class,marks,upfront,schedule,ceiling,restriction,valid_from,valid_until,source
CN,D1,One,drug,B,negotiated,,,,R1,2020-01-01,2023-01-01,own
CN,D1,One,drug,A,,,,,,2023-01-01,,own
CN,D2,Two,drug,B,tcm,10%,,12.5,,2020-01-01,,own
CN,M1,Valve,consumable,B,imported,,S1,,,2020-01-01,,own
CN,B1,Ward,bed,A,,,,C1,,2020-01-01,,own
340000,D1,,,,,15%,,,-,2021-01-01,2024-01-01,own
340300,D1,,,C,,,,,,2022-06-01,2022-07-01,own
340300,D2,,,,,,S1,9,,2022-01-01,,own
"""
TABLES = {
    "items": ITEMS,
    "schedules": "id,scheme,price_from,price_until,rate\nS1,resident_basic,,,30%\nS1,,,50000,10%\nS1,,50000,,20%\n",
    "ceilings": "id,level,price\nC1,tertiary,40\nC1,secondary,31\nC1,*,25\n",
    "restrictions": "id,levels,age_from,diagnoses,text\nR1,secondary tertiary,18,C50 C34,second relapse\n",
}


def write(folder: Path, tables: dict[str, str]) -> Path:
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Catalogs:
    return load(write(tmp_path, TABLES))


def versions(catalog: Catalog, row: int) -> list[tuple[str, str, str, int]]:
    def shown(day: np.int32) -> str:
        return "" if day == np.iinfo(np.int32).max else str(np.datetime64(int(day), "D"))

    rows = range(catalog.first[row], catalog.first[row + 1])
    return [
        (
            shown(catalog.valid_from[v]),
            shown(catalog.valid_until[v]),
            "ABC"[catalog.item_class[v]],
            int(catalog.upfront_ppm[v]),
        )
        for v in rows
    ]


def test_each_place_sees_its_own_versions(small: Catalogs) -> None:
    catalog, rows_of = small.catalog, small.index.rows_of
    nation, province, city = (int(rows_of(place, ["D1"])[0]) for place in ("CN", "340000", "340300"))
    assert versions(catalog, nation) == [("2020-01-01", "2023-01-01", "B", 0), ("2023-01-01", "", "A", 0)]
    assert versions(catalog, province) == [
        ("2020-01-01", "2021-01-01", "B", 0),
        ("2021-01-01", "2023-01-01", "B", 150_000),
        ("2023-01-01", "2024-01-01", "A", 150_000),
        ("2024-01-01", "", "A", 0),
    ]
    assert versions(catalog, city) == [
        ("2020-01-01", "2021-01-01", "B", 0),
        ("2021-01-01", "2022-06-01", "B", 150_000),
        ("2022-06-01", "2022-07-01", "C", 150_000),
        ("2022-07-01", "2023-01-01", "B", 150_000),
        ("2023-01-01", "2024-01-01", "A", 150_000),
        ("2024-01-01", "", "A", 0),
    ]


def test_a_place_without_rows_takes_the_larger_one(small: Catalogs) -> None:
    rows_of = small.index.rows_of
    assert rows_of("340302", ["D1", "D2", "B1", "??"]).tolist() == rows_of("340300", ["D1", "D2", "B1", "??"]).tolist()
    assert rows_of("110000", ["D1"])[0] == rows_of("CN", ["D1"])[0] != rows_of("340300", ["D1"])[0]
    assert rows_of("340300", ["??"])[0] == -1


def test_a_dash_takes_a_restriction_away(small: Catalogs) -> None:
    catalog = small.catalog
    first = catalog.first[small.index.rows_of("340000", ["D1"])[0]]
    assert catalog.restriction[first : first + 4].tolist() == [0, -1, -1, -1]


def test_a_local_schedule_displaces_the_rate(small: Catalogs) -> None:
    catalog = small.catalog
    last = catalog.first[small.index.rows_of("340300", ["D2"])[0] + 1] - 1
    assert (catalog.upfront_ppm[last], catalog.upfront_schedule[last]) == (0, 0)
    assert catalog.ceilings_e6[catalog.ceiling[last]].tolist() == [9_000_000] * 3
    assert catalog.ceilings_e6[catalog.ceiling[last - 1]].tolist() == [12_500_000] * 3


def test_ceilings_follow_the_levels(small: Catalogs) -> None:
    catalog = small.catalog
    assert catalog.levels == ("tertiary", "secondary")
    row = catalog.ceiling[catalog.first[small.index.rows_of("CN", ["B1"])[0]]]
    assert catalog.ceilings_e6[row].tolist() == [40_000_000, 31_000_000, 25_000_000]


def test_schedule_rows_keep_their_order(small: Catalogs) -> None:
    catalog = small.catalog
    assert catalog.schedule_from.tolist() == [0, 3]
    assert catalog.schemes == ("resident_basic",)
    assert catalog.schedule_scheme.tolist() == [0, -1, -1]
    assert catalog.schedule_rate_ppm.tolist() == [300_000, 100_000, 200_000]
    assert catalog.schedule_price_until_e6[1] == 50_000 * 10**6 == catalog.schedule_price_from_e6[2]


def test_restrictions_become_masks(small: Catalogs) -> None:
    restrictions = small.catalog.restrictions
    assert restrictions.levels.tolist() == [3]
    assert restrictions.age_from.tolist() == [18]
    assert restrictions.text.tolist() == [1]
    assert small.catalog.diagnosis_sets == (("C34", "C50"),)
    first = int(small.catalog.first[small.index.rows_of("CN", ["D1"])[0]])
    assert small.restriction_text(first) == "second relapse"


def test_a_version_names_the_row_it_comes_from(small: Catalogs) -> None:
    first = small.catalog.first[small.index.rows_of("340300", ["D1"])[0]]
    assert [small.file_of(first + i) for i in range(3)] == ["items.csv:2", "items.csv:7", "items.csv:8"]


def test_dates_are_days(small: Catalogs) -> None:
    row = small.index.rows_of("CN", ["D1"])[0]
    assert small.catalog.valid_from[small.catalog.first[row] + 1] == days("2023-01-01")

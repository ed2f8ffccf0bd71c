"""Forms of files, lookup, digest and speed."""

from __future__ import annotations

import random
import time
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from adjudicator.catalog import days
from catalogs.tables import OWN_DATA, Catalogs, check, load
from tests.tables.conftest import ITEM_COLUMNS


def rewritten(folder: Path, *, parquet: bool = False, shuffled: bool = False) -> Path:
    """Write the own catalogs again, all items in one file, in another form or order of rows."""
    random.seed(7)
    parts: dict[str, list[pa.Table]] = {}
    for path in sorted(OWN_DATA.glob("*.csv")):
        names = path.read_text(encoding="utf-8").split("\n")[0].split(",")
        as_text = pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
        table = pa.csv.read_csv(path, convert_options=as_text)
        parts.setdefault(path.name.split(".")[0], []).append(table)
    for name, tables in parts.items():
        table = pa.concat_tables(tables)
        if shuffled and name not in ("schedules", "usual_rates"):
            table = table.take(random.sample(range(table.num_rows), table.num_rows))
        if parquet:
            pa.parquet.write_table(table, folder / f"{name}.parquet")
        else:
            pa.csv.write_csv(table, folder / f"{name}.csv")
    return folder


@pytest.mark.parametrize("form", [{"parquet": True}, {"shuffled": True}, {"parquet": True, "shuffled": True}])
def test_the_digest_is_that_of_the_content(tmp_path: Path, form: dict[str, bool]) -> None:
    assert load(rewritten(tmp_path, **form)).digest == load(OWN_DATA).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [("10%", "11%"), (",drug,", ",service,"), ("2020-01-01", "2020-01-02"), ("One", "Two"), ("R1,2020", ",2020")],
)
def test_the_digest_changes_with_the_content(tmp_path: Path, old: str, new: str) -> None:
    item = "CN,D1,One,drug,,B,,,10%,,,R1,2020-01-01,,own"
    digests = []
    for text in (item, item.replace(old, new)):
        (tmp_path / "items.csv").write_text(f"{ITEM_COLUMNS}\n{text}\n", encoding="utf-8")
        (tmp_path / "restrictions.csv").write_text("id,text\nR1,words\n", encoding="utf-8")
        digests.append(load(tmp_path).digest)
    assert digests[0] != digests[1]


@pytest.mark.parametrize("row", [0, 300, 599])
@pytest.mark.parametrize(("old", "new"), [("tertiary", "secondary"), ("2020-01-01", "2020-01-02"), ("*", "inpatient")])
def test_the_digest_covers_every_facility(tmp_path: Path, row: int, old: str, new: str) -> None:
    columns = "code,name,place,level,facility_kind,agreement_from,agreement_until,agreement_visits,source"
    rows = [f"H{i},N,340300,tertiary,hospital,2020-01-01,,*,own" for i in range(600)]
    digests = []
    for changed in (rows[row], rows[row].replace(old, new)):
        rows[row] = changed
        (tmp_path / "facilities.csv").write_text("\n".join([columns, *rows]) + "\n", encoding="utf-8")
        digests.append(load(tmp_path).digest)
    assert digests[0] != digests[1]


def test_typed_parquet_columns_are_read_as_their_text(tmp_path: Path) -> None:
    table = pa.table({
        "place": ["CN"], "code": ["D1"], "name": ["One"], "class": ["B"],
        "kind": pa.array(["drug"]).dictionary_encode(),
        "upfront": [0.1], "valid_from": pa.array([days("2020-01-01")], pa.int32()).cast(pa.date32()), "source": ["own"],
    })  # fmt: skip
    pa.parquet.write_table(table, tmp_path / "items.parquet")
    catalog = load(tmp_path).catalog
    assert catalog.upfront_ppm.tolist() == [100_000]
    assert catalog.valid_from.tolist() == [days("2020-01-01")]


def test_tables_in_folders_and_several_paths(tmp_path: Path) -> None:
    (tmp_path / "items").mkdir()
    (tmp_path / "items" / "340300.csv").write_text(
        f"{ITEM_COLUMNS}\n340300,D1,One,drug,,A,,,,,,,2020-01-01,,own\n", encoding="utf-8"
    )
    other = tmp_path / "items.more.csv"
    other.write_text(f"{ITEM_COLUMNS}\n340300,D2,Two,drug,,A,,,,,,,2020-01-01,,own\n", encoding="utf-8")
    both = load(tmp_path / "items", other)
    assert both.catalog.codes == ("D1", "D2")
    assert [both.file_of(version) for version in (0, 1)] == ["items/340300.csv:2", "items.more.csv:2"]
    assert check(tmp_path).rows["items"] == 2


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Catalogs, float]:
    """Give a catalog of 200,000 items and the seconds it took to load."""
    folder = tmp_path_factory.mktemp("large")
    rows = [
        f"CN,X{i * 7919 % 1_000_003:07d},Name {i % 5000},drug,tablet,{'AB'[i % 2]},,{'tcm' if i % 3 == 0 else ''},"
        f"{'10%' if i % 2 else ''},,{i % 4000 / 100 if i % 5 else ''},,2020-01-01,,own"
        for i in range(200_000)
    ]
    (folder / "items.csv").write_text("\n".join([ITEM_COLUMNS, *rows]) + "\n", encoding="utf-8")
    start = time.perf_counter()
    catalogs = load(folder)
    return catalogs, time.perf_counter() - start


def test_two_hundred_thousand_items_load_quickly(large: tuple[Catalogs, float]) -> None:
    """Measured 0.5 to 1 s on a shared core; the bound leaves room for a busy machine."""
    catalogs, seconds = large
    assert len(catalogs.catalog.codes) == 200_000
    assert seconds < 8


def test_hot_columns_are_compact(large: tuple[Catalogs, float]) -> None:
    catalog = large[0].catalog
    names = ("valid_from", "valid_until", "item_class", "kind", "group", "marks", "upfront_ppm", "upfront_schedule")
    bytes_a_version = sum(getattr(catalog, name).itemsize for name in (*names, "ceiling", "restriction"))
    assert bytes_a_version <= 40
    assert all(getattr(catalog, name).flags.c_contiguous for name in names)
    assert len(catalog.ceilings_e6) <= 4000


def test_a_place_and_its_codes_are_sorted(large: tuple[Catalogs, float]) -> None:
    codes = large[0].catalog.codes
    assert all(a < b for a, b in pairwise(codes))

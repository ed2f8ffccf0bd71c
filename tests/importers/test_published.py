"""The published lists beside the checkout, as they were found."""

from __future__ import annotations

import csv
import re
import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from catalogs.importers import MAPPINGS, ImportReport, import_mapped, import_national
from catalogs.importers.national import NationalList, read_national
from catalogs.importers.text import is_radical
from catalogs.tables import load

PUBLISHED = Path(__file__).parents[3] / "shared" / "data"
LIST = PUBLISHED / "nrdl2024_yao.xlsx"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not LIST.exists(), reason="the published lists are not beside the checkout (folder shared)"),
]


@pytest.fixture(scope="module")
def found() -> NationalList:
    return read_national(LIST)[0]


@pytest.fixture(scope="module")
def national(tmp_path_factory: pytest.TempPathFactory) -> ImportReport:
    return import_national(LIST, tmp_path_factory.mktemp("national") / "out")


def flat() -> list[dict[str, str]]:
    with (PUBLISHED / "nrdl2024.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def plain(text: str) -> str:
    """Take out what the flattened file and this importer treat differently on purpose: blanks, and `；` of names."""
    return re.sub(r"[\s；;]", "", text).translate(str.maketrans("（）％＜＞～：，", "()%<>~:,"))


def test_rows_classes_and_entries(found: NationalList) -> None:
    assert len(found.entries) == 3826
    assert Counter(e.item_class for e in found.entries) == {"A": 767, "B": 3059}
    distinct = {(e.sheet, e.number, e.group) for e in found.entries}
    assert Counter(group for _, _, group in distinct) == {"western": 1765, "chinese_patent": 1394}
    assert len({e.code for e in found.entries}) == 3826


def test_every_row_equals_the_flattened_list(found: NationalList) -> None:
    assert len(flat()) == len(found.entries)
    classes = {"A": "甲", "B": "乙"}
    for ours, theirs in zip(found.entries, flat(), strict=True):
        assert (ours.sheet, str(ours.row), ours.category) == (theirs["part"], theirs["xlsx_row"], theirs["cat_code"])
        assert (classes[ours.item_class], str(ours.number)) == (theirs["class"], theirs["no"])
        assert ours.star == (theirs["is_star"] == "1")
        assert plain(ours.name) == plain(theirs["name"])
        assert plain("".join(ours.forms if ours.form_given else ())) == plain(theirs["dosage_form"])
        collective = "◇" if "collective" in ours.marks else ""
        assert plain(ours.restriction or collective) == plain(theirs["restriction"])
        last = ours.valid_until - timedelta(days=1) if ours.valid_until else ""
        assert (str(ours.valid_from or ""), str(last)) == (theirs["valid_from"], theirs["valid_to"])


def test_no_text_of_a_payment_standard_is_lost(found: NationalList) -> None:
    published = {(r["part"], r["xlsx_row"]): r["payment_standard_raw"] for r in flat()}
    for entry in found.entries:
        raw = published[entry.sheet, str(entry.row)]
        assert plain("".join(s.raw for s in entry.standards)) == plain(raw), entry
        assert sum(s.kind == "price" for s in entry.standards) == len(re.findall(r"\d元", raw))
        assert all(s.kind != "unreadable" for s in entry.standards)


def test_no_radical_is_left(national: ImportReport) -> None:
    assert national.written
    for path in national.written.rglob("*.csv"):
        if path.name not in ("entries.csv", "findings.csv"):
            assert not any(is_radical(c) for c in path.read_text(encoding="utf-8-sig")), path


def test_the_tables_load(national: ImportReport) -> None:
    assert national.passed and national.written
    assert len(load(national.written / "tables").catalog.codes) == 3826


def test_restrictions(national: ImportReport) -> None:
    """Counts to be looked at again whenever the grammar changes: more conditions need a reason each."""
    told = {t.title: t.rows for t in national.tables}
    assert told["IMPORT_TITLE_RESTRICTIONS"] == (
        ("IMPORT_OUTCOME_CONDITIONS", 7, 58),
        ("IMPORT_OUTCOME_MIXED", 175, 203),
        ("IMPORT_OUTCOME_TEXT", 309, 408),
        ("IMPORT_TOTAL", 491, 669),
    )
    assert {row[0]: row[2] for row in told["IMPORT_TITLE_CONDITIONS"]} == {
        "IMPORT_KIND_LEVEL": 51,
        "IMPORT_KIND_VISIT": 8,
        "IMPORT_KIND_SCHEME": 11,
        "IMPORT_KIND_AGE": 149,
        "IMPORT_KIND_SEX": 4,
        "IMPORT_KIND_DAYS": 19,
        "IMPORT_KIND_QUANTITY": 0,
        "IMPORT_KIND_SECOND_LINE": 26,
    }


MAPPED = {
    "shanghai_drug_catalog_selfpay.csv": ("shanghai_drugs", 2152, {"IMPORT_LOST_CHARACTER": 5, "IMPORT_ROW_TWICE": 2}),
    "shanghai_drug_catalog_2019crawl.xlsx": (
        "shanghai_drugs", 2152, {"IMPORT_LOST_CHARACTER": 5, "IMPORT_ROW_TWICE": 2}
    ),
    "tianjin_service_selfpay.csv": ("tianjin_services", 2758, {"IMPORT_UNEXPECTED": 1}),
    "shanghai_facilities_raw.csv": ("shanghai_facilities", 694, {"IMPORT_KEY_TWICE": 5}),
}  # fmt: skip


@pytest.mark.parametrize("file", MAPPED)
def test_lists_of_places(file: str, tmp_path: Path) -> None:
    mapping, rows, findings = MAPPED[file]
    report = import_mapped(PUBLISHED / file, MAPPINGS / f"{mapping}.toml", tmp_path / "out")
    assert report.passed and report.rows == rows
    assert Counter(f.code for f in report.findings) == findings
    assert load(tmp_path / "out" / "tables").digest


def test_a_place_lies_over_the_nation(national: ImportReport, tmp_path: Path) -> None:
    assert national.written
    shutil.copytree(national.written / "tables", tmp_path / "all" / "nation")
    file = "tianjin_service_selfpay.csv"
    report = import_mapped(PUBLISHED / file, MAPPINGS / "tianjin_services.toml", tmp_path / "place")
    assert report.written
    shutil.copytree(report.written / "tables", tmp_path / "all" / "tianjin")
    catalogs = load(tmp_path / "all")
    assert len(catalogs.catalog.codes) >= 3826 + 2758

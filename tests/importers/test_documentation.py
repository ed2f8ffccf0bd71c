"""docs/catalog-import.md says what the code does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from catalogs.importers.ages import ADULT_YEARS
from catalogs.importers.mapped_tables import import_mapped
from catalogs.importers.mapping import Mapping, Reading, load_mapping
from catalogs.importers.national import PARTS, item_code
from catalogs.importers.restrictions import BILLED_UNITS, parse_restriction
from catalogs.importers.sheets import Sheet

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "catalog-import.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0]


def test_the_example_is_a_mapping_that_works(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(EXAMPLE, encoding="utf-8")
    assert load_mapping(tmp_path / "map.toml")[1] == []
    rows = "药品名称,剂型,类别,自付比例,限定支付范围,状态\n甲药,片剂,乙,10,◇；限工伤保险,启用\n乙药,片剂,丙,,,停用\n"
    (tmp_path / "list.csv").write_text(rows, encoding="utf-8")
    report = import_mapped(tmp_path / "list.csv", tmp_path / "map.toml", tmp_path / "out")
    assert report.passed and (report.rows, report.left_out, report.findings) == (1, 1, ())


def test_every_key_of_a_mapping_is_shown() -> None:
    shown = tomllib.loads(EXAMPLE)
    names = {field.alias or name for name, field in Mapping.model_fields.items()}
    assert names - shown.keys() == {"title"} and "`title`" in PAGE
    assert set(shown["read"]) == set(Reading.model_fields)


def test_every_finding_is_listed() -> None:
    codes = set(tomllib.loads((ROOT / "catalogs" / "messages" / "import.toml").read_text(encoding="utf-8")))
    source = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "catalogs" / "importers").glob("*.py"))
    made = set(re.findall(r"(?:wrong|finding|Finding)\(\s*\"(IMPORT_\w+)\"", source))
    made |= {"IMPORT_ROW_TWICE", "IMPORT_KEY_TWICE"}
    listed = set(re.findall(r"^\| `(IMPORT_\w+)`", PAGE, re.MULTILINE))
    assert made <= codes
    assert listed == made


def test_every_sheet_and_unit_is_named() -> None:
    assert all(part.names[0] in PAGE for part in PARTS)
    assert all(unit in PAGE for unit in BILLED_UNITS)
    assert f"age_until {ADULT_YEARS}" in PAGE


def test_what_the_page_calls_text_stays_text() -> None:
    paragraph = PAGE.split("These look alike and stay text:")[1].split("\n\n")[0]
    texts = re.findall(r"([\u4e00-\u9fff0-9.]{5,})", paragraph)
    assert len(texts) >= 7
    for text in texts:
        assert parse_restriction(f"限{text.replace('...', '专科')}").kinds == frozenset(), text


def test_a_code_has_the_form_described() -> None:
    assert re.fullmatch(r"XA02BC-[0-9a-f]{8}", item_code("XA02BC", "甲药", ("片",)))


def test_a_sheet_shows_places_as_excel_does() -> None:
    sheet = Sheet("a.xlsx", "表", (("甲",),))
    assert sheet.finding("IMPORT_NUMBER", 0, 0, found="甲").place == "a.xlsx!表:1:A"

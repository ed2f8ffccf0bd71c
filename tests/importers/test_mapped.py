from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from catalogs.importers import MAPPINGS, ImportReport, import_mapped
from catalogs.importers.mapping import load_mapping
from catalogs.tables import check

MAPPING = """
table = "items"
rates = "percent"
[source]
key = "own_list"
title = "甲市目录"
grade = "A"
[columns]
code = "项目编码"
name = "名称"
class = "类别"
upfront = "自付"
valid_from = "生效"
valid_until = "失效"
restriction_text = "限制"
_state = "状态"
[constants]
place = "340300"
kind = "drug"
[defaults]
valid_from = "2024-01-01"
[values.class]
"甲" = "A"
"乙" = "B"
"丙" = { class = "C", upfront = "" }
[values.upfront]
"面议" = { upfront = "", pending = "自付比例面议" }
"*" = "="
[[rules]]
when = { name = "床位" }
set = { kind = "bed" }
[[skip]]
when = { _state = "停用" }
why = "no longer used"
[expect]
code = '[A-Z]\\d+'
"""
HEADER = "状态,项目编码,名称,类别,自付,生效,失效,限制"
GOOD = (
    "启用,A1,甲药片,甲,0,2024-03-01,2024/12/31,",
    "启用,A2,乙药片,乙,10,,,限成人⼆型病患者。",
    "启用,A3,普通床位,乙,5,20240501,,",
    "启用,A4,丙药片,丙,,,,",
    "停用,A5,丁药片,乙,10,,,",
    "启用,A6,戊药片,乙,面议,,,限二线用药",
)


def run(
    folder: Path, *lines: str, mapping: str = MAPPING, encoding: str = "utf-8", partial: bool = False
) -> ImportReport:
    (folder / "map.toml").write_text(mapping, encoding="utf-8")
    (folder / "list.csv").write_bytes("\r\n".join([HEADER, *lines]).encode(encoding))
    return import_mapped(folder / "list.csv", folder / "map.toml", folder / "out", partial=partial)


def items(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "out" / "tables" / "items.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


def codes(report: ImportReport) -> list[str]:
    return [f.code for f in report.findings]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_becomes_a_table(tmp_path: Path, encoding: str) -> None:
    report = run(tmp_path, *GOOD[:1], *GOOD[2:], encoding=encoding)
    assert report.passed and (report.rows, report.left_out) == (4, 1)
    found = items(tmp_path)
    assert (found["A1"]["class"], found["A1"]["upfront"]) == ("A", "0%")
    assert (found["A1"]["valid_from"], found["A1"]["valid_until"]) == ("2024-03-01", "2025-01-01")
    assert (found["A3"]["kind"], found["A3"]["valid_from"]) == ("bed", "2024-05-01")
    assert (found["A4"]["class"], found["A4"]["upfront"], found["A4"]["valid_from"]) == ("C", "", "2024-01-01")
    assert check(tmp_path / "out" / "tables").passed


def test_restrictions_and_what_always_waits(tmp_path: Path) -> None:
    assert run(tmp_path, *GOOD).passed
    with (tmp_path / "out" / "tables" / "restrictions.csv").open(encoding="utf-8", newline="") as file:
        found = {row["id"]: row for row in csv.DictReader(file)}
    adult = found[items(tmp_path)["A2"]["restriction"]]
    assert (adult["age_from"], adult["text"]) == ("18", "限成人二型病患者。")
    waits = found[items(tmp_path)["A6"]["restriction"]]
    assert (waits["second_line"], waits["text"]) == ("yes", "限二线用药；自付比例面议")
    assert items(tmp_path)["A1"]["restriction"] == ""


FAULTS = {
    "IMPORT_VALUE": ("启用,B1,药片,丁,10,,,", 2, "D"),
    "IMPORT_NO_NUMBER": ("启用,B1,药片,乙,120,,,", 2, "E"),
    "IMPORT_DATE": ("启用,B1,药片,乙,10,2024-02-31,,", 2, "F"),
    "IMPORT_CODE_ROUNDED": ("启用,4.4E+17,药片,乙,10,,,", 2, "B"),
    "IMPORT_EMPTY_CELL": ("启用,,药片,乙,10,,,", 2, "B"),
    "IMPORT_CELL_COUNT": ("启用,B1,药,片,乙,10,,,", 2, ""),
}


@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_is_found_at_its_cell_and_nothing_is_written(code: str, tmp_path: Path) -> None:
    line, row, column = FAULTS[code]
    report = run(tmp_path, line, *GOOD)
    assert report.written is None and not (tmp_path / "out").exists() and report.rejected == 1
    found = next(f for f in report.findings if f.code == code)
    assert (found.path, found.line, found.column) == ("list.csv", row, column)
    assert "{" not in found.render("zh")


@pytest.mark.parametrize("code", FAULTS)
def test_with_partial_the_other_rows_are_written_and_the_report_says_so(code: str, tmp_path: Path) -> None:
    report = run(tmp_path, FAULTS[code][0], *GOOD, partial=True)
    assert report.written and not report.passed
    assert (report.rows, report.rejected) == (5, 1)
    assert code in (tmp_path / "out" / "findings.csv").read_text(encoding="utf-8-sig")


def test_a_row_that_stands_twice_is_told(tmp_path: Path) -> None:
    report = run(tmp_path, GOOD[0], GOOD[0])
    assert report.passed and codes(report) == ["IMPORT_ROW_TWICE"]
    report = run(tmp_path, GOOD[0], GOOD[0].replace("甲药片", "另药片"))
    assert report.written is None and codes(report) == ["IMPORT_KEY_TWICE"]
    report = run(
        tmp_path, GOOD[0], GOOD[0].replace("甲药片", "另药片"), mapping='duplicates = "keep_first"\n' + MAPPING
    )
    assert report.passed and report.rows == 1
    report = run(tmp_path, GOOD[0], GOOD[0].replace("2024-03-01", "2025-01-01").replace("2024/12/31", ""))
    assert report.rows == 2  # another first day is another version


def test_the_caller_may_give_the_first_day(tmp_path: Path) -> None:
    assert run(tmp_path, *GOOD).passed
    report = import_mapped(tmp_path / "list.csv", tmp_path / "map.toml", tmp_path / "out", valid_from=date(2023, 7, 1))
    assert report.passed
    assert {row["valid_from"] for row in items(tmp_path).values()} == {"2024-03-01", "2024-05-01", "2023-07-01"}


def test_doubts_are_warnings(tmp_path: Path) -> None:
    report = run(tmp_path, "启用,11,地尔硫?片,乙,10,,,")
    assert report.passed and sorted(codes(report)) == ["IMPORT_LOST_CHARACTER", "IMPORT_UNEXPECTED"]


def test_a_workbook_with_a_moved_header_and_merged_cells(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(
        MAPPING.replace("[columns]", '[read]\nsheet = "目录"\nfill_merged = true\n[columns]')
    )
    with xlsxwriter.Workbook(tmp_path / "list.xlsx") as book:
        book.add_worksheet("说明").write(0, 0, "甲市")
        sheet = book.add_worksheet("目录")
        sheet.merge_range(0, 0, 0, 7, "甲市目录")
        for row, line in enumerate([HEADER, *GOOD[:3]], 2):
            for column, text in enumerate(line.split(",")):
                sheet.write(row, column, text)
        sheet.merge_range(3, 0, 5, 0, "启用")
    report = import_mapped(tmp_path / "list.xlsx", tmp_path / "map.toml", tmp_path / "out")
    assert report.passed and report.rows == 3


def test_codes_are_made_where_a_list_has_none(tmp_path: Path) -> None:
    made = MAPPING.replace('code = "项目编码"\n', "").replace(
        "[expect]", '[code]\nprefix = "JS-"\nfrom = ["name"]\n[expect]'
    )
    made = made.replace("code = '[A-Z]", "code = 'JS-[0-9a-f]{8}|[A-Z]")
    assert run(tmp_path, *GOOD, mapping=made).passed
    first = set(items(tmp_path))
    assert len(first) == 5
    assert run(tmp_path, *reversed(GOOD), mapping=made).passed
    assert set(items(tmp_path)) == first


MAPPING_FAULTS = {
    "IMPORT_MAPPING_KEY": ("[constants]", "[constant]"),
    "IMPORT_MAPPING_FIELD": ('upfront = "自付"', 'upfrnt = "自付"'),
    "IMPORT_MAPPING_TWICE": ('place = "340300"', 'place = "340300"\nname = "x"'),
    "IMPORT_MAPPING_MISSING": ('place = "340300"', ""),
    "IMPORT_MAPPING_VALUE": ("'[A-Z]", "'[A-Z"),
    "IMPORT_MAPPING_UNREADABLE": ("[values.class]", "[values.class"),
}


@pytest.mark.parametrize("code", MAPPING_FAULTS)
def test_a_mistake_in_the_mapping_is_named(code: str, tmp_path: Path) -> None:
    report = run(tmp_path, *GOOD, mapping=MAPPING.replace(*MAPPING_FAULTS[code]))
    assert report.written is None and code in codes(report)
    assert all(f.path.startswith("map.toml") for f in report.findings)


def test_a_key_twice_in_a_yaml_mapping_is_named(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text("table: items\ntable: items\n", encoding="utf-8")
    (tmp_path / "list.csv").write_text("a\n", encoding="utf-8")
    report = import_mapped(tmp_path / "list.csv", tmp_path / "map.yaml", tmp_path / "out")
    assert report.written is None and codes(report) == ["DUPLICATE_KEY"] and report.findings[0].line == 2


def test_a_near_key_is_named(tmp_path: Path) -> None:
    (finding,) = run(tmp_path, *GOOD, mapping=MAPPING.replace('upfront = "自付"', 'upfrnt = "自付"')).findings
    assert "(upfront?)" in finding.message("en")


def test_labels_that_are_not_there_are_named(tmp_path: Path) -> None:
    report = run(tmp_path, *GOOD, mapping=MAPPING.replace('"项目编码"', '"项目编号"'), partial=True)
    assert codes(report) == ["IMPORT_NO_LABEL"] and "(项目编码?)" in report.findings[0].message("en")


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "list.csv").write_bytes(b"\xff\xff\xff\x80")
    assert codes(import_mapped(tmp_path / "list.csv", tmp_path / "map.toml", tmp_path / "out")) == ["IMPORT_ENCODING"]


def test_a_cell_that_swallows_the_file_is_told(tmp_path: Path) -> None:
    report = run(tmp_path, '启用,A1,"' + "药" * 40000 + '",甲,0,,,')
    assert report.written is None and codes(report) == ["IMPORT_CELL_TOO_LONG"]
    report = run(tmp_path, '启用,A1,"药')
    assert report.written is None and codes(report) == ["IMPORT_UNREADABLE"]


def test_yaml_says_the_same_as_toml(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(
        """
table: facilities
source: {key: own_list, title: 甲市机构, grade: A}
read: {header_row: 1}
columns: {code: 编码, name: 名称, level: 等级}
constants:
  place: 340300
  facility_kind: hospital
  agreement_from: 2024-01-01
  agreement_visits: "*"
values:
  level: {三级: tertiary, no: unranked}
""",
        encoding="utf-8",
    )
    (tmp_path / "list.csv").write_text("编码,名称,等级\n0012345,甲医院,三级\n0012346,乙医院,no\n", encoding="utf-8")
    report = import_mapped(tmp_path / "list.csv", tmp_path / "map.yaml", tmp_path / "out")
    assert report.passed, report.render()
    assert check(tmp_path / "out" / "tables").passed
    assert "0012345,甲医院,340300,tertiary" in (tmp_path / "out/tables/facilities.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(MAPPINGS.glob("*.toml")), ids=lambda p: p.stem)
def test_shipped_mappings_are_valid(path: Path) -> None:
    mapping, findings = load_mapping(path)
    assert findings == [] and mapping is not None


def test_the_mapping_for_shanghai_drugs_on_a_small_list(tmp_path: Path) -> None:
    lines = [
        "药品名,剂型,甲乙类,支付,限制支付及备注",
        "甲药,注射剂,乙,甲类,",
        "乙药,注射剂,乙,定额标准,限甲病",
        "丙药,,乙,,◇；限工伤保险",
    ]
    (tmp_path / "list.csv").write_text("\n".join(lines), encoding="utf-8")
    report = import_mapped(tmp_path / "list.csv", MAPPINGS / "shanghai_drugs.toml", tmp_path / "out")
    assert report.passed, report.render()
    found = {row["name"]: row for row in items(tmp_path).values()}
    assert (found["甲药"]["class"], found["甲药"]["upfront"], found["甲药"]["restriction"]) == ("B", "0%", "")
    assert found["乙药"]["restriction"] and found["丙药"]["marks"] == "collective"
    text = (tmp_path / "out" / "restriction_texts.csv").read_text(encoding="utf-8-sig")
    assert "限甲病；按定额标准支付，标准未载明" in text and "mixed,scheme,1,限工伤保险；支付比例未载明" in text

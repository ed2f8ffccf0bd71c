from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from catalogs.importers import ImportReport, ListSource, import_national
from catalogs.importers.national import item_code, join_names, read_national
from catalogs.tables import check, load
from tests.importers.sample import Sample


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    return Sample().save(tmp_path / "list.xlsx")


@pytest.fixture
def report(workbook: Path, tmp_path: Path) -> ImportReport:
    return import_national(workbook, tmp_path / "out", valid_from=date(2025, 1, 1))


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def item(folder: Path, name: str, form: str = "") -> dict[str, str]:
    found = [row for row in rows(folder, "tables/items.csv") if row["name"] == name and form in row["form"]]
    assert len(found) == 1, found
    return found[0]


def restriction(folder: Path, name: str, form: str = "") -> dict[str, str]:
    wanted = item(folder, name, form)["restriction"]
    return next(row for row in rows(folder, "tables/restrictions.csv") if row["id"] == wanted)


def test_every_entry_is_imported_and_the_tables_load(report: ImportReport, tmp_path: Path) -> None:
    assert report.passed and report.rows == 13
    checked = check(tmp_path / "out" / "tables")
    assert [f.code for f in checked.findings] == ["CATALOG_NO_UPFRONT"]  # class B: the share is each place's own
    assert checked.rows["items"] == 13
    assert load(tmp_path / "out" / "tables").catalog.codes


def test_the_class_belongs_to_name_and_form(report: ImportReport, tmp_path: Path) -> None:
    assert item(tmp_path / "out", "甲药", "口服常释剂型")["class"] == "A"
    assert item(tmp_path / "out", "甲药", "注射剂")["class"] == "B"


def test_class_a_bears_no_upfront_share_and_class_b_leaves_it_to_the_place(
    report: ImportReport, tmp_path: Path
) -> None:
    assert item(tmp_path / "out", "甲药", "口服常释剂型")["upfront"] == "0%"
    assert item(tmp_path / "out", "甲药", "注射剂")["upfront"] == ""


def test_stars_repeat_an_entry_of_the_same_sheet(workbook: Path) -> None:
    found, findings = read_national(workbook)
    assert [f.code for f in findings] == ["IMPORT_BLANK_IN_NUMBER"]
    stars = [(e.sheet, e.number, e.name) for e in found.entries if e.star]
    assert stars == [("西药部分", 1, "甲药"), ("西药部分", 3, "丙药肠溶干混悬剂"), ("中成药部分", 1, "九药片(口服液)")]
    assert len({(e.sheet, e.number) for e in found.entries}) == 10


def test_line_breaks_part_names_or_only_lines(report: ImportReport, tmp_path: Path) -> None:
    names = {row["name"] for row in rows(tmp_path / "out", "tables/items.csv")}
    assert {"乙药；乙药Ⅱ", "丙药(重组丙药)", "十药注射液；注射用十药(冻干)"} <= names


@pytest.mark.parametrize(
    ("published", "name"),
    [
        ("二甲药\n二甲药Ⅱ", "二甲药；二甲药Ⅱ"),
        ("复方(18AA)\n复方(18AA- Ⅰ)\n复方(18AA-Ⅱ)", "复方(18AA)；复方(18AA-Ⅰ)；复方(18AA-Ⅱ)"),
        ("干扰素α2a(重组人干扰素α-\n2a)", "干扰素α2a(重组人干扰素α-2a)"),
        ("胰岛素混合\n(30R)", "胰岛素混合(30R)"),
        ("吸入粉雾剂\n用胶囊", "吸入粉雾剂用胶囊"),
        ("受体-\n抗体融合蛋白", "受体-抗体融合蛋白"),
    ],
)
def test_names_in_one_cell(published: str, name: str) -> None:
    assert join_names(published) == name


def test_forms_come_from_their_column_or_out_of_the_name(report: ImportReport, tmp_path: Path) -> None:
    assert item(tmp_path / "out", "九药丸(颗粒)")["form"] == "丸、颗粒"
    assert item(tmp_path / "out", "九药片(口服液)")["form"] == "片、口服液"
    assert item(tmp_path / "out", "注射用丁药钠")["form"] == "注射用无菌粉末"
    assert item(tmp_path / "out", "丙药肠溶干混悬剂")["form"] == "干混悬剂"


def test_periods_of_agreements_end_exclusive(report: ImportReport, tmp_path: Path) -> None:
    drug = item(tmp_path / "out", "戊药片")
    assert (drug["valid_from"], drug["valid_until"]) == ("2024-01-01", "2026-01-01")
    assert item(tmp_path / "out", "辛药口服溶液")["valid_until"] == "2027-01-01"
    assert item(tmp_path / "out", "甲药", "注射剂")["valid_from"] == "2025-01-01"


def test_marks_and_groups(report: ImportReport, tmp_path: Path) -> None:
    assert item(tmp_path / "out", "庚药胶囊")["marks"] == "tcm negotiated"
    assert item(tmp_path / "out", "辛药口服溶液")["marks"] == "price_bid"
    collective = item(tmp_path / "out", "丙药(重组丙药)")
    assert (collective["marks"], collective["restriction"]) == ("collective", "")
    assert item(tmp_path / "out", "九药丸(颗粒)")["group"] == "chinese_patent"


def test_restrictions_become_conditions_or_stay_text(report: ImportReport, tmp_path: Path) -> None:
    out = tmp_path / "out"
    level = restriction(out, "甲药", "注射剂")
    assert (level["levels"], level["text"]) == ("secondary tertiary", "")
    mixed = restriction(out, "乙药；乙药Ⅱ")
    assert (mixed["age_from"], mixed["max_days"]) == ("18", "14")
    assert mixed["text"] == "限成人二型病患者，支付不超过14天。"  # the radical is an ideograph now
    assert restriction(out, "丙药肠溶干混悬剂")["schemes"] == "work_injury"
    either = restriction(out, "戊药片")
    assert (either["age_from"], bool(either["text"])) == ("12", True)
    assert restriction(out, "庚药胶囊")["text"] == "益气养血。用于虚证。"
    assert restriction(out, "注射用丁药钠")["second_line"] == "yes"


def test_payment_standards_keep_price_specification_and_text(report: ImportReport, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = item(out, "注射用丁药钠")["code"]
    found = [row for row in rows(out, "payment_standards.csv") if row["code"] == code]
    assert [(r["price"], r["unit"], r["specification"]) for r in found] == [
        ("13.60", "支", "1ml:12.5mg/支"),
        ("66.82", "支", "5ml:100mg/支"),
    ]
    kinds = {row["code"]: row["kind"] for row in rows(out, "payment_standards.csv")}
    assert kinds[item(out, "戊药片")["code"]] == "confidential"
    assert [r["price"] for r in rows(out, "payment_standards.csv") if r["published"].startswith("96")] == ["96.11"]


def test_codes_do_not_depend_on_row_number_class_or_price(workbook: Path, tmp_path: Path) -> None:
    before = {e.name: e.code for e in read_national(workbook)[0].entries}
    changed = Sample()
    grid = changed.sheets["协议西药"]
    for (row, column), value in list(grid.cells.items()):
        if column == 10 and isinstance(value, int):
            grid.cells[row, column] = {1: 2, 2: 1}.get(value, value)
        if column == 14 and row > 2:
            grid.cells[row, column] = "9.99元(1ml/支)"
    after = {e.name: e.code for e in read_national(changed.save(tmp_path / "other.xlsx"))[0].entries}
    assert before == after
    assert item_code("XA02B", "甲药", ("注射剂",)) != item_code("XA02B", "甲药", ("颗粒剂",))


def test_entries_say_where_each_code_stands(report: ImportReport, tmp_path: Path) -> None:
    entry = next(r for r in rows(tmp_path / "out", "entries.csv") if r["name"] == "甲药" and r["form"] == "注射剂")
    assert (entry["sheet"], entry["row"], entry["number"], entry["star"]) == ("西药部分", "6", "1", "★")
    assert (entry["category"], entry["category_name"]) == ("XA02B", "质子泵抑制剂")


def test_columns_are_found_by_their_labels(tmp_path: Path) -> None:
    moved = Sample()
    for grid in moved.sheets.values():
        grid.cells = {(row + 2, column + 1): value for (row, column), value in grid.cells.items()}
        grid.areas = {(t + 2, l + 1, b + 2, r + 1): None for t, l, b, r in grid.areas}  # noqa: E741
    found, findings = read_national(moved.save(tmp_path / "moved.xlsx"))
    assert len(found.entries) == 13
    assert [f.severity for f in findings] == ["warning"]


def test_the_first_day_is_taken_from_the_agreements_with_a_warning(workbook: Path, tmp_path: Path) -> None:
    report = import_national(workbook, tmp_path / "out")
    assert report.passed
    assert [f.fields["day"] for f in report.findings if f.code == "IMPORT_FIRST_DAY"] == [date(2025, 1, 1)]


def test_the_report_counts_in_two_languages(report: ImportReport) -> None:
    english, chinese = report.render("en"), report.render("zh")
    assert "13 rows imported" in english and "western medicines" in english
    assert "导入 13 行" in chinese and "康熙部首改为汉字" in chinese
    outcomes = next(t for t in report.as_dict("en")["tables"] if t["code"] == "IMPORT_TITLE_RESTRICTIONS")  # type: ignore[attr-defined]
    assert [row[2] for row in outcomes["rows"]] == [4, 2, 1, 7]


def test_the_source_is_what_the_caller_says(workbook: Path, tmp_path: Path) -> None:
    source = ListSource("nrdl_2024", "目录", "https://example.org/list", "A")
    import_national(workbook, tmp_path / "out", source=source)
    assert rows(tmp_path / "out", "tables/sources.csv") == [
        {"key": "nrdl_2024", "title": "目录", "address": "https://example.org/list", "grade": "A"}
    ]
    assert {row["source"] for row in rows(tmp_path / "out", "tables/items.csv")} == {"nrdl_2024"}

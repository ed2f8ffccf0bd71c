"""Every fault of a list is found at its cell, says what was found, expected and what to do, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from catalogs.findings import Finding
from catalogs.importers import import_national
from tests.importers.sample import Sample

WEST, PATENT, AGREED = "西药部分", "中成药部分", "协议西药"


def cell(sheet: str, row: int, column: int, value: str | int) -> Callable[[Sample], None]:
    """Change one cell; row and column from 0."""

    def change(sample: Sample) -> None:
        sample.sheets[sheet].cells[row, column] = value

    return change


def area(sheet: str, old: tuple[int, int, int, int] | None, new: tuple[int, int, int, int]) -> Callable[[Sample], None]:
    def change(sample: Sample) -> None:
        if old:
            del sample.sheets[sheet].areas[old]
        sample.sheets[sheet].areas[new] = None

    return change


def without(sheet: str) -> Callable[[Sample], None]:
    def change(sample: Sample) -> None:
        del sample.sheets[sheet]

    return change


FAULTS = {
    "missing sheet": (without("协议中成药"), "IMPORT_NO_SHEET", "", 0, ""),
    "no header": (lambda s: s.sheets[WEST].cells.update({(1, c): "x" for c in (0, 3, 12, 13, 15, 16)}),
                  "IMPORT_NO_HEADER", WEST, 0, ""),
    "label gone": (cell(WEST, 1, 12, "序号"), "IMPORT_NO_LABEL", WEST, 2, ""),
    "label twice": (cell(PATENT, 1, 15, "备注"), "IMPORT_LABEL_TWICE", PATENT, 2, "Q"),
    "unknown class": (cell(WEST, 4, 11, "丙"), "IMPORT_CLASS", WEST, 5, "L"),
    "no class": (cell(WEST, 4, 11, ""), "IMPORT_EMPTY_CELL", WEST, 5, "L"),
    "two class marks": (cell(WEST, 4, 9, "甲"), "IMPORT_CLASS", WEST, 5, "L"),
    "duplicate number": (cell(WEST, 6, 12, 1), "IMPORT_NUMBER_TWICE", WEST, 7, "M"),
    "star of nothing": (cell(PATENT, 4, 12, "★(9)"), "IMPORT_STAR_ALONE", PATENT, 5, "M"),
    "no number": (cell(WEST, 4, 12, "一"), "IMPORT_NUMBER", WEST, 5, "M"),
    "half a number": (cell(WEST, 4, 12, 1.5), "IMPORT_NUMBER", WEST, 5, "M"),
    "number empty": (cell(WEST, 4, 12, ""), "IMPORT_NOT_A_ROW", WEST, 5, "A"),
    "foreign category": (cell(WEST, 3, 0, "ZA02B"), "IMPORT_NOT_A_ROW", WEST, 4, "A"),
    "no name": (cell(WEST, 4, 13, ""), "IMPORT_EMPTY_CELL", WEST, 5, "N"),
    "impossible date": (cell(AGREED, 3, 18, "2024年2月31日至2025年12月31日"), "IMPORT_PERIOD", AGREED, 4, "S"),
    "period backwards": (cell(AGREED, 3, 18, "2026年1月1日至2025年12月31日"), "IMPORT_PERIOD", AGREED, 4, "S"),
    "no period": (cell(AGREED, 3, 18, ""), "IMPORT_EMPTY_CELL", AGREED, 4, "S"),
    "area over two entries": (area(WEST, (4, 16, 4, 18), (4, 16, 5, 18)), "IMPORT_AREA_TWO_ENTRIES", WEST, 5, "Q"),
    "area over two fields": (area(PATENT, (3, 13, 3, 15), (3, 12, 3, 15)), "IMPORT_AREA_TWO_FIELDS", PATENT, 4, "M"),
    "hidden value": (cell(WEST, 4, 14, "戊"), "IMPORT_HIDDEN_VALUE", WEST, 5, "O"),
    "entry twice": (cell(WEST, 5, 15, "口服常释剂型"), "IMPORT_ENTRY_TWICE", WEST, 6, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_at_its_place_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    change, code, sheet, row, column = FAULTS[name]
    sample = Sample()
    change(sample)
    if name in ("area over two entries",):
        del sample.sheets[WEST].areas[5, 16, 5, 18]
    report = import_national(sample.save(tmp_path / "list.xlsx"), tmp_path / "out")
    assert report.written is None and not (tmp_path / "out").exists()
    found = [f for f in report.findings if f.code == code]
    assert found, [f.render() for f in report.findings]
    path = f"list.xlsx!{sheet}" if sheet else "list.xlsx"
    assert (found[0].path, found[0].line, found[0].column) == (path, row, column)
    for language in ("en", "zh"):
        text = found[0].render(language)  # type: ignore[arg-type]
        assert "{" not in text and code in text


WARNINGS = {
    "gap": (cell(PATENT, 5, 12, 3), "IMPORT_NUMBER_MISSING"),
    "blank in a price": (cell(AGREED, 3, 14, "13. 60元(1ml/支)"), "IMPORT_BLANK_IN_NUMBER"),
    "open bracket": (cell(AGREED, 3, 14, "13.60元(1ml/支"), "IMPORT_BRACKETS"),
    "no price": (cell(AGREED, 3, 14, "面议"), "IMPORT_STANDARD"),
    "lost character": (cell(WEST, 4, 13, "地尔硫?药"), "IMPORT_LOST_CHARACTER"),
    "two classes": (cell(PATENT, 4, 13, "九药丸(颗粒)"), "IMPORT_TWO_CLASSES"),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_a_doubt_is_told_and_the_rest_is_written(name: str, tmp_path: Path) -> None:
    change, code = WARNINGS[name]
    sample = Sample()
    change(sample)
    if name == "two classes":  # the same name in another category
        sample.sheets[PATENT].cells[4, 11] = "甲"
        sample.category(PATENT, "ZA02", "又一类", 5)
        sample.patent("乙", "★(1)", "九药丸(颗粒)")
        sample.sheets[PATENT].cells[4, 13] = "九药片"
    report = import_national(sample.save(tmp_path / "list.xlsx"), tmp_path / "out")
    assert report.passed, [f.render() for f in report.findings]
    assert code in [f.code for f in report.findings]
    assert code in (tmp_path / "out" / "findings.csv").read_text(encoding="utf-8-sig")


def test_a_sheet_of_another_name_is_told(tmp_path: Path) -> None:
    sample = Sample()
    sample.sheets["说明"] = type(sample.sheets[WEST])({(0, 0): "备注"})
    report = import_national(sample.save(tmp_path / "list.xlsx"), tmp_path / "out")
    assert report.passed and "IMPORT_SHEET_LEFT_OUT" in codes(report.findings)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    sample = Sample()
    for change in (FAULTS["unknown class"][0], FAULTS["impossible date"][0], FAULTS["star of nothing"][0]):
        change(sample)
    report = import_national(sample.save(tmp_path / "list.xlsx"), tmp_path / "out")
    assert {"IMPORT_CLASS", "IMPORT_PERIOD", "IMPORT_STAR_ALONE"} <= set(codes(report.findings))
    assert report.rejected == 3


def test_what_is_no_workbook_is_told(tmp_path: Path) -> None:
    (tmp_path / "list.xlsx").write_bytes(b"not a workbook")
    assert codes(import_national(tmp_path / "list.xlsx", tmp_path / "out").findings) == ["IMPORT_UNREADABLE"]
    assert codes(import_national(tmp_path / "none.xlsx", tmp_path / "out").findings) == ["IMPORT_NO_SUCH_FILE"]


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    workbook = Sample().save(tmp_path / "list.xlsx")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("mine")
    report = import_national(workbook, tmp_path / "out")
    assert codes(report.findings, "error") == ["IMPORT_OUT_NOT_OURS"]
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["letter.txt"]


def test_an_earlier_import_is_replaced_and_kept_when_the_new_one_fails(tmp_path: Path) -> None:
    good = Sample().save(tmp_path / "list.xlsx")
    assert import_national(good, tmp_path / "out").passed
    before = (tmp_path / "out" / "tables" / "items.csv").read_bytes()
    sample = Sample()
    FAULTS["unknown class"][0](sample)
    assert not import_national(sample.save(tmp_path / "bad.xlsx"), tmp_path / "out").passed
    assert (tmp_path / "out" / "tables" / "items.csv").read_bytes() == before
    assert import_national(good, tmp_path / "out").passed
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_nothing_is_left_when_the_disk_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from catalogs.importers import writing

    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    workbook = Sample().save(tmp_path / "list.xlsx")
    monkeypatch.setattr(writing, "_write", full)
    with pytest.raises(OSError, match="No space"):
        import_national(workbook, tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["list.xlsx"]


def codes(findings: tuple[Finding, ...], severity: str = "") -> list[str]:
    return [f.code for f in findings if not severity or f.severity == severity]

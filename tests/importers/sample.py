"""A small list of the project's own in the layout of the national one, written with its merged areas."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import xlsxwriter

Cell = tuple[int, int]
Area = tuple[int, int, int, int]

ORDINARY_HEADER = {0: "药品分类代码", 3: "药品分类", 12: "编号", 13: "药品名称", 15: "剂型", 16: "备注"}
PATENT_HEADER = {0: "药品分类代码", 3: "药品分类", 12: "编号", 13: "药品名称", 16: "备注"}
AGREED_HEADER = {
    0: "药品分\n类代码",
    1: "药品分类",
    10: "编号",
    12: "药品名称",
    14: "医保支付标准",
    17: "备注",
    18: "协议有效期",
}

PERIOD = "2024年1月1日至\n2025年12月31日"


@dataclass
class Grid:
    """Cells and merged areas of one sheet, rows and columns from 0. Tests change them before they are written."""

    cells: dict[Cell, str | int | float] = field(default_factory=dict)
    areas: dict[Area, None] = field(default_factory=dict)

    def put(self, row: int, columns: dict[int, str | int | float], merges: list[tuple[int, int]]) -> None:
        self.cells |= {(row, column): value for column, value in columns.items()}
        self.areas |= {(row, left, row, right): None for left, right in merges}


class Sample:
    """A workbook of five sheets. Rows of a sheet are added from the top; `save` writes it."""

    def __init__(self) -> None:
        self.sheets: dict[str, Grid] = {}
        self._ordinary("西药部分", ORDINARY_HEADER, [(0, 2), (3, 11), (13, 14), (16, 18)])
        self.category("西药部分", "XA", "消化道药物", 3)
        self.category("西药部分", "XA02B", "质子泵抑制剂", 7)
        self.ordinary("甲", 1, "甲药", "口服常释剂型")
        self.ordinary("乙", "★(1)", "甲药", "注射剂", "限二级及以上医疗机构。")
        self.ordinary("乙", 2, "乙药\n乙药Ⅱ", "缓释控释剂型", "限成人⼆型病患者，  支付不超过14天。")
        self.ordinary("乙", 3, "丙药（重组\n丙药）", "注射剂", "◇")
        self.ordinary("乙", "★（3）", "丙药肠溶干混悬剂", "", "限工伤保险。")
        self._ordinary("中成药部分", PATENT_HEADER, [(0, 2), (3, 11), (13, 15), (16, 18)])
        self.category("中成药部分", "ZA01A", "辛温解表剂", 7)
        self.patent("甲", 1, "九药丸(颗粒)")
        self.patent("乙", "★(1)", "九药片(口服液)")
        self.patent("乙", 2, "十药注射液\n注射用十药(冻干)", "限急诊或住院患者。")
        for name in ("协议西药", "协议中成药", "竞价药品部分"):
            self._agreed(name)
            letter = "Z" if "中成药" in name else "X"
            self.category(name, f"{letter}A02", "一类", 2)
        self.agreed("协议西药", 1, "注射用丁药钠", "13.60元(1ml :12.5mg/支)；\n66.82元(5ml:100mg/支)", "限二线用药。")
        self.agreed("协议西药", 2, "戊药片", "*", "限：  1.成人甲病；\n2.12岁及以上青少年乙病。", rows=2)
        self.agreed("协议西药", 3, "己药片", "96. 11元(0.5ml/瓶)")
        self.agreed("协议中成药", 1, "庚药胶囊", "0.63元(0.3g/粒)", "益气养血。用于虚证。")
        self.agreed("竞价药品部分", 1, "辛药口服溶液", "48.90元(10ml:10µg/瓶)", "", "2025年1月1日至\n2026年12月31日")

    def rows(self, sheet: str) -> int:
        return 1 + max(row for row, _ in self.sheets[sheet].cells)

    def _ordinary(self, name: str, header: dict[int, str], merges: list[tuple[int, int]]) -> None:
        grid = self.sheets[name] = Grid()
        grid.put(0, {0: name}, [(0, 18)])
        grid.put(1, dict(header), merges)

    def _agreed(self, name: str) -> None:
        grid = self.sheets[name] = Grid()
        header = dict(AGREED_HEADER)
        if name.startswith("竞价"):
            header[18] = "支付标准有效期"
        grid.put(0, {0: name}, [(0, 18)])
        grid.put(1, header, [(1, 9), (10, 11), (12, 13), (14, 16)])

    def category(self, sheet: str, code: str, name: str, column: int) -> None:
        agreed = sheet not in ("西药部分", "中成药部分")
        merges = [(column, 11), (12, 13), (14, 16)] if agreed else [(0, 2), (column, 11), (13, 14), (16, 18)]
        self.sheets[sheet].put(self.rows(sheet), {0: code, column: name}, merges)

    def ordinary(self, mark: str, number: int | str, name: str, form: str, remark: str = "") -> None:
        cells = {11: mark, 12: number, 13: name, 15: form, 16: remark}
        self._entry("西药部分", cells, [(0, 2), (3, 4), (5, 6), (7, 8), (9, 10), (13, 14), (16, 18)])

    def patent(self, mark: str, number: int | str, name: str, remark: str = "") -> None:
        cells = {11: mark, 12: number, 13: name, 16: remark}
        self._entry("中成药部分", cells, [(0, 2), (3, 4), (5, 6), (7, 8), (9, 10), (13, 15), (16, 18)])

    def agreed(
        self, sheet: str, number: int, name: str, standard: str, remark: str = "", period: str = PERIOD, rows: int = 1
    ) -> None:
        """Add an entry of a negotiated sheet; with two rows all its cells are merged downwards."""
        cells = {8: "乙", 10: number, 12: name, 14: standard, 17: remark, 18: period}
        spans = [(2, 3), (4, 5), (6, 7), (8, 9), (10, 11), (12, 13), (14, 16)]
        top = self.rows(sheet)
        self._entry(sheet, cells, [] if rows > 1 else spans)
        if rows > 1:
            whole = [(0, 0), (1, 1), *spans, (17, 17), (18, 18)]
            self.sheets[sheet].areas |= {(top, left, top + rows - 1, right): None for left, right in whole}
            self.sheets[sheet].cells[top + rows - 1, 30] = ""  # keeps the next entry below the area

    def _entry(self, sheet: str, cells: dict[int, str | int], merges: list[tuple[int, int]]) -> None:
        filled = {column: value for column, value in cells.items() if value != ""}
        self.sheets[sheet].put(self.rows(sheet), filled, merges)

    def save(self, path: Path) -> Path:
        with xlsxwriter.Workbook(path) as book:
            for name, grid in self.sheets.items():
                sheet = book.add_worksheet(name)
                for area in grid.areas:
                    if (area[0], area[1]) != (area[2], area[3]):
                        sheet.merge_range(*area, grid.cells.get((area[0], area[1]), ""))
                for (row, column), value in grid.cells.items():
                    if value != "":
                        sheet.write(row, column, value)
        return path

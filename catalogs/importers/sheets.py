"""Sheets of published lists: cells as text with their merged areas, from xlsx or CSV files."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import python_calamine

from catalogs.findings import Finding, Severity

MOST_ROWS = 1_000_000
MOST_COLUMNS = 500
LONGEST_CELL = 32_767
"""Excel's own bound on a cell, in characters; a longer one comes from a broken quote."""

WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")


@dataclass(frozen=True, slots=True)
class Area:
    """A merged area, rows and columns from 0, ends inclusive."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet. `rows[r][c]` is the text of a cell, counted from 0; places shown to people count from 1."""

    file: str
    name: str  # empty for a CSV file
    rows: tuple[tuple[str, ...], ...]
    merged: tuple[Area, ...] = ()

    @property
    def path(self) -> str:
        """Give `file!sheet`, or the file alone."""
        return f"{self.file}!{self.name}" if self.name else self.file

    def cell(self, row: int, column: int) -> str:
        """Give the text of a cell, empty outside of the sheet."""
        cells = self.rows[row] if 0 <= row < len(self.rows) else ()
        return cells[column] if 0 <= column < len(cells) else ""

    def filled(self) -> Sheet:
        """Give the sheet with every cell of a merged area holding the area's value."""
        rows = [list(row) for row in self.rows]
        for area in self.merged:
            for r in range(area.top, min(area.bottom + 1, len(rows))):
                for c in range(area.left, min(area.right + 1, len(rows[r]))):
                    rows[r][c] = self.cell(area.top, area.left)
        return Sheet(self.file, self.name, tuple(tuple(row) for row in rows))

    def finding(
        self, code: str, row: int = -1, column: int = -1, /, *, severity: Severity = "error", **fields: object
    ) -> Finding:
        """Make a finding at a cell (both counted from 0), a row, or the sheet as a whole; shows what stands there."""
        shown = self.cell(row, column).replace("\n", "⏎") if column >= 0 else ""
        where = column_letters(column) if column >= 0 else ""
        return Finding(code, self.path, row + 1, where, fields, severity, shown[:120])


def column_letters(column: int) -> str:
    """Give the name of a column as Excel shows it: 0 is A, 26 is AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def read_workbook(path: Path) -> tuple[dict[str, Sheet], list[Finding]]:
    """Read every sheet of a workbook. What cannot be read is a finding; a chart or macro sheet is left out."""
    if not path.is_file():
        return {}, [Finding("IMPORT_NO_SUCH_FILE", str(path))]
    try:
        workbook = python_calamine.CalamineWorkbook.from_path(path)
    except (python_calamine.CalamineError, OSError) as error:
        return {}, [Finding("IMPORT_UNREADABLE", path.name, fields={"why": str(error)[:200]})]
    with workbook:
        sheets: dict[str, Sheet] = {}
        findings: list[Finding] = []
        for meta in workbook.sheets_metadata:
            if meta.typ is not python_calamine.SheetTypeEnum.WorkSheet:
                continue
            try:
                sheet = _sheet(path, meta.name, workbook.get_sheet_by_name(meta.name))
            except (python_calamine.CalamineError, ValueError) as error:
                findings.append(Finding("IMPORT_UNREADABLE", f"{path.name}!{meta.name}", fields={"why": str(error)}))
                continue
            sheets[meta.name] = sheet
            findings += oversized(sheet)
        return sheets, findings


def _sheet(path: Path, name: str, found: python_calamine.CalamineSheet) -> Sheet:
    height, width = found.total_height, found.total_width
    if height > MOST_ROWS or width > MOST_COLUMNS:
        raise ValueError(f"{height} rows, {width} columns; at most {MOST_ROWS} and {MOST_COLUMNS} are read")
    rows = tuple(tuple(cell_text(cell) for cell in row) for row in found.to_python(skip_empty_area=False))
    areas = tuple(Area(top, left, bottom, right) for (top, left), (bottom, right) in found.merged_cell_ranges or [])
    return Sheet(path.name, name, rows, areas)


def read_delimited(path: Path, encoding: str = "auto", delimiter: str = ",") -> tuple[Sheet | None, list[Finding]]:
    """Read a CSV file. `auto`: UTF-8 (with or without mark), or else GB18030, which Excel writes in China."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None, [Finding("IMPORT_NO_SUCH_FILE", str(path))]
    except OSError as error:
        return None, [Finding("IMPORT_UNREADABLE", path.name, fields={"why": str(error)[:200]})]
    text = _decode(data, ("utf-8-sig", "gb18030") if encoding == "auto" else (encoding,))
    if text is None:
        return None, [Finding("IMPORT_ENCODING", path.name, fields={"encoding": encoding})]
    try:
        rows = tuple(tuple(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return None, [Finding("IMPORT_UNREADABLE", path.name, fields={"why": str(error)})]
    sheet = Sheet(path.name, "", rows)
    return sheet, oversized(sheet)


def _decode(data: bytes, encodings: Sequence[str]) -> str | None:
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return None


def oversized(sheet: Sheet) -> list[Finding]:
    """Report cells longer than a workbook can hold."""
    return [
        sheet.finding("IMPORT_CELL_TOO_LONG", r, c, length=len(text), most=LONGEST_CELL)
        for r, row in enumerate(sheet.rows)
        for c, text in enumerate(row)
        if len(text) > LONGEST_CELL
    ]


def cell_text(value: Any) -> str:
    """Give a cell as text: whole numbers without a point, dates as ISO, blanks at the ends gone.

    A number of 16 digits or more has lost digits in the workbook; it is shown as 4.4E+17 so that nobody takes it for
    a code.
    """
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float | int):
        if abs(value) >= 1e15:
            return f"{value:.15G}"
        return str(int(value)) if value == int(value) else repr(value)
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value).strip()

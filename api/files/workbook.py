"""Workbooks (xlsx, xls, ods) as blocks of columns of text. The sheet with the most known headings is read."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from python_calamine import CalamineSheet, CalamineWorkbook

from api.files.delimited import HEAD_ROWS
from api.files.error_cells import error_cells
from api.files.findings import InputError
from api.files.headings import Part, known, plain, read_headings
from api.files.source import Block, Source
from catalogs.findings import Finding

BLOCK_ROWS = 1 << 14

LARGEST_UNPACKED = 4 << 30
"""A workbook may unpack to so many bytes; a sheet of a million full rows has less."""


SHEETS_ALIKE = 2
"""A sheet that has one in so many of the known headings of the one that is read, or more, holds rows as that does."""


def open_workbook(path: Path, parts: tuple[Part, ...]) -> Source:
    """Open a workbook. Raises ValueError when it is encrypted, broken or unpacks to more than any real one."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > LARGEST_UNPACKED:
            raise ValueError(f"it unpacks to {size >> 20} MB")
    sheet, above, names, alike = _best_sheet(path, parts)
    source = Source(path.name, read_headings(names, parts), lambda: _read(path, sheet, above, source), True)
    source.sheets = (sheet.name, *alike) if alike else ()
    return source


def _best_sheet(path: Path, parts: tuple[Part, ...]) -> tuple[CalamineSheet, int, list[str], list[str]]:
    """Find sheet and heading row: give (sheet, rows up to it, names, further sheets with such headings).

    A sheet is parsed whole as soon as it is asked for, so the one found is kept for reading.
    """
    table = known(parts)
    book = CalamineWorkbook.from_path(path)
    best: tuple[int, CalamineSheet | None, int, list[str]] = (0, None, 1, [])
    most = dict.fromkeys(book.sheet_names, 0)
    for name in book.sheet_names:
        opened = book.get_sheet_by_name(name)
        for number, row in enumerate(islice(opened.iter_rows(), HEAD_ROWS), 1):
            cells = [cell_text(cell) for cell in row]
            matches = len({table[plain(cell)].name for cell in cells if plain(cell) in table})
            most[name] = max(most[name], matches)
            if matches > best[0] or not best[3]:
                best = (matches, opened, number, cells)
    found, sheet, above, names = best
    if sheet is None or not any(names):
        raise InputError([Finding("FILE_EMPTY", path.name)])
    alike = [name for name, matches in most.items() if name != sheet.name and matches * SHEETS_ALIKE >= max(found, 1)]
    return sheet, above, names, alike


def _read(path: Path, sheet: CalamineSheet, above: int, source: Source) -> Iterator[Block]:
    rows, failed = sheet.iter_rows(), error_cells(path, sheet.name)
    left = sheet.start[1] if sheet.start else 0  # rows are given from the first column that is used
    wanted = {**source.reading.columns, **source.reading.extra}
    following = above + 1
    remaining = islice(rows, above, None)
    while chunk := list(islice(remaining, BLOCK_ROWS)):
        for row, column, text in failed:
            if following <= row < following + len(chunk) and column - left < len(chunk[row - following]):
                chunk[row - following][column - left] = text
        columns = {
            name: pa.array([cell_text(row[at]) if at < len(row) else "" for row in chunk], pa.string())
            for name, at in wanted.items()
        }
        yield Block(np.arange(following, following + len(chunk), dtype=np.int64), columns)
        following += len(chunk)


def cell_text(cell: Any) -> str:
    """Give a cell as a spreadsheet shows it: numbers with 15 digits, whole ones without a fraction, dates as ISO.

    A whole number of more than 15 digits has lost the others; it is given as 4.40E+17, so that it is refused as an id.
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        return f"{cell:.15g}" if abs(cell) < 1e15 else f"{cell:.2E}"
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ", "seconds")
    return str(cell)

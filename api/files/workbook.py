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
from python_calamine import CalamineWorkbook

from api.files.delimited import HEAD_ROWS
from api.files.headings import Part, known, plain, read_headings
from api.files.source import Block, Source

BLOCK_ROWS = 1 << 14

LARGEST_UNPACKED = 4 << 30
"""A workbook may unpack to so many bytes; a sheet of a million full rows has less."""


def open_workbook(path: Path, parts: tuple[Part, ...]) -> Source:
    """Open a workbook. Raises ValueError when it is encrypted, broken or unpacks to more than any real one."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > LARGEST_UNPACKED:
            raise ValueError(f"it unpacks to {size >> 20} MB")
    sheet, above, names = _best_sheet(path, parts)
    source = Source(f"{path.name}", read_headings(names, parts), lambda: _read(path, sheet, above, source), True)
    return source


def _best_sheet(path: Path, parts: tuple[Part, ...]) -> tuple[str, int, list[str]]:
    """Find sheet and heading row: give (sheet, rows up to it, names)."""
    table = known(parts)
    book = CalamineWorkbook.from_path(path)
    best: tuple[int, str, int, list[str]] = (0, book.sheet_names[0], 1, [])
    for name in book.sheet_names:
        for number, row in enumerate(islice(book.get_sheet_by_name(name).iter_rows(), HEAD_ROWS), 1):
            cells = [cell_text(cell) for cell in row]
            matches = len({table[plain(cell)].name for cell in cells if plain(cell) in table})
            if matches > best[0] or not best[3]:
                best = (matches, name, number, cells)
    return best[1:]


def _read(path: Path, sheet: str, above: int, source: Source) -> Iterator[Block]:
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).iter_rows()
    wanted = {**source.reading.columns, **source.reading.extra}
    following = above + 1
    remaining = islice(rows, above, None)
    while chunk := list(islice(remaining, BLOCK_ROWS)):
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

"""What every reader of files gives: blocks of columns, with row numbers as a spreadsheet shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from adjudicator.columns import Int64
from api.files.findings import InputError
from api.files.headings import Reading
from catalogs.findings import Finding


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a file: columns by canonical name, or by the name in the file where none is known.

    They are plain text, or of another type of `api.files.arrow.readable`.
    """

    rows: Int64
    columns: dict[str, pa.Array]


MOST_BROKEN_ROWS = 100_000

UNPLACED = {
    "CELL_TOO_LARGE": "CELL_TOO_LARGE_UNPLACED",
    "JSON_NOT_READ": "JSON_NOT_READ_UNPLACED",
    "WRONG_NUMBER_OF_CELLS": "WRONG_NUMBER_OF_CELLS_UNPLACED",
}
"""Codes of broken rows, and what they are called when nobody can tell to which claim a row belongs."""


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that could not be cut into columns. `cells` are what could be made of it, for finding its claim;
    `also` are claim ids on further lines that it may have swallowed."""

    row: int
    code: str
    found: int
    expected: int
    cells: tuple[str, ...]
    also: tuple[str, ...] = ()


@dataclass(slots=True)
class Source:
    """One file, or one table, being read.

    `sheets`: of a workbook in which several sheets have such headings, the one that is read and those that are not.
    `broken`, `encoding` and `asked` (the columns somebody read) are complete when all blocks are read. `serials`:
    numbers may stand for dates.
    """

    name: str
    reading: Reading
    open: Callable[[], Iterator[Block]]
    serials: bool = False
    encoding: str = ""
    broken: list[BrokenRow] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    sheets: tuple[str, ...] = ()

    def positions(self) -> dict[str, int]:
        """Give the place in the file of every column that somebody asked for, by name."""
        names = {**self.reading.columns, **self.reading.extra}
        return {name: at for name, at in names.items() if name in self.asked}

    @property
    def unread(self) -> list[str]:
        """Give the columns, as the file writes them, that nobody has asked for."""
        names = {**self.reading.columns, **self.reading.extra}
        return [self.reading.written[at] for name, at in names.items() if name not in self.asked]

    def set_apart(self, row: BrokenRow) -> None:
        """Keep a broken row. Raises InputError when there are so many that the file as a whole must be misread."""
        if len(self.broken) >= MOST_BROKEN_ROWS:
            fields = {"count": MOST_BROKEN_ROWS}
            raise InputError([Finding("TOO_MANY_BROKEN_ROWS", self.name, row.row, fields=fields)])
        self.broken.append(row)

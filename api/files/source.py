"""What every reader of files gives: blocks of columns of text, with row numbers as a spreadsheet shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from adjudicator.columns import Int64
from api.files.headings import Reading


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a file: columns of text by canonical name, or by the name in the file where none is known."""

    rows: Int64
    columns: dict[str, pa.StringArray]


UNPLACED = {
    "CELL_TOO_LARGE": "CELL_TOO_LARGE_UNPLACED",
    "JSON_NOT_READ": "JSON_NOT_READ_UNPLACED",
    "WRONG_NUMBER_OF_CELLS": "WRONG_NUMBER_OF_CELLS_UNPLACED",
}
"""Codes of broken rows, and what they are called when nobody can tell to which claim a row belongs."""


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that could not be cut into columns. `cells` are what could be made of it, for finding its claim."""

    row: int
    code: str
    found: int
    expected: int
    cells: tuple[str, ...]


@dataclass(slots=True)
class Source:
    """One file, or one table, being read.

    `broken` and `encoding` are complete when all blocks are read. `serials`: numbers may stand for dates.
    """

    name: str
    reading: Reading
    open: Callable[[], Iterator[Block]]
    serials: bool = False
    encoding: str = ""
    broken: list[BrokenRow] = field(default_factory=list)

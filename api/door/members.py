"""Members: who is insured, in which scheme and plan, from when to when, and what is known of the person then."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from adjudicator.columns import MISSING, Int32, Int64
from adjudicator.eligibility import FOREVER, Spans
from api.door.rows import Books, Rows, read_rows
from api.files.findings import Trouble, Troubles
from api.files.headings import MEMBER
from api.files.source import UNPLACED, Source

DAY_SECONDS = 86_400
EARLIEST = -(10**6)
"""Start of a span that has no first day."""


@dataclass(frozen=True)
class Members:
    """Spans [n] of cover: one row of the file each. `columns` are codes of the books and numbers, as in `Rows`.

    refused: persons (codes) some row of whom could not be read.
    """

    person: Int32
    start: Int64
    until: Int64
    normal: NDArray[np.bool_]
    columns: dict[str, NDArray[np.signedinteger]]
    refused: Int32

    def __len__(self) -> int:
        return len(self.person)

    @cached_property
    def unbroken(self) -> Int64:
        """First day of the normal cover in the same scheme that reaches each span without a gap; a suspended span has
        its own start."""
        found = self.start.copy()
        rows = np.flatnonzero(self.normal)
        key = self.person[rows].astype(np.int64) << 20 | self.column("scheme", rows, np.int32) + 1
        found[rows] = Spans(key, self.start[rows], self.until[rows]).unbroken_from()
        return found

    def column(self, name: str, rows: Int64, dtype: type[np.signedinteger]) -> NDArray[np.signedinteger]:
        """Give a column for the spans named; missing where the span is -1 or the file has no such column."""
        missing = -1 if dtype is np.int32 else MISSING
        if name not in self.columns:
            return np.full(len(rows), missing, dtype)
        return np.where(rows >= 0, self.columns[name][rows], dtype(missing))


def read_members(source: Source, books: Books, troubles: Troubles) -> Members:
    """Read a file of members."""
    rows = read_rows(source, MEMBER, books, troubles)
    person = rows.columns["person_id"]
    empty = np.flatnonzero((person < 0) & ~rows.bad)
    troubles.add(Trouble("CELL_EMPTY", source.name, source.reading.shown("person_id"), rows.row[empty]))
    start = days_of(_column(rows, "valid_from", np.int64))
    until = _until(rows)
    reversed_ = (start != MISSING) & (until != FOREVER) & (until <= start)
    at = np.flatnonzero(reversed_)
    troubles.add(
        Trouble("SPAN_REVERSED", source.name, source.reading.shown("valid_from"), rows.row[at], _iso(start[at]))
    )
    for broken in source.broken:
        row = np.array([broken.row], np.int64)
        troubles.add(Trouble(UNPLACED[broken.code], source.name, "", row, fields={"expected": broken.expected}))
    bad = rows.bad | reversed_ | (person < 0)
    return members_of(_kept(rows, np.flatnonzero(~bad)), np.unique(person[bad & (person >= 0)]), books)


def members_of(rows: Rows, refused: Int32, books: Books) -> Members:
    """Give the members of rows that are all good; `refused`: persons some other row of whom could not be read."""
    person, cover = rows.columns["person_id"].astype(np.int32, copy=False), _cover(rows, books)
    start = days_of(_column(rows, "valid_from", np.int64))
    start, until = np.where(start == MISSING, EARLIEST, start), _until(rows)
    return Members(person, start, until, cover, rows.columns, refused)


def _kept(rows: Rows, at: Int64) -> Rows:
    columns = {name: column[at] for name, column in rows.columns.items()}
    return Rows(rows.row[at], columns, rows.texts, rows.bad[at])


def days_of(seconds: Int64) -> Int64:
    """Give the days of moments, MISSING where missing."""
    return np.where(seconds == MISSING, MISSING, seconds // DAY_SECONDS)


def _until(rows: Rows) -> Int64:
    """Give the first day after each span: `valid_until`, or the day after `valid_through`; FOREVER where open."""
    until = days_of(_column(rows, "valid_until", np.int64))
    through = days_of(_column(rows, "valid_through", np.int64))
    until = np.where((until == MISSING) & (through != MISSING), through + 1, until)
    return np.where(until == MISSING, FOREVER, until)


def _cover(rows: Rows, books: Books) -> NDArray[np.bool_]:
    """Say which spans are in normal cover; one that says nothing is."""
    words = books.values("cover")
    normal = np.array([*(word == "normal" for word in words), True])
    normal_spans: NDArray[np.bool_] = normal[_column(rows, "cover", np.int32)]
    return normal_spans


def _column(rows: Rows, name: str, dtype: type[np.signedinteger]) -> NDArray[np.signedinteger]:
    if name in rows.columns:
        return rows.columns[name]
    return np.full(len(rows), -1 if dtype is np.int32 else MISSING, dtype)


def _iso(days: Int64) -> pa.StringArray:
    return pa.array(np.datetime_as_string(days.astype("datetime64[D]")).tolist(), pa.string())

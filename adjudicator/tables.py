"""Evaluate `Table`s: attributes of claims become key codes once, a table then costs one gather.

A code or an index that is the same for every row is a plain int, not an array: tables without keys, attributes that
nobody gave, dates of one period and batches of a single claim then cost no array operation at all. NumPy broadcasts
such scalars everywhere; `part` cuts either form.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from adjudicator.batch import Batch
from adjudicator.columns import MISSING, Category, Column, Int64, Number, UInt8
from adjudicator.errors import ShapeError
from adjudicator.rulebook import Key, KeyKind, Program, Table

Index = int | Int64
"""Row of a table for every claim: one int when all have the same."""

Rows = slice | Int64

DATE = "date"
"""Source of keys over the benefit date of the claim, in days."""

FEW_EDGES = 6
"""Up to so many edges, comparing many values with each is faster than a binary search."""

FEW_VALUES = 32


def part(index: Index, rows: Rows) -> Index:
    """Give the index of some rows."""
    return index if isinstance(index, int) else index[rows]


def unbroken(rows: Rows) -> Rows:
    """Give rows that follow each other without a gap as a slice: columns are then viewed, not copied."""
    if isinstance(rows, slice) or not len(rows):
        return rows
    start, stop = int(rows[0]), int(rows[-1]) + 1
    if stop - start != len(rows) or (np.diff(rows) != 1).any():
        return rows
    return slice(start, stop)


def number_codes(edges: Int64, values: NDArray[np.integer]) -> Int64:
    """Give the interval every value falls in: the number of edges not above it."""
    if len(edges) > FEW_EDGES or len(values) <= FEW_VALUES:
        return edges.searchsorted(values, "right")
    codes = np.zeros(len(values), np.int64)
    for edge in edges.tolist():
        codes += values >= edge
    return codes


def category_map(key: Key, names: Sequence[str], default: str | int | None) -> Int64:
    """Give the key's code for every code of a dictionary; the last entry is for the missing value, code -1."""
    place = {name: code for code, name in enumerate(key.domain)}
    other = len(key.domain)
    missing = other + 1 if default is None else place.get(str(default), other)
    return np.array([*(place.get(name, other) for name in names), missing], np.int64)


def column_codes(key: Key, column: Column | None, default: str | int | None) -> Index:
    """Give the key's code for every row of a column (or the one code, when it is missing or has a single row).

    A missing value takes the default, if there is one. Raises ShapeError when the column is of another type than the
    key asks for. A column of flags that is not there has no mark set.
    """
    if key.kind is KeyKind.NUMBER:
        return _number_code(key, column, default)
    if key.kind is KeyKind.FLAG:
        return _flag_code(key, column, default)
    if column is None:
        return _word_code(key, default)
    if not isinstance(column, Category):
        raise ShapeError(f"attribute {key.source} must be a category, not a {type(column).__name__.lower()}")
    if len(column.codes) == 1:
        code = int(column.codes[0])
        return _word_code(key, column.values[code] if code >= 0 else default)
    mapping = category_map(key, column.values, default)
    codes: Int64 = mapping.take(column.codes)
    return codes


def _word_code(key: Key, word: str | int | None) -> int:
    if word is None:
        return len(key.domain) + 1
    return key.domain.index(str(word)) if str(word) in key.domain else len(key.domain)


def _number_code(key: Key, column: Column | None, default: str | int | None) -> Index:
    missing = 0 if default is None else bisect_right(key.edges.tolist(), int(default))
    if column is None:
        return missing
    if not isinstance(column, Number):
        raise ShapeError(f"attribute {key.source} must be a number, not a {type(column).__name__.lower()}")
    codes = spread_codes(key.edges, column.values)
    if isinstance(codes, int):
        return codes or missing
    if missing:
        codes[codes == 0] = missing
    return codes


def spread_codes(edges: Int64, values: NDArray[np.integer]) -> Index:
    """Give the interval of every value, as one int when all lie in the same."""
    if not len(values):
        return 0
    lowest = bisect_right(edges.tolist(), int(values.min()))
    if len(values) == 1 or lowest == bisect_right(edges.tolist(), int(values.max())):
        return lowest
    return number_codes(edges, values)


def _flag_code(key: Key, column: Column | None, default: str | int | None) -> Index:
    mark = key.domain[0]
    if column is None:
        return int(default == mark)
    if isinstance(column, Number):
        given = (column.values != 0) & (column.values != MISSING)
    elif mark not in column.values:
        return 0
    elif isinstance(column, Category):
        given = column.codes == column.values.index(mark)
    else:
        given = (column.bits >> column.values.index(mark)) & 1
    return int(given[0]) if len(given) == 1 else given.astype(np.int64)


class ClaimCodes:
    """Key codes and table rows of the claims of a batch under one program; each is worked out once.

    `rows` chooses the claims, in that order (default: all). `attributes` adds columns [chosen rows] that the batch does
    not have, such as values the engine derived; they take precedence.
    """

    def __init__(
        self, batch: Batch, program: Program, rows: Rows | None = None, attributes: dict[str, Column] | None = None
    ) -> None:
        self.batch = batch
        self.program = program
        self.rows = slice(0, len(batch)) if rows is None else unbroken(rows)
        self._all = rows is None
        self.count = len(batch.order_time[self.rows]) if isinstance(self.rows, slice) else len(self.rows)
        self._attributes = attributes or {}
        self._of_keys: dict[tuple[object, ...], Index] = {}
        self._of_tables: dict[tuple[object, ...], Index] = {}

    def column(self, name: str) -> Column | None:
        """Give the claim attribute of that name for the chosen rows; None when the batch does not have it."""
        if name in self._attributes:
            return self._attributes[name]
        if name == DATE:
            return Number(self.batch.date(self.program.year_by)[self.rows].astype(np.int64))
        column = self.batch.attributes.get(name)
        return column if column is None or self._all else column.take(self.rows)

    def codes(self, key: Key) -> Index:
        """Give the code of a static key for every chosen claim."""
        found = self._of_keys.get(key.identity)
        if found is None:
            default = self.program.defaults.get(key.source)
            found = self._of_keys[key.identity] = column_codes(key, self.column(key.source), default)
        return found

    def static_index(self, table: Table) -> Index:
        """Give the row of the table as far as its static keys decide it (dynamic keys count as code 0)."""
        found = self._of_tables.get(table.identity)
        if found is None:
            for key, step in table.static:
                code = self.codes(key)
                term = code if step == 1 else code * step
                found = term if found is None else found + term
            found = self._of_tables[table.identity] = 0 if found is None else found
        return found


def evaluate(table: Table, codes: ClaimCodes) -> tuple[np.int64 | Int64, np.uint8 | UInt8]:
    """Give values and states of a table without dynamic keys, [claims] or scalars when all claims share one cell."""
    index = codes.static_index(table)
    return table.values[index], table.states[index]


def cell_at(table: Table, index: Index, dynamic: Sequence[Int64]) -> Index:
    """Give the cell when the amounts and counters of `table.dynamic` are known, in that order.

    `index` is the (part of the) static index that belongs to the same rows.
    """
    for (key, step), values in zip(table.dynamic, dynamic, strict=True):
        code = number_codes(key.edges, values)
        index = index + (code if step == 1 else code * step)
    return index

"""Kernel columns as Arrow columns: fen become exact decimals in yuan, days become dates, codes stay dictionaries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import IntEnum
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from adjudicator.columns import MISSING, Category, Column, Int32, Int64, Number, UInt8
from api.files.texts import column_of

YUAN = pa.decimal64(18, 2)
"""An amount is the int64 that it is in the kernel, under another scale; files have it so too."""

WIDE_YUAN = pa.decimal128(18, 2)


def yuan(fen: Int64) -> pa.Array:
    """Give amounts in yuan with two decimals, exactly and without a copy; none is missing."""
    return pa.Array.from_buffers(YUAN, len(fen), [None, pa.py_buffer(np.ascontiguousarray(fen))])


def table_of(columns: dict[str, pa.Array], given: Collection[str]) -> pa.Table:
    """Make a table. Columns in `given`, and amounts, say something: their schema says so, files need no marks."""
    fields = [
        pa.field(name, column.type, nullable=column.type != YUAN and name not in given)
        for name, column in columns.items()
    ]
    return pa.table(list(columns.values()), schema=pa.schema(fields))


def widened(table: pa.Table) -> pa.Table:
    """Give a table with amounts as most functions of Arrow take them: in 128 bits."""
    return table.cast(pa.schema([f.with_type(WIDE_YUAN) if f.type == YUAN else f for f in table.schema]))


def dates(days: Int32) -> pa.Array:
    """Give days since 1970-01-01 as dates; the smallest int32 stands for a date that was not given."""
    missing = days == np.iinfo(np.int32).min
    return pa.array(days.astype(np.int32, copy=False), pa.int32(), mask=missing if missing.any() else None).cast(
        pa.date32()
    )


def words(category: Category) -> pa.Array:
    """Give a dictionary-coded column of text; -1 is null."""
    missing = category.codes < 0
    codes = pa.array(category.codes, pa.int32(), mask=missing if missing.any() else None)
    return pa.DictionaryArray.from_arrays(codes, column_of(category.values))


def names(codes: UInt8 | NDArray[np.integer[Any]], kinds: type[IntEnum], empty: int | None = None) -> pa.Array:
    """Give the stable names of enumerated codes; `empty` is shown as nothing."""
    dictionary = [""] * (max(kinds) + 1)
    for kind in kinds:
        dictionary[kind] = "" if kind == empty else kind.name
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(dictionary))


def attribute(column: Column) -> pa.Array:
    """Give a claim attribute: text, whole number (null where not given), or its marks joined by a space."""
    if isinstance(column, Category):
        return words(column)
    if isinstance(column, Number):
        missing = column.values == MISSING
        return pa.array(column.values, mask=missing if missing.any() else None)
    distinct, place = np.unique(column.bits, return_inverse=True)
    texts = [marks_of(int(bits), column.values) for bits in distinct]
    return pa.DictionaryArray.from_arrays(pa.array(place.astype(np.int32).reshape(-1)), pa.array(texts, pa.string()))


def marks_of(bits: int, values: Sequence[str]) -> str:
    """Give the names of the marks set, joined by a space."""
    return " ".join(value for place, value in enumerate(values) if bits >> place & 1)

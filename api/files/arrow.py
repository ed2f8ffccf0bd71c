"""What a cell of an Arrow column says: kept in its type where that is exact, else as text."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

EXACT_WHOLE = 10.0**15
"""Whole numbers kept as binary fractions are exact below it."""


def is_text(kind: pa.DataType) -> bool:
    """Say whether a column is plain text."""
    return bool(pa.types.is_string(kind))


def is_coded_text(kind: pa.DataType) -> bool:
    """Say whether a column is text with a dictionary."""
    return bool(pa.types.is_dictionary(kind)) and is_text(kind.value_type)


def is_moment(kind: pa.DataType) -> bool:
    """Say whether a column holds days, or times of day that are of no zone."""
    return bool(pa.types.is_date32(kind)) or (bool(pa.types.is_timestamp(kind)) and kind.tz is None)


def is_exact_number(kind: pa.DataType) -> bool:
    """Say whether a column holds whole numbers or decimals."""
    return bool(pa.types.is_signed_integer(kind) or (pa.types.is_decimal(kind) and kind.bit_width <= 128))


def readable(column: pa.Array) -> pa.Array:
    """Give a column in one of the types above; anything else becomes text."""
    kind = column.type
    if is_text(kind) or is_coded_text(kind) or is_moment(kind) or is_exact_number(kind):
        return column
    return as_text(column)


def as_text(column: pa.Array) -> pa.StringArray:
    """Give any column as text, exactly as far as its type allows; nothing is empty text."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return as_text(column.dictionary_decode())
    if pa.types.is_string(kind):
        return column
    if pa.types.is_floating(kind):
        return _float_text(column)
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("s"), safe=False)
    if pa.types.is_nested(kind):
        return pa.array([None if v is None else str(v) for v in column.to_pylist()], pa.string())
    return column.cast(pa.string())


def _float_text(column: pa.Array) -> pa.StringArray:
    """Give binary fractions as the shortest decimals that read back the same; whole numbers without a fraction."""
    values = pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type)).cast(pa.float64())
    whole = pc.and_(pc.equal(pc.floor(values), values), pc.less(pc.abs(values), EXACT_WHOLE))
    integers = pc.if_else(whole, values, pa.scalar(None, pa.float64())).cast(pa.int64()).cast(pa.string())
    return pc.if_else(pc.fill_null(whole, False), integers, values.cast(pa.string()))

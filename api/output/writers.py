"""Tables to files: CSV that Excel opens as it is meant, Parquet, and JSON lines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as arrow_parquet

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Tells Excel that a CSV file is UTF-8."""

MANGLED = (
    r"^(\+?[0-9]{12,}"  # shown as 4.4E+17, cut after 15 digits
    r"|0[0-9]+"  # leading zeros dropped
    r"|[0-9]+(\.[0-9]+)?[eE]\+?[0-9]+"  # 12E5 becomes a number
    r"|[0-9]{1,4}[-/][0-9]{1,2}([-/][0-9]{1,4})?"  # 1-2 becomes a date
    r"|[0-9]{1,2}:[0-9]{2}.*)$"
)
"""Texts that Excel turns into something else when it opens a CSV file."""

FORMULA = r"(?s)^\s*[=+@\-＝＋＠－].*[^0-9.,].*$"
"""Texts that Excel would run as a formula, over however many lines; some editions take full-width signs too."""

ROWS_AT_ONCE = 65_536

DICTIONARY_PAGE = 16 << 20
"""Bytes: text whose dictionary does not fit its page falls back to plain text without a word."""

GROUP_ROWS = 1 << 21
"""Rows of a group of a Parquet file: many, because every group writes its dictionaries anew."""

FEW_WORDS = 4_096
"""So many words always make a dictionary, whether a group of rows uses them all or not."""

ROWS_A_WORD = 4
"""Rows for each word of a longer dictionary: with fewer, writing it takes longer than writing the text."""


def write_csv(table: pa.Table, path: Path) -> None:
    """Write CSV in UTF-8 with a byte order mark.

    Excel changes ids that look like numbers or dates. Such a text ends with a tab, the custom of Chinese exports, by
    which Excel keeps it as it is; readers that trim (this engine's too) see the id itself. A text that Excel would
    run as a formula begins with an apostrophe.
    """
    with path.open("wb") as file:
        file.write(BYTE_ORDER_MARK)
        heading = True
        for batch in _pieces(table):
            safe = pa.table({name: _safe(batch[name]) for name in table.column_names})
            arrow_csv.write_csv(safe, file, arrow_csv.WriteOptions(include_header=heading, quoting_style="needed"))
            heading = False


def write_parquet(table: pa.Table, path: Path, rows: range | None = None) -> None:
    """Write Parquet: exact decimals, dates, dictionary-coded text; what a file holds is said by Parquet's own types.

    `rows`: the stretch of the table to write, by default all of it; files of one table have the same encodings.
    Numbers are packed by their differences, which costs half of what a general compressor does and takes less room
    than the fast ones need. There are no statistics: they would cost more than the columns of text themselves, and
    nobody looks for a row by an amount or by a number that stands for a text.
    """
    coded = [field.name for field in table.schema if _is_coded(table[field.name])]
    packed = [field.name for field in table.schema if _is_packed(field.type)]
    with arrow_parquet.ParquetWriter(
        path,
        _with_own_words(table.slice(0, 0), coded).schema,
        compression="snappy",
        use_dictionary=coded,
        column_encoding=dict.fromkeys(packed, "DELTA_BINARY_PACKED"),
        dictionary_pagesize_limit=DICTIONARY_PAGE,
        write_statistics=False,
        store_decimal_as_integer=True,
        store_schema=False,
    ) as file:
        part = table if rows is None else table.slice(rows.start, len(rows))
        for piece in _pieces(part, GROUP_ROWS):
            file.write_table(_with_own_words(piece, coded), GROUP_ROWS)


def _is_packed(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_date(kind) or pa.types.is_decimal64(kind))


def _is_coded(column: pa.ChunkedArray) -> bool:
    """Say whether a column has few enough words for its rows that a file gains by a dictionary; the ids of claims in
    a table of claims are each a word of their own."""
    if not pa.types.is_dictionary(column.type):
        return False
    words = max((len(chunk.dictionary) for chunk in column.chunks), default=0)
    return words <= FEW_WORDS or words * ROWS_A_WORD <= len(column)


def _with_own_words(group: pa.Table, coded: Collection[str]) -> pa.Table:
    """Give a group of rows with dictionaries cut to what it uses, for every group writes its own; text that is written
    without one becomes plain."""
    for place, field in enumerate(group.schema):
        if pa.types.is_dictionary(field.type):
            column = group.column(place)
            if field.name not in coded:
                group = group.set_column(place, field.with_type(field.type.value_type), column.cast(pa.string()))
            elif len(column):
                group = group.set_column(place, field, own_words(column.combine_chunks()))
    return group


def own_words(column: pa.DictionaryArray) -> pa.DictionaryArray:
    """Give a coded column with the stretch of its words that it uses.

    Claims come in order, so that each group has another part of all ids. (Arrow writes bytes of chance for a column of
    nulls whose dictionary is not empty.)
    """
    ends = pc.min_max(column.indices)
    first, last = (ends["min"].as_py(), ends["max"].as_py()) if ends["min"].is_valid else (0, -1)
    if last - first + 1 == len(column.dictionary):
        return column
    numbers = pc.subtract(column.indices, pa.scalar(first, column.indices.type))
    return pa.DictionaryArray.from_arrays(numbers, column.dictionary.slice(first, last - first + 1))


def write_json_lines(table: pa.Table, path: Path) -> None:
    """Write one JSON object a row; amounts are text with two decimals, so that no reader makes them binary floats."""
    with path.open("wb") as file:
        for batch in _pieces(table):
            _write_rows(batch.to_pylist(), file)


def _write_rows(rows: Iterable[dict[str, Any]], file: BinaryIO) -> None:
    for row in rows:
        file.write(orjson.dumps(row, default=_as_text, option=orjson.OPT_APPEND_NEWLINE))


def _as_text(value: object) -> str:
    assert isinstance(value, Decimal), f"no JSON form for {value!r}"
    return str(value)


WRITERS: dict[str, Callable[[pa.Table, Path], None]] = {
    "csv": write_csv,
    "parquet": write_parquet,
    "jsonl": write_json_lines,
}


def _pieces(table: pa.Table, rows: int = ROWS_AT_ONCE) -> Iterable[pa.Table]:
    """Cut into pieces of bounded memory; a table without rows is one piece."""
    for start in range(0, max(table.num_rows, 1), rows):
        yield table.slice(start, rows)


def _safe(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Mark the texts that Excel would change; other columns stay as they are."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not pa.types.is_string(column.type):
        return column
    ends = pc.if_else(pc.match_substring_regex(column, MANGLED), "\t", "")
    starts = pc.if_else(pc.match_substring_regex(column, FORMULA), "'", "")
    return pc.binary_join_element_wise(starts, column, ends, "")

"""JSON lines, one claim or one line a row, as blocks of columns of text; wrong rows are set apart."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.json as arrow_json

from api.files.columnar import block_of
from api.files.headings import Part, read_headings
from api.files.source import Block, BrokenRow, Source
from api.files.stream import CUT, Decoder, blocks

LONGEST_ROW = 16 << 20
"""A claim with all its lines may have so many bytes."""

_KEY = re.compile(rb'"([^"\\\x00-\x1f]{1,60})"\s*:')
_TEXTUAL = ("id", "word", "words", "text")


def open_json_lines(path: Path, parts: tuple[Part, ...]) -> Source:
    """Open a file of JSON records. All names of the file are gathered first, in a pass of its own."""
    names: dict[str, None] = {}
    with path.open("rb") as file:
        decoder = Decoder()
        for block in blocks(file, LONGEST_ROW):
            names |= {key.decode("utf-8", "replace"): None for key in _KEY.findall(decoder.decode(block))}
    source = Source(path.name, read_headings(names, parts), lambda: _read(path, source))
    return source


def _read(path: Path, source: Source) -> Iterator[Block]:
    row = 1
    with path.open("rb") as file:
        decoder = Decoder()
        for block in blocks(file, LONGEST_ROW):
            text = decoder.decode(block).removeprefix(b"\xef\xbb\xbf")
            count = text.count(b"\n")
            table, rows = _quickly(text, count, source, row) or _one_by_one(text, source, row)
            for batch in table.combine_chunks().to_batches():
                yield block_of(batch, source, rows)
            row += count
        source.encoding = decoder.encoding


def _quickly(text: bytes, count: int, source: Source, row: int) -> tuple[pa.Table, np.ndarray] | None:
    """Read a block at once; None where a record is wrong, or a type was guessed that loses what was written."""
    try:
        table = arrow_json.read_json(
            io.BytesIO(text), read_options=arrow_json.ReadOptions(use_threads=False, block_size=len(text) + 1)
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != count or any(_lossy(field, source) for field in table.schema):
        return None
    return table, np.arange(row, row + count, dtype=np.int64)


def _lossy(field: pa.Field, source: Source) -> bool:
    """Say whether the type guessed for a column, or one inside it, may have changed what was written."""
    if pa.types.is_list(field.type):
        inner = field.type.value_type
        return not pa.types.is_struct(inner) or any(_lossy(f, source) for f in inner)
    at = next((name for name, i in source.reading.columns.items() if source.reading.written[i] == field.name), "")
    heading = source.reading.headings.get(at)
    textual = heading is None or heading.cell in _TEXTUAL
    guessed = pa.types.is_timestamp(field.type) or pa.types.is_floating(field.type)
    return pa.types.is_struct(field.type) or (textual and guessed)


def _one_by_one(text: bytes, source: Source, row: int) -> tuple[pa.Table, np.ndarray]:
    """Read the records of a block singly, numbers as written; those that cannot be read are set apart."""
    rows, records = [], []
    for number, line in enumerate(text.split(b"\n")[:-1], row):
        if not line.strip():
            continue
        try:
            record = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
            if not isinstance(record, dict):
                raise ValueError("not a record")
        except (ValueError, RecursionError):
            code = "CELL_TOO_LARGE" if CUT.encode() in line else "JSON_NOT_READ"
            source.set_apart(BrokenRow(number, code, 0, 0, _claim_cells(line, source)))
            continue
        rows.append(number)
        records.append({key: _plain(value) for key, value in record.items()})
    names = list(dict.fromkeys(key for record in records for key in record))
    columns = {name: _column([record.get(name) for record in records]) for name in names}
    return pa.table(columns), np.array(rows, np.int64)


def _claim_cells(line: bytes, source: Source) -> tuple[str, ...]:
    """Give the claim id of a broken record, at the place it has among the columns, if it can be seen."""
    at = source.reading.columns.get("claim_id", -1)
    if at < 0:
        return ()
    name = re.escape(source.reading.written[at].encode())
    match = re.search(rb'"' + name + rb'"\s*:\s*"?([^",}]{1,64})', line)
    return ("",) * at + (match[1].decode("utf-8", "replace"),) if match else ()


def _plain(value: Any) -> Any:
    """Give a value as text; a list of records stays one, with text inside."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(v, dict) for v in value):
        return [{k: None if v is None else str(_plain(v)) for k, v in record.items()} for record in value]
    return json.dumps(value, ensure_ascii=False)


def _column(values: list[Any]) -> pa.Array:
    """Make a column of text, or of lists of records where any value is one."""
    if not any(isinstance(value, list) for value in values):
        return pa.array(values, pa.string())
    keys = dict.fromkeys(k for value in values if isinstance(value, list) for record in value for k in record)
    kind = pa.list_(pa.struct([(key, pa.string()) for key in keys]))
    return pa.array([value if isinstance(value, list) else None for value in values], kind)

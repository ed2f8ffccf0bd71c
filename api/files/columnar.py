"""Arrow tables and Parquet files as blocks of columns; claims may carry their lines as a list of records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as parquet

from api.files.arrow import is_text, readable
from api.files.headings import Part, read_headings
from api.files.source import Block, Source

BLOCK_ROWS = 1 << 20
"""Rows read at once: many, because every block brings its dictionaries along."""


def open_parquet(path: Path, parts: tuple[Part, ...]) -> Source:
    """Open a Parquet file; rows are numbered from 1."""
    with parquet.ParquetFile(path) as file:
        schema = file.schema_arrow

    def batches(source: Source) -> Iterator[pa.RecordBatch]:
        names = asked_names(schema, source)
        coded = [name for name in names if is_text(schema.field(name).type)]
        with parquet.ParquetFile(path, read_dictionary=coded) as file:
            yield from read_ahead(file.iter_batches(BLOCK_ROWS, columns=names))

    return _source(path.name, schema, batches, parts)


def read_ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Give batches as they come; while one is worked on, a thread reads the next."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def table_source(name: str, table: pa.Table, parts: tuple[Part, ...]) -> Source:
    """Take an Arrow table as a source; rows are numbered from 1."""
    return _source(
        name,
        table.schema,
        lambda source: table.select(asked_names(table.schema, source)).to_batches(BLOCK_ROWS),
        parts,
    )


def _source(
    name: str, schema: pa.Schema, batches: Callable[[Source], Iterable[pa.RecordBatch]], parts: tuple[Part, ...]
) -> Source:
    source = Source(name, read_headings(flat_names(schema), parts), lambda: blocks())

    def blocks() -> Iterator[Block]:
        row = 1
        for batch in batches(source):
            yield block_of(batch, source, np.arange(row, row + batch.num_rows, dtype=np.int64))
            row += batch.num_rows

    return source


def asked_names(schema: pa.Schema, source: Source) -> list[str]:
    """Give the columns that hold anything somebody asked for; what nobody reads is not decoded."""
    asked = {source.reading.written[at] for at in source.positions().values()}
    return [field.name for field in schema if not asked.isdisjoint(flat_names(pa.schema([field])))]


def flat_names(schema: pa.Schema) -> list[str]:
    """Give the names of the columns, those of a list of records in place of the list."""
    names: list[str] = []
    for field in schema:
        inner = [f.name for f in field.type.value_type] if is_records(field.type) else [field.name]
        names += [name for name in inner if name not in names]
    return names


def is_records(kind: pa.DataType) -> bool:
    """Say whether a column holds lists of records."""
    records: bool = (pa.types.is_list(kind) or pa.types.is_large_list(kind)) and pa.types.is_struct(kind.value_type)
    return records


def block_of(batch: pa.RecordBatch, source: Source, rows: np.ndarray) -> Block:
    """Give the columns of a batch by canonical name; a record of a list gives a row, with its claim's row."""
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    for name, column in list(columns.items()):
        if is_records(column.type):
            parent = pc.list_parent_indices(column)
            inner = pc.list_flatten(column)
            columns = {n: c.take(parent) for n, c in columns.items() if n != name}
            columns |= {f.name: inner.field(i) for i, f in enumerate(inner.type)}
            rows = rows[parent.to_numpy(zero_copy_only=False)]
            break
    written = source.reading.written
    wanted = source.positions()
    return Block(
        rows,
        {
            name: readable(columns[written[at]]) if written[at] in columns else pa.repeat("", len(rows))
            for name, at in wanted.items()
        },
    )

"""PyArrow alone over the files of a run: reads the same inputs and writes the same results, and looks at nothing.

What it takes is what a program between the files can never save.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet


@dataclass(frozen=True, slots=True)
class Written:
    """A table as a file holds it: its groups of rows, and how each column is encoded and compressed."""

    groups: tuple[pa.Table, ...]
    coded: list[str]
    packed: dict[str, str]
    compression: dict[str, str]

    @property
    def bytes(self) -> int:
        """Give the size in memory."""
        return sum(group.nbytes for group in self.groups)


def read_inputs(paths: Iterable[Path]) -> list[pa.Table]:
    """Read all columns of files, one file after the other on all cores; text keeps the dictionaries of the file."""
    tables = []
    for path in paths:
        schema = parquet.read_schema(path)
        texts = [field.name for field in schema if pa.types.is_string(field.type)]
        tables.append(parquet.read_table(path, read_dictionary=texts))
    return tables


def written(path: Path) -> Written:
    """Take a file of results apart; amounts get the type they are written from."""
    with parquet.ParquetFile(path) as file:
        chunks = {
            chunk.path_in_schema: chunk for chunk in map(file.metadata.row_group(0).column, range(len(file.schema)))
        }
    coded = [name for name, chunk in chunks.items() if chunk.has_dictionary_page]
    packed = [name for name, chunk in chunks.items() if "DELTA_BINARY_PACKED" in chunk.encodings]
    with parquet.ParquetFile(path, read_dictionary=coded) as file:
        groups = [narrowed(file.read_row_group(group)) for group in range(file.num_row_groups)]
    compression = {name: chunk.compression for name, chunk in chunks.items()}
    return Written(tuple(groups), coded, dict.fromkeys(packed, "DELTA_BINARY_PACKED"), compression)


def written_in(folder: Path, names: Iterable[str]) -> dict[Path, Written]:
    """Take the files of some tables apart, by their path in the folder; a table in parts is several files."""
    files = [file for name in names for file in (folder / f"{name}.parquet", *folder.glob(f"{name}.parquet/*"))]
    return {file.relative_to(folder): written(file) for file in files if file.is_file()}


def narrowed(table: pa.Table) -> pa.Table:
    """Give a table with decimals of 64 bits, as amounts are before they are written."""
    narrow = [
        field.with_type(pa.decimal64(field.type.precision, field.type.scale))
        if pa.types.is_decimal(field.type)
        else field
        for field in table.schema
    ]
    return table.cast(pa.schema(narrow)).combine_chunks()


def write_results(tables: Mapping[Path, Written], folder: Path, threads: int) -> None:
    """Write files, each by one thread, the longest first; all that may be left out is."""

    def write(path: Path) -> None:
        table = tables[path]
        (folder / path).parent.mkdir(exist_ok=True)
        with parquet.ParquetWriter(
            folder / path,
            table.groups[0].schema,
            compression=table.compression,
            use_dictionary=table.coded,
            column_encoding=table.packed,
            dictionary_pagesize_limit=1 << 30,
            write_statistics=False,
            store_decimal_as_integer=True,
            store_schema=False,
        ) as file:
            for group in table.groups:
                file.write_table(group, max(1, len(group)))

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(write, sorted(tables, key=lambda path: -tables[path].bytes)))

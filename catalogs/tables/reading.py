"""Read catalog tables (CSV in UTF-8, or Parquet of the same columns) into dictionary-coded text columns.

Nothing is interpreted here: every cell is text with the file and line it came from. What cannot be read is a finding.
"""

from __future__ import annotations

import codecs
import difflib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from adjudicator.columns import Category, Int32
from catalogs.findings import Finding, Severity
from catalogs.tables.schema import TABLES, TableSchema

ENDINGS = (".csv", ".parquet")
LONGEST_ROW_BYTES = 1 << 20
"""A row longer than this is refused: no catalog has one, and a broken quote makes one."""

_ALL_TEXT = {f"f{i}": pa.string() for i in range(256)}


@dataclass(frozen=True, slots=True)
class RawTable:
    """All rows of one kind of table, from all its files. Missing cells are code -1."""

    schema: TableSchema
    columns: Mapping[str, Category]
    paths: tuple[str, ...]
    file: Int32  # [rows] index into paths
    line: Int32  # [rows] line in that file, the header being line 1 (in Parquet: row number + 1)

    def __len__(self) -> int:
        return len(self.line)

    def finding(
        self, row: int, column: str, code: str, fields: Mapping[str, object], *, warning: bool = False
    ) -> Finding:
        """Make a finding that points at one cell."""
        path, line = self.paths[self.file[row]], int(self.line[row])
        return Finding(code, path, line, column, fields, "warning" if warning else "error")

    def cell(self, row: int, column: str) -> str:
        """Give the text of one cell, empty when missing."""
        coded = self.columns[column]
        code = int(coded.codes[row])
        return coded.values[code] if code >= 0 else ""


@dataclass(frozen=True, slots=True)
class RawTables:
    """Every table of the schema, some perhaps without rows."""

    tables: Mapping[str, RawTable]

    def __getitem__(self, name: str) -> RawTable:
        return self.tables[name]


def read_tables(*paths: Path) -> tuple[RawTables, list[Finding]]:
    """Read the files given and those in the folders given (folders in folders too).

    The kind of a table is the first part of its file name (`items.340300.csv`), or else the name of its folder
    (`items/340300.csv`). Files of other endings are left alone.
    """
    findings: list[Finding] = []
    read: dict[str, list[tuple[str, pa.Table, Int32]]] = {name: [] for name in TABLES}
    for path, shown in _files(paths, findings):
        name = _kind(path)
        if name is None:
            near = difflib.get_close_matches(path.name.split(".")[0], TABLES, 1, 0.8)
            fields = {"name": path.name, "near": near_text(near)}
            other = not near and path not in paths  # a file beside the tables, such as a report
            severity: Severity = "warning" if other else "error"
            findings.append(Finding("CATALOG_UNKNOWN_TABLE", shown, fields=fields, severity=severity))
            continue
        table, lines = _read_file(path, shown, TABLES[name], findings)
        if table is not None:
            read[name].append((shown, table, lines))
    return RawTables({name: _join(TABLES[name], parts) for name, parts in read.items()}), findings


def near_text(near: Sequence[str]) -> str:
    """Give ' (did you mean X?)' for the nearest word, or nothing."""
    return f" ({near[0]}?)" if near else ""


def _files(paths: Sequence[Path], findings: list[Finding]) -> Iterator[tuple[Path, str]]:
    for path in paths:
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.suffix.lower() in ENDINGS and p.is_file())
            if not found:
                findings.append(Finding("CATALOG_EMPTY_FOLDER", str(path)))
            before = f"{path.name}/" if len(paths) > 1 else ""
            yield from ((p, before + p.relative_to(path).as_posix()) for p in found)
        elif path.is_file():
            yield path, path.name
        else:
            findings.append(Finding("CATALOG_NO_SUCH_FILE", str(path)))


def _kind(path: Path) -> str | None:
    first = path.name.split(".")[0].lower()
    if first in TABLES:
        return first
    return path.parent.name if path.parent.name in TABLES else None


def _read_file(path: Path, shown: str, schema: TableSchema, findings: list[Finding]) -> tuple[pa.Table | None, Int32]:
    nothing = np.empty(0, np.int32)
    try:
        table, lines = _read_csv(path, shown, findings) if path.suffix.lower() == ".csv" else _read_parquet(path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        findings.append(Finding("CATALOG_UNREADABLE", shown, fields={"why": str(error).splitlines()[0][:200]}))
        return None, nothing
    if table is None:
        return None, nothing
    names = [name.strip().lower() for name in table.column_names]
    twice = sorted({n for n in names if names.count(n) > 1})
    findings.extend(Finding("CATALOG_DUPLICATE_COLUMN", shown, 1, name, {"name": name}) for name in twice)
    for name in names:
        if name not in schema.names:
            near = near_text(difflib.get_close_matches(name, schema.names, 1))
            findings.append(Finding("CATALOG_UNKNOWN_COLUMN", shown, 1, name, {"name": name, "near": near}))
    missing = [f.name for f in schema.fields if f.column and f.name not in names]
    findings.extend(Finding("CATALOG_MISSING_COLUMN", shown, 1, name, {"name": name}) for name in missing)
    if missing:
        return None, nothing
    empty = pa.nulls(table.num_rows, pa.string())
    columns = [_text(table.column(names.index(name))) if name in names else empty for name in schema.names]
    return pa.table(columns, names=list(schema.names)), lines


def _read_csv(path: Path, shown: str, findings: list[Finding]) -> tuple[pa.Table | None, Int32]:
    data = path.read_bytes()
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        findings.append(Finding("CATALOG_NOT_UTF8", shown, line))
        return None, np.empty(0, np.int32)
    if not data.strip():
        findings.append(Finding("CATALOG_EMPTY_FILE", shown))
        return None, np.empty(0, np.int32)
    skipped: list[pa.csv.InvalidRow] = []

    def skip(row: pa.csv.InvalidRow) -> str:
        skipped.append(row)
        return "skip"

    table = pa.csv.read_csv(
        io.BytesIO(data.removeprefix(codecs.BOM_UTF8)),
        # One thread: only then a row that is refused is numbered.
        read_options=pa.csv.ReadOptions(
            use_threads=False, block_size=LONGEST_ROW_BYTES, autogenerate_column_names=True
        ),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=skip),
        convert_options=pa.csv.ConvertOptions(column_types=_ALL_TEXT, strings_can_be_null=False),
    )
    lines, skipped_lines = _line_numbers(table, {row.number: row.text.count("\n") for row in skipped})
    for row, line in zip(skipped, skipped_lines.tolist(), strict=True):
        fields = {"expected": row.expected_columns, "given": row.actual_columns}
        findings.append(Finding("CATALOG_CELL_COUNT", shown, line, "", fields))
    header = [str(table.column(i)[0]) for i in range(table.num_columns)]
    return table.slice(1).rename_columns(header), lines[1:]


def _line_numbers(table: pa.Table, skipped: Mapping[int, int]) -> tuple[Int32, Int32]:
    """Give the line each row starts on, and each skipped one: their order plus the line breaks in cells before.

    skipped: number of the record, from 1 -> line breaks in it.
    """
    breaks = np.zeros(table.num_rows + len(skipped), np.int32)
    out = np.fromiter(skipped, np.int64, len(skipped)) - 1
    kept = np.setdiff1d(np.arange(len(breaks)), out)
    breaks[out] = list(skipped.values())
    for column in table.columns:
        breaks[kept] += pc.count_substring(column, "\n").to_numpy().astype(np.int32)
    starts = np.arange(1, len(breaks) + 1, dtype=np.int32) + np.append(0, np.cumsum(breaks)[:-1]).astype(np.int32)
    return starts[kept], starts[out]


def _read_parquet(path: Path) -> tuple[pa.Table, Int32]:
    table = pa.parquet.read_table(path)
    return table, np.arange(2, table.num_rows + 2, dtype=np.int32)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return pc.utf8_trim_whitespace(column.cast(pa.string()))


def _join(schema: TableSchema, parts: Sequence[tuple[str, pa.Table, Int32]]) -> RawTable:
    names = schema.names
    empty = pa.table({name: pa.nulls(0, pa.string()) for name in names})
    table = pa.concat_tables([empty, *(t for _, t, _ in parts)])
    file = np.repeat(np.arange(len(parts), dtype=np.int32), [t.num_rows for _, t, _ in parts])
    line = np.concatenate([lines for _, _, lines in parts]) if parts else np.empty(0, np.int32)
    columns = {name: _encode(table.column(name)) for name in names}
    given = np.zeros(len(line), bool)
    for column in columns.values():
        given |= column.codes >= 0
    columns = {name: column.take(np.flatnonzero(given)) for name, column in columns.items()}
    return RawTable(schema, columns, tuple(shown for shown, _, _ in parts), file[given], line[given])


def _encode(column: pa.ChunkedArray) -> Category:
    filled = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    coded = pc.dictionary_encode(filled)
    merged = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    codes = pc.fill_null(merged.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    return Category(codes, tuple(merged.dictionary.to_pylist()))

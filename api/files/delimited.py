"""Delimited text (CSV, TSV) as blocks of columns: encoding, delimiter and headings are found, wrong rows set apart."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from adjudicator.columns import Int64
from api.files.findings import InputError
from api.files.headings import Part, known, plain, read_headings
from api.files.source import Block, BrokenRow, Source
from api.files.stream import CUT, CleanText

HEAD_BYTES = 1 << 16
"""The heading row stands within so many bytes."""

HEAD_ROWS = 20
"""Rows of titles that may stand above the heading row."""

ARROW_BLOCK_BYTES = 16 << 20
"""Bytes parsed at once; longer than any record the stream lets through."""

SHOWN_CHARACTERS = 4096
"""Characters looked at of a row that could not be cut into columns."""

DELIMITERS = (",", "\t", ";", "|")


def open_delimited(path: Path, parts: tuple[Part, ...]) -> Source:
    """Open a delimited file; its heading row is read at once, its rows when asked for."""
    with path.open("rb") as file:
        head = CleanText(file).read(HEAD_BYTES)
    delimiter, rows_above, lines_above, names = find_headings(head, parts)
    reading = read_headings(names, parts)

    def blocks() -> Iterator[Block]:
        with path.open("rb") as file:
            stream = CleanText(file, delimiter=delimiter.encode(), width=len(reading.written))
            yield from _read(stream, source, delimiter, lines_above, rows_above)
            source.encoding = stream.decoder.encoding

    source = Source(path.name, reading, blocks)
    return source


def find_headings(head: bytes, parts: tuple[Part, ...]) -> tuple[str, int, int, list[str]]:
    """Find delimiter and heading row: give (delimiter, rows up to it, text lines up to it, names).

    The row with most known names wins, the first of equals; without any known name it is the first row.
    """
    text, names = head.decode("utf-8", "replace"), known(parts)
    best: tuple[int, str, int, int, list[str]] = (0, ",", 1, 1, next(csv.reader([text.partition("\n")[0]]), []))
    for delimiter in DELIMITERS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        for number, row in enumerate(reader, 1):
            if number > HEAD_ROWS:
                break
            matches = len({names[plain(n)].name for n in row if plain(n) in names})
            if matches > best[0]:
                best = (matches, delimiter, number, reader.line_num, row)
    return best[1:]


def _read(stream: CleanText, source: Source, delimiter: str, lines_above: int, rows_above: int) -> Iterator[Block]:
    """Read the rows below the heading row."""
    for _ in range(lines_above):
        _skip_line(stream)
    reading, width = source.reading, len(source.reading.written)
    wanted = {**reading.columns, **reading.extra}
    positions = sorted({*wanted.values(), width - 1})  # a cut record shows in the last column
    names = [str(i) for i in range(width)]
    broken: list[int] = []
    refusal: list[InputError] = []

    def set_apart(row: Any) -> str:
        broken.append(row.number + rows_above)
        try:
            source.set_apart(_broken(row, rows_above, delimiter, source))
        except InputError as error:  # must not cross the reader
            refusal[:] = [error]
            return "error"
        return "skip"

    try:
        reader = arrow_csv.open_csv(
            pa.PythonFile(stream, mode="r"),
            read_options=arrow_csv.ReadOptions(use_threads=False, block_size=ARROW_BLOCK_BYTES, column_names=names),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=set_apart
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                include_columns=[str(i) for i in positions],
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as empty:
        if refusal:
            raise refusal[0] from None
        if "Empty CSV file" not in str(empty):
            raise
        return
    following = rows_above + 1
    for batch in _batches(reader, refusal):
        rows = _numbered(following, batch.num_rows, broken)
        following = int(rows[-1]) + 1 if len(rows) else following
        at = {position: batch.column(i) for i, position in enumerate(positions)}
        yield Block(rows, {name: at[position] for name, position in wanted.items()} | {CUT: at[width - 1]})


def _batches(reader: Any, refusal: list[InputError]) -> Iterator[pa.RecordBatch]:
    """Give the blocks of the reader; a refusal found on the way is raised in place of the reader's error."""
    try:
        yield from reader
    except pa.ArrowInvalid:
        if refusal:
            raise refusal[0] from None
        raise


def _skip_line(stream: CleanText) -> None:
    while (byte := stream.read(1)) not in (b"\n", b""):
        assert len(byte) == 1


def _numbered(following: int, count: int, broken: list[int]) -> Int64:
    """Give the numbers of the next rows, leaving out the broken ones."""
    missing = np.array(broken, np.int64)
    missing = np.sort(missing[missing >= following])
    rows = np.arange(following, following + count + len(missing), dtype=np.int64)
    return np.setdiff1d(rows, missing, assume_unique=True)[:count] if len(missing) else rows


def _broken(row: Any, rows_above: int, delimiter: str, source: Source) -> BrokenRow:
    """Describe a row with a wrong number of cells, with the cells up to that of the claim id."""
    shown = source.reading.columns.get("claim_id", -1) + 1
    lines = row.text[:SHOWN_CHARACTERS].replace('"', "").split("\n")
    cells = tuple(lines[0].split(delimiter)[:shown])
    also = tuple(part[shown - 1] for line in lines[1:] if len(part := line.split(delimiter)) >= shown > 0)
    code = "CELL_TOO_LARGE" if CUT in row.text else "WRONG_NUMBER_OF_CELLS"
    return BrokenRow(row.number + rows_above, code, row.actual_columns, row.expected_columns, cells, also)

"""Blocks of cells become typed columns: faulty cells are found by column, and rows of one claim are taken together.

A *head* is a longest run of rows with the same claim columns; claim columns are read once a head, so a file that
repeats them on every line costs little more than two files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from adjudicator.columns import MISSING, Bool, Category, Int32, Int64
from api.door.marks import read_marks
from api.files.arrow import as_text, is_coded_text, is_exact_number, is_moment, is_text
from api.files.cells import Fault, decimals, moments, odd_ids, read_id, trimmed, word_reader
from api.files.codebook import Codebook, every
from api.files.findings import InputError, Trouble, Troubles
from api.files.headings import CLAIM, LINE, MEMBER, Heading
from api.files.source import Block, BrokenRow, Source
from api.files.stream import CUT
from api.files.texts import Texts
from catalogs.findings import Finding

WORD_HEADINGS = {h.name: h for part in (MEMBER, LINE, CLAIM) for h in part}

CODED = ("id", "word", "words")
"""Cells kept as numbers of a codebook."""

CODES = pa.dictionary(pa.int32(), pa.string())


class Books:
    """The codebooks of all columns, shared by the files of one intake so that equal values have equal codes."""

    def __init__(self) -> None:
        self._books: dict[str, Codebook] = {}

    def book(self, heading: Heading) -> Codebook:
        """Give the codebook of a column."""
        if heading.name not in self._books:
            reader = read_id if heading.cell == "id" else word_reader(heading.codes)
            if heading.cell == "words":
                reader = read_marks
            self._books[heading.name] = Codebook(reader, odd_ids if heading.cell == "id" else every)
        return self._books[heading.name]

    def named(self, name: str) -> Codebook:
        """Give the codebook of a column by its canonical name."""
        return (
            self._books[name] if name in self._books else self.book(WORD_HEADINGS.get(name) or Heading(name, "id", ""))
        )

    def values(self, name: str) -> Sequence[str]:
        """Give the values of a column by code."""
        return self._books[name].values if name in self._books else []

    def category(self, name: str, codes: NDArray[np.signedinteger]) -> Category:
        """Give codes of a column with its values as they are now; a long column of them is not made Python strings."""
        values = self.values(name)
        return Category(codes.astype(np.int32, copy=False), values if isinstance(values, Texts) else tuple(values))


@dataclass(frozen=True, slots=True)
class Rows:
    """Typed columns of rows: coded ones int32 with -1 for missing, others int64 with MISSING; moments are seconds.

    bad: a cell of the row is faulty. texts: columns kept as text.
    """

    row: Int64
    columns: dict[str, NDArray[np.signedinteger]]
    texts: dict[str, pa.ChunkedArray]
    bad: Bool

    def __len__(self) -> int:
        return len(self.row)


def missing_of(values: NDArray[np.signedinteger]) -> Bool:
    """Say which values of a column are not given."""
    return values < 0 if values.dtype == np.int32 else values == MISSING


class Collector:
    """Gathers typed columns of the headings given, block by block."""

    def __init__(self, source: Source, headings: Iterable[Heading], books: Books, troubles: Troubles) -> None:
        self.source = source
        self.headings = [h for h in headings if h.name in source.reading.columns or h.name in source.reading.extra]
        source.asked.update(h.name for h in self.headings)
        self._books, self._troubles = books, troubles
        self._rows: list[Int64] = []
        self._numbers: dict[str, list[Int64]] = {h.name: [] for h in self.headings if h.cell not in (*CODED, "text")}
        self._texts: dict[str, list[pa.Array]] = {h.name: [] for h in self.headings if h.name not in self._numbers}
        self._faulty: dict[str, list[tuple[Int64, NDArray[np.uint8], pa.Array]]] = {}

    def add(self, rows: Int64, columns: dict[str, pa.Array]) -> None:
        """Read the cells of some rows; those of coded columns are read when all are there."""
        start = sum(map(len, self._rows))
        for heading in self.headings:
            array = columns[heading.name]
            if heading.cell in CODED:
                self._texts[heading.name].append(coded(array))
            elif heading.cell == "text":
                self._texts[heading.name].append(as_text(array))
            else:
                values, fault = self._read(heading, array)
                self._numbers[heading.name].append(values)
                self._note(heading, start, array, fault)
        self._rows.append(rows)

    def _read(self, heading: Heading, array: pa.Array) -> tuple[Int64, NDArray[np.uint8]]:
        if heading.cell in ("date", "moment"):
            return moments(array, self.source.serials)
        return decimals(array, heading.cell)

    def _note(self, heading: Heading, start: int, array: pa.Array, fault: NDArray[np.uint8]) -> None:
        """Keep the faulty cells of a column from a row on, and where they are."""
        if fault.any():
            at = np.flatnonzero(fault)
            cells = trimmed(as_text(array.take(pa.array(at))))
            self._faulty.setdefault(heading.name, []).append((start + at, fault[at], cells))

    def finish(self) -> Rows:
        """Give all rows read, and keep nothing of them: each column is joined and its parts let go in turn."""
        rows = joined(self._rows, np.int64)
        columns: dict[str, NDArray[np.signedinteger]] = {}
        texts: dict[str, pa.ChunkedArray] = {}
        for heading in self.headings:
            if heading.name in self._numbers:
                columns[heading.name] = joined(self._numbers.pop(heading.name), np.int64)
                continue
            column = pa.chunked_array(self._texts.pop(heading.name), pa.string() if heading.cell == "text" else CODES)
            if heading.cell == "text":
                texts[heading.name] = column
            else:
                columns[heading.name] = self._encoded(heading, column)
        return Rows(rows, columns, texts, self._report(rows))

    def _encoded(self, heading: Heading, column: pa.ChunkedArray) -> Int32:
        codes = self._books.book(heading).encode(column)
        if len(codes) and codes.min() < -1:
            fault, start = np.where(codes < -1, -1 - codes, 0).astype(np.uint8), 0
            for chunk in column.chunks:
                self._note(heading, start, chunk, fault[start : start + len(chunk)])
                start += len(chunk)
            np.maximum(codes, np.int32(-1), out=codes)
        return codes

    def _report(self, rows: Int64) -> Bool:
        """Report the faulty cells, in order of the columns; give which rows have any."""
        bad = np.zeros(len(rows), np.bool_)
        for heading in self.headings:
            for at, fault, cells in self._faulty.get(heading.name, ()):
                bad[at] = True
                for number in np.unique(fault).tolist():
                    here = np.flatnonzero(fault == number)
                    self._troubles.add(
                        Trouble(
                            Fault(number).name,
                            self.source.name,
                            self.source.reading.shown(heading.name),
                            rows[at[here]],
                            cells.take(pa.array(here)),
                            private=heading.private and number != Fault.ID_ROUNDED,
                        )
                    )
        return bad


def joined(parts: Sequence[NDArray[Any]], dtype: type[np.generic]) -> NDArray[Any]:
    """Join arrays; none give an empty one of the type, and a single one is that array."""
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, dtype)


def read_heads_and_lines(
    source: Source, claim: Sequence[Heading], line: Sequence[Heading], books: Books, troubles: Troubles
) -> tuple[Rows, Rows, Int64]:
    """Read a file whose rows are lines with the columns of their claim: give heads, lines and the head of each line."""
    heads = Collector(source, claim, books, troubles)
    lines = Collector(source, line, books, troubles)
    head_of: list[Int64] = []
    count = 0
    for block in full_blocks(source):
        start = run_starts(block, [h.name for h in heads.headings])
        at = pa.array(start)
        heads.add(block.rows[start], {h.name: block.columns[h.name].take(at) for h in heads.headings})
        lines.add(block.rows, block.columns)
        lengths = np.diff(start, append=len(block.rows))
        head_of.append(np.repeat(np.arange(count, count + len(start)), lengths))
        count += len(start)
    return heads.finish(), lines.finish(), joined(head_of, np.int64)


def read_rows(source: Source, headings: Iterable[Heading], books: Books, troubles: Troubles) -> Rows:
    """Read a file each of whose rows stands for itself."""
    collector = Collector(source, headings, books, troubles)
    for block in full_blocks(source):
        collector.add(block.rows, block.columns)
    return collector.finish()


def run_starts(block: Block, names: list[str]) -> Int64:
    """Give the rows of a block at which any of the columns named changes; the first row is one."""
    changed = np.zeros(len(block.rows), np.bool_)
    changed[:1] = True
    for name in names:
        array = filled(as_text(block.columns[name]))
        differs = pc.not_equal(array.slice(1), array.slice(0, max(len(array) - 1, 0)))
        changed[1:] |= differs.to_numpy(zero_copy_only=False)
    return np.flatnonzero(changed)


def full_blocks(source: Source) -> Iterable[Block]:
    """Give the blocks of a source without rows that are blank or were cut; text has no nulls."""
    for block in _opened(source):
        columns = {name: filled(array) if is_text(array.type) else array for name, array in block.columns.items()}
        last = columns.pop(CUT, None)
        keep = np.ones(len(block.rows), np.bool_)
        if last is not None and (cut := pc.match_substring(last, CUT).to_numpy(zero_copy_only=False)).any():
            keep &= ~cut
            _set_cut_rows_apart(source, block.rows, columns, np.flatnonzero(cut))
        keep &= ~blank_rows(columns, len(block.rows))
        if keep.all():
            yield Block(block.rows, columns)
        else:
            at = pa.array(np.flatnonzero(keep))
            yield Block(block.rows[keep], {name: array.take(at) for name, array in columns.items()})


def _set_cut_rows_apart(source: Source, rows: Int64, columns: dict[str, pa.StringArray], at: Int64) -> None:
    """Treat rows with a cell that was cut as rows that could not be cut into columns; their claim can be seen."""
    width, position = len(source.reading.written), source.reading.columns.get("claim_id", -1)
    for row in at.tolist():
        cells = ("",) * position + (columns["claim_id"][row].as_py(),) if position >= 0 else ()
        source.set_apart(BrokenRow(int(rows[row]), "CELL_TOO_LARGE", width, width, cells))


def filled(texts: pa.StringArray) -> pa.StringArray:
    """Give text with empty cells for nulls."""
    return pc.fill_null(texts, "") if texts.null_count else texts


def coded(array: pa.Array) -> pa.DictionaryArray:
    """Give a column as text with a dictionary, in which nothing is null."""
    if not is_coded_text(array.type) or array.dictionary.null_count:
        return as_text(array).dictionary_encode()
    if array.type == CODES:
        return array
    return pa.DictionaryArray.from_arrays(array.indices.cast(pa.int32()), array.dictionary)


def blank_rows(columns: dict[str, pa.Array], count: int) -> Bool:
    """Say which rows have no cell with anything in it; typed columns are asked first, for they tell at once."""
    if any(
        (is_exact_number(array.type) or is_moment(array.type)) and not array.null_count for array in columns.values()
    ):
        return np.zeros(count, np.bool_)
    rows = np.arange(count)
    for array in sorted(columns.values(), key=lambda array: is_text(array.type)):
        if not len(rows):
            break
        part = array if len(rows) == len(array) else array.take(pa.array(rows))
        rows = rows[blank_cells(part)]
    blank = np.zeros(count, np.bool_)
    blank[rows] = True
    return blank


def blank_cells(array: pa.Array) -> Bool:
    """Say which cells have nothing in them."""
    if pa.types.is_dictionary(array.type):
        of_words: Bool = np.append(blank_cells(filled(array.dictionary)), True)
        numbers = pc.fill_null(array.indices.cast(pa.int64()), len(array.dictionary))
        of_rows: Bool = of_words[numbers.to_numpy(zero_copy_only=False)]
        return of_rows
    blank = pc.equal(pc.utf8_trim_whitespace(array), "") if is_text(array.type) else array.is_null()
    cells: Bool = blank.to_numpy(zero_copy_only=False)
    return cells


def _opened(source: Source) -> Iterator[Block]:
    """Give the blocks of a source; a file that breaks off is an InputError, and nothing of it is settled."""
    try:
        yield from source.open()
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError) as error:
        why = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise InputError([Finding("FILE_NOT_READ", source.name, fields={"why": why})]) from error

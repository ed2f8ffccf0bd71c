"""Archives: a whole ledger in one file that either database can be filled from, with the anchor of its last block.

The file is gzip of lines of JSON: a header; of every table a line with its columns and a line for each row; at the end
how many rows there are and the hash of everything before. An archive without its end is none. Bytes are in base64. The
keys of identity data are not in it: they are kept elsewhere.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson
from sqlalchemy import Connection, LargeBinary, Table, insert, select

from api.failures import CannotRunError
from api.ledger.database import Database
from api.ledger.database.sqlite import sqlite_module
from api.ledger.database.statements import go_on_after
from api.ledger.migrating import migrate_within, newest_schema
from api.ledger.schema import journal, journal_seq, metadata
from api.ledger.seals import last_seal, seal_rows

FORMAT = "adjudicator-ledger-1"
ROWS_AT_ONCE = 1_000
COMPRESSION = 6
"""Of gzip: higher ones take several times as long for a few parts in a hundred."""


@dataclass(frozen=True, slots=True)
class Archived:
    """What an archive holds: rows by table, and its last block (number and root), None where nothing is settled."""

    counts: dict[str, int]
    anchor: tuple[int, str] | None


def write_archive(database: Database, path: Path, now_ms: int) -> Archived:
    """Seal what was settled, and write one state of the ledger to a new file. It has its name once it is whole."""
    with database.write(patient=True) as connection:
        seal_rows(connection, now_ms)
    with new_file(path) as file, gzip.GzipFile("", "wb", COMPRESSION, file, mtime=0) as packed:
        written = _Writer(packed)
        with database.read(patient=True) as connection:
            last = last_seal(connection)
            anchor = (last.block, last.root) if last else None
            written.line({"format": FORMAT, "schema": newest_schema(), "made_at": now_ms, "anchor": anchor})
            counts = {str(table.name): _write_table(connection, table, written) for table in metadata.sorted_tables}
        written.line({"counts": counts, "sha256": written.digest.hexdigest()})
    return Archived(counts, anchor)


def restore_archive(database: Database, path: Path) -> Archived:
    """Make the tables in an empty database and fill them from an archive, wholly or not at all.

    Raises CannotRunError: the database holds something, the archive is not whole, or is of another schema.
    """
    try:
        with gzip.open(path, "rb") as packed, database.write(patient=True) as connection:
            migrate_within(connection)
            _refuse_filled(connection)
            return _restore(connection, _Reader(packed, path))
    except (EOFError, gzip.BadGzipFile, zlib.error, ValueError, KeyError, TypeError) as failure:
        raise CannotRunError("BACKUP_NOT_WHOLE", path=path, problem=failure) from None


def copy_sqlite(database: Database, path: Path, now_ms: int) -> Archived:
    """Seal what was settled, and copy the file of a ledger that is in use. The copy has its name once it is whole."""
    if database.engine.dialect.name != "sqlite":
        raise CannotRunError("BACKUP_COPY_OF_A_FILE", url=database.address)
    with database.write(patient=True) as connection:
        last = seal_rows(connection, now_ms)
    with (
        new_file(path) as file,
        closing(database.engine.raw_connection()) as source,
        closing(sqlite_module().connect(file.name)) as target,
    ):
        source.backup(target)
    return Archived({}, (last.block, last.root) if last else None)


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Give a file with another name, which becomes its own once everything is on the disk; else nothing is left."""
    if path.exists():
        raise CannotRunError("BACKUP_FILE_THERE", path=path)
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException as failure:
        partial.unlink(missing_ok=True)
        if isinstance(failure, OSError) and failure.errno and not failure.filename:
            failure.filename = str(path)  # a full disk names no file
        raise
    partial.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # or the name could be gone after a power cut
    finally:
        os.close(folder)


class _Writer:
    def __init__(self, file: gzip.GzipFile) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def line(self, said: object) -> None:
        """Write one line."""
        body = orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)
        self._file.write(body)
        self.digest.update(body)


def _write_table(connection: Connection, table: Table, written: _Writer) -> int:
    written.line({"table": table.name, "columns": table.c.keys()})
    count, ours = 0, _bytes_columns(table)
    statement = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=ROWS_AT_ONCE)
    for row in connection.execute(statement):
        values = list(row)
        for place in ours:
            values[place] = None if values[place] is None else base64.b64encode(values[place]).decode()
        written.line(values)
        count += 1
    return count


def _bytes_columns(table: Table) -> list[int]:
    return [place for place, column in enumerate(table.c) if isinstance(column.type, LargeBinary)]


class _Reader:
    """Reads an archive, and tells whether it is what was written."""

    def __init__(self, file: gzip.GzipFile, path: Path) -> None:
        self._file, self._path = file, path
        self._digest, self._seen, self._end = hashlib.sha256(), "", None

    def refuse(self, problem: object) -> CannotRunError:
        """Give the error for an archive that cannot be used."""
        return CannotRunError("BACKUP_NOT_WHOLE", path=self._path, problem=problem)

    def header(self) -> dict[str, Any]:
        """Give the first line, which says what follows."""
        said = next(self._lines(), None)
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            raise self.refuse("format")
        return said

    def blocks(self) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
        """Give the rows of every table, some at a time; at least once for each."""
        tables = {table.name: table for table in metadata.sorted_tables}
        table, rows = None, list[dict[str, Any]]()
        for line in self._lines():
            if table is not None and (isinstance(line, dict) or len(rows) == ROWS_AT_ONCE):
                yield table, rows
                rows = []
            if isinstance(line, list) and table is not None:
                rows.append(_row(table, line))
            elif "table" in line:
                table = tables[line["table"]]
            else:
                self._end = line
                table = None

    def check_end(self, counts: dict[str, int]) -> None:
        """Refuse an archive that has no end, or holds something else than its end says."""
        if self._end != {"counts": counts, "sha256": self._seen}:
            raise self.refuse("sha256")

    def _lines(self) -> Iterator[Any]:
        for body in self._file:
            self._seen = self._digest.hexdigest()
            self._digest.update(body)
            yield orjson.loads(body)


def _restore(connection: Connection, archive: _Reader) -> Archived:
    header, counts = archive.header(), dict[str, int]()
    if header["schema"] != newest_schema():
        raise CannotRunError("LEDGER_OTHER_SCHEMA", found=header["schema"], expected=newest_schema())
    for table, rows in archive.blocks():
        counts[table.name] = counts.get(table.name, 0) + len(rows)
        if rows:
            connection.execute(insert(table), rows)
    archive.check_end(counts)
    go_on_after(connection, journal.c.seq, journal_seq)
    anchor = header["anchor"]
    return Archived(counts, (anchor[0], anchor[1]) if anchor else None)


def _refuse_filled(connection: Connection) -> None:
    for table in metadata.sorted_tables:
        if connection.execute(select(table).limit(1)).first() is not None:
            raise CannotRunError("BACKUP_TARGET_FILLED", table=table.name)


def _row(table: Table, values: list[Any]) -> dict[str, Any]:
    for place in _bytes_columns(table):
        values[place] = None if values[place] is None else base64.b64decode(values[place])
    return dict(zip(table.c.keys(), values, strict=True))

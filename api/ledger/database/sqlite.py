"""SQLite, opened so that what was acknowledged is never lost: settings are made, read back, refused if weaker.

SQLite below 3.51.3 can corrupt a write-ahead log that two connections write at one moment; there the rollback journal
is used instead. Writers begin IMMEDIATE: a transaction that read first cannot become a writer without failing.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from api.failures import CannotRunError
from api.ledger.database.transactions import WRITES, Database

SAFE_LOG = (3, 51, 3)
"""First version of SQLite whose write-ahead log is sound with several connections."""

BUSY_MS = 10_000
LOG_PAGES = 4_000
"""Pages in the write-ahead log at which it is taken into the database: 16 MB."""

FULL, EXTRA = 2, 3
"""Values of PRAGMA synchronous that lose nothing: FULL with a write-ahead log, EXTRA with a rollback journal."""


def open_sqlite(address: URL, there: bool = False) -> Database:
    """Open the file at an address, with the newest SQLite there is; it is made unless it must be `there`."""
    if address.database in (None, "", ":memory:") or not {"mode", "uri"}.isdisjoint(address.query):
        raise CannotRunError("LEDGER_IN_MEMORY", url=address.render_as_string())
    path = Path(str(address.database))
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no such folder", str(path.parent))
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder", str(path))
    if there and not path.exists():
        raise CannotRunError("LEDGER_NOT_THERE", url=address.render_as_string())
    database = _open(address, sqlite_module())
    try:
        database.engine.connect().close()
    except DBAPIError as failure:
        database.close()
        raise CannotRunError("LEDGER_FILE_NOT_OPENED", path=path, problem=failure.orig) from None
    return database


def is_file_there(url: str) -> bool:
    """Say whether an address is that of a file that exists."""
    try:
        return Path(make_url(url).database or "").is_file()
    except ArgumentError:
        return False


def remove_unused(database: Database) -> None:
    """Take away a file in which no table was ever made."""
    if database.engine.dialect.name != "sqlite":
        return
    with database.read() as connection:
        used = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
    database.close()
    if not used:
        Path(str(database.engine.url.database)).unlink(missing_ok=True)


@contextmanager
def file_held(database: Database) -> Iterator[None]:
    """Hold the file as the process that serves it. Raises CannotRunError where another one does.

    The lock is one of the whole file (flock), which SQLite's own locks, of ranges, do not meet; it ends with the
    process. The file is closed after the database: closing it earlier would take SQLite's locks away.
    """
    path = str(database.engine.url.database)
    held = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotRunError("SERVE_LEDGER_SERVED", url=database.address) from None
        yield
    finally:
        database.close()
        os.close(held)


def sqlite_module() -> ModuleType:
    """Give the newest SQLite there is: that of pysqlite3, else Python's own."""
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        return sqlite3
    module: ModuleType = dbapi2
    return module


def _open(address: URL, module: ModuleType) -> Database:
    sound = tuple(module.sqlite_version_info) >= SAFE_LOG
    mode, sync = ("wal", FULL) if sound else ("delete", EXTRA)
    engine = create_engine(address, module=module)

    @event.listens_for(engine, "connect")
    def _set(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where `_begin` says, and nowhere else
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        cursor.execute(f"PRAGMA journal_mode = {mode}")
        cursor.execute(f"PRAGMA synchronous = {sync}")
        cursor.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        cursor.execute("PRAGMA foreign_keys = ON")
        _refuse_weaker(cursor, mode, sync)
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return Database(engine, "" if sound else "LEDGER_OLD_SQLITE")


def _refuse_weaker(cursor: Any, mode: str, sync: int) -> None:
    """Read back what is in force: a file can be read-only, or on a disk that keeps no log."""
    wanted = {"journal_mode": mode, "synchronous": sync, "foreign_keys": 1}
    for name, value in wanted.items():
        found = cursor.execute(f"PRAGMA {name}").fetchone()[0]
        if found != value:
            raise CannotRunError("LEDGER_NOT_DURABLE", setting=name, found=found, expected=value)

"""A driver for SQLAlchemy over apsw: a test may stand between SQLite and the disk. It has what the ledger uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import apsw


class Error(Exception):
    pass


class DatabaseError(Error):
    pass


class OperationalError(DatabaseError):
    pass


class IntegrityError(DatabaseError):
    pass


class ProgrammingError(DatabaseError):
    pass


class Cursor:
    """Runs statements; all rows are read at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[tuple[Any, ...]] = []
        self.description: tuple[Any, ...] | None = None
        self.rowcount, self.lastrowid, self.arraysize = -1, None, 1

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Cursor:
        own = self._connection.own
        cursor = own.cursor()
        cursor.exec_trace = self._describe
        self.description = None
        try:
            self._rows = list(cursor.execute(statement, tuple(values)))
        except apsw.ConstraintError as error:
            raise IntegrityError(str(error)) from error
        except apsw.Error as error:
            raise OperationalError(str(error)) from error
        self.rowcount = own.changes()
        return self

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> Cursor:
        for values in rows:
            self.execute(statement, values)
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        taken, self._rows = self._rows[:size], self._rows[size:]
        return taken

    def fetchall(self) -> list[tuple[Any, ...]]:
        taken, self._rows = self._rows, []
        return taken

    def close(self) -> None:
        self._rows = []

    def _describe(self, cursor: apsw.Cursor, _statement: str, _values: Any) -> bool:
        """Note the columns; once all rows are read, apsw no longer tells them."""
        named = cursor.get_description()
        self.description = tuple((name, kind, None, None, None, None, None) for name, kind in named) or None
        return True


class Connection:
    """A connection through a file system of the test's; transactions begin where the ledger says so."""

    def __init__(self, filename: str, vfs: str) -> None:
        self.own = apsw.Connection(filename, vfs=vfs)
        self.isolation_level: str | None = None

    def cursor(self) -> Cursor:
        return Cursor(self)

    def commit(self) -> None:
        self._end("COMMIT")

    def rollback(self) -> None:
        self._end("ROLLBACK")

    def close(self) -> None:
        self.own.close()

    def create_function(self, name: str, count: int, function: Any, **more: Any) -> None:
        self.own.create_scalar_function(name, function, count, **more)

    def _end(self, how: str) -> None:
        if self.own.in_transaction:
            self.cursor().execute(how)


def driver_over(vfs: str) -> Any:
    """Give the module that SQLAlchemy, and the ledger, take for the driver."""
    version = apsw.sqlite_lib_version()
    return SimpleNamespace(
        apilevel="2.0",
        threadsafety=1,
        paramstyle="qmark",
        sqlite_version=version,
        sqlite_version_info=tuple(map(int, version.split("."))),
        connect=lambda filename, **_: Connection(filename, vfs),
        Binary=bytes,
        Error=Error,
        DatabaseError=DatabaseError,
        OperationalError=OperationalError,
        IntegrityError=IntegrityError,
        ProgrammingError=ProgrammingError,
    )

"""Where the ledger is kept: SQLite in a file, or a PostgreSQL server; all that differs between them stands here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from api.failures import CannotRunError
from api.ledger.database.postgresql import open_postgresql
from api.ledger.database.sqlite import file_held, is_file_there, open_sqlite, remove_unused
from api.ledger.database.transactions import Database, OutcomeUnknownError

__all__ = ["Database", "OutcomeUnknownError", "new_database", "open_database", "served_alone"]


def open_database(url: str, there: bool = False) -> Database:
    """Open the ledger at `sqlite:///ledger.db` or `postgresql+psycopg://user@host/name`.

    A file that is not there is made, unless it must be `there`; a database on a server must be. Raises CannotRunError
    when it is not, cannot be read, or could lose data.
    """
    try:
        address = make_url(url)
        backend, driver = address.get_backend_name(), address.get_driver_name()
    except ArgumentError:
        raise CannotRunError("LEDGER_DATABASE_UNKNOWN", url=url) from None
    match backend, driver:
        case "sqlite", _:
            return open_sqlite(address, there)
        case "postgresql", "psycopg":
            return open_postgresql(address)
    raise CannotRunError("LEDGER_DATABASE_UNKNOWN", url=address.render_as_string())


@contextmanager
def new_database(url: str) -> Iterator[Database]:
    """Open a database to make a ledger in. Where that fails, a file that was not there before is taken away again."""
    before = is_file_there(url)
    with closing(open_database(url)) as database:
        try:
            yield database
        except BaseException:
            if not before:
                remove_unused(database)
            raise


def served_alone(database: Database) -> AbstractContextManager[None]:
    """Serve a ledger: on SQLite nobody else may meanwhile. Raises CannotRunError where another process does."""
    return nullcontext() if database.shared else file_held(database)

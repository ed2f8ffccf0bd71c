"""Where the ledger is kept: SQLite in a file, or a PostgreSQL server; all that differs between them stands here."""

from __future__ import annotations

from sqlalchemy.engine import make_url

from api.failures import CannotRunError
from api.ledger.database.postgresql import open_postgresql
from api.ledger.database.sqlite import open_sqlite
from api.ledger.database.transactions import Database, OutcomeUnknownError

__all__ = ["Database", "OutcomeUnknownError", "open_database"]


def open_database(url: str) -> Database:
    """Open the ledger at `sqlite:///ledger.db` or `postgresql+psycopg://user@host/name`.

    Raises CannotRunError when it is not there or could lose data; for a file, when it is first used.
    """
    address = make_url(url)
    match address.get_backend_name(), address.get_driver_name():
        case "sqlite", _:
            return open_sqlite(address)
        case "postgresql", "psycopg":
            return open_postgresql(address)
    raise CannotRunError("LEDGER_DATABASE_UNKNOWN", url=address.render_as_string())

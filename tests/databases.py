"""Databases for tests: SQLite in a file, and schemas of a PostgreSQL database of their own, dropped at the end.

The server is the one that ADJUDICATOR_TEST_POSTGRESQL names (postgresql://user:password@host/database: any database of
a user who may create others), else the one on 127.0.0.1:5432. Where it is named it must be there; else its tests skip.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError

from tests.leaks import leaking_tables

VARIABLE = "ADJUDICATOR_TEST_POSTGRESQL"
STANDARD = "postgresql://postgres@127.0.0.1:5432/postgres"
DRIVER = "postgresql+psycopg"


@dataclass
class SQLite:
    """Gives every ledger a file of its own."""

    folder: Path
    name: str = "sqlite"

    def new_url(self) -> str:
        """Give the URL of an empty database."""
        return f"sqlite:///{self.folder / f'ledger-{secrets.token_hex(4)}.db'}"


@dataclass
class PostgreSQL:
    """Gives every ledger a schema of its own in one database."""

    address: URL
    name: str = "postgresql"
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = create_engine(self.address)

    def new_url(self) -> str:
        """Give the URL of an empty schema."""
        schema = f"ledger_{secrets.token_hex(4)}"
        with self.engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        own = self.address.update_query_dict({"options": f"-csearch_path={schema}"})
        return own.render_as_string(hide_password=False)


Databases = SQLite | PostgreSQL


@contextmanager
def own_postgresql() -> Iterator[PostgreSQL]:
    """Make a database for one run of the tests, and drop it afterwards. Skips, or fails, where there is no server.

    Raises AssertionError at the end where an identity number stands in it.
    """
    address = make_url(os.environ.get(VARIABLE) or STANDARD).set(drivername=DRIVER)
    server = create_engine(address, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    name = f"adjudicator_test_{secrets.token_hex(6)}"
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    except OperationalError as error:
        if os.environ.get(VARIABLE):
            raise
        pytest.skip(f"no PostgreSQL server at {address.render_as_string()} ({VARIABLE} names another): {error.orig}")
    own = PostgreSQL(address.set(database=name))
    try:
        yield own
        found = list(leaking_tables(own.engine))
        assert not found, found
    finally:
        own.engine.dispose()
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        server.dispose()

"""Statements that the two databases say in different words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

from sqlalchemy import Column, Connection, Table, func, select
from sqlalchemy import Sequence as Numbers
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]

Told = TypeVar("Told")
Key = TypeVar("Key", str, tuple[str, str], tuple[str, str, str])

Rows = Sequence[tuple[object, ...]]
"""Each with the values of all columns of its table, in their order."""

MIGRATING = 5_118_702_316_457_891
"""Name of the lock that who migrates holds; any number that nobody else uses."""


def insert_all(connection: Connection, table: Table, rows: Rows) -> None:
    """Add rows. The database refuses one whose key is there."""
    _insert(connection, table, "", rows)


def insert_new(connection: Connection, table: Table, rows: Rows) -> None:
    """Add rows, except those whose key is there."""
    _insert(connection, table, "ON CONFLICT DO NOTHING", rows)


def insert_and_tell(connection: Connection, table: Table, column: Column[Told], rows: Rows) -> list[Told]:
    """Add rows, except those whose key is there; give a column of those that were added, in no order."""
    if not rows:
        return []
    telling = f"ON CONFLICT DO NOTHING RETURNING {column.name}"
    if connection.dialect.name == "postgresql":
        return list(connection.exec_driver_sql(f"{_unnesting(table)} {telling}", _columns(rows)).scalars())
    statement = f"{_row_by_row(table)} {telling}"
    return [told for row in rows for told in connection.exec_driver_sql(statement, row).scalars()]


def insert_or_set(connection: Connection, table: Table, rows: Rows) -> None:
    """Add rows, no two with one key; where the key of one is there, set the other columns."""
    keys = ", ".join(column.name for column in table.primary_key)
    changed = ", ".join(f"{column.name} = excluded.{column.name}" for column in table.c if not column.primary_key)
    _insert(connection, table, f"ON CONFLICT ({keys}) DO UPDATE SET {changed}", rows)


def _insert(connection: Connection, table: Table, conflict: str, rows: Rows) -> None:
    """Add rows in one call of the driver: on PostgreSQL one statement with an array a column, one way to the server."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"{_unnesting(table)} {conflict}", _columns(rows))
    else:
        connection.exec_driver_sql(f"{_row_by_row(table)} {conflict}", list(rows))


def _columns(rows: Rows) -> tuple[list[object], ...]:
    return tuple(list(column) for column in zip(*rows, strict=True))


def _beginning(table: Table) -> str:
    return f"INSERT INTO {table.name} ({', '.join(table.c.keys())})"


@cache
def _row_by_row(table: Table) -> str:
    return f"{_beginning(table)} VALUES ({', '.join('?' * len(table.c))})"


@cache
def _unnesting(table: Table) -> str:
    arrays = ", ".join(f"%b::{column.type.compile(POSTGRESQL)}[]" for column in table.c)
    return f"{_beginning(table)} SELECT * FROM unnest({arrays})"


@contextmanager
def at_once(connection: Connection) -> Iterator[None]:
    """Send the statements of the body without waiting for what becomes of each: on PostgreSQL one way to the server.

    They give nothing back. Raises DBAPIError, at the end at the latest, for the first that fails.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    driver, dialect = connection.connection.driver_connection, connection.dialect
    assert driver is not None, "a connection that is used is open"
    errors = dialect.loaded_dbapi.Error
    try:
        with driver.pipeline():
            yield
    except errors as failure:
        broken = dialect.is_disconnect(failure, driver, None)
        if broken:
            connection.invalidate(failure)
        raise DBAPIError.instance("", None, failure, errors, connection_invalidated=broken) from failure


def padded(keys: Iterable[Key]) -> list[Key]:
    """Give keys for IN, in order, the last one repeated up to a power of two.

    So there are few statements to be read and planned, and both databases keep what they have made of each.
    """
    listed = sorted(keys)
    return listed + listed[-1:] * ((1 << max(len(listed) - 1, 0).bit_length()) - len(listed))


def take_numbers(connection: Connection, column: Column[int], numbers: Numbers, count: int) -> list[int]:
    """Give the next `count` numbers of a column, ascending; on PostgreSQL some may be left out for ever.

    Who takes numbers has locked holders before: so those who wait for each other get them in that order.
    """
    if connection.dialect.supports_sequences:
        taken = select(numbers.next_value()).select_from(func.generate_series(1, count))
        return sorted(connection.execute(taken).scalars())
    last = connection.execute(select(func.max(column))).scalar() or 0
    return list(range(last + 1, last + 1 + count))


def go_on_after(connection: Connection, column: Column[int], numbers: Numbers) -> None:
    """Let the numbers that are taken next follow the highest that stands in a column."""
    highest = connection.execute(select(func.max(column))).scalar()
    if highest and connection.dialect.supports_sequences:
        connection.execute(select(func.setval(numbers.name, highest)))


def wait_for_writers(connection: Connection, holder: Table) -> None:
    """Wait until nobody else has locked a holder, and let nobody lock one before this transaction ends.

    On SQLite a transaction that writes is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {holder.name} IN EXCLUSIVE MODE")


def migrate_alone(connection: Connection) -> None:
    """Wait until nobody else migrates."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(MIGRATING)))


def refusing_change(dialect: str, tables: Sequence[str]) -> list[str]:
    """Give the statements after which some tables can only be added to."""
    if dialect == "postgresql":
        return [
            "CREATE FUNCTION only_grows() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% can only be added to', TG_TABLE_NAME; END $$",
            *(
                f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
                for table in tables
            ),
        ]
    return [
        f"CREATE TRIGGER {table}_refuses_{deed.lower()} BEFORE {deed} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} can only be added to'); END"
        for table in tables
        for deed in ("UPDATE", "DELETE")
    ]

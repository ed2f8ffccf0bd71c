"""Statements that the two databases say in different words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Column, Connection, Table, func, select
from sqlalchemy import Sequence as Numbers
from sqlalchemy.dialects import postgresql, sqlite

Rows = Sequence[Mapping[str, object]]

MIGRATING = 5_118_702_316_457_891
"""Name of the lock that who migrates holds; any number that nobody else uses."""


def insert_new(connection: Connection, table: Table, rows: Rows) -> None:
    """Add rows, except those whose key is there."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), rows)


def insert_or_set(connection: Connection, table: Table, rows: Rows) -> None:
    """Add rows; where the key of one is there, set the other columns."""
    if rows:
        statement = _insert(connection, table)
        keys = list(table.primary_key.columns)
        changed = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)


def _insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def take_numbers(connection: Connection, column: Column[int], numbers: Numbers, count: int) -> list[int]:
    """Give the next `count` numbers of a column, ascending; on PostgreSQL some may be left out for ever.

    Who takes numbers has locked holders before: so those who wait for each other get them in that order.
    """
    if connection.dialect.supports_sequences:
        taken = select(numbers.next_value()).select_from(func.generate_series(1, count))
        return sorted(connection.execute(taken).scalars())
    last = connection.execute(select(func.max(column))).scalar() or 0
    return list(range(last + 1, last + 1 + count))


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

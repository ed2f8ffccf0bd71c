"""PostgreSQL: several processes may settle at once, each in transactions that lock the holders they touch.

Transactions that write are READ COMMITTED: what is read after a lock is what stands since the last holder of the lock
committed. Those that read see one snapshot.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError

from api.failures import CannotRunError
from api.ledger.database.transactions import FLEETING, PATIENT, Database

LIMITS = {"lock_timeout": "2s", "statement_timeout": "5s", "idle_in_transaction_session_timeout": "10s"}
"""How long anything may take while somebody waits at a window."""

BY_KEY = {"enable_seqscan": "off", "jit": "off"}
"""What somebody waits for is found by its keys. Without statistics, which a ledger has not in its first minutes and
perhaps never, PostgreSQL would read whole tables for two dozen of them."""

NO_LIMITS = {
    "lock_timeout": "60s",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "enable_seqscan": "on",
}
"""For work that takes as long as it takes: migrations, loading, verifying."""

DURABLE = {
    "fsync": ("on",),
    "full_page_writes": ("on",),
    "synchronous_commit": ("on", "remote_write", "remote_apply"),
}
"""Settings with the values that lose nothing that was committed."""

NETWORK = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""A server that has gone away without a word is noticed within some ten seconds."""

PASSING = {"40001", "40P01", "23505"}
"""serialization_failure, deadlock_detected, unique_violation: another transaction was there first. What it did is seen
by the next attempt, and decides it."""


def open_postgresql(address: URL) -> Database:
    """Open the database at an address. Raises CannotRunError when it is not there, or could lose data."""
    network = {name: value for name, value in NETWORK.items() if name not in address.query}
    try:
        engine = create_engine(address, isolation_level="READ COMMITTED", connect_args=network)
    except ImportError:
        raise CannotRunError("LEDGER_DRIVER_MISSING") from None

    @event.listens_for(engine, "connect")
    def _set(connection: Any, _record: object) -> None:
        try:
            with connection.cursor() as cursor:
                for name, limit in (LIMITS | BY_KEY).items():
                    cursor.execute("SELECT set_config(%s, %s, false)", (name, limit))
                _refuse_weaker(cursor)
            connection.commit()
        except BaseException:
            connection.close()  # nobody else knows of it yet
            raise

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get(FLEETING):
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
        if options.get(PATIENT):
            for name, limit in NO_LIMITS.items():
                connection.exec_driver_sql(f"SET LOCAL {name} = '{limit}'")

    try:
        engine.connect().close()
    except OperationalError as failure:
        engine.dispose()
        problem = str(failure.orig).strip()
        raise CannotRunError("LEDGER_NOT_REACHED", url=address.render_as_string(), problem=problem) from None
    reading = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return Database(engine, reading=reading, passing=_passing, shared=True)


def _refuse_weaker(cursor: Any) -> None:
    """Read back what is in force on the server; a standby cannot keep anything."""
    for name, safe in DURABLE.items():
        found = cursor.execute("SELECT current_setting(%s)", (name,)).fetchone()[0]
        if found not in safe:
            raise CannotRunError("LEDGER_NOT_DURABLE", setting=name, found=found, expected=safe[0])
    if cursor.execute("SELECT pg_is_in_recovery()").fetchone()[0]:
        raise CannotRunError("LEDGER_NOT_DURABLE", setting="pg_is_in_recovery", found="t", expected="f")


def _passing(failure: DBAPIError) -> bool:
    return failure.connection_invalidated or getattr(failure.orig, "sqlstate", None) in PASSING

"""The local PostgreSQL server: connections, columns in and out by binary COPY, the CPU time the server used.

The server is the one ADJUDICATOR_BENCH_POSTGRES names (a libpq connection string) or the one on 127.0.0.1:5432; all
tables live in a database of their own, `adjudicator_bench`, in a schema of their own for each connection.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import adbc_driver_postgresql.dbapi as adbc
import numpy as np
import psycopg
import pyarrow as pa
from psycopg import conninfo, sql

VARIABLE = "ADJUDICATOR_BENCH_POSTGRES"
STANDARD = "host=127.0.0.1 port=5432 user=postgres dbname=postgres connect_timeout=3"
DATABASE = "adjudicator_bench"

EPOCH = 10_957
"""2000-01-01, day 0 of PostgreSQL, in days since 1970-01-01."""

TICKS = os.sysconf("SC_CLK_TCK")
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_WIDTHS = {"smallint": ">i2", "integer": ">i4", "bigint": ">i8", "date": ">i4"}

SETTINGS = (
    "SET synchronous_commit = off",
    "SET work_mem = '512MB'",
    "SET temp_buffers = '256MB'",
    "SET maintenance_work_mem = '512MB'",
    "SET min_parallel_table_scan_size = 0",
    "SET parallel_setup_cost = 100",
    "SET parallel_tuple_cost = 0.001",
    "SET client_min_messages = warning",
)
"""What a session may set for a job like this one; `shared_buffers` is the server's own."""

Table = Mapping[str, tuple[str, np.ndarray]]
"""Columns of a table by name: type and values (dates as days since 1970)."""


@dataclass
class Server:
    """Sessions on the server that share one schema; the first one owns it, `reader` reads results into Arrow."""

    sessions: list[psycopg.Connection]
    reader: adbc.Connection
    schema: str
    pids: list[int]

    @property
    def first(self) -> psycopg.Connection:
        return self.sessions[0]

    def execute(self, statement: str) -> psycopg.Cursor:
        return self.first.execute(statement)

    def close(self) -> None:
        """Drop the schema and end the sessions."""
        self.execute(f"DROP SCHEMA IF EXISTS {self.schema} CASCADE")
        for session in (*self.sessions, self.reader):
            session.close()


def absent() -> str | None:
    """Say why there is no server to use; None when there is one."""
    try:
        psycopg.connect(_address()).close()
    except psycopg.OperationalError as error:
        return f"no PostgreSQL server ({VARIABLE} or 127.0.0.1:5432): {error}".strip()
    return None


def open_server(sessions: int = 1, workers: int = 0) -> Server:
    """Open sessions with an empty schema; each may use so many parallel workers beside its own process."""
    _make_database()
    address = conninfo.make_conninfo(_address(), dbname=DATABASE)
    opened = [psycopg.connect(address, autocommit=True) for _ in range(sessions)]
    schema = f"bench_{opened[0].info.backend_pid}"
    for number, session in enumerate(opened):
        if number == 0:
            _drop_orphans(session)
            session.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        for setting in (*SETTINGS, f"SET max_parallel_workers_per_gather = {workers}", f"SET search_path = {schema}"):
            session.execute(setting)
    reader = adbc.connect(address, autocommit=True)
    with reader.cursor() as cursor:
        cursor.execute(f"SET search_path = {schema}")
        cursor.execute("SELECT pg_backend_pid()")
        pids = [*(session.info.backend_pid for session in opened), cursor.fetchone()[0]]
    return Server(opened, reader, schema, pids)


def _address() -> str:
    return os.environ.get(VARIABLE, STANDARD)


def _make_database() -> None:
    with psycopg.connect(_address(), autocommit=True) as session:
        known = session.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
        if known is None:
            session.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


ORPHANS = """
SELECT nspname FROM pg_namespace
WHERE nspname ~ '^bench_[0-9]+$'
  AND substr(nspname, 7)::integer NOT IN (SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid())
"""


def _drop_orphans(session: psycopg.Connection) -> None:
    """Drop what runs that were killed left behind: schemas whose session is gone."""
    for (schema,) in session.execute(ORPHANS).fetchall():
        session.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))


def create(server: Server, name: str, table: Table, rows_at_once: int = 1_000_000) -> None:
    """Create an unlogged table with these columns."""
    declared = ", ".join(f"{column} {kind} NOT NULL" for column, (kind, _) in table.items())
    server.execute(f"CREATE UNLOGGED TABLE {name} ({declared})")
    shape = _row_type([(column, kind) for column, (kind, _) in table.items()])
    rows = len(next(iter(table.values()))[1])
    with server.first.cursor().copy(f"COPY {name} FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(_HEADER)
        for start in range(0, rows, rows_at_once):
            span = slice(start, min(start + rows_at_once, rows))
            packed = np.empty(span.stop - start, shape)
            packed["fields"] = len(table)
            for column, (kind, values) in table.items():
                packed[f"{column}#"] = np.dtype(_WIDTHS[kind]).itemsize
                packed[column] = values[span] - EPOCH if kind == "date" else values[span]
            copy.write(packed.tobytes())
        copy.write(_TRAILER)


def read_back(server: Server, query: str) -> pa.Table:
    """Give the rows of a query as Arrow columns: ADBC decodes the server's binary COPY in C."""
    with server.reader.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetch_arrow_table()


def _row_type(columns: Sequence[tuple[str, str]]) -> np.dtype:
    fields = [("fields", ">i2")]
    for column, kind in columns:
        fields += [(f"{column}#", ">i4"), (column, _WIDTHS[kind])]
    return np.dtype(fields)


def server_cpu_seconds(server: Server) -> float:
    """Give the CPU time the server has used so far: our sessions, background processes, ended parallel workers.

    A parallel worker is gone when its query ends; its time is then that of the postmaster's ended children. Sessions
    of others are not counted while they last. 0.0 where the server does not run on this machine.
    """
    ours = server.pids
    postmaster = _stat(ours[0])
    if postmaster is None:
        return 0.0
    parent = int(postmaster[1])
    total = sum(_own(pid) for pid in ours) + _ended_children(parent)
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) not in ours:
            fields = _stat(int(process.name))
            if fields is not None and int(fields[1]) == parent and _is_background(process):
                total += _own(int(process.name))
    return total / TICKS


def settings(server: Server) -> str:
    """Say how the server and our sessions are set."""
    shared = server.execute("SHOW shared_buffers").fetchone()
    workers = server.execute("SHOW max_parallel_workers_per_gather").fetchone()
    version = server.execute("SHOW server_version").fetchone()
    assert shared is not None and workers is not None and version is not None
    own = ", ".join(setting.removeprefix("SET ") for setting in SETTINGS)
    return (
        f"server {version[0]}, shared_buffers = {shared[0]}; {len(server.sessions)} session(s), each with {workers[0]}"
        f" parallel worker(s), {own}; tables unlogged; processor time of sessions, workers and background counted."
    )


def server_peak_bytes(server: Server) -> int:
    """Give the largest resident memory of our sessions' processes, with the shared buffers they touched."""
    largest = 0
    for pid in server.pids:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        largest = max(largest, *(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")))
    return largest * 1024


def _stat(pid: int) -> list[str] | None:
    """Give the fields of /proc/PID/stat from the state on; None when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _own(pid: int) -> int:
    fields = _stat(pid)
    return 0 if fields is None else int(fields[11]) + int(fields[12])


def _ended_children(pid: int) -> int:
    fields = _stat(pid)
    return 0 if fields is None else int(fields[13]) + int(fields[14])


def _is_background(process: Path) -> bool:
    try:
        title = (process / "cmdline").read_bytes()
    except OSError:
        return False
    return any(name in title for name in (b"checkpointer", b"background writer", b"walwriter", b"parallel worker"))

"""DuckDB: the version in force by ASOF JOIN on the catalog as it is; claims as in `duckdb_running`."""

from __future__ import annotations

from benchmarks.peers import duckdb_sql as sql
from benchmarks.peers.columns import Columns
from benchmarks.peers.duckdb_sql import State, close, run, unpack

NAME = "DuckDB, ASOF join"
__all__ = ["NAME", "close", "prepare", "run", "unpack"]


def prepare(columns: Columns, threads: int) -> State:
    connection = sql.load(columns, threads, "number")
    statements = (sql.judged(sql.BY_ASOF, sql.CATALOG_REASON), sql.SUMMED, sql.SORTED, sql.RUNNING, sql.ACCOUNT)
    return State(connection, statements, columns)

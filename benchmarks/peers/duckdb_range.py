"""DuckDB: the version in force by a join on code and range of dates; claims by window functions."""

from __future__ import annotations

from benchmarks.peers import duckdb_sql as sql
from benchmarks.peers.columns import Columns
from benchmarks.peers.duckdb_sql import State, close, run, unpack

NAME = "DuckDB, range join"
__all__ = ["NAME", "close", "prepare", "run", "unpack"]


def prepare(columns: Columns, threads: int) -> State:
    connection = sql.load(columns, threads, "number")
    statements = (sql.judged(sql.BY_RANGE, sql.CATALOG_REASON), sql.SUMMED, sql.WINDOWS, sql.ACCOUNT)
    return State(connection, statements, columns)

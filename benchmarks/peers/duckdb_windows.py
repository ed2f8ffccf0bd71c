"""DuckDB: dictionary codes, one dense join for the version in force, window functions by person."""

from __future__ import annotations

from benchmarks.peers import duckdb_sql as sql
from benchmarks.peers.columns import Columns
from benchmarks.peers.duckdb_sql import State, close, run, unpack

NAME = "DuckDB, windows"
__all__ = ["NAME", "close", "prepare", "run", "unpack"]


def prepare(columns: Columns, threads: int) -> State:
    connection = sql.load(columns, threads, "number")
    statements = (sql.CELLS, sql.judged(sql.BY_CELL, "v.reason"), sql.SUMMED, sql.WINDOWS, sql.ACCOUNT)
    return State(connection, statements, columns)

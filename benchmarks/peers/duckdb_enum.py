"""DuckDB: item codes as ENUM, joined as such; claims as in `duckdb_running`."""

from __future__ import annotations

from benchmarks.peers import duckdb_sql as sql
from benchmarks.peers.columns import Columns
from benchmarks.peers.duckdb_sql import State, close, run, unpack

NAME = "DuckDB, ENUM codes"
__all__ = ["NAME", "close", "prepare", "run", "unpack"]


def prepare(columns: Columns, threads: int) -> State:
    connection = sql.load(columns, threads, "enum")
    statements = (
        sql.judged(sql.BY_CODE, f"coalesce(v.reason, {sql.rule.UNKNOWN_ITEM})"),
        sql.SUMMED,
        sql.SORTED,
        sql.RUNNING,
        sql.ACCOUNT,
    )
    return State(connection, statements, columns)

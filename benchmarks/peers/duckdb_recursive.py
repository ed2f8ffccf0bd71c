"""DuckDB: claims by a recursive query, everybody's k-th claim in its k-th step; lines as in `duckdb_windows`.

The one formulation that carries counters from claim to claim, so that caps might feed back into what is banded. Every
step reads all claims: cost grows with claims times the most claims of a person.
"""

from __future__ import annotations

from benchmarks.peers import duckdb_sql as sql
from benchmarks.peers import rule
from benchmarks.peers.columns import Columns
from benchmarks.peers.duckdb_sql import State, close, run, unpack

NAME = "DuckDB, recursive query"
__all__ = ["NAME", "close", "prepare", "run", "unpack"]

COUNTERS = ("nth", "outpatient", "banded_ytd", "pool", "borne_ytd", "top_banded", "top_ytd")
AMOUNTS = ("claim", "visit", "base", "total", "deductible", "paid", "rest", "borne", "top")
TOPPING = sql.catastrophic_by_bands("top_banded", "c_high")
STAY = f"visit = {rule.INPATIENT}"

RECURSIVE = f"""
CREATE TEMP TABLE settled AS
WITH RECURSIVE numbered AS MATERIALIZED (
  SELECT *, row_number() OVER (PARTITION BY person ORDER BY order_time, claim) AS k FROM ({sql.CLAIMS})),
settling AS (
  SELECT person, 0::BIGINT AS k, {", ".join(f"0::BIGINT AS {name}" for name in (*AMOUNTS, *COUNTERS))}
  FROM (SELECT DISTINCT person FROM numbered)
  UNION ALL
  SELECT person, k, {", ".join(AMOUNTS)},
    nth, outpatient + CASE WHEN {STAY} THEN 0 ELSE deductible END, high, pool + paid, borne_ytd + borne, c_high,
    top_ytd + top
  FROM (SELECT *, least({TOPPING}, {rule.CATASTROPHIC_CAP_FEN} - top_ytd) AS top
  FROM (SELECT *, top_banded + rest - borne AS c_high
  FROM (SELECT *, least(rest, {rule.CATASTROPHIC_DEDUCTIBLE_FEN} - borne_ytd) AS borne
  FROM (SELECT *, base - paid AS rest
  FROM (SELECT *, least({sql.paid_by_bands("banded_ytd", "high")}, {rule.CAP_FEN} - pool) AS paid
  FROM (SELECT *, banded_ytd + base - deductible AS high
  FROM (SELECT *, least(base, CASE WHEN {STAY} THEN {sql.admission_deductible("nth")}
      ELSE {rule.OUTPATIENT_FEN} - outpatient END)::BIGINT AS deductible
  FROM (SELECT n.person, n.k, n.claim, n.visit, n.base, n.total, n.level, n.grp,
      s.nth + (n.visit = {rule.INPATIENT})::BIGINT AS nth, s.outpatient, s.banded_ytd, s.pool, s.borne_ytd,
      s.top_banded, s.top_ytd
    FROM settling s JOIN numbered n ON n.person = s.person AND n.k = s.k + 1))))))))
)
SELECT {sql.SETTLED_COLUMNS} FROM settling WHERE k > 0"""


def prepare(columns: Columns, threads: int) -> State:
    connection = sql.load(columns, threads, "number")
    statements = (sql.CELLS, sql.judged(sql.BY_CELL, "v.reason"), sql.SUMMED, RECURSIVE, sql.ACCOUNT)
    return State(connection, statements, columns)

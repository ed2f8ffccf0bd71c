"""Polars as its guide shows it: joins, `group_by`, and `cum_sum().over(person)`."""

from __future__ import annotations

import polars as pl

from benchmarks.peers import polars_rule as of
from benchmarks.peers.columns import Columns
from benchmarks.peers.polars_rule import Found, State, unpack

NAME = "Polars, joins, cum_sum().over"
__all__ = ["NAME", "prepare", "run", "unpack"]


def prepare(columns: Columns, threads: int) -> State:
    return of.load(columns)


def run(state: State) -> Found:
    claims = of.leveled(state)
    judged = joined(state, claims).collect()
    return of.finish(judged, of.settled(of.claims_of(claims, judged.lazy()), of.by_person).collect())


def joined(state: State, claims: pl.DataFrame) -> pl.LazyFrame:
    cells = of.cells(state).lazy().with_row_index("cell").with_columns(pl.col("cell").cast(pl.Int32))
    of_claim = claims.lazy().select("claim", "level", first_day=of.first_day(), last_day=of.last_day())
    cell = pl.col("code") + of.stretch_of(state) * state.dictionary.height
    lines = state.lines.lazy().with_columns(cell=cell.cast(pl.Int32))
    lines = lines.join(cells, on="cell", how="left", maintain_order="left")
    return of.judged(lines.join(of_claim, on="claim", how="left", maintain_order="left"), of.own_ceiling())

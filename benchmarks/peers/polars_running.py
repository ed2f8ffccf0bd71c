"""Polars: gathers instead of joins, claims sorted once, every running total a plain `cum_sum`."""

from __future__ import annotations

import polars as pl

from benchmarks.peers import polars_rule as of
from benchmarks.peers.columns import Columns
from benchmarks.peers.polars_rule import Found, State, unpack

NAME = "Polars, one sort, gathers"
__all__ = ["NAME", "prepare", "run", "unpack"]


def prepare(columns: Columns, threads: int) -> State:
    state = of.load(columns)
    state.extra["last_line"] = pl.Series(columns.claims["first"][1:] - 1)
    return state


def run(state: State) -> Found:
    cells = of.cells(state)
    ceilings = cells.select(pl.concat_list(f"ceiling_{n}" for n in range(4)).explode())["ceiling_0"]
    claims = of.leveled(state)
    of_claim = claims.select("level", first_day=of.first_day(), last_day=of.last_day())
    claim, cell = pl.col("claim"), pl.col("cell")

    def from_claim(name: str) -> pl.Expr:
        return pl.lit(of_claim[name]).gather(claim)

    lines = state.lines.lazy().with_columns(cell=pl.col("code") + of.stretch_of(state) * state.dictionary.height)
    lines = lines.with_columns(
        reason=pl.lit(cells["reason"]).gather(cell),
        upfront_ppm=pl.lit(cells["upfront_ppm"]).gather(cell),
        first_day=from_claim("first_day"),
        last_day=from_claim("last_day"),
    )
    ceiling = pl.lit(ceilings).gather(cell * 4 + from_claim("level").cast(pl.Int32))
    judged = of.judged(lines, ceiling).collect()
    return of.finish(judged, of.settled(of.sorted_claims(_summed(state, claims, judged)), of.over_all).collect())


def _summed(state: State, claims: pl.DataFrame, judged: pl.DataFrame) -> pl.LazyFrame:
    """Sum lines, which stand in order of their claims: differences of a running total at the last line of each."""
    last = pl.lit(state.extra["last_line"])
    sums = judged.select(
        base=pl.col("in_scope").cum_sum().gather(last), total=pl.col("amount_fen").cum_sum().gather(last)
    )
    return claims.lazy().with_columns((sums[name] - sums[name].shift(1, fill_value=0)) for name in sums.columns)

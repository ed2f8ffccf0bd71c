"""Polars: item codes as plain strings, joined as such; claims sorted once."""

from __future__ import annotations

import polars as pl

from benchmarks.peers import polars_rule as of
from benchmarks.peers import rule
from benchmarks.peers.columns import Columns
from benchmarks.peers.polars_rule import Found, State, unpack

NAME = "Polars, plain string codes"
__all__ = ["NAME", "prepare", "run", "unpack"]


def prepare(columns: Columns, threads: int) -> State:
    state = of.load(columns)
    state.lines = state.lines.with_columns(code=pl.Series(columns.plain_strings()))
    count = pl.len() // (len(state.changes) + 1)
    items = state.items.sort("stretch", "code")
    state.extra["codes"] = items.filter(pl.col("stretch") == 0).select("code", item=pl.int_range(pl.len()))
    state.extra["cells"] = items
    assert items.select(count).item() == state.extra["codes"].height
    return state


def run(state: State) -> Found:
    codes: pl.DataFrame = state.extra["codes"]
    cells: pl.DataFrame = state.extra["cells"]
    lines = state.lines.lazy().join(codes.lazy(), on="code", how="left", maintain_order="left")
    lines = lines.with_columns(cell=pl.col("item") + of.stretch_of(state) * codes.height)
    claims = of.leveled(state)
    of_claim = claims.select("level", first_day=of.first_day(), last_day=of.last_day())
    lines = lines.with_columns(
        **{name: pl.lit(cells[name]).gather(pl.col("cell")) for name in of.CATALOG_COLUMNS},
        **{name: pl.lit(of_claim[name]).gather(pl.col("claim")) for name in of_claim.columns},
    ).with_columns(
        reason=pl.col("reason").fill_null(rule.UNKNOWN_ITEM),
        upfront_ppm=pl.col("upfront_ppm").fill_null(0),
    )
    judged = of.judged(lines, of.own_ceiling()).collect()
    claims_in_order = of.sorted_claims(of.claims_of(claims, judged.lazy()))
    return of.finish(judged, of.settled(claims_in_order, of.over_all).collect())

"""Polars: the version in force by `join_asof` on the catalog as it is; claims sorted once."""

from __future__ import annotations

import polars as pl

from benchmarks.peers import polars_rule as of
from benchmarks.peers import rule
from benchmarks.peers.columns import Columns
from benchmarks.peers.polars_rule import Found, State, unpack

NAME = "Polars, join_asof"
__all__ = ["NAME", "prepare", "run", "unpack"]


def prepare(columns: Columns, threads: int) -> State:
    state = of.load(columns)
    state.lines = state.lines.with_row_index("line")
    state.extra["versions"] = state.versions.select("item", "valid_from", "valid_until", *of.CATALOG_COLUMNS).sort(
        "valid_from"
    )
    state.extra["items"] = state.versions.select("code", "item").unique()
    return state


def run(state: State) -> Found:
    items = state.dictionary.join(state.extra["items"], on="code", how="left", maintain_order="left")["item"]
    lines = state.lines.lazy().with_columns(item=pl.lit(items).gather(pl.col("code"))).sort("service_date")
    versions: pl.DataFrame = state.extra["versions"]
    lines = lines.join_asof(
        versions.lazy(), left_on="service_date", right_on="valid_from", by="item", check_sortedness=False
    )
    known = pl.when(pl.col("service_date") >= pl.col("valid_until")).then(rule.NOT_IN_FORCE)
    reason = (
        pl.when(pl.col("item").is_null())
        .then(rule.UNKNOWN_ITEM)
        .otherwise(known.otherwise(pl.col("reason").fill_null(rule.NOT_IN_FORCE)))
    )
    claims = of.leveled(state)
    of_claim = claims.select("level", first_day=of.first_day(), last_day=of.last_day())
    lines = lines.with_columns(
        reason=reason.cast(pl.UInt8),
        **{name: pl.lit(of_claim[name]).gather(pl.col("claim")) for name in of_claim.columns},
    )
    judged = of.judged(lines, of.own_ceiling(), "line").collect()
    claims_in_order = of.sorted_claims(of.claims_of(claims, judged.lazy()))
    return of.finish(judged, of.settled(claims_in_order, of.over_all).collect())

"""Polars: the joins as one lazy query on the streaming engine, claims sorted once."""

from __future__ import annotations

from benchmarks.peers import polars_over
from benchmarks.peers import polars_rule as of
from benchmarks.peers.columns import Columns
from benchmarks.peers.polars_rule import Found, State, unpack

NAME = "Polars, streaming engine"
__all__ = ["NAME", "prepare", "run", "unpack"]


def prepare(columns: Columns, threads: int) -> State:
    return of.load(columns)


def run(state: State) -> Found:
    claims = of.leveled(state)
    judged = polars_over.joined(state, claims).collect(engine="streaming")
    billed = of.claims_of(claims, judged.lazy()).collect(engine="streaming")
    return of.finish(judged, of.settled(of.sorted_claims(billed.lazy()), of.over_all).collect())

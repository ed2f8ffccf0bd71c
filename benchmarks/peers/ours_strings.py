"""Our engine from item codes as plain Arrow strings: every line's code is looked up."""

from __future__ import annotations

from benchmarks.peers import ours
from benchmarks.peers.columns import Columns
from benchmarks.peers.ours import State, run, unpack

NAME = "ours, plain string codes"
THREADS = ours.THREADS
__all__ = ["NAME", "THREADS", "prepare", "run", "unpack"]


def prepare(columns: Columns, threads: int) -> State:
    return ours.prepare_codes(columns, columns.plain_strings(), threads)

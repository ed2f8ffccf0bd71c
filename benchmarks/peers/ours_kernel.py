"""Our kernel: the Batch stands ready, the public `settle` is timed."""

from __future__ import annotations

from adjudicator import Batch, Settlement
from benchmarks.peers import ours
from benchmarks.peers.columns import Columns, Output

NAME = "ours, kernel"
THREADS = ours.THREADS


def prepare(columns: Columns, threads: int) -> tuple[ours.State, Batch]:
    state = ours.prepare(columns, threads)
    return state, ours.build(state)


def run(state: tuple[ours.State, Batch]) -> Settlement:
    return ours.settle_with(state[1], state[0])


def unpack(state: tuple[ours.State, Batch], found: Settlement) -> Output:
    return ours.unpack(state[0], found)

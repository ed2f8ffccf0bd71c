"""Our engine from item codes as plain strings: Arrow numbers the distinct codes, then as `ours`."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from adjudicator import Settlement
from benchmarks.peers import ours
from benchmarks.peers.columns import Columns, Output

NAME = "ours, plain string codes"
THREADS = ours.THREADS


def prepare(columns: Columns, threads: int) -> tuple[ours.State, pa.StringArray]:
    pa.set_cpu_count(threads)
    return ours.prepare(columns, threads), columns.plain_strings()


def run(state: tuple[ours.State, pa.StringArray]) -> Settlement:
    known, strings = state
    coded = strings.dictionary_encode()
    columns = known.columns
    lines = columns.lines | {"item": coded.indices.to_numpy()}
    columns = replace(columns, lines=lines, dictionary=tuple(coded.dictionary.to_pylist()))
    known = replace(known, columns=columns)
    return ours.settle_with(ours.build(known), known)


def unpack(state: tuple[ours.State, pa.StringArray], found: Settlement) -> Output:
    return ours.unpack(state[0], found)

"""OpenFisca-core as it comes: money in float32, rates as fractions, its own marginal scales.

float32 holds whole fen up to 167,772 yuan; beyond that, and wherever a product ends near half a fen, results are off.
`differences` counts the cells that are not equal to ours; `tests/benchmarks` bounds by how much.
"""

from __future__ import annotations

from benchmarks.peers import openfisca_core
from benchmarks.peers.columns import Columns, Output

NAME = "OpenFisca-core, float32"
THREADS = (1,)
LARGEST_LINES = 10_000_000
NOTE = (
    "OpenFisca's own money is float32, which holds whole fen up to 167,772 yuan only and rates not at all: a product"
    " that ends near half a fen rounds to the other side, and running totals carry the difference on."
)


def prepare(columns: Columns, threads: int) -> openfisca_core.State:
    return openfisca_core.prepare(columns, threads, money=float)


def run(state: openfisca_core.State) -> Output:
    return openfisca_core.run(state)

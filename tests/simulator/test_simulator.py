"""Seeds of the simulation: few in the fast set, many in the slow one, ten times as many in `make soak`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.conftest import Show
from tests.simulator.faults import FAULTS, Fault
from tests.simulator.simulation import simulate

SEEDS_TO_NOTICE = 3
"""A fault that needs a rare coincidence may pass a seed, not all of these; without a fault they all pass."""


OPERATIONS = 2_500
"""Of a seed of the long runs."""

REPEATED = ("replayed", "refused", "conflict")


def run(seeds: Iterable[int], operations: int, folder: Path, **more: int) -> str:
    """Run seeds one after the other; say what happened in all of them. At most half is said to be repeats."""
    counts: Counter[str] = Counter()
    begun, seeds = time.perf_counter(), list(seeds)
    for seed in seeds:
        own = folder / str(seed)
        own.mkdir()
        simulation = simulate(seed, operations, own, **more)
        repeated, done = sum(simulation.counts[kind] for kind in REPEATED), simulation.operations
        assert 2 * repeated <= done, f"seed {seed}: replays and refusals are at most half"
        counts += simulation.counts + Counter({"operations": done, "replays and refusals": repeated})
    named = f"seeds {seeds[0]} to {seeds[-1]}: {counts.pop('operations'):,} operations without a violation"
    rate = counts["fresh"] / (time.perf_counter() - begun)
    listed = ", ".join(f"{name} {number:,}" for name, number in sorted(counts.items()))
    return f"{named}: {listed}; {rate:,.0f} fresh a second"


@pytest.mark.parametrize("seed", range(SEEDS_TO_NOTICE))
def test_some_hundred_operations_keep_every_guarantee(seed: int, tmp_path: Path) -> None:
    run([seed], 500, tmp_path, persons=25)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(100, 120, 5))
def test_fifty_thousand_operations_keep_every_guarantee(first: int, tmp_path: Path, show: Show) -> None:
    show(run(range(first, first + 5), OPERATIONS, tmp_path))


@pytest.mark.soak
@pytest.mark.parametrize("first", range(1_000, 1_200, 10))
def test_half_a_million_operations_keep_every_guarantee(first: int, tmp_path: Path, show: Show) -> None:
    show(run(range(first, first + 10), OPERATIONS, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_is_noticed(fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, show: Show) -> None:
    """The same seeds pass without the fault, above."""
    fault(monkeypatch)
    with pytest.raises((AssertionError, KeyError)) as noticed:
        run(range(SEEDS_TO_NOTICE), 500, tmp_path, persons=25)
    show(f"{fault.__name__}: {str(noticed.value).splitlines()[0][:150]}")

"""Seeds of the simulation, few in the fast set and many in the slow one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulator.faults import FAULTS, Fault
from tests.simulator.simulation import Simulation, simulate

SEEDS_TO_NOTICE = 3
"""A fault that needs a rare coincidence may pass a seed, not all of these; without a fault they all pass."""


def show(simulation: Simulation, seed: int) -> None:
    counts = ", ".join(f"{name} {number:,}" for name, number in sorted(simulation.counts.items()))
    print(f"seed {seed}: {simulation.operations:,} operations: {counts}")
    repeated = sum(simulation.counts[kind] for kind in ("replayed", "refused", "conflict"))
    assert 2 * repeated <= simulation.operations, "replays and refusals are at most half"


@pytest.mark.parametrize("seed", range(SEEDS_TO_NOTICE))
def test_some_hundred_operations_keep_every_guarantee(seed: int, tmp_path: Path) -> None:
    show(simulate(seed, 500, tmp_path, persons=25), seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_fifty_thousand_operations_keep_every_guarantee(seed: int, tmp_path: Path) -> None:
    show(simulate(seed, 2_500, tmp_path), seed)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_is_noticed(fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same seeds pass without the fault, above."""
    fault(monkeypatch)
    with pytest.raises((AssertionError, KeyError)) as noticed:
        for seed in range(SEEDS_TO_NOTICE):
            folder = tmp_path / str(seed)
            folder.mkdir()
            simulate(seed, 500, folder, persons=25)
    print(fault.__name__, "->", str(noticed.value).splitlines()[0][:200])

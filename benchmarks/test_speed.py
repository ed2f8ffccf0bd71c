"""Speed of `settle`, by pytest-benchmark: one claim, a million lines, ten million lines, and cost by size."""

from __future__ import annotations

import resource
import time

import pytest

from adjudicator import settle
from benchmarks.latency import claim_text, read
from benchmarks.workload import Workload, workload
from catalogs.tables.lookup import CatalogIndex


def _settle(work: Workload) -> None:
    settle(work.batch, work.rulebook)


@pytest.mark.benchmark(group="one claim")
@pytest.mark.parametrize("lines", [1, 20, 300])
def test_one_claim(benchmark, lines: int) -> None:
    """One stay with so many lines, through the whole kernel; best of a group is under 0.5 ms for 20 lines."""
    work = workload(1_000)
    assert work.rulebook.catalog is not None
    batch = read(claim_text(work, lines), CatalogIndex(work.rulebook.catalog), work.rulebook)
    assert len(batch) == 1
    assert len(batch.lines) == lines
    benchmark(settle, batch, work.rulebook)


@pytest.mark.benchmark(group="batch")
@pytest.mark.parametrize("lines", [100_000, 1_000_000, 10_000_000])
def test_batch(benchmark, lines: int) -> None:
    work = workload(lines)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    benchmark.pedantic(_settle, (work,), rounds=5, iterations=1, warmup_rounds=1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    n = len(work.batch.lines)
    if benchmark.stats is not None:
        benchmark.extra_info["million_lines_a_second"] = round(n / benchmark.stats.stats.min / 1e6, 2)
    benchmark.extra_info["peak_MB_above_inputs"] = (peak - before) // 1024


@pytest.mark.slow
def test_cost_a_line_is_flat() -> None:
    """Cost a line at 3 million lines is at most 1.6 times that at 300 thousand (quotient within one run)."""
    cost = []
    for lines in (300_000, 3_000_000):
        work = workload(lines)
        _settle(work)
        times = []
        for _ in range(3):
            started = time.perf_counter()
            _settle(work)
            times.append(time.perf_counter() - started)
        cost.append(min(times) / len(work.batch.lines))
    assert cost[1] < 1.6 * cost[0]

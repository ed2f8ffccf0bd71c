"""The comparison: ratios within one run, the baseline, the report."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from benchmarks import contender, latency, process, report
from benchmarks.compare import Comparison, Result, fallen, ratios_to_best
from benchmarks.peers.columns import BUCKETS


def result(module: str, seconds: list[float], ratios: list[float], differences: dict[str, int] | None = None) -> Result:
    return Result(module, module, 500_013, 41_000, 1, seconds, seconds, ratios, 10_000_000, differences or {})


def test_ratio_is_to_the_fastest_exact_peer() -> None:
    results = [
        result("ours", [0.1], [1.0]),
        result("ours_kernel", [0.05], [0.5]),
        result("duckdb_windows", [0.4, 0.5, 0.6], [4.0, 5.0, 6.0]),
        result("polars_over", [0.3], [3.0]),
        result("openfisca_float", [0.2], [2.0], {"cash": 7}),
    ]
    assert ratios_to_best(results) == {"500000 lines, 1 threads": 3.0}
    assert ratios_to_best(results[:3]) == {}  # without Polars there is no best peer


def test_a_fall_by_more_than_a_quarter_is_named() -> None:
    key = "500000 lines, 1 threads"
    assert fallen({key: 3.01}, {key: 4.0}) == []
    assert fallen({key: 2.99}, {key: 4.0}) == [f"{key}: 2.99 times the best peer, baseline 4.00"]
    assert fallen({}, {key: 4.0}) == []


def test_tables_of_the_report() -> None:
    results = [
        result("ours", [0.1], [1.0]),
        result("ours_kernel", [0.05], [0.5]),
        result("ours_beijing", [0.08], [0.8]),
        result("duckdb_windows", [0.4], [4.0]),
        result("polars_over", [0.5, 0.6], [3.0, 4.0, 3.5], {"cash": 7}),
    ]
    results[2].plan = "cn.beijing.employees.2023"
    rows = [asdict(r) | {"asked": 500_000} for r in results]
    other = [asdict(r) | {"asked": 100_000, "lines": 100_002} for r in results[:2]]
    slice_of_time = {"best": 1.0, "median": 2.0, "p99": 3.0}
    text = report.markdown(
        {
            "results": rows + other,
            "machine": {"cpu": "a", "cores": 2, "memory_GB": 1, "load": 0, "python": "3", "packages": {}},
            "copy_GB_a_second": [10.0, 12.0],
            "mode": "quick",
            "rounds": 3,
            "minutes": 1.0,
            "latency": [{"lines": 1, "kernel": slice_of_time, "json": slice_of_time}],
            "left_out": {"zen_rules": "why"},
        }
    )
    assert "| polars_over | 500,013 | 1.00 |  | 82 |  | 10 | 3.50 (3.00 to 4.00) |  | 7 cells differ |" in text
    assert "| 500,000 | 1 | 4.00, duckdb_windows |  |  |  |" in text
    assert "| ours_beijing | 500,000 | 1 | 62 % |" in text
    assert "| ours_kernel | 500 ns, 10 MB | 100 ns, 10 MB |" in text
    assert "our kernel moves 0.65 GB/s of them, 5.4 %" in text
    assert "| 1 | 1, 2, 3 | 1, 2, 3 |" in text
    assert "- Left out: zen_rules: why." in text


def test_other_sizes_are_for_the_best() -> None:
    run = Comparison((1_000_000, 10_000_000), (1,), 3, "full", [])
    run.results = [
        result("ours_strings", [0.1], [1.1]),
        result("duckdb_windows", [0.2], [2.0]),
        result("duckdb_running", [0.21], [2.1]),
        result("duckdb_asof", [0.4], [4.0]),
        result("plain_python", [1.0], [10.0]),
    ]
    at = {
        size: [r.module for r in run.results if not run._left_out(r.module, size, 1)]
        for size in (100_000, 10_000_000, 50_000_000)
    }
    assert at[100_000] == ["ours_strings", "duckdb_windows"]
    assert at[10_000_000] == ["ours_strings", "duckdb_windows", "duckdb_running"]
    assert at[50_000_000] == ["duckdb_windows"]


def test_constants_are_read_without_importing() -> None:
    assert process.attribute("plain_python", "THREADS", (1, 2)) == (1,)
    assert process.attribute("duckdb_windows", "THREADS", (1, 2)) == (1, 2)
    assert process.name_of("duckdb_windows") == "DuckDB, windows"


def test_memory_counts_what_is_held_at_the_peak() -> None:
    before = contender.forget_peak()
    held = bytearray(200_000_000)
    held[::4096] = b"x" * len(held[::4096])
    del held
    assert contender.peak() - before > 150_000_000


@pytest.mark.parametrize("lines", latency.LINES)
def test_json_to_json_settles_the_claim(lines: int) -> None:
    import orjson

    from benchmarks.workload import workload
    from catalogs.tables.lookup import CatalogIndex

    work = workload(1_000)
    catalog = work.rulebook.catalog
    assert catalog is not None
    text = latency.claim_text(work, lines)
    found = orjson.loads(latency.answer(text, CatalogIndex(catalog), work.rulebook))
    bill = sum(line["amount_fen"] for line in orjson.loads(text)["lines"])
    assert len(found["lines"]) == lines
    assert sum(line[name] for line in found["lines"] for name in BUCKETS) == bill
    assert found["cash"] + sum(layer["paid"] for layer in found["layers"].values()) == bill
    assert found["accounts"]["admissions"] == 1


def test_a_process_answers_run_and_check() -> None:
    here = process.Contender("ours_kernel", 3_000, 1)
    try:
        assert here.ready["lines"] > 2_000
        assert here.ask("run")["seconds"] > 0
        assert here.ask("check") == {"differences": {}}
    finally:
        here.stop()


def test_a_contender_that_cannot_start_says_why() -> None:
    here = process.Contender("no_such_contender", 1_000, 1)
    assert "no_such_contender" in here.ready["skipped"]
    here.stop()

"""The comparison: ratios within one run, the baseline, the report."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from benchmarks import compare, contender, latency, report
from benchmarks.compare import Result, fallen, ratios_to_best
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


def test_row_of_the_table() -> None:
    row = report.line(asdict(result("polars_over", [0.5, 0.6], [3.0, 4.0, 3.5], {"cash": 7})))
    assert row == "| polars_over | 1 | 500,013 | 1.00 | 82 | 10 | 3.50 (3.00 to 4.00) | 7 cells differ |"


def test_constants_are_read_without_importing() -> None:
    assert compare.attribute("plain_python", "THREADS", (1, 2)) == (1,)
    assert compare.attribute("duckdb_windows", "THREADS", (1, 2)) == (1, 2)
    assert compare.name_of("duckdb_windows") == "DuckDB, windows"


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
    here = compare.Contender("ours_kernel", 3_000, 1)
    try:
        assert here.ready["lines"] > 2_000
        assert here.ask("run")["seconds"] > 0
        assert here.ask("check") == {"differences": {}}
    finally:
        here.stop()


def test_a_contender_that_cannot_start_says_why() -> None:
    here = compare.Contender("no_such_contender", 1_000, 1)
    assert "no_such_contender" in here.ready["skipped"]
    here.stop()

"""All contenders side by side on the same work, in one table.

    python -m benchmarks.compare            quick: a million lines, under six minutes
    python -m benchmarks.compare --full     100 thousand to 50 million lines, under thirty

Each contender runs in its own process on pinned cores, round by round in turn with ours, so that whatever else the
machine does meets both; a ratio is always between two neighbours of one run. Writes out/bench/results.json and
results.md, and compares our ratio to the best peer with benchmarks/baseline.json: exit 1 when it fell by more than a
quarter.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import latency, machine, report
from benchmarks.process import OURS, Contender, attribute, family, modules, name_of, plan_of

BASELINE = Path(__file__).parent / "baseline.json"
MEASURES_ALL = 1_000_000
"""Every contender runs at this size; the others are for those that did well there."""

QUICK = (MEASURES_ALL,)
FULL = (MEASURES_ALL, 100_000, 10_000_000, 50_000_000)
LARGE = 10_000_000
"""Beyond, one core, one round, and only ours and the best of DuckDB and Polars: two processes fill the memory."""

NEAR_BEST = 1.3
"""At other sizes a formulation runs that is within so many times the best of its family."""

LONGEST_RUN = {"quick": 8.0, "full": 25.0}
"""Seconds: a contender that would need longer for one run of its size is left out, or runs once."""
WHOLE_RUN = {"quick": 330.0, "full": 1_560.0}
"""Seconds after which no contender begins."""
ALLOWED_FALL = 0.25


@dataclass(slots=True)
class Result:
    """One contender at one size on so many threads; ratio: its time over that of ours in the same round."""

    module: str
    name: str
    lines: int
    claims: int
    threads: int
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    peak: int = 0
    differences: dict[str, int] | None = None
    note: str = ""
    plan: str = ""


class Comparison:
    """One run of everything."""

    def __init__(self, sizes: tuple[int, ...], threads: tuple[int, ...], rounds: int, mode: str, only: list[str]):
        self.sizes, self.threads, self.rounds, self.mode = sizes, threads, rounds, mode
        self.modules = [m for m in modules() if m == OURS or not only or any(m.startswith(o) for o in only)]
        self.results: list[Result] = []
        self.skipped: dict[str, str] = {}
        self.until = time.monotonic() + WHOLE_RUN[mode]

    def run(self) -> None:
        for size in self.sizes:
            for threads in self.threads[:1] if size > LARGE else self.threads:
                ours = Contender(OURS, size, threads)
                try:
                    for module in self.modules:
                        self._measure(module, size, threads, ours)
                finally:
                    ours.stop()

    def _measure(self, module: str, size: int, threads: int, ours: Contender) -> None:
        key, reason = f"{module}, {size:,} lines, {threads} threads", self._left_out(module, size, threads)
        if reason:
            self.skipped[key] = reason
            return
        other = ours if module == OURS else Contender(module, size, threads)
        try:
            ready = other.ready
            if "skipped" in ready:
                self.skipped[key] = ready["skipped"]
                return
            result = Result(module, name_of(module), ready["lines"], ready["claims"], threads)
            result.note, result.plan = ready["note"], plan_of(module)
            self._rounds(result, other, ours, 1 if size > LARGE else self.rounds)
            self.results.append(result)
            print(report.line_of_progress(asdict(result)), flush=True)
        except GaveUpError as failed:
            self.skipped[key] = str(failed)
        finally:
            if other is not ours:
                other.stop()

    def _rounds(self, result: Result, other: Contender, ours: Contender, rounds: int) -> None:
        first = answered(other, "run")
        if other is not ours:
            ours.ask("run")
        once = first["seconds"] > LONGEST_RUN[self.mode] / rounds  # warm or not matters little to a run this long
        for _ in range(1 if once else rounds):
            found = first if once else answered(other, "run")
            mine = found if other is ours else answered(ours, "run")
            result.seconds.append(found["seconds"])
            result.cpu.append(found["cpu"])
            result.ratios.append(found["seconds"] / mine["seconds"])
            result.peak = max(result.peak, found["peak"])
        result.differences = answered(other, "check")["differences"]

    def _left_out(self, module: str, size: int, threads: int) -> str:
        if threads not in attribute(module, "THREADS", (1, 2)):
            return "does not use more threads"
        if size > attribute(module, "LARGEST_LINES", size):
            return "too large for it"
        if time.monotonic() > self.until:
            return "no time left"
        known = [r for r in self.results if r.module == module]
        if known and size != MEASURES_ALL:
            nearest = max(known, key=lambda r: (r.threads == threads, r.lines))
            expected = min(nearest.seconds) * size / nearest.lines
            if size <= LARGE and expected > LONGEST_RUN[self.mode]:
                return f"one run would take {expected:.0f} s"
            if not self._does_well(module, size, threads):
                return "slower than others of its family"
        return ""

    def _does_well(self, module: str, size: int, threads: int) -> bool:
        """Say whether a contender is worth another size: beyond LARGE and below all, the best of a family only."""
        if module.startswith(OURS):
            return size <= LARGE or module in (OURS, "ours_kernel")
        exact = [r for r in self.results if r.threads == threads and not r.differences and asked(r.lines) != size]
        rivals = [r for r in exact if family(r.module) == family(module)]
        largest = max((r.lines for r in rivals), default=0)
        times = {r.module: median(r.ratios) for r in rivals if r.lines == largest}
        if not times:
            return True
        near = NEAR_BEST if size == LARGE else 1.0
        return family(module) in ("duckdb", "polars") and times.get(module, 9 * near) <= near * min(times.values())


class GaveUpError(Exception):
    """A contender that gave up."""


def answered(contender: Contender, word: str) -> dict[str, Any]:
    found = contender.ask(word)
    if "skipped" in found:
        raise GaveUpError(found["skipped"])
    return found


def ratios_to_best(results: list[Result]) -> dict[str, float]:
    """Give our ratio to the fastest exact peer (the median of its rounds), by size asked for and threads.

    Only where DuckDB and Polars were both measured: less would flatter us.
    """
    best: dict[str, float] = {}
    families: dict[str, set[str]] = {}
    for result in results:
        if result.module.startswith(OURS) or result.differences:
            continue
        key = f"{asked(result.lines)} lines, {result.threads} threads"
        best[key] = min(best.get(key, float("inf")), median(result.ratios))
        families.setdefault(key, set()).add(family(result.module))
    return {key: ratio for key, ratio in best.items() if {"duckdb", "polars"} <= families[key]}


def asked(lines: int) -> int:
    """Give the round number of lines that was asked for."""
    return min(
        (100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000, 50_000_000),
        key=lambda size: abs(size - lines),
    )


def fallen(now: dict[str, float], baseline: dict[str, float]) -> list[str]:
    """Name the ratios that fell by more than is allowed."""
    return [
        f"{key}: {now[key]:.2f} times the best peer, baseline {before:.2f}"
        for key, before in baseline.items()
        if key in now and now[key] < (1 - ALLOWED_FALL) * before
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="100 thousand to 50 million lines")
    parser.add_argument("--lines", type=int, nargs="+", help="sizes instead of those of the mode")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=[], help="contenders whose name begins so")
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    parser.add_argument("--write-baseline", action="store_true")
    wanted = parser.parse_args()
    mode = "full" if wanted.full else "quick"
    sizes = tuple(wanted.lines or (FULL if wanted.full else QUICK))
    started, copied = time.monotonic(), machine.copy_speed()
    comparison = Comparison(sizes, tuple(wanted.threads), wanted.rounds, mode, wanted.only)
    comparison.run()
    now = ratios_to_best(comparison.results)
    found = {
        "machine": machine.describe(),
        "copy_GB_a_second": sorted(round(speed / 1e9, 1) for speed in (copied, machine.copy_speed())),
        "mode": mode,
        "rounds": wanted.rounds,
        "latency": latency.measure(),
        "results": [asdict(r) | {"asked": asked(r.lines)} for r in comparison.results],
        "ratio_to_best_peer": now,
        "left_out": comparison.skipped,
        "minutes": (time.monotonic() - started) / 60,
    }
    wanted.out.mkdir(parents=True, exist_ok=True)
    (wanted.out / "results.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    text = report.markdown(found)
    (wanted.out / "results.md").write_text(text)
    print("\n" + text)
    if wanted.write_baseline:
        BASELINE.write_text(json.dumps({"ratio_to_best_peer": now}, indent=1) + "\n")
        return 0
    baseline = json.loads(BASELINE.read_text())["ratio_to_best_peer"] if BASELINE.exists() else {}
    worse = fallen(now, baseline)
    for text in worse:
        print(f"slower than the baseline allows: {text}", file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    raise SystemExit(main())

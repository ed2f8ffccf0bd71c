"""All contenders side by side on the same work, in one table.

    python -m benchmarks.compare            quick, under five minutes
    python -m benchmarks.compare --full     up to 50 million lines, under thirty

Each contender runs in its own process on pinned cores, round by round in turn with ours, so that whatever else the
machine does meets both; a ratio is always between two neighbours of one run. Writes out/bench/results.json and
results.md, and compares our ratio to the best peer with benchmarks/baseline.json: exit 1 when it fell by more than a
quarter.
"""

from __future__ import annotations

import argparse
import json
import pkgutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import latency, machine, peers, report

HERE = Path(__file__).parent
BASELINE = HERE / "baseline.json"
OURS = "ours"
QUICK = (1_000_000,)
FULL = (100_000, 1_000_000, 10_000_000, 50_000_000)
LONGEST_RUN = {"quick": 8.0, "full": 25.0}
"""Seconds: a contender that would need longer for one run is left out at that size."""
WHOLE_RUN = {"quick": 270.0, "full": 1_680.0}
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

    @property
    def lines_a_second(self) -> float:
        return self.lines / min(self.seconds)

    @property
    def claims_a_second(self) -> float:
        return self.claims / min(self.seconds)


class Contender:
    """A process with one contender, its tables loaded."""

    def __init__(self, module: str, lines: int, threads: int):
        self.module, self.threads = module, threads
        cores = ",".join(map(str, machine.cores()[:threads]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.contender", module, str(lines), str(threads), cores],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.ready = self._answer()

    def ask(self, word: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(word + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            _, said = self._process.communicate()
            return {"skipped": (said.strip().splitlines() or [f"ended with {self._process.returncode}"])[-1][:300]}
        found: dict[str, Any] = json.loads(line)
        return found

    def stop(self) -> None:
        self._process.communicate()


def modules() -> list[str]:
    """Give the contenders of the package, the modules with a NAME; ours first."""
    names = [found.name for found in pkgutil.iter_modules(peers.__path__)]
    return sorted((n for n in names if name_of(n)), key=lambda n: (not n.startswith(OURS), n))


class Comparison:
    """One run of everything."""

    def __init__(
        self,
        sizes: tuple[int, ...],
        threads: tuple[int, ...],
        rounds: int,
        mode: str,
        only: list[str],
        minutes: float | None = None,
    ):
        self.sizes, self.threads, self.rounds, self.mode = sizes, threads, rounds, mode
        self.modules = [m for m in modules() if m == OURS or not only or any(m.startswith(o) for o in only)]
        self.results: list[Result] = []
        self.skipped: dict[str, str] = {}
        self._until = time.monotonic() + (WHOLE_RUN[mode] if minutes is None else minutes * 60)

    def run(self) -> None:
        for size in self.sizes:
            for threads in self.threads:
                ours = Contender(OURS, size, threads)
                try:
                    for module in self.modules:
                        self._measure(module, size, threads, ours)
                finally:
                    ours.stop()

    def _measure(self, module: str, size: int, threads: int, ours: Contender) -> None:
        reason = self._left_out(module, size, threads)
        if reason:
            self.skipped[f"{module} {size} {threads}"] = reason
            return
        other = ours if module == OURS else Contender(module, size, threads)
        try:
            ready = other.ready
            if "skipped" in ready:
                self.skipped[f"{module} {size} {threads}"] = ready["skipped"]
                return
            result = Result(module, name_of(module), ready["lines"], ready["claims"], threads)
            self._rounds(result, other, ours)
            if result.seconds:
                self.results.append(result)
                print(report.line(asdict(result)), flush=True)
        finally:
            if other is not ours:
                other.stop()

    def _rounds(self, result: Result, other: Contender, ours: Contender) -> None:
        warm = other.ask("run")
        rounds = self.rounds if warm.get("seconds", 0) < LONGEST_RUN[self.mode] / self.rounds else 1
        if other is not ours:
            ours.ask("run")
        for _ in range(rounds):
            found = other.ask("run")
            if "skipped" in found:
                self.skipped[f"{result.module} {result.lines} {result.threads}"] = found["skipped"]
                return
            mine = found if other is ours else ours.ask("run")
            result.seconds.append(found["seconds"])
            result.cpu.append(found["cpu"])
            result.ratios.append(found["seconds"] / mine["seconds"])
            result.peak = max(result.peak, found["peak"])
        result.differences = other.ask("check").get("differences")

    def _left_out(self, module: str, size: int, threads: int) -> str:
        if threads not in attribute(module, "THREADS", (1, 2)):
            return "does not use more threads"
        if size > attribute(module, "LARGEST_LINES", size):
            return "too large for it"
        known = [r for r in self.results if r.module == module]
        if known:
            nearest = max(known, key=lambda r: r.lines)
            expected = min(nearest.seconds) * size / nearest.lines
            if expected > LONGEST_RUN[self.mode]:
                return f"one run would take {expected:.0f} s"
        if size > 10_000_000 and not self._among_best(module):
            return "only ours and the best of DuckDB and Polars go further"
        if time.monotonic() > self._until:
            return "no time left"
        return ""

    def _among_best(self, module: str) -> bool:
        if module.startswith(OURS):
            return True
        for family in ("duckdb", "polars"):
            of_family = [r for r in self.results if r.module.startswith(family)]
            if of_family:
                largest = max(r.lines for r in of_family)
                best = min((r for r in of_family if r.lines == largest), key=lambda r: min(r.seconds))
                if best.module == module:
                    return True
        return False


def attribute(module: str, name: str, default: Any) -> Any:
    """Read a constant of a contender without importing its package: it may not be installed."""
    import ast

    tree = ast.parse((HERE / "peers" / f"{module}.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            try:
                return ast.literal_eval(node.value)
            except ValueError:
                break
    if module.startswith(OURS) and name == "THREADS":
        from benchmarks.peers import ours

        return ours.THREADS
    return default


def name_of(module: str) -> str:
    """Give the name in the table; empty for a module that is no contender."""
    return str(attribute(module, "NAME", ""))


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
        families.setdefault(key, set()).add(result.module.split("_")[0])
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
    parser.add_argument("--minutes", type=float, help="begin no contender after so many minutes")
    parser.add_argument("--only", nargs="+", default=[], help="contenders whose name begins so")
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    parser.add_argument("--write-baseline", action="store_true")
    wanted = parser.parse_args()
    mode = "full" if wanted.full else "quick"
    sizes = tuple(wanted.lines or (FULL if wanted.full else QUICK))
    started = time.monotonic()
    comparison = Comparison(sizes, tuple(wanted.threads), wanted.rounds, mode, wanted.only, wanted.minutes)
    comparison.run()
    now = ratios_to_best(comparison.results)
    found = {
        "machine": machine.describe(),
        "mode": mode,
        "rounds": wanted.rounds,
        "minutes": (time.monotonic() - started) / 60,
        "results": [asdict(r) for r in comparison.results],
        "ratio_to_best_peer": now,
        "latency": latency.measure(),
        "left_out": comparison.skipped,
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

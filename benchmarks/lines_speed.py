"""Speed of the line stage on synthetic claims: nanoseconds a line, whole and by stage.

python -m benchmarks.lines_speed [--lines 10_000_000] [--features plain] [--stages]
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from dataclasses import replace

import numpy as np

from adjudicator.batch import Batch, Lines
from adjudicator.catalog import Catalog, Restrictions
from adjudicator.columns import Category
from adjudicator.lines import judge
from adjudicator.rulebook import CategoryLimit, Formula, Key, KeyKind, LineRules, Program, Table
from adjudicator.tables import ClaimCodes
from adjudicator.versions import index_versions

FIRST_DAY = 19_358  # 2023-01-01
STAGES = {
    "judge": "all",
    "index_versions": "index of versions (kept with the catalog after the first call)",
    "_look_up": "version in force, class, rate",
    "_search": "version in force, class, rate, without an index",
    "_refuse_outside_stay": "dates outside the stay",
    "_restrict": "restrictions",
    "_take_rates": "upfront rates of plan, schedule and line",
    "_atoms": "atoms",
    "take_self_funded": "self-funded",
    "take_over_ceiling": "over the payable price",
    "take_over_categories": "over category limits",
    "take_upfront": "upfront share",
    "finish": "reasons, signs, rest in scope",
    "_sum": "sums by claim and atom",
}
"""Functions of the line stage and what they do."""

LEVELS = ("tertiary", "secondary", "primary")


def catalog_of(items: int, rng: np.random.Generator, restricted: float = 0.0) -> Catalog:
    """Items with one or two versions; the second from the middle of the year, half of them with a ceiling by level."""
    two = rng.random(items) < 0.5
    first = np.zeros(items + 1, np.int32)
    first[1:] = np.cumsum(1 + two)
    versions = int(first[-1])
    begins = np.full(versions, FIRST_DAY - 365, np.int32)
    ends = np.full(versions, 2**31 - 1, np.int32)
    second = first[1:][two] - 1
    begins[second] = ends[second - 1] = FIRST_DAY + 181
    rows = versions // 2
    none = np.full(versions, -1, np.int32)
    zeros = np.zeros(1, np.int64)
    minus = np.full(1, -1, np.int32)
    flags = np.zeros(1, np.uint8)
    restrictions = Restrictions(
        zeros + 3, zeros, minus, minus, zeros, zeros, minus, minus + 15, zeros + 100_000, flags, flags
    )
    return Catalog(
        ("340300",), tuple(map(str, range(items))), np.zeros(items, np.int32), first, begins, ends,
        rng.choice([0, 1, 1, 1, 2], versions).astype(np.uint8), rng.integers(0, 4, versions).astype(np.uint8),
        none, rng.integers(0, 4, versions), rng.choice([0, 100_000, 300_000], versions).astype(np.int32), none,
        np.where(rng.random(versions) < 0.5, rng.integers(0, rows, versions), -1).astype(np.int32),
        np.where(rng.random(versions) < restricted, 0, -1).astype(np.int32),
        rng.integers(1_000_000, 90_000_000, (rows, len(LEVELS) + 1)),
        np.zeros(1, np.int32), none[:0], none[:0], zeros[:0], zeros[:0], none[:0], restrictions,
        levels=LEVELS, mark_names=("tcm", "imported"),
    )  # fmt: skip


def batch_of(lines: int, items: int, rng: np.random.Generator, lines_a_claim: int = 12) -> Batch:
    claims = max(1, lines // lines_a_claim)
    first = np.arange(claims + 1, dtype=np.int64) * lines_a_claim
    n = int(first[-1])
    admission = rng.integers(FIRST_DAY, FIRST_DAY + 355, claims).astype(np.int32)
    discharge = (admission + 9).astype(np.int32)
    columns = Lines(
        first,
        rng.integers(0, items, n).astype(np.int32),
        (np.repeat(admission, lines_a_claim) + rng.integers(0, 10, n)).astype(np.int32),
        rng.integers(100, 90_000, n),
        rng.integers(1, 200_000, n),
    )
    ids = Category(np.arange(claims, dtype=np.int32), ())
    plan = Category(np.zeros(claims, np.int32), ("p",))
    level = Category(rng.integers(0, 3, claims).astype(np.int32), LEVELS)
    visit = Category(np.zeros(claims, np.int32), ("inpatient",))
    return Batch(
        ids, ids, plan, np.arange(claims), admission, discharge, discharge, columns, {"level": level, "visit": visit}
    )


def constant(value: int) -> Table:
    return Table((), np.array([value]), np.zeros(1, np.uint8), np.zeros(1, np.int32))


def program_of(features: str) -> Program:
    rules = LineRules(1, constant(0))
    if features == "atoms":
        keys = (Key(KeyKind.FLAG, "mark:tcm", ("tcm",)),)
        rules = LineRules(2, Table(keys, np.array([0, 1]), np.zeros(2, np.uint8), np.zeros(2, np.int32)))
    if features == "upfront":
        keys = (Key(KeyKind.CATEGORY, "class", ("A", "B")), Key(KeyKind.CATEGORY, "level", LEVELS))
        values = np.where(np.arange(20) % 3, -1, 150_000)
        rules = replace(rules, upfront=Table(keys, values, np.zeros(20, np.uint8), np.zeros(20, np.int32)))
    if features == "limits":
        rules = replace(rules, category_limits=(CategoryLimit("all", (0,), Formula(constant(200_000))),))
    return Program("p", "resident_basic", (), (), rules, 0, 99_999)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--block", type=int, help="lines in a block")
    parser.add_argument("--workers", type=int, default=1)
    features = ["plain", "atoms", "upfront", "limits", "restricted", "text"]
    parser.add_argument("--features", choices=features, default="plain")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--stages", action="store_true", help="time by stage (with the cost of measuring)")
    wanted = parser.parse_args()
    rng = np.random.default_rng(1)
    catalog = catalog_of(wanted.items, rng, {"restricted": 0.05, "text": 0.3}.get(wanted.features, 0.0))
    batch, program = batch_of(wanted.lines, wanted.items, rng), program_of(wanted.features)
    if wanted.features == "text":
        none, asked = np.full(1, -1, np.int64), np.ones(1, np.uint8)
        rules = replace(catalog.restrictions, levels=none + 1, max_days=none.astype(np.int32), max_quantity_e4=none)
        catalog = replace(catalog, restrictions=replace(rules, text=asked), memo={})
        batch = replace(batch, lines=replace(batch.lines, confirmed=np.ones(len(batch.lines), np.int8)))

    def run() -> None:
        codes = ClaimCodes(batch, program)
        judge(batch, program, catalog, codes, block_lines=wanted.block, workers=wanted.workers)

    started = time.perf_counter()
    index_versions(catalog, batch.lines.service_date)
    print(f"index of versions: {(time.perf_counter() - started) * 1e3:.1f} ms once a catalog")
    times = []
    for _ in range(wanted.repeat):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    lines = len(batch.lines)
    best = min(times)
    print(f"{wanted.features}: {lines:,} lines, best of {len(times)}: {best / lines * 1e9:.1f} ns a line,", end=" ")
    print(f"{lines / best / 1e6:.1f} million lines a second, {best * 1e6:.0f} µs")
    if wanted.stages:
        profile = cProfile.Profile()
        profile.runcall(run)
        for name, seconds in stage_seconds(profile):
            print(f"  {seconds / lines * 1e9:6.1f} ns  {STAGES[name]}")


def stage_seconds(profile: cProfile.Profile) -> list[tuple[str, float]]:
    """Give the seconds in each stage, everything it calls included, in order of the stages."""
    seconds = dict.fromkeys(STAGES, 0.0)
    for (path, _, name), (_, _, _, cumulative, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        if name in seconds and "adjudicator" in path:
            seconds[name] += cumulative
    return [(name, spent) for name, spent in seconds.items() if spent]


if __name__ == "__main__":
    main()

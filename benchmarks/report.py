"""The results of a comparison as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

LEAST_TRAFFIC = 65
"""Bytes a line that nobody can avoid: 32 of its columns in, 33 of its results out."""

PEERS = {"DuckDB": "duckdb", "Polars": "polars", "plain Python": "plain_python", "PostgreSQL": "postgres"}

Result = dict[str, Any]


def markdown(found: dict[str, Any]) -> str:
    results = found["results"]
    parts = [
        _machine(found),
        _comparison(results),
        _ratios(results),
        _shipped(results),
        _sizes(results),
        _bandwidth(found),
        _latency(found["latency"]),
        _notes(found),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    written = ["| " + " | ".join(row) + " |" for row in (head, *rows)]
    return "\n".join([written[0], "|" + "---|" * len(head), *written[1:]])


def speed(result: Result | None) -> str:
    """Give million lines a second in the fastest round."""
    return "" if result is None else f"{result['lines'] / min(result['seconds']) / 1e6:.2f}"


def claims(result: Result | None) -> str:
    return "" if result is None else f"{result['claims'] / min(result['seconds']) / 1e3:.0f}"


def ratio(result: Result | None) -> str:
    """Give its time over that of ours in neighbouring rounds: the median, and the spread where there are several."""
    if result is None:
        return ""
    if result["module"] == "ours":
        return "1"
    ratios = sorted(result["ratios"])
    middle = f"{median(ratios):.2f}"
    return middle if len(ratios) == 1 else f"{middle} ({ratios[0]:.2f} to {ratios[-1]:.2f})"


def exactness(result: Result) -> str:
    if result["differences"] is None:
        return "not compared"
    wrong = sum(result["differences"].values())
    if result["plan"]:
        return f"{wrong:,} wrong" if wrong else "adds up"
    return f"{wrong:,} cells differ" if wrong else "yes"


def line_of_progress(result: Result) -> str:
    rate = f"{speed(result)} M lines/s, time over ours {ratio(result)}"
    return f"{result['name']}, {result['lines']:,} lines, {result['threads']} cores: {rate}, {exactness(result)}"


def _machine(found: dict[str, Any]) -> str:
    machine = found["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["packages"].items() if version)
    low, high = found["copy_GB_a_second"]
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_GB']} GB, load {machine['load']} at the end; one"
        f" core copies {low} to {high} GB/s (read and write). Python {machine['python']}, {versions}.\n"
        f"Mode {found['mode']}, {found['rounds']} rounds in turn with ours, {found['minutes']:.1f} minutes."
    )


def by_size(results: Sequence[Result]) -> dict[int, list[Result]]:
    sizes = sorted({r["asked"] for r in results})
    return {size: [r for r in results if r["asked"] == size] for size in sizes}


def _comparison(results: Sequence[Result]) -> str:
    """One row a contender: at ten million lines where it ran there, at a million otherwise."""
    head = (
        "contender", "lines", "M lines/s", "on 2 cores", "k claims/s", "on 2 cores", "peak MB above inputs",
        "time over ours (spread)", "on 2 cores", "exact",
    )  # fmt: skip
    chosen: dict[str, list[Result]] = {}
    for size, of_size in by_size(results).items():
        if size <= 10_000_000:
            for module in {r["module"] for r in of_size}:
                chosen[module] = [r for r in of_size if r["module"] == module]
    rows = []
    for runs in sorted(chosen.values(), key=_slowness):
        one, two = (next((r for r in runs if r["threads"] == threads), None) for threads in (1, 2))
        rows.append(
            (
                runs[0]["name"], f"{runs[0]['lines']:,}", speed(one), speed(two), claims(one), claims(two),
                f"{max(r['peak'] for r in runs) / 1e6:.0f}", ratio(one), ratio(two),
                max((exactness(r) for r in runs), key=lambda said: (said not in ("yes", "adds up"), said)),
            )
        )  # fmt: skip
    return table(head, rows)


def _slowness(runs: list[Result]) -> float:
    return median(min(runs, key=lambda r: r["threads"])["ratios"])


def best(results: Iterable[Result], start: str) -> Result | None:
    """Give the fastest exact contender whose name begins so."""
    exact = [r for r in results if r["module"].startswith(start) and not r["differences"]]
    return min(exact, key=lambda r: median(r["ratios"]), default=None)


def _ratios(results: Sequence[Result]) -> str:
    head = ("lines", "cores", *(f"best of {name}" if name in ("DuckDB", "Polars") else name for name in PEERS))
    rows = []
    for size, of_size in by_size(results).items():
        for threads in sorted({r["threads"] for r in of_size}):
            here = [r for r in of_size if r["threads"] == threads]
            found = [best(here, start) for start in PEERS.values()]
            if any(found):
                cells = ["" if r is None else f"{median(r['ratios']):.2f}, {r['name']}" for r in found]
                rows.append((f"{size:,}", str(threads), *cells))
    return "Time of the fastest of each over ours, engine, on as many cores:\n\n" + table(head, rows) if rows else ""


def _shipped(results: Sequence[Result]) -> str:
    rows = []
    for size, of_size in by_size(results).items():
        for result in of_size:
            kernel = next(
                (r for r in of_size if r["module"] == "ours_kernel" and r["threads"] == result["threads"]), None
            )
            if result["plan"] and kernel is not None:
                share = median(kernel["ratios"]) / median(result["ratios"])
                rows.append((result["name"], f"{size:,}", str(result["threads"]), f"{100 * share:.0f} %"))
    head = ("plan", "lines", "cores", "of the reference plan's speed")
    return "Shipped plans on the same claims, kernel:\n\n" + table(head, rows) if rows else ""


def _sizes(results: Sequence[Result]) -> str:
    """Cost a line and memory on one core, from the smallest to the largest size."""
    sizes = by_size([r for r in results if r["threads"] == 1])
    if len(sizes) < 2:
        return ""
    rows = []
    for module, name in (("ours", ""), ("ours_kernel", ""), ("duckdb", "best of DuckDB"), ("polars", "best of Polars")):
        of_size = [
            next((r for r in here if r["module"] == module), None) if not name else best(here, module)
            for here in sizes.values()
        ]
        title = name or next((r["name"] for r in of_size if r), module)
        rows.append((title, *(_cost(r) for r in of_size)))
    head = ("one core", *(f"{size:,} lines" for size in sizes))
    return "Nanoseconds a line, and megabytes above the inputs at the peak:\n\n" + table(head, rows)


def _cost(result: Result | None) -> str:
    if result is None:
        return ""
    return f"{min(result['seconds']) / result['lines'] * 1e9:.0f} ns, {result['peak'] / 1e6:,.0f} MB"


def _bandwidth(found: dict[str, Any]) -> str:
    kernel = [r for r in found["results"] if r["module"] == "ours_kernel" and r["threads"] == 1]
    if not kernel:
        return ""
    largest = max((r for r in kernel if r["asked"] <= 10_000_000), key=lambda r: r["asked"], default=kernel[0])
    moved = LEAST_TRAFFIC * largest["lines"] / min(largest["seconds"]) / 1e9
    copied = found["copy_GB_a_second"][-1]
    return (
        f"A line is at least {LEAST_TRAFFIC} bytes in and out: our kernel moves {moved:.2f} GB/s of them,"
        f" {100 * moved / copied:.1f} % of what one core copies."
    )


def _latency(rows: Sequence[dict[str, Any]]) -> str:
    def times(of: dict[str, float]) -> str:
        return f"{of['best']:.0f}, {of['median']:.0f}, {of['p99']:.0f}"

    written = [(str(row["lines"]), times(row["kernel"]), times(row["json"])) for row in rows]
    head = ("lines", "kernel", "JSON text to JSON text")
    return "One claim, microseconds (best, median, 99th percentile):\n\n" + table(head, written)


def _notes(found: dict[str, Any]) -> str:
    notes = {r["name"]: r["note"] for r in found["results"] if r["note"]}
    written = [f"- {name}: {note}" for name, note in notes.items()]
    written += [f"- Left out: {what}: {why}." for what, why in found["left_out"].items()]
    return "Notes:\n\n" + "\n".join(written) if written else ""

"""The results of a comparison as text."""

from __future__ import annotations

from statistics import median
from typing import Any

HEAD = (
    "| contender | threads | lines | M lines/s | k claims/s | peak MB above inputs | time over ours (spread) | exact |",
    "|---|---|---|---|---|---|---|---|",
)


def line(result: dict[str, Any]) -> str:
    """Give one row of the table."""
    best, ratios = min(result["seconds"]), sorted(result["ratios"])
    spread = f"{median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    cells = (
        result["name"],
        str(result["threads"]),
        f"{result['lines']:,}",
        f"{result['lines'] / best / 1e6:.2f}",
        f"{result['claims'] / best / 1e3:.0f}",
        f"{result['peak'] / 1e6:.0f}",
        "1" if result["module"] == "ours" else spread,
        exactness(result["differences"]),
    )
    return "| " + " | ".join(cells) + " |"


def exactness(differences: dict[str, int] | None) -> str:
    if differences is None:
        return "not compared"
    if not differences:
        return "yes"
    return f"{sum(differences.values()):,} cells differ"


def markdown(found: dict[str, Any]) -> str:
    machine = found["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["packages"].items() if version)
    rows = [
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_GB']} GB, one core copies"
        f" {machine['copy_GB_a_second']} GB/s (read and write), load {machine['load']} when it ended; Python"
        f" {machine['python']}, {versions}.",
        "",
        f"Mode {found['mode']}, {found['rounds']} rounds in turn with ours, {found['minutes']:.1f} minutes.",
        "",
        *HEAD,
        *map(line, sorted(found["results"], key=_order)),
        "",
        "Ours over the fastest exact peer:",
        "",
        *(f"- {key}: {ratio:.2f} times" for key, ratio in found["ratio_to_best_peer"].items()),
        "",
        "One claim, microseconds (median, 99th percentile):",
        "",
        "| lines | kernel | JSON text to JSON text |",
        "|---|---|---|",
        *(
            f"| {row['lines']} | {row['kernel']['median']:.0f}, {row['kernel']['p99']:.0f}"
            f" | {row['json']['median']:.0f}, {row['json']['p99']:.0f} |"
            for row in found["latency"]
        ),
    ]
    if found["left_out"]:
        rows += ["", "Left out:", "", *(f"- {what}: {why}" for what, why in found["left_out"].items())]
    return "\n".join(rows) + "\n"


def _order(result: dict[str, Any]) -> tuple[int, int, float]:
    """By size and threads, then by time over ours: rows were measured at different moments."""
    return round(result["lines"], -5), result["threads"], median(result["ratios"])

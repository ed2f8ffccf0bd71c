"""The machine a run was made on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np

PACKAGES = ("numpy", "pyarrow", "duckdb", "polars", "openfisca-core", "zen-engine", "psycopg", "orjson")
COPIED = 256 * 1024 * 1024


def cores() -> list[int]:
    """Give the cores this process may use."""
    return sorted(os.sched_getaffinity(0))


def describe() -> dict[str, Any]:
    return {
        "cpu": cpu(),
        "cores": len(cores()),
        "memory_GB": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "load": round(os.getloadavg()[0], 2),
        "copy_GB_a_second": round(copy_speed() / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def copy_speed() -> float:
    """Give the bytes a second that one core copies from one array to another (read plus write), best of five."""
    source, target = np.ones(COPIED // 8, np.int64), np.zeros(COPIED // 8, np.int64)
    times = []
    for _ in range(5):
        started = time.perf_counter()
        np.copyto(target, source)
        times.append(time.perf_counter() - started)
    return 2 * COPIED / min(times)


def cpu() -> str:
    """Give the name of the processor."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in text.splitlines() if line.startswith("model name")), "")


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None

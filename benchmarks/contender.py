"""One contender in a process of its own, told line by line what to do. Started by `benchmarks.compare`.

    python -m benchmarks.contender MODULE LINES THREADS CORES

Reads `run` and `check` from standard input, and answers each with one line of JSON on standard output.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any


def main(module: str, lines: int, threads: int, cores: list[int]) -> None:
    os.sched_setaffinity(0, cores)
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    for name in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)

    def answer(**values: Any) -> None:
        answers.write(json.dumps(values) + "\n")
        answers.flush()

    from benchmarks.peers import columns as work

    try:
        contender = importlib.import_module(f"benchmarks.peers.{module}")
        columns = work.columns(lines)
        started = time.perf_counter()
        state = contender.prepare(columns, threads)
    except Exception as found:
        answer(skipped=f"{type(found).__name__}: {found}"[:300])
        return
    note = contender.note(state) if hasattr(contender, "note") else getattr(contender, "NOTE", "")
    prepared = time.perf_counter() - started
    answer(lines=len(columns), claims=len(columns.claims["person"]), prepared=prepared, note=note)
    gc.collect()
    gc.freeze()
    pin_server(state, cores)
    server_cpu = getattr(contender, "server_cpu_seconds", None) or (lambda state: 0.0)
    server_peak = getattr(contender, "server_peak_bytes", None) or (lambda state: 0)
    before, found = forget_peak(), None
    for word in sys.stdin:
        if word.strip() == "run":
            found = None
            cpu, started = time.process_time() + server_cpu(state), time.perf_counter()
            found = contender.run(state)
            seconds = time.perf_counter() - started
            cpu = time.process_time() + server_cpu(state) - cpu
            answer(seconds=seconds, cpu=cpu, peak=max(peak() - before, 0) + server_peak(state))
        elif word.strip() == "check":
            answer(differences=check(contender, state, columns, found))
    close = getattr(contender, "close", None) or getattr(contender, "CLOSE", None)
    if close is not None:
        close(state)


def pin_server(state: Any, cores: list[int]) -> None:
    """Let the processes of a server that serve this contender run on the same cores, where that is allowed."""
    for pid in getattr(getattr(state, "server", None), "pids", ()):
        with contextlib.suppress(OSError):
            os.sched_setaffinity(pid, cores)


def check(contender: Any, state: Any, columns: Any, found: Any) -> dict[str, int]:
    """Count the cells that are not ours; a contender that settles something else checks itself."""
    if hasattr(contender, "check"):
        own: dict[str, int] = contender.check(state, found)
        return own
    from benchmarks.peers import ours
    from benchmarks.peers.columns import differences

    out = contender.unpack(state, found) if hasattr(contender, "unpack") else found
    return differences(out, ours.expected(columns))


def forget_peak() -> int:
    """Give free memory back and reset the peak of resident memory; give what is resident now, in bytes."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
    except (OSError, AttributeError):
        return peak()
    return _status("VmRSS")


def peak() -> int:
    """Give the peak of resident memory since the last reset, in bytes."""
    try:
        return _status("VmHWM")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _status(name: str) -> int:
    text = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(name + ":"))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), [int(core) for core in sys.argv[4].split(",")])

"""Tasks over a pool of workers. Workers are threads: NumPy works on large arrays without the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Task = TypeVar("_Task")
_Found = TypeVar("_Found")


def run(work: Callable[[_Task], _Found], tasks: Iterable[_Task], workers: int = 1) -> list[_Found]:
    """Do the work for every task; what each found, in order of the tasks. The first error in that order is raised.

    One worker, or one task, runs in place: no thread is started.
    """
    tasks = list(tasks)
    workers = min(workers, len(tasks))
    if workers <= 1:
        return [work(task) for task in tasks]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, tasks))


def together(tasks: Iterable[Callable[[], object]], workers: int = 1) -> None:
    """Do different tasks at once, those that stand first first; with one worker, one after the other."""
    run(lambda task: task(), tasks, workers)

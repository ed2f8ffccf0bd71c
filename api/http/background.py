"""The one thread in which a service does jobs of the agency, one at a time, beside its requests."""

from __future__ import annotations

import threading
from collections.abc import Callable

from api.ledger.jobs import JobRow
from api.service.jobs import JobRequest, Jobs
from api.wire.problems import Mistake


class Background:
    """Does the jobs of one process. failed: told when one could not be done."""

    def __init__(self, jobs: Jobs, failed: Callable[[Exception], None]) -> None:
        self._jobs, self._failed = jobs, failed
        self._beginning, self._closing = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, asked: JobRequest) -> JobRow | list[Mistake]:
        """Begin a job, or go on with one that died; one that runs or is done is given as it stands."""
        with self._beginning:
            begun = self._jobs.begin(asked, busy=self._busy)
            if isinstance(begun, list):
                return begun
            row, to_run = begun
            if to_run:
                self._thread = threading.Thread(target=self._run, args=(row,), name="job", daemon=True)
                self._thread.start()
            return row

    def close(self) -> None:
        """Have the job under way stop after its person, and wait for it."""
        self._closing.set()
        with self._beginning:
            if self._thread is not None:
                self._thread.join()

    @property
    def _busy(self) -> bool:
        return self._closing.is_set() or (self._thread is not None and self._thread.is_alive())

    def _run(self, row: JobRow) -> None:
        try:
            self._jobs.run(row, self._closing.is_set)
        except Exception as failure:
            self._failed(failure)

"""Re-adjudication as a job beside the requests of a service: begun under a name, looked at, gone on with after a death.

What a job posts is guarded person by person, by its name (`api.service.readjudicating`), and noted in the transaction
that posts it. So a job that died is begun again under its name, here or by command, and its sums stay true; that two
processes should run it at once does no harm.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import Connection

from api.ledger import books
from api.ledger.database import Database
from api.ledger.jobs import JobRow, add_job, job_of, keep_job, latest_jobs
from api.service.days import moment_text
from api.service.differences import Differences, Readjudicated, posted_before
from api.service.readjudicating import Readjudication
from api.service.work import blind_of
from api.service.world import World
from api.wire.identity import Keyring
from api.wire.problems import Mistake

SILENCE_MS = 60_000
"""A job that was not heard of for so long has died with its process."""

HEARD_MS = 5_000
"""How often a job says that it is alive."""

MOST_LISTED = 100
"""Settlements, and persons that cannot be decided, that the answer about a job lists; it counts all."""

MOST_JOBS = 100
"""Jobs that are listed."""


class State(StrEnum):
    """How a job stands."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"  # its process ended; begun again, it goes on
    DONE = "done"
    FAILED = "failed"  # the log says why; begun again, it goes on


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What is asked. numbers: of the persons, None for everyone. posts: else it only looks."""

    name: str
    year: int
    numbers: tuple[str, ...] | None
    posts: bool


class Interrupted(Exception):  # noqa: N818 (nothing went wrong)
    """The process ends before the job does."""


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs of one ledger, done by the rules at hand."""

    database: Database
    readjudication: Readjudication
    keyring: Keyring
    world: World

    def begin(self, asked: JobRequest, busy: bool = False) -> tuple[JobRow, bool] | list[Mistake]:
        """Write a job down; give it, and whether it is to be run: not where it runs, or is done.

        busy: whether this process cannot run one now.
        """
        persons = self._persons(asked.numbers)
        if isinstance(persons, list):
            return persons
        return self.database.transact(lambda connection: self._begin(connection, asked, persons, busy))

    def _begin(
        self, connection: Connection, asked: JobRequest, persons: bytes, busy: bool
    ) -> tuple[JobRow, bool] | list[Mistake]:
        now, known = self.world.now_ms(), job_of(connection, asked.name)
        if known is not None:
            if (known.year, known.persons, bool(known.posts)) != (asked.year, persons, asked.posts):
                return [Mistake("JOB_NAME_USED", "/name", fields={"name": asked.name})]
            if self.state(known) in (State.RUNNING, State.DONE):
                return known, False
        if busy:
            return [Mistake("JOB_RUNNING")]
        if known is None:
            new = JobRow(asked.name, asked.year, persons, int(asked.posts), "running", now, now, None, None, 0, b"")
            add_job(connection, new)
            return new, True
        again = replace(known, outcome="running", heard_at=now, ended_at=None)
        keep_job(connection, again)
        return again, True

    def _persons(self, numbers: tuple[str, ...] | None) -> bytes | list[Mistake]:
        if numbers is None:
            return b""
        blinds = [blind_of(self.keyring, number) for number in numbers]
        with self.database.read() as connection:
            known = books.known_persons(connection, blinds)
        missing = [place for place, blind in enumerate(blinds) if blind not in known]
        if missing:
            return [Mistake("PERSON_UNKNOWN", f"/persons/{place}") for place in missing]
        return orjson.dumps(sorted({known[blind] for blind in blinds}))

    def run(self, row: JobRow, ends: Callable[[], bool]) -> None:
        """Do a job. ends: says whether the process is about to end; then the job is left to be begun again."""
        _Run(self, row, ends).run()

    def find(self, name: str) -> JobRow | None:
        """Give the job of a name."""
        with self.database.read() as connection:
            return job_of(connection, name)

    def latest(self) -> list[JobRow]:
        """Give the jobs that began last, the last one first."""
        with self.database.read() as connection:
            return latest_jobs(connection, MOST_JOBS)

    def state(self, row: JobRow) -> State:
        """Say how a job stands now."""
        silent = row.outcome == "running" and self.world.now_ms() - row.heard_at > SILENCE_MS
        return State.INTERRUPTED if silent else State(row.outcome)

    def entry(self, row: JobRow) -> dict[str, Any]:
        """Give a job for a list."""
        said = {"name": row.name, "year": row.year, "everyone": not row.persons, "post": bool(row.posts)}
        said |= {"state": self.state(row), "started_at": moment_text(row.started_at)}
        return said | ({} if row.ended_at is None else {"ended_at": moment_text(row.ended_at)})

    def body(self, row: JobRow) -> dict[str, Any]:
        """Give a job with what it came to so far."""
        found = {} if row.persons_found is None else {"persons_found": row.persons_found}
        came_to = orjson.loads(row.result) if row.result else Differences().as_dict()
        return {**self.entry(row), **found, "persons_done": row.persons_done, **came_to}


class _Run:
    """A job while it runs. `row` is what the ledger knows of it, once it is kept."""

    def __init__(self, jobs: Jobs, row: JobRow, ends: Callable[[], bool]) -> None:
        self._jobs, self._ends = jobs, ends
        self._whole = Differences(MOST_LISTED)
        if row.posts and row.result:
            self._whole = posted_before(orjson.loads(row.result), MOST_LISTED)
        self._row = replace(row, persons_found=None, persons_done=self._whole.persons, result=self._result())

    def run(self) -> None:
        try:
            self._every_person()
        except Interrupted:
            self._keep(heard_at=0)
        except BaseException:
            self._keep(outcome="failed", ended_at=self._jobs.world.now_ms())
            raise
        else:
            self._keep(outcome="done", ended_at=self._jobs.world.now_ms())

    def _every_person(self) -> None:
        row, work = self._row, self._jobs.readjudication
        only = orjson.loads(row.persons) if row.persons else None
        persons = work.persons(row.year, only, self._pause)
        self._row = replace(row, persons_found=row.persons_done + len(persons))
        for person in persons:
            self._pause()
            found = work.post(person, row.year, row.name, self._note) if row.posts else work.preview(person, row.year)
            self._whole.add(found)
            self._row = self._with(self._whole)

    def _pause(self) -> None:
        """Say that the job is alive, unless it has just done so. Raises Interrupted."""
        if self._ends():
            raise Interrupted
        now = self._jobs.world.now_ms()
        if now - self._row.heard_at > HEARD_MS:
            self._keep(heard_at=now)

    def _note(self, connection: Connection, found: Readjudicated) -> None:
        """Write down what the job comes to with a person, in the transaction that posts it."""
        whole = deepcopy(self._whole)
        whole.add(found)
        keep_job(connection, replace(self._with(whole), heard_at=self._jobs.world.now_ms()))

    def _with(self, whole: Differences) -> JobRow:
        """Give the row after one more person."""
        return replace(self._row, persons_done=self._row.persons_done + 1, result=orjson.dumps(whole.as_dict()))

    def _keep(self, **changed: Any) -> None:
        self._row = replace(self._row, **changed)
        with self._jobs.database.write() as connection:
            keep_job(connection, self._row)

    def _result(self) -> bytes:
        return orjson.dumps(self._whole.as_dict())

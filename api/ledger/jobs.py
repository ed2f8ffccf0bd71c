"""Jobs of the agency that a running service does in the background: what was asked, how far it is, what it came to."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Literal

from sqlalchemy import Connection, select

from api.ledger.database.statements import insert_all, insert_or_set
from api.ledger.schema import job

Outcome = Literal["running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job. Times are milliseconds since 1970.

    persons: JSON list of the keys of persons; empty: everyone. posts: 1 where it posts what differs, 0 where it only
    looks. heard_at: when it last said that it is alive. persons_found: how many there are to be looked at, None while
    they are looked for; persons_done: how many were. result: JSON of what it came to so far.
    """

    name: str
    year: int
    persons: bytes
    posts: int
    outcome: Outcome
    started_at: int
    heard_at: int
    ended_at: int | None
    persons_found: int | None
    persons_done: int
    result: bytes


def add_job(connection: Connection, row: JobRow) -> None:
    """Add a job. The database refuses a second one of a name."""
    insert_all(connection, job, [astuple(row)])


def keep_job(connection: Connection, row: JobRow) -> None:
    """Write down how far a job is."""
    insert_or_set(connection, job, [astuple(row)])


def job_of(connection: Connection, name: str) -> JobRow | None:
    """Give the job of a name."""
    row = connection.execute(select(job).where(job.c.name == name)).first()
    return None if row is None else JobRow(*row)


def latest_jobs(connection: Connection, most: int) -> list[JobRow]:
    """Give the jobs that began last, the last one first."""
    wanted = select(job).order_by(job.c.started_at.desc(), job.c.name).limit(most)
    return [JobRow(*row) for row in connection.execute(wanted)]

"""Transactions: those that write are kept wholly or not at all, those that read see one state."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from adjudicator.errors import AdjudicatorError

ATTEMPTS = 6
"""How often a transaction is tried that others get in the way of."""

PAUSE_SECONDS = 0.02
"""Longest pause before the second attempt; it grows with each one, and its length is left to chance."""

WRITES, PATIENT, FLEETING = "ledger_writes", "ledger_patient", "ledger_fleeting"
"""Options of a connection, for what a database does when its transaction begins."""

Result = TypeVar("Result")


class OutcomeUnknownError(AdjudicatorError):
    """The database failed while it committed: nobody knows what it kept. The process must stop and start again."""


def _never(_failure: DBAPIError) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Database:
    """An open database. `notice`: code of a message when something is slower than it could be, else empty.

    reading: options of connections that only read. passing: says of a failure that it came from what others did at the
    same moment, or from a lost connection, so that the same transaction may succeed now. shared: several processes may
    serve it.
    """

    engine: Engine
    notice: str = ""
    reading: Mapping[str, Any] = field(default_factory=dict)
    passing: Callable[[DBAPIError], bool] = _never
    shared: bool = False

    @property
    def address(self) -> str:
        """Where it is, without the password."""
        return self.engine.url.render_as_string()

    def transact(self, work: Callable[[Connection], Result]) -> Result:
        """Do some work in a transaction and commit it; all of it again where others got in its way, a few times."""
        attempt = 1
        while True:
            try:
                with self.write() as connection:
                    return work(connection)
            except DBAPIError as failure:
                if attempt == ATTEMPTS or not self.passing(failure):
                    raise
            time.sleep(random.random() * PAUSE_SECONDS * attempt)
            attempt += 1

    @contextmanager
    def write(self, patient: bool = False, fleeting: bool = False) -> Iterator[Connection]:
        """Give a transaction that may write; it is committed at the end, or wholly undone by an exception.

        patient: nobody waits at a window, so it may take long. fleeting: nothing of the ledger is in it, so a shared
        database need not have it on the disk at once; a power cut may take it back.
        """
        options = {WRITES: True, PATIENT: patient, FLEETING: fleeting}
        with self.engine.connect().execution_options(**options) as connection:
            transaction = connection.begin()
            try:
                yield connection
            except BaseException:
                transaction.rollback()
                raise
            try:
                transaction.commit()
            except DBAPIError as failure:
                raise OutcomeUnknownError from failure

    @contextmanager
    def read(self, patient: bool = False) -> Iterator[Connection]:
        """Give a transaction that sees one state of the database and changes nothing. patient: as for `write`."""
        with self.engine.connect().execution_options(**self.reading, **{PATIENT: patient}) as connection:
            yield connection

    def close(self) -> None:
        """Let all connections go."""
        self.engine.dispose()

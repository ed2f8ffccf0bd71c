"""Faults that only a death at the wrong moment brings to light; the tests of crashes must notice each of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection

from api.ledger import counters
from api.ledger.database import Database
from api.ledger.database.transactions import FLEETING, PATIENT, WRITES
from tests.simulator.faults import two_transactions

LATE_SECONDS = 0.02


def commits_later(patch: pytest.MonkeyPatch) -> None:
    """Answers are given some milliseconds before the commit, as where a commit does not wait for the disk."""

    @contextmanager
    def write(self: Database, patient: bool = False, fleeting: bool = False) -> Iterator[Connection]:
        options = {WRITES: True, PATIENT: patient, FLEETING: fleeting}
        connection = self.engine.connect().execution_options(**options)
        transaction = connection.begin()
        try:
            yield connection
        except BaseException:
            transaction.rollback()
            connection.close()
            raise

        def finish() -> None:
            transaction.commit()
            connection.close()

        threading.Timer(LATE_SECONDS, finish).start()

    patch.setattr(Database, "write", write)


def counters_follow(patch: pytest.MonkeyPatch) -> None:
    """Counters are written some milliseconds after the journal, in a transaction of their own."""
    two_transactions(patch)
    write = counters.write_counters

    def late(connection: Any, changed: Any) -> None:
        time.sleep(LATE_SECONDS if changed else 0)
        write(connection, changed)

    patch.setattr(counters, "write_counters", late)


FAULTS = {fault.__name__: fault for fault in (commits_later, counters_follow)}


def plant(name: str) -> None:
    """Break this process for good; without a name, leave it as it is."""
    if name:
        FAULTS[name](pytest.MonkeyPatch())

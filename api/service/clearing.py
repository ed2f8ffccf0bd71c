"""Closing a clearing month (清算期): when it is over, those before it are closed, and nobody settles in it any more."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from api.ledger import periods
from api.ledger.database import Database
from api.ledger.database.statements import wait_for_writers
from api.ledger.periods import Period
from api.ledger.schema import holder
from api.service.days import book_day, day_text
from api.service.world import World
from api.wire.problems import Mistake

IN_FLIGHT = "PERIOD_IN_FLIGHT"
"""Why a month was not closed that can be closed a moment later."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A month that was closed, and what it comes to by account of the double entry."""

    period: Period
    sums: dict[str, int]


def close_period(database: Database, world: World, month: str) -> Closed | Mistake:
    """Close a month (YYYY-MM). What is settled later, or taken back, is posted to a later one, whatever the clock says.

    A month is not closed that is not over, closed already, or after one that is open; nor while a transaction that
    began before is in flight (IN_FLIGHT), for it may belong to the month. The journal is read before anybody is held
    back, but for rows that are added meanwhile: so a month of millions of rows holds nobody back for long.
    """
    try:
        with database.write() as connection:
            wait_for_writers(connection, holder)
            known_to = periods.last_row(connection)
        with database.read(patient=True) as connection:
            if refused := _refusal(connection, world.now_ms(), month, 0):
                return refused
            known = periods.hashes_of(connection, month, 0, known_to)
        with database.write() as connection:
            wait_for_writers(connection, holder)
            now = world.now_ms()
            if refused := _refusal(connection, now, month, known_to):
                return refused
            made = periods.close(connection, month, known, known_to, now)
    except OperationalError as failure:
        return Mistake(IN_FLIGHT, "/period", fields={"period": month, "problem": str(failure.orig).strip()})
    with database.read(patient=True) as connection:
        return Closed(made, periods.sums(connection, month))


def _refusal(connection: Connection, now: int, month: str, after: int) -> Mistake | None:
    """Say why a month cannot be closed, by the rows of the journal after a number."""
    if month >= day_text(book_day(now))[:7]:
        return Mistake("PERIOD_NOT_OVER", "/period", fields={"period": month})
    closed = periods.last_closed(connection)
    if month <= closed:
        return Mistake("PERIOD_CLOSED", "/period", fields={"period": month, "closed": closed})
    earlier = periods.first_open(connection, after)
    if earlier is not None and earlier < month:
        return Mistake("PERIOD_EARLIER_OPEN", "/period", fields={"period": month, "earlier": earlier})
    return None


def read_period(database: Database, month: str) -> Closed | None:
    """Give a month that is closed; None for one that is not."""
    with database.read(patient=True) as connection:
        found = next((one for one in periods.closed_periods(connection) if one.period == month), None)
        return Closed(found, periods.sums(connection, month)) if found else None

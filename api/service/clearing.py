"""Closing a clearing month (清算期): when it is over, those before it are closed, and nobody settles in it any more."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy.exc import OperationalError

from api.failures import CannotRunError
from api.ledger import periods
from api.ledger.database import Database
from api.ledger.database.statements import wait_for_writers
from api.ledger.periods import Period
from api.ledger.schema import holder
from api.service.days import book_day, day_text
from api.service.world import World

MONTH = re.compile(r"(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Closed:
    """A month that was closed, and what it comes to by account of the double entry."""

    period: Period
    sums: dict[str, int]


def close_period(database: Database, world: World, month: str) -> Closed:
    """Close a month. What is settled after that, or taken back, is posted to a later one, whatever the clock says.

    Raises CannotRunError: for a month that is not over, closed already, or after one that is open; and while a
    transaction that began before is in flight, for it may belong to the month.
    """
    if not MONTH.fullmatch(month):
        raise CannotRunError("PERIOD_NOT_READ", found=month)
    try:
        with database.write() as connection:
            wait_for_writers(connection, holder)
            now = world.now_ms()
            if month >= day_text(book_day(now))[:7]:
                raise CannotRunError("PERIOD_NOT_OVER", period=month)
            closed, earlier = periods.last_closed(connection), periods.first_open(connection)
            if month <= closed:
                raise CannotRunError("PERIOD_CLOSED", period=month, closed=closed)
            if earlier is not None and earlier < month:
                raise CannotRunError("PERIOD_EARLIER_OPEN", period=month, earlier=earlier)
            made = periods.close(connection, month, now)
            return Closed(made, periods.sums(connection, month))
    except OperationalError as failure:
        raise CannotRunError("PERIOD_IN_FLIGHT", period=month, problem=str(failure.orig).strip()) from None

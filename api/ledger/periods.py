"""Clearing months (清算期): a month that is closed takes in no more rows; what comes later is posted to a later one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from api.ledger.chain import sealed
from api.ledger.rows import GENESIS
from api.ledger.schema import entry, journal, period

FIRST = ""
"""Stands before every month, where none is closed."""


@dataclass(frozen=True, slots=True)
class Period:
    """A closed month, YYYY-MM. to_seq: last row of the journal then; count: rows of the month; closed_at: moment.

    root: hash of the root of the month closed before it and of the rows of the month, in order.
    """

    period: str
    to_seq: int
    count: int
    closed_at: int
    root: str


_LAST = select(func.max(period.c.period))
"""Built once: every transaction asks it."""


def last_closed(connection: Connection) -> str:
    """Give the last month that is closed, empty where none is. Who posts asks under locks, which closing waits for."""
    return connection.execute(_LAST).scalar() or FIRST


def clearing_month(book_date: str, closed: str) -> str:
    """Give the month that a row of a day is posted to: its own, or the first one after those that are closed."""
    return max(book_date[:7], following(closed)) if closed else book_date[:7]


def following(month: str) -> str:
    """Give the month after one."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04}-{number % 12 + 1:02}"


def closed_periods(connection: Connection) -> list[Period]:
    """Give the closed months, in order."""
    return [Period(*row) for row in connection.execute(select(period).order_by(period.c.period))]


def first_open(connection: Connection, after: int) -> str | None:
    """Give the first month with rows after a number that is not closed."""
    still_open = (journal.c.period > last_closed(connection)) & (journal.c.seq > after)
    return connection.execute(select(func.min(journal.c.period)).where(still_open)).scalar()


def close(connection: Connection, month: str, known: Sequence[str], known_to: int, now_ms: int) -> Period:
    """Close a month, in a transaction that nobody else settles beside.

    known: hashes of its rows up to the row known_to, which were read before, because nobody adds any there.
    """
    before = closed_periods(connection)
    to_seq = last_row(connection)
    hashes = [*known, *hashes_of(connection, month, known_to, to_seq)]
    made = Period(month, to_seq, len(hashes), now_ms, sealed(before[-1].root if before else GENESIS, hashes))
    connection.execute(insert(period).values(**{column.name: getattr(made, column.name) for column in period.c}))
    return made


def last_row(connection: Connection) -> int:
    """Give the number of the last row of the journal; 0 where there is none."""
    return connection.execute(select(func.max(journal.c.seq))).scalar() or 0


def hashes_of(connection: Connection, month: str, after: int, to_seq: int) -> list[str]:
    """Give the hashes of the rows of a month after one number and up to another, in order."""
    own = (journal.c.period == month) & (journal.c.seq > after) & (journal.c.seq <= to_seq)
    return list(connection.execute(select(journal.c.row_hash).where(own).order_by(journal.c.seq)).scalars())


def sums(connection: Connection, month: str) -> dict[str, int]:
    """Give what a month comes to, by account of the double entry."""
    found = connection.execute(
        select(entry.c.account, func.sum(entry.c.amount))
        .join_from(entry, journal, entry.c.seq == journal.c.seq)
        .where(journal.c.period == month)
        .group_by(entry.c.account)
        .order_by(entry.c.account)
    )
    return {account: int(amount) for account, amount in found}

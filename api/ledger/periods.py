"""Clearing months (清算期): a month that is closed takes in no more rows; what comes later is posted to a later one."""

from __future__ import annotations

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


def first_open(connection: Connection) -> str | None:
    """Give the first month with rows that is not closed."""
    after = journal.c.period > last_closed(connection)
    return connection.execute(select(func.min(journal.c.period)).where(after)).scalar()


def close(connection: Connection, month: str, now_ms: int) -> Period:
    """Close a month, in a transaction that nobody else settles beside."""
    before = closed_periods(connection)
    to_seq = connection.execute(select(func.max(journal.c.seq))).scalar() or 0
    count, root = rows_of(connection, month, to_seq, before[-1].root if before else GENESIS)
    made = Period(month, to_seq, count, now_ms, root)
    connection.execute(insert(period).values(**{column.name: getattr(made, column.name) for column in period.c}))
    return made


def rows_of(connection: Connection, month: str, to_seq: int, previous: str) -> tuple[int, str]:
    """Count the rows of a month up to a number, and hash them after the root of the month before."""
    own = (journal.c.period == month) & (journal.c.seq <= to_seq)
    hashes = list(connection.execute(select(journal.c.row_hash).where(own).order_by(journal.c.seq)).scalars())
    return len(hashes), sealed(previous, hashes)


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

"""Reading and writing the journal, its entries, the settlements in force and what messages were answered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, delete, func, select, tuple_
from sqlalchemy.sql.elements import ColumnElement

from api.ledger.database.statements import insert_all, padded, take_numbers
from api.ledger.rows import EntryRow, JournalRow, RequestRow
from api.ledger.schema import entry, joint, journal, journal_seq, live, request

ROWS_AT_ONCE = 1_000
"""Rows of the journal held in memory while it is read from end to end."""

Message = tuple[str, str]
"""institution, message id"""

Receipt = tuple[str, str, str]
"""institution, visit, receipt"""


_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
"""Statements of every transaction are built once; only the keys asked for differ."""

_STANDING = (
    select(live, journal.c.settlement_id)
    .join_from(live, journal, live.c.origin_seq == journal.c.seq)
    .where(tuple_(live.c.institution, live.c.visit_id, live.c.receipt_id).in_(_KEYS))
)
_ANSWERED = (
    select(request, journal.c.answer.label("sent"))
    .join_from(request, journal, request.c.seq == journal.c.seq, isouter=True)
    .where(tuple_(request.c.institution, request.c.message_id).in_(_KEYS))
)


_DECIDED = (
    select(func.max(journal.c.seq).filter(journal.c.kind != "REVERSE"))
    .where(journal.c.origin_seq.in_(_KEYS))
    .group_by(journal.c.origin_seq)
)


def take_seqs(connection: Connection, count: int) -> list[int]:
    """Give numbers for new rows, in order, to a transaction that has locked its holders."""
    return take_numbers(connection, journal.c.seq, journal_seq, count)


def append_rows(connection: Connection, rows: Sequence[JournalRow], entries: Sequence[EntryRow]) -> None:
    """Add rows with their entries."""
    insert_all(connection, journal, rows)
    insert_all(connection, entry, entries)


def rows_by_seq(connection: Connection, seqs: Collection[int]) -> dict[int, JournalRow]:
    """Give some rows by number."""
    return {row.seq: row for row in _rows(connection, journal.c.seq.in_(sorted(seqs)))}


def row_by_settlement(connection: Connection, settlement_id: str, institution: str | None) -> JournalRow | None:
    """Give the row with a settlement id, of an institution; of any where it is None."""
    wanted = journal.c.settlement_id == settlement_id
    if institution is not None:
        wanted &= journal.c.institution == institution
    return next(_rows(connection, wanted), None)


def life_of(connection: Connection, origin_seq: int) -> list[JournalRow]:
    """Give a settlement and what was done and undone of it since, in order."""
    return list(_rows(connection, journal.c.origin_seq == origin_seq))


def rows_of_holders_after(connection: Connection, holders: Collection[str], seq: int) -> list[JournalRow]:
    """Give the rows after a number that could use the counters of some holders, in order."""
    names = sorted(holders)
    jointly = select(joint.c.seq).where(joint.c.holder_key.in_(names), joint.c.seq > seq)
    used = journal.c.person_key.in_(names) | journal.c.seq.in_(jointly)
    return list(_rows(connection, used & (journal.c.seq > seq)))


def decided_in_force(
    connection: Connection, first: str, last: str, persons: Collection[str] | None = None
) -> Iterator[list[JournalRow]]:
    """Give settlements in force that were settled first on one of some days, by the row whose figures they have.

    They come in order of their origin, some at a time. persons: whose settlements, None for everyone's.
    """
    origins = (
        select(journal.c.seq)
        .join_from(journal, live, live.c.origin_seq == journal.c.seq)
        .where(journal.c.book_date.between(first, last))
        .order_by(journal.c.seq)
    )
    if persons is not None:
        origins = origins.where(journal.c.person_key.in_(sorted(persons)))
    every = list(connection.execute(origins).scalars())
    for begin in range(0, len(every), ROWS_AT_ONCE):
        decided = connection.execute(_DECIDED, {"keys": every[begin : begin + ROWS_AT_ONCE]}).scalars()
        yield sorted(rows_by_seq(connection, list(decided)).values(), key=lambda row: row.origin_seq)


def join_holders(connection: Connection, joined: Sequence[tuple[str, int]]) -> None:
    """Note which rows could use the counters of holders that are not their person."""
    insert_all(connection, joint, joined)


def all_rows(connection: Connection) -> Iterator[JournalRow]:
    """Give the whole journal, in order."""
    after = 0
    while True:
        part = list(_rows(connection, journal.c.seq > after, ROWS_AT_ONCE))
        yield from part
        if len(part) < ROWS_AT_ONCE:
            return
        after = part[-1].seq


def _rows(connection: Connection, where: ColumnElement[bool], limit: int | None = None) -> Iterator[JournalRow]:
    for row in connection.execute(select(journal).where(where).order_by(journal.c.seq).limit(limit)):
        yield JournalRow(*row)


def entries_of_rows(connection: Connection, seqs: Collection[int]) -> dict[int, list[EntryRow]]:
    """Give the entries of some rows, by row."""
    found: dict[int, list[EntryRow]] = {seq: [] for seq in seqs}
    statement = select(entry).where(entry.c.seq.in_(sorted(seqs))).order_by(entry.c.seq, entry.c.n)
    for row in connection.execute(statement):
        found[row.seq].append(EntryRow(*row))
    return found


def standing(connection: Connection, receipts: Collection[Receipt]) -> dict[Receipt, str]:
    """Give, of some receipts, those that are settled, with the id of the settlement that stands."""
    found = connection.execute(_STANDING, {"keys": padded(receipts)}) if receipts else ()
    return {(row.institution, row.visit_id, row.receipt_id): row.settlement_id for row in found}


def lengths_of_lives(connection: Connection, origins: Collection[int], before: int | None = None) -> dict[int, int]:
    """Give how many rows the lives of some settlements have, or had before a row was added."""
    statement = select(journal.c.origin_seq, func.count().label("rows")).where(
        journal.c.origin_seq.in_(sorted(origins))
    )
    if before is not None:
        statement = statement.where(journal.c.seq < before)
    found = connection.execute(statement.group_by(journal.c.origin_seq))
    return {row.origin_seq: row.rows for row in found}


def begin_lives(connection: Connection, settled: Iterable[tuple[Receipt, int]]) -> None:
    """Put settlements in force. The database refuses a second one for a receipt."""
    insert_all(connection, live, [(*receipt, origin) for receipt, origin in settled])


def end_lives(connection: Connection, origins: Collection[int]) -> None:
    """Take settlements out of force."""
    if origins:
        connection.execute(delete(live).where(live.c.origin_seq.in_(sorted(origins))))


def answered(connection: Connection, messages: Collection[Message]) -> dict[Message, tuple[RequestRow, bytes]]:
    """Give, of some messages, those that were decided, with the bytes they were answered."""
    found = (_answered(row) for row in connection.execute(_ANSWERED, {"keys": padded(messages)}))
    return {(row.institution, row.message_id): (row, answer) for row, answer in found}


def remember(connection: Connection, rows: Sequence[RequestRow]) -> None:
    """Keep what messages were answered. The database refuses a second answer to one."""
    insert_all(connection, request, rows)


def _answered(row: Row[Any]) -> tuple[RequestRow, bytes]:
    columns: list[Any]
    *columns, sent = row
    found = RequestRow(*columns)
    return found, sent if found.answer is None else found.answer

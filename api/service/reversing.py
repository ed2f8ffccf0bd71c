"""Undoing: which row a reversal undoes, whether it may, and what it puts back.

A settlement has one life: the row that settled it, and rows that undo each other in turn. Only the last row of a life
can be undone, so a settlement is in force while their number is odd. What later settlements in force have read or
changed is not taken from under them: last in, first out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import orjson
from sqlalchemy import Connection

from api.ledger import books, journal
from api.ledger.counters import Counters, Place, undone, unpack
from api.ledger.rows import EntryRow, JournalRow
from api.service.adjudication import Adjudicator, Judgement
from api.service.answers import figures_dict
from api.service.cases import Case
from api.service.days import book_day
from api.service.requests import ClaimRequest
from api.wire.canonical import from_canonical
from api.wire.problems import Mistake


@dataclass(frozen=True, slots=True)
class Life:
    """A settlement and everything done and undone of it since.

    entries: double entry of the last row. later: rows since then by which other settlements that could use the same
    counters are in force. receipt_taken_by: the settlement that stands for the receipt now, if it is another one.
    """

    rows: tuple[JournalRow, ...]
    entries: tuple[EntryRow, ...]
    case: Case
    later: tuple[JournalRow, ...]
    receipt_taken_by: str

    @property
    def origin(self) -> JournalRow:
        """The row that settled it."""
        return self.rows[0]

    @property
    def last(self) -> JournalRow:
        """The only row that can be undone."""
        return self.rows[-1]

    @property
    def in_force(self) -> bool:
        """Whether it counts."""
        return len(self.rows) % 2 == 1


@dataclass(frozen=True, slots=True)
class Undoing:
    """What undoing the last row of a life does. opening, closing: as in a journal row."""

    undoes: JournalRow
    opening: Counters
    closing: Counters


def read_case(connection: Connection, target: JournalRow) -> Case:
    """Read the case of the settlement whose life a row is part of."""
    origin = journal.rows_by_seq(connection, [target.origin_seq])[target.origin_seq]
    (spans,) = books.content_of(connection, [origin.cover]).values()
    return case_of(origin, spans)


def read_life(connection: Connection, target: JournalRow, case: Case, adjudicator: Adjudicator) -> Life:
    """Read the life that a row is part of, and the rows since then that could use the same counters.

    The holders of the case are locked, so what is read is how it stands.
    """
    rows = journal.life_of(connection, target.origin_seq)
    origin, last = rows[0], rows[-1]
    later = journal.rows_of_holders_after(connection, adjudicator.holders(case), last.seq)
    receipt = (origin.institution, origin.visit_id, origin.receipt_id)
    stands = journal.standing(connection, [receipt]).get(receipt, origin.settlement_id)
    (entries,) = journal.entries_of_rows(connection, [last.seq]).values()
    return Life(
        tuple(rows),
        tuple(entries),
        case,
        tuple(_in_force(connection, later)),
        stands if stands != origin.settlement_id else "",
    )


def case_of(row: JournalRow, spans: bytes, order: int = 0) -> Case:
    """Give the case of a settlement again, exactly as it was decided."""
    request = from_canonical(row.input)
    assert isinstance(request, ClaimRequest)
    return Case(replace(request, person_id=row.person_key), row.institution, spans, book_day(row.settled_at), order)


def _in_force(connection: Connection, rows: Sequence[JournalRow]) -> list[JournalRow]:
    """Give those rows by which a settlement is in force now."""
    live = journal.live_among(connection, {row.origin_seq for row in rows})
    last = {row.origin_seq: row for row in rows}
    return [row for row in rows if row.origin_seq in live and last[row.origin_seq] is row]


def undo(life: Life, target: JournalRow, now: Mapping[str, Counters], adjudicator: Adjudicator) -> Undoing | Mistake:
    """Undo the settlement or the reversal that `target` is; `now`: the counters of all holders of the life."""
    undoable = life.in_force if target.kind == "SETTLE" else target.seq == life.last.seq
    if not undoable:
        by = life.last if target.kind == "SETTLE" else next(row for row in life.rows if row.refers_seq == target.seq)
        return Mistake("ALREADY_REVERSED", fields={"by": by.settlement_id})
    return _take_back(life, now) if life.in_force else _reinstate(life, now, adjudicator)


def _take_back(life: Life, counters: Mapping[str, Counters]) -> Undoing | Mistake:
    now = {place: value for own in counters.values() for place, value in own.items()}
    opening, closing = unpack(life.last.opening), unpack(life.last.closing)
    dependents = [row for row in life.later if _uses(row, closing)]
    if dependents:
        return Mistake("LATER_SETTLEMENTS", fields={"settlements": ", ".join(row.settlement_id for row in dependents)})
    read = {place: now.get(place, 0) for place in opening.keys() | closing.keys()}
    return Undoing(life.last, read, undone(opening, closing, now))


def _uses(row: JournalRow, changed: Mapping[Place, int]) -> bool:
    """Say whether a row has read or changed any of some counters."""
    return not changed.keys().isdisjoint(unpack(row.opening).keys() | unpack(row.closing).keys())


def _reinstate(life: Life, now: Mapping[str, Counters], adjudicator: Adjudicator) -> Undoing | Mistake:
    """Let a settlement live again, if it would come to the same today."""
    if life.receipt_taken_by:
        return Mistake("DUPLICATE_RECEIPT", fields={"by": life.receipt_taken_by})
    (verdict,) = adjudicator.judge([life.case], now)
    if not isinstance(verdict, Judgement) or not _as_before(verdict, life):
        return Mistake("ACCOUNTS_MOVED")
    return Undoing(life.last, verdict.opening, verdict.closing)


def _as_before(verdict: Judgement, life: Life) -> bool:
    """Say whether a judgement comes to what the settlement was answered, and adds the same to every counter."""
    opening, closing = unpack(life.origin.opening), unpack(life.origin.closing)
    answer, figures = orjson.loads(life.origin.answer), figures_dict(verdict.figures, life.case.request.lines)
    return all(answer[name] == value for name, value in figures.items()) and _added(
        verdict.opening, verdict.closing
    ) == _added(opening, closing)


def _added(opening: Mapping[Place, int], closing: Mapping[Place, int]) -> Counters:
    return {place: value - opening.get(place, 0) for place, value in closing.items()}

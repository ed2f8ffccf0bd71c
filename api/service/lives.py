"""Lives of settlements as the journal has them, and which later ones build on one.

A settlement has one life: the row that settled it, rows that undo each other in turn, and rows that settle it anew
after one that undid it. Only the last row of a life can be undone; a settlement is in force while their number is odd.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from api.ledger import books, journal
from api.ledger.counters import Place, unpack
from api.ledger.rows import BALANCES, EntryRow, JournalRow
from api.service.cases import Case
from api.service.days import book_day
from api.service.requests import ClaimRequest
from api.wire.canonical import from_canonical


@dataclass(frozen=True, slots=True)
class Life:
    """A settlement and everything done and undone of it since.

    entries: double entry of the last row. receipt_taken_by: the settlement that stands for the receipt now, if it is
    another one. dependents: later settlements in force that build on this one, directly or through others, in order.
    """

    rows: tuple[JournalRow, ...]
    entries: tuple[EntryRow, ...]
    case: Case
    receipt_taken_by: str = ""
    dependents: tuple[Life, ...] = ()

    @property
    def origin(self) -> JournalRow:
        """The row that settled it."""
        return self.rows[0]

    @property
    def last(self) -> JournalRow:
        """The only row that can be undone."""
        return self.rows[-1]

    @property
    def decided(self) -> JournalRow:
        """The row whose figures it has, in force or not."""
        return _decided(self.rows)

    @property
    def in_force(self) -> bool:
        """Whether it counts."""
        return len(self.rows) % 2 == 1

    @property
    def receipt(self) -> journal.Receipt:
        """What is settled at most once."""
        return self.origin.institution, self.origin.visit_id, self.origin.receipt_id

    @property
    def cases(self) -> tuple[Case, ...]:
        """Its case and those of its dependents."""
        return self.case, *(dependent.case for dependent in self.dependents)


def read_life(connection: Connection, target: JournalRow) -> Life:
    """Read the life that a row is part of, and those that build on it."""
    life = _life(connection, target.origin_seq)
    stands = journal.standing(connection, [life.receipt]).get(life.receipt, life.origin.settlement_id)
    return Life(
        life.rows,
        life.entries,
        life.case,
        stands if stands != life.origin.settlement_id else "",
        tuple(_life(connection, row.origin_seq) for row in dependents_of(connection, life.last)),
    )


def lives_of(connection: Connection, origins: Iterable[int]) -> list[Life]:
    """Read the lives of some settlements, in order of their last rows, without what builds on them."""
    return sorted((_life(connection, origin) for origin in origins), key=lambda life: life.last.seq)


def _life(connection: Connection, origin_seq: int) -> Life:
    rows = journal.life_of(connection, origin_seq)
    (entries,) = journal.entries_of_rows(connection, [rows[-1].seq]).values()
    return Life(tuple(rows), tuple(entries), case_of(connection, _decided(rows)))


def decided_case(connection: Connection, origin_seq: int) -> Case:
    """Give the case of a settlement as it was decided last: it may have been settled anew by another cover."""
    return case_of(connection, _decided(journal.life_of(connection, origin_seq)))


def _decided(rows: Sequence[JournalRow]) -> JournalRow:
    return next(row for row in reversed(rows) if row.kind != "REVERSE")


def case_of(connection: Connection, row: JournalRow) -> Case:
    """Give the case of a settlement exactly as it was decided; one settled anew is of the day it was settled first."""
    return cases_of(connection, [row])[0]


def cases_of(connection: Connection, rows: Sequence[JournalRow]) -> list[Case]:
    """Give the cases of some settlements, as `case_of` does."""
    covers = books.content_of(connection, {row.cover for row in rows})
    anew = {row.origin_seq for row in rows if row.seq != row.origin_seq}
    first = {row.seq: row for row in rows} | (journal.rows_by_seq(connection, anew) if anew else {})
    cases = []
    for row in rows:
        request = from_canonical(row.input)
        assert isinstance(request, ClaimRequest)
        own, day = replace(request, person_id=row.person_key), book_day(first[row.origin_seq].settled_at)
        cases.append(Case(own, row.institution, covers[row.cover], day))
    return cases


def dependents_of(connection: Connection, row: JournalRow, before: int | None = None) -> list[JournalRow]:
    """Give later rows, in force, that build on what a row counted, directly or through each other, in order.

    before: as it stood when that row was added; None for now.
    """
    searched: frozenset[str] = frozenset()
    while True:
        changed = set(unpack(row.closing))
        later = journal.rows_of_holders_after(connection, searched, row.seq) if searched else []
        chosen = _building_on(changed, in_force(connection, later, before))
        wider = frozenset(place[0] for place in changed)
        if wider <= searched:
            return chosen
        searched |= wider


def _building_on(changed: set[Place], later: Sequence[JournalRow]) -> list[JournalRow]:
    """Choose rows that have read or changed what was changed, which grows by what they change themselves."""
    chosen = []
    for row in later:
        if touches(row, changed):
            chosen.append(row)
            changed |= unpack(row.closing).keys()
    return chosen


def touches(row: JournalRow, places: set[Place]) -> bool:
    """Say whether a row has read or changed a counter at one of some places."""
    return not places.isdisjoint(unpack(row.closing).keys() | unpack(row.opening).keys())


def in_force(connection: Connection, rows: Sequence[JournalRow], before: int | None = None) -> list[JournalRow]:
    """Give those rows by which a settlement is in force, now or before a row was added."""
    known = [row for row in rows if row.kind not in BALANCES and (before is None or row.seq < before)]
    last = {row.origin_seq: row for row in known}
    lengths = journal.lengths_of_lives(connection, last, before)
    return [row for row in known if last[row.origin_seq] is row and lengths[row.origin_seq] % 2 == 1]

"""Retroactive change: a person's year settled anew by the books and rules at hand, as a named job of the agency.

What a settlement is decided by may change after it: cover, a catalog, a price, a plan. The job finds settlements that
would now come to something else from the counters they were computed from, undoes them with all that builds on them,
the last first, and settles them anew in their order, as of their own days. So what is posted comes to the differences,
on the day it is posted, and every row still follows from the rows before it. Each person is one message and one
transaction: its id is made of the job's name and the person, so a job that died is begun again and goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection

from api.ledger import books, counters, journal
from api.ledger.chain import sha256
from api.ledger.counters import Counters, Place, unpack
from api.ledger.database import Database
from api.ledger.periods import last_closed
from api.ledger.rows import JournalRow, RequestRow
from api.service.adjudication import Adjudicator
from api.service.answers import Answer
from api.service.cases import Case
from api.service.days import year_of
from api.service.differences import Readjudicated
from api.service.lives import Life, cases_of, in_force, lives_of, touches
from api.service.posting import Posting
from api.service.provenance import Provenance
from api.service.recording import Recorder
from api.service.requests import Message, Principal, ReadjudicateRequest, Role
from api.service.undoing import BuiltOnMeanwhileError, Reversal, as_before, settle_again
from api.service.work import Asked, standing_answer
from api.service.world import World
from api.wire.canonical import canonical
from api.wire.problems import Mistake

CONSOLE = Principal("console", "", Role.OPERATOR)
"""Who asks for a job: the agency, at its own machine."""

ATTEMPTS = 4
"""How often a person is tried while others settle for those who share a holder."""

Result = TypeVar("Result")

Noted = Callable[[Connection, Readjudicated], None]
"""Told of a person in the transaction that posts what differs."""


class Readjudication:
    """Settles persons' years anew in one ledger."""

    def __init__(self, database: Database, adjudicator: Adjudicator, provenance: Provenance, world: World) -> None:
        self._database, self._adjudicator = database, adjudicator
        self._provenance, self._world = provenance, world

    def persons(
        self, year: int, only: Collection[str] | None = None, looking: Callable[[], None] = lambda: None
    ) -> list[str]:
        """Give the keys of persons with a settlement of the year that would now come to something else.

        only: keys of the persons to look at, None for all. looking: called now and then meanwhile.
        """
        adjudicator, found = self._adjudicator, dict[str, None]()
        with self._database.read(patient=True) as connection:
            for rows in _of_year(connection, year, only):
                looking()
                for batch in _batches(rows, adjudicator):
                    same = _still(batch, adjudicator)
                    found |= {row.person_key: None for (row, _), still in zip(batch, same, strict=True) if not still}
        return list(found)

    def preview(self, person_key: str, year: int) -> Readjudicated:
        """Say what would be posted for a person. Nothing is changed or locked."""
        with self._database.read(patient=True) as connection:
            scope = _Scope(connection, self._adjudicator, person_key, year)
            return _told(person_key, scope.reversal(counters.read_counters(connection, scope.holders)))

    def post(
        self, person_key: str, year: int, job: str, noted: Noted = lambda _connection, _found: None
    ) -> Readjudicated:
        """Post what differs for a person, in one transaction, at most once for each job and person."""
        message = Message(CONSOLE, f"{job}/{person_key}", ReadjudicateRequest(person_key, year))
        found = self._again(lambda connection: self._post(connection, message, person_key, year, noted))
        self._world.reached("committed")
        return found

    def _again(self, work: Callable[[Connection], Result]) -> Result:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._database.transact(work)
            except BuiltOnMeanwhileError:
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _post(
        self, connection: Connection, message: Message, person_key: str, year: int, noted: Noted
    ) -> Readjudicated:
        adjudicator, world = self._adjudicator, self._world
        world.reached("begun")
        form = canonical(message.request)
        asked = Asked(message, form, sha256(form))
        scope = _Scope(connection, adjudicator, person_key, year)
        heads = books.lock_holders(connection, scope.holders)
        world.reached("locked")
        if answered := journal.answered(connection, [asked.key]):
            return _done_before(person_key, standing_answer(asked, *answered[asked.key]))
        locked, scope = scope.holders, _Scope(connection, adjudicator, person_key, year)
        if not scope.holders <= locked:
            raise BuiltOnMeanwhileError
        now = world.now_ms()
        reversal = scope.reversal(counters.read_counters(connection, locked))
        if not isinstance(reversal, Reversal):
            return _told(person_key, reversal)
        rows = len(reversal.before) + 1 + len(reversal.after)
        posting = Posting(journal.take_seqs(connection, rows), heads)
        recorder = Recorder(adjudicator, self._provenance, world, posting, now, last_closed(connection))
        row = recorder.undo(asked, reversal)
        posting.remember(RequestRow(*asked.key, asked.kind, asked.digest, "done", row.seq, answer=None, decided_at=now))
        world.reached("decided")
        posting.write(connection)
        found = replace(_told(person_key, reversal), posted=True)
        noted(connection, found)
        world.reached("written")
        return found


class _Scope:
    """All that settling a person's year anew may touch, as it stands now.

    lives: settlements in force, the first of the year and all later ones of everyone who shares a holder, in order.
    """

    def __init__(self, connection: Connection, adjudicator: Adjudicator, person_key: str, year: int) -> None:
        self._connection, self._adjudicator = connection, adjudicator
        self._own = {row.origin_seq for rows in _of_year(connection, year, [person_key]) for row, _ in rows}
        self.lives = lives_of(connection, self._own)
        self.renewed = self._renew()
        self.holders = self._holders() | {person_key}
        if self.lives:
            self._widen(self.lives[0].last.seq - 1)

    def _widen(self, after: int) -> None:
        """Take in later settlements of all who share a holder, by the cover of then or of now, until there is none."""
        while True:
            rows = in_force(self._connection, journal.rows_of_holders_after(self._connection, self.holders, after))
            self.lives = lives_of(self._connection, {row.origin_seq for row in rows})
            self.renewed = self._renew()
            if self._holders() <= self.holders:
                return
            self.holders |= self._holders()

    def _holders(self) -> frozenset[str]:
        every = (life.case for life in (*self.lives, *self.renewed.values()))
        return frozenset().union(*(self._adjudicator.holders(case) for case in every))

    def _renew(self) -> dict[int, Life]:
        """Give the lives with the cover that the books have now, by origin."""
        cases = _renewed(self._connection, [life.case for life in self.lives])
        return {life.origin.seq: replace(life, case=case) for life, case in zip(self.lives, cases, strict=True)}

    def reversal(self, now: Mapping[str, Counters]) -> Reversal | Mistake | None:
        """Undo and settle anew what has changed, with all that builds on it; None where nothing has."""
        own = [(origin, self.renewed[origin]) for origin in self._own]
        changed = {origin for origin, life in own if not all(_still([(life.decided, life.case)], self._adjudicator))}
        read, written = set[Place](), set[Place]()
        while changed:
            again = _building_on(self.lives, changed, read, written)
            anew = [self.renewed[life.origin.seq] for life in again]
            found = settle_again(again[0], again[1:], anew, now, self._adjudicator)
            if isinstance(found, Mistake):
                return found
            read |= {place for step in found.after for place in step.opening}
            written |= {place for step in found.after for place in step.closing}
            if len(_building_on(self.lives, changed, read, written)) == len(again):
                return found
        return None


def _building_on(
    lives: Sequence[Life], changed: Collection[int], read: Collection[Place], written: Collection[Place]
) -> list[Life]:
    """Choose the lives that changed, and those after the first of them that build on one.

    read, written: counters that what is settled anew reads and writes. What reads or writes one that was written before
    builds on it; and what has written one that is read anew before it must make way for it.
    """
    grown, chosen = set(written), list[Life]()
    for life in lives:
        makes_way = not unpack(life.last.closing).keys().isdisjoint(read)
        if life.origin.seq in changed or (chosen and (makes_way or touches(life.last, grown))):
            chosen.append(life)
            grown |= unpack(life.last.closing).keys()
    return chosen


def _of_year(
    connection: Connection, year: int, persons: Collection[str] | None
) -> Iterator[list[tuple[JournalRow, Case]]]:
    """Give settlements in force of a year, some at a time, each with its case by the cover that the books have now."""
    for rows in journal.decided_in_force(connection, f"{year}-01-01", f"{year + 1}-12-31", persons):
        cases = _renewed(connection, cases_of(connection, rows))
        yield [(row, case) for row, case in zip(rows, cases, strict=True) if _within(case, year)]


def _within(case: Case, year: int) -> bool:
    """Say whether a claim has days in a year, from its admission to its settlement."""
    admission = case.day if case.request.admission is None else case.request.admission
    return year_of(admission) <= year <= year_of(case.day)


def _renewed(connection: Connection, cases: Sequence[Case]) -> list[Case]:
    """Give cases with the cover that the books have now."""
    covers = books.covers_of(connection, sorted({case.request.person_id for case in cases}))
    bodies = books.content_of(connection, set(covers.values()))
    return [replace(case, spans=bodies[covers[case.request.person_id]]) for case in cases]


def _batches(
    rows: Sequence[tuple[JournalRow, Case]], adjudicator: Adjudicator
) -> Iterator[list[tuple[JournalRow, Case]]]:
    """Give settlements in batches without a common holder."""
    left = list(rows)
    while left:
        touched: set[str] = set()
        batch, later = list[tuple[JournalRow, Case]](), list[tuple[JournalRow, Case]]()
        for row, case in left:
            holders = adjudicator.holders(case)
            (batch if touched.isdisjoint(holders) else later).append((row, case))
            touched |= holders
        yield batch
        left = later


def _still(rows: Sequence[tuple[JournalRow, Case]], adjudicator: Adjudicator) -> list[bool]:
    """Say which settlements still come to what they came to, each from the counters it was computed from.

    No two of them share a holder.
    """
    opening: dict[str, Counters] = {}
    for row, case in rows:
        opening |= {holder: {} for holder in adjudicator.holders(case)}
        for place, value in unpack(row.opening).items():
            opening.setdefault(place[0], {})[place] = value
    verdicts = adjudicator.judge([case for _, case in rows], opening)
    return [as_before(verdict, row, case.request.lines) for (row, case), verdict in zip(rows, verdicts, strict=True)]


def _told(person_key: str, found: Reversal | Mistake | None) -> Readjudicated:
    if isinstance(found, Mistake):
        return Readjudicated(person_key, undecided=found)
    return Readjudicated(person_key, tuple(found.adjustments) if found else ())


def _done_before(person_key: str, answer: Answer) -> Readjudicated:
    if answer.outcome == "conflict":
        return Readjudicated(person_key, undecided=Mistake("MESSAGE_ID_REUSED"))
    return Readjudicated(person_key, done_before=True)

"""What is proved with the rules: every row follows from its own input, and what is in force from nothing at all.

Law A: a row reproduces from its own request, cover and opening counters. Law B: the settlements in force come to the
same figures when they are adjudicated from zero, in the order in which they came into force.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, func, select

from api.ledger.books import content_of
from api.ledger.counters import Counters, undone, unpack
from api.ledger.journal import all_rows, entries_of_rows, rows_by_seq
from api.ledger.rows import JournalRow
from api.ledger.schema import joint, journal, live
from api.ledger.verify.report import Report
from api.service.adjudication import Adjudicator, Judgement
from api.service.answers import figures_dict
from api.service.cases import Case
from api.service.figures import entries_of
from api.service.provenance import Provenance
from api.service.reversing import case_of
from catalogs.findings import Severity

ROWS_AT_ONCE = 256
"""Rows that are reproduced as one batch; no two of them share a holder."""

PERSONS_AT_ONCE = 2_000
"""Persons, with all who share a household with them, whose settlements are adjudicated together."""


@dataclass(frozen=True, slots=True)
class Replayer:
    """Reproduces rows with the rules at hand. Rows of other rules or programs are told, not judged."""

    connection: Connection
    adjudicator: Adjudicator
    provenance: Provenance
    report: Report

    def run(self) -> None:
        """Prove laws A and B."""
        for rows in self._batches(all_rows(self.connection)):
            self._reproduce(rows)
        for origins in self._lives_together():
            self._from_zero(origins)

    # --- law A --------------------------------------------------------------------------------------------------------

    def _batches(self, rows: Iterable[JournalRow]) -> Iterator[list[tuple[JournalRow, Case]]]:
        """Give settlements in batches without a common holder; reversals are checked on the way."""
        batch: list[tuple[JournalRow, Case]] = []
        touched: set[str] = set()
        for row in rows:
            if row.rules != self.provenance.rules:
                self.report.wrong(
                    "LEDGER_OTHER_RULES", "journal", row.seq, "rules", row.rules, self.provenance.rules, "warning"
                )
            elif row.kind == "REVERSE":
                self._check_reversal(row)
            else:
                case = case_of(row, self._spans(row))
                holders = self.adjudicator.holders(case)
                if len(batch) == ROWS_AT_ONCE or not touched.isdisjoint(holders):
                    yield batch
                    batch, touched = [], set()
                batch.append((row, case))
                touched |= holders
        yield batch

    def _spans(self, row: JournalRow) -> bytes:
        return content_of(self.connection, [row.cover])[row.cover]

    def _reproduce(self, batch: Sequence[tuple[JournalRow, Case]]) -> None:
        if not batch:
            return
        opening: dict[str, Counters] = {}
        for row, case in batch:
            opening |= {holder: {} for holder in self.adjudicator.holders(case)}
            for place, value in unpack(row.opening).items():
                opening[place[0]][place] = value
        entries = entries_of_rows(self.connection, [row.seq for row, _ in batch])
        verdicts = self.adjudicator.judge([case for _, case in batch], opening)
        for (row, case), verdict in zip(batch, verdicts, strict=True):
            self.report.count("reproduced")
            if not isinstance(verdict, Judgement):
                self._differs(row, "answer", row.answer, [refusal.code for refusal in verdict])
                continue
            self._compare_answer("LEDGER_NOT_REPRODUCED", row, figures_dict(verdict.figures, case.request.lines))
            found = [(entry.account, entry.amount) for entry in entries[row.seq]]
            expected = entries_of(verdict.figures, row.institution)
            if found != expected:
                self.report.wrong("LEDGER_NOT_REPRODUCED", "entry", row.seq, "amount", found, expected)
            if unpack(row.closing) != verdict.closing:
                self._differs(row, "closing", row.closing, sorted(verdict.closing.items()))
            if row.total_fen != verdict.figures.total_fen:
                self._differs(row, "total_fen", row.total_fen, verdict.figures.total_fen)

    def _check_reversal(self, row: JournalRow) -> None:
        """A reversal takes back from every counter what the row it undoes had added."""
        assert row.refers_seq is not None
        undone_row = rows_by_seq(self.connection, [row.refers_seq]).get(row.refers_seq)
        if undone_row is None:
            return  # named already: the row is missing
        self.report.count("reproduced")
        expected = undone(unpack(undone_row.opening), unpack(undone_row.closing), unpack(row.opening))
        if unpack(row.closing) != expected:
            self._differs(row, "closing", row.closing, sorted(expected.items()))
        if row.total_fen != -undone_row.total_fen:
            self._differs(row, "total_fen", row.total_fen, -undone_row.total_fen)

    def _differs(self, row: JournalRow, column: str, found: object, expected: object) -> None:
        """Note what another program would make of a row as a warning, what this one would as wrong."""
        severity: Severity = "error" if row.engine == self.provenance.engine else "warning"
        self.report.wrong("LEDGER_NOT_REPRODUCED", "journal", row.seq, column, found, expected, severity)

    def _compare_answer(self, code: str, row: JournalRow, figures: Mapping[str, object]) -> None:
        answer = orjson.loads(row.answer)
        for name, expected in figures.items():
            if answer.get(name) != expected:
                severity: Severity = "error" if row.engine == self.provenance.engine else "warning"
                self.report.wrong(code, "journal", row.seq, f"answer/{name}", answer.get(name), expected, severity)

    # --- law B --------------------------------------------------------------------------------------------------------

    def _lives_together(self) -> Iterator[list[tuple[int, int]]]:
        """Give the settlements in force as (settled by, in force by), those of all who share a holder together."""
        last = func.max(journal.c.seq)
        statement = (
            select(journal.c.origin_seq, journal.c.person_key, last)
            .where(journal.c.origin_seq.in_(select(live.c.origin_seq)))
            .group_by(journal.c.origin_seq, journal.c.person_key)
        )
        person_of: dict[int, str] = {}
        by_person: dict[str, list[tuple[int, int]]] = {}
        for origin, person, seq in self.connection.execute(statement):
            person_of[origin] = person
            by_person.setdefault(person, []).append((origin, seq))
        together = _Families(by_person)
        for holder, seq in self.connection.execute(select(joint)):
            if seq in person_of:
                together.join(holder, person_of[seq])
        chosen: list[tuple[int, int]] = []
        for number, persons in enumerate(together.families(), 1):
            chosen += [pair for person in persons for pair in by_person.get(person, ())]
            if number % PERSONS_AT_ONCE == 0:
                yield chosen
                chosen = []
        yield chosen

    def _from_zero(self, lives: Sequence[tuple[int, int]]) -> None:
        if not lives:
            return
        rows = rows_by_seq(self.connection, [origin for origin, _ in lives])
        own = [pair for pair in lives if rows[pair[0]].rules == self.provenance.rules]
        cases = [case_of(rows[origin], self._spans(rows[origin]), order=last) for origin, last in own]
        for (origin, _), case, figures in zip(own, cases, self.adjudicator.figures_in_order(cases), strict=True):
            self.report.count("from_zero")
            row = rows[origin]
            if figures is None:
                self.report.wrong("LEDGER_SURVIVOR_DIFFERS", "journal", row.seq, "answer", row.answer, "-")
            else:
                self._compare_answer("LEDGER_SURVIVOR_DIFFERS", row, figures_dict(figures, case.request.lines))


class _Families:
    """Persons joined, directly or through others, by holders that they share."""

    def __init__(self, persons: Iterable[str]) -> None:
        self._parent = {person: person for person in persons}

    def _root(self, name: str) -> str:
        self._parent.setdefault(name, name)
        while self._parent[name] != name:
            self._parent[name] = name = self._parent[self._parent[name]]
        return name

    def join(self, one: str, other: str) -> None:
        """Note that two belong together."""
        self._parent[self._root(one)] = self._root(other)

    def families(self) -> Iterator[list[str]]:
        """Give everyone, family by family; the names of what they share are among them."""
        found: dict[str, list[str]] = {}
        for name in list(self._parent):
            found.setdefault(self._root(name), []).append(name)
        yield from found.values()

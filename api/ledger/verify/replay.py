"""What is proved with the rules: every row follows from its own input, and what is in force from nothing at all.

Law A: a row reproduces from its own request, cover and opening counters. Law B: the settlements in force come to the
same figures when they are adjudicated from zero, in the order in which they came into force; a difference that a
settlement has because another was undone under it, as its plan allows (keep), is a remark that names the cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from sqlalchemy import Connection, func, select

from api.ledger.counters import Counters, undone, unpack
from api.ledger.journal import all_rows, entries_of_rows, rows_by_seq
from api.ledger.rows import JournalRow
from api.ledger.schema import joint, journal, live
from api.ledger.verify.report import Report
from api.service.adjudication import Adjudicator, Judgement
from api.service.answers import figures_dict
from api.service.cases import Case
from api.service.figures import entries_of
from api.service.lives import case_of, dependents_of
from api.service.provenance import Provenance
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
    kept: dict[str, int] = field(default_factory=dict)
    """By holder of counters: the row that undid a settlement under later ones, which stand as they were."""

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
            if self.kept and (cause := self._kept_under(row)):
                self._keep(row, cause)
            if row.rules != self.provenance.rules:
                self.report.wrong(
                    "LEDGER_OTHER_RULES", "journal", row.seq, "rules", row.rules, self.provenance.rules, "warning"
                )
            elif row.kind == "REVERSE":
                self._check_reversal(row)
            else:
                case = case_of(self.connection, row)
                holders = self.adjudicator.holders(case)
                if len(batch) == ROWS_AT_ONCE or not touched.isdisjoint(holders):
                    yield batch
                    batch, touched = [], set()
                batch.append((row, case))
                touched |= holders
        yield batch

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
            self._compare_answer(row, figures_dict(verdict.figures, case.request.lines))
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
        if undone_row.kind != "REVERSE":
            self._check_dependents(row, undone_row)

    def _check_dependents(self, row: JournalRow, undone_row: JournalRow) -> None:
        """Nothing is undone under later settlements that build on it, unless the plan lets them stand."""
        dependents = dependents_of(self.connection, undone_row, before=row.seq)
        if not dependents:
            return
        rule = self.adjudicator.undo_rule(undone_row.plan)
        if rule != "keep":
            found = ", ".join(dependent.settlement_id for dependent in dependents)
            self.report.wrong("LEDGER_UNDONE_UNDER", "journal", row.seq, "refers_seq", found, rule)
        for changed in (undone_row, *dependents):
            self._keep(changed, row.seq)

    def _keep(self, row: JournalRow, cause: int) -> None:
        """Note that the holders of a row's counters stand otherwise than they would from zero."""
        for holder, *_ in unpack(row.closing):
            self.kept.setdefault(holder, cause)

    def _kept_under(self, row: JournalRow) -> int | None:
        """Give the row that undid something under the settlement of a row, or of one that shares a holder with it."""
        holders = {place[0] for place in (*unpack(row.opening), *unpack(row.closing))} & self.kept.keys()
        return min((self.kept[holder] for holder in holders), default=None)

    def _differs(self, row: JournalRow, column: str, found: object, expected: object) -> None:
        """Note what another program would make of a row as a warning, what this one would as wrong."""
        severity: Severity = "error" if row.engine == self.provenance.engine else "warning"
        self.report.wrong("LEDGER_NOT_REPRODUCED", "journal", row.seq, column, found, expected, severity)

    def _compare_answer(self, row: JournalRow, figures: Mapping[str, object]) -> None:
        answer = orjson.loads(row.answer)
        for name, expected in figures.items():
            if answer.get(name) != expected:
                self._differs(row, f"answer/{name}", answer.get(name), expected)

    # --- law B --------------------------------------------------------------------------------------------------------

    def _lives_together(self) -> Iterator[list[_Survivor]]:
        """Give the settlements in force, those of all who share a holder together."""
        statement = (
            select(
                journal.c.origin_seq,
                func.max(journal.c.seq),
                func.max(journal.c.seq).filter(journal.c.kind != "REVERSE"),
                journal.c.person_key,
            )
            .where(journal.c.origin_seq.in_(select(live.c.origin_seq)))
            .group_by(journal.c.origin_seq, journal.c.person_key)
        )
        person_of: dict[int, str] = {}
        by_person: dict[str, list[_Survivor]] = {}
        for origin, last, decided, person in self.connection.execute(statement):
            person_of[origin] = person
            by_person.setdefault(person, []).append(_Survivor(last, decided))
        together = _Families(by_person)
        for holder, seq in self.connection.execute(select(joint)):
            if seq in person_of:
                together.join(holder, person_of[seq])
        chosen: list[_Survivor] = []
        for number, persons in enumerate(together.families(), 1):
            chosen += [survivor for person in persons for survivor in by_person.get(person, ())]
            if number % PERSONS_AT_ONCE == 0:
                yield chosen
                chosen = []
        yield chosen

    def _from_zero(self, survivors: Sequence[_Survivor]) -> None:
        if not survivors:
            return
        rows = rows_by_seq(self.connection, [survivor.decided for survivor in survivors])
        own = [survivor for survivor in survivors if rows[survivor.decided].rules == self.provenance.rules]
        cases = [case_of(self.connection, rows[survivor.decided], order=survivor.last) for survivor in own]
        for survivor, case, figures in zip(own, cases, self.adjudicator.figures_in_order(cases), strict=True):
            self.report.count("from_zero")
            row, expected = rows[survivor.decided], figures_dict(figures, case.request.lines) if figures else {}
            answer = orjson.loads(row.answer)
            differs = [name for name, value in expected.items() if answer.get(name) != value]
            if differs or not expected:
                self._survivor_differs(row, answer, expected, differs)

    def _survivor_differs(
        self, row: JournalRow, answer: Mapping[str, object], expected: Mapping[str, object], differs: Sequence[str]
    ) -> None:
        cause = self._kept_under(row)
        if cause is not None:
            found, wanted = answer.get("cash"), expected.get("cash", "-")
            self.report.wrong("LEDGER_KEPT", "journal", row.seq, f"journal:{cause}", found, wanted, "warning")
            return
        severity: Severity = "error" if row.engine == self.provenance.engine else "warning"
        for name in differs or ("",):
            found = answer.get(name, row.answer)
            self.report.wrong(
                "LEDGER_SURVIVOR_DIFFERS",
                "journal",
                row.seq,
                f"answer/{name}",
                found,
                expected.get(name, "-"),
                severity,
            )


@dataclass(frozen=True, slots=True)
class _Survivor:
    """A settlement in force: the last row of its life, and the one whose figures it has."""

    last: int
    decided: int


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

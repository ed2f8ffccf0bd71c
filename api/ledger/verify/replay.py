"""What is proved with the rules: every row follows from its own input, and what is in force from nothing at all.

Law A: a row reproduces from its own request, cover and opening counters. Law B: the settlements in force come to the
same figures when they are adjudicated from zero, in the order in which they came into force; a difference that a
settlement has because another was undone under it, as its plan allows (keep), is a remark that names the cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

import orjson
from sqlalchemy import Connection, func, select

from api.ledger.counters import Counters, undone, unpack
from api.ledger.journal import all_rows, entries_of_rows, rows_by_seq
from api.ledger.rows import BALANCES, JournalRow
from api.ledger.schema import joint, journal, live
from api.ledger.verify.report import Report
from api.service.adjudication import Adjudicator, Judgement
from api.service.answers import figures_dict
from api.service.balances import change
from api.service.cases import Case
from api.service.figures import entries_of
from api.service.lives import case_of, cases_of, dependents_of
from api.service.requests import BalanceRequest
from api.wire.canonical import from_canonical
from catalogs.findings import Severity

ROWS_AT_ONCE = 256
"""Rows that are reproduced as one batch; no two of them share a holder."""

FAMILIES_AT_ONCE = 2_000
"""Families (persons who share a holder) whose settlements are adjudicated together."""


@dataclass(frozen=True, slots=True)
class Replayer:
    """Reproduces rows with the rules they were decided by. Rows of rules that are not there are told, not judged.

    judges: by the hash of their rules. engine: hash of this program; a difference in a row of another one is a remark.
    """

    connection: Connection
    judges: Mapping[str, Adjudicator]
    engine: str
    report: Report
    kept: dict[str, int] = field(default_factory=dict)
    """By holder of counters: the row that undid a settlement under later ones, which stand as they were."""

    def run(self) -> None:
        """Prove laws A and B."""
        for rows in self._batches(all_rows(self.connection)):
            self._reproduce(rows)
        for families in self._families():
            self._from_zero(families)

    # --- law A --------------------------------------------------------------------------------------------------------

    def _batches(self, rows: Iterable[JournalRow]) -> Iterator[list[tuple[JournalRow, Case]]]:
        """Give settlements in batches without a common holder; reversals are checked on the way."""
        batch: list[tuple[JournalRow, Case]] = []
        touched: set[str] = set()
        for row in rows:
            if self.kept and (cause := self._kept_under(row)):
                self._keep(row, cause)
            if row.kind in BALANCES:
                self._check_balance(row)
            elif row.rules not in self.judges:
                self.report.wrong("LEDGER_OTHER_RULES", "journal", row.seq, "rules", row.rules, "", "warning")
            elif row.kind == "REVERSE":
                self._check_reversal(row)
            else:
                case = case_of(self.connection, row)
                holders = self.judges[row.rules].holders(case)
                full = len(batch) == ROWS_AT_ONCE or not touched.isdisjoint(holders)
                if full or (batch and batch[0][0].rules != row.rules):
                    yield batch
                    batch, touched = [], set()
                batch.append((row, case))
                touched |= holders
        yield batch

    def _reproduce(self, batch: Sequence[tuple[JournalRow, Case]]) -> None:
        if not batch:
            return
        judge, opening = self.judges[batch[0][0].rules], dict[str, Counters]()
        for row, case in batch:
            opening |= {holder: {} for holder in judge.holders(case)}
            for place, value in unpack(row.opening).items():
                opening[place[0]][place] = value
        entries = entries_of_rows(self.connection, [row.seq for row, _ in batch])
        verdicts = judge.judge([case for _, case in batch], opening)
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

    def _check_balance(self, row: JournalRow) -> None:
        """A balance sets or adds what its request says."""
        request = from_canonical(row.input)
        assert isinstance(request, BalanceRequest)
        self.report.count("reproduced")
        _, closing = change(request, unpack(row.opening))
        if unpack(row.closing) != closing:
            self._differs(row, "closing", row.closing, sorted(closing.items()))

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
        rule = self.judges[row.rules].undo_rule(undone_row.plan)
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
        severity: Severity = "error" if row.engine == self.engine else "warning"
        self.report.wrong("LEDGER_NOT_REPRODUCED", "journal", row.seq, column, found, expected, severity)

    def _compare_answer(self, row: JournalRow, figures: Mapping[str, object]) -> None:
        answer = orjson.loads(row.answer)
        for name, expected in figures.items():
            if answer.get(name) != expected:
                self._differs(row, f"answer/{name}", answer.get(name), expected)

    # --- law B --------------------------------------------------------------------------------------------------------

    def _families(self) -> Iterator[list[list[_Survivor]]]:
        """Give the settlements in force, in order, of all who share a holder together; some families at a time."""
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
        by_person: dict[str, list[_Survivor]] = {}
        for _, last, decided, person in self.connection.execute(statement):
            by_person.setdefault(person, []).append(_Survivor(last, decided))
        balances = select(journal.c.seq, journal.c.person_key).where(journal.c.kind.in_(sorted(BALANCES)))
        for seq, holder in self.connection.execute(balances):
            by_person.setdefault(holder, []).append(_Survivor(seq, seq))
        together = _Families(by_person)
        shared = select(joint.c.holder_key, journal.c.person_key).join_from(joint, journal).distinct()
        for holder, person in self.connection.execute(shared):
            together.join(holder, person)
        chosen: list[list[_Survivor]] = []
        for persons in together.families():
            chosen.append(sorted(survivor for person in persons for survivor in by_person.get(person, ())))
            if len(chosen) == FAMILIES_AT_ONCE:
                yield chosen
                chosen = []
        yield chosen

    def _from_zero(self, families: Sequence[Sequence[_Survivor]]) -> None:
        """Adjudicate the settlements of families from nothing: of each the first together, then the second ones ...

        A balance, and a settlement of rules that are not there, counts as its row says.
        """
        standing: dict[str, Counters] = {}
        for wave in zip_longest(*families):
            rows = list(rows_by_seq(self.connection, [one.decided for one in wave if one is not None]).values())
            by_rules: dict[str, list[JournalRow]] = {}
            for row in rows:
                if row.kind not in BALANCES and row.rules in self.judges:
                    by_rules.setdefault(row.rules, []).append(row)
                    continue
                opening = unpack(row.opening)
                for place, value in unpack(row.closing).items():
                    stands = standing.setdefault(place[0], {})
                    stands[place] = stands.get(place, 0) + value - opening.get(place, 0)
            for rules, own in by_rules.items():
                self._next_of_each(own, standing, self.judges[rules])

    def _next_of_each(
        self, rows: Sequence[JournalRow], standing: dict[str, Counters], adjudicator: Adjudicator
    ) -> None:
        """Adjudicate settlements, of each family one, from what stands, and let it stand as they leave it."""
        cases = cases_of(self.connection, rows)
        holders = {holder for case in cases for holder in adjudicator.holders(case)}
        opening = {holder: standing.setdefault(holder, {}) for holder in holders}
        for row, case, verdict in zip(rows, cases, adjudicator.judge(cases, opening), strict=True):
            self.report.count("from_zero")
            expected = figures_dict(verdict.figures, case.request.lines) if isinstance(verdict, Judgement) else {}
            answer = orjson.loads(row.answer)
            differs = [name for name, value in expected.items() if answer.get(name) != value]
            if differs or not expected:
                self._survivor_differs(row, answer, expected, differs)
            if isinstance(verdict, Judgement):
                for place, value in verdict.closing.items():
                    standing[place[0]][place] = value

    def _survivor_differs(
        self, row: JournalRow, answer: Mapping[str, object], expected: Mapping[str, object], differs: Sequence[str]
    ) -> None:
        cause = self._kept_under(row)
        if cause is not None:
            found, wanted = answer.get("cash"), expected.get("cash", "-")
            self.report.wrong("LEDGER_KEPT", "journal", row.seq, f"journal:{cause}", found, wanted, "warning")
            return
        severity: Severity = "error" if row.engine == self.engine else "warning"
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


@dataclass(frozen=True, slots=True, order=True)
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

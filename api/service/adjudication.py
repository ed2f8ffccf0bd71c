"""Cases in, judgements out: the one way from a request to who pays what, for settling, previewing and verifying alike.

Cases settled together are one batch of the kernel. Nothing here knows the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from adjudicator import Batch, Category, ClaimReason, ClaimStatus, Rulebook, Settlement, settle
from adjudicator.columns import Int64
from adjudicator.periods import period_of
from adjudicator.rulebook import Period, Program
from api.door.admitting import Admitted, admit
from api.door.building import Setting
from api.door.programs import asked_by
from api.door.rows import Books
from api.explain.decode import explain_row
from api.explain.explanation import Explanation
from api.explain.texts import PlanTexts
from api.files.findings import Troubles
from api.files.headings import CLAIM, LINE, MEMBER, read_headings
from api.files.source import Block, Source
from api.ledger.counters import Counters, Place, accounts_of, changes, counters_of
from api.service.cases import Case, claims_of
from api.service.figures import Figures, FiguresReader
from api.service.spans import members_from, unpack_spans
from api.wire.problems import Mistake

PLACES = {
    "person_id": "/person_id",
    "admission": "/admission",
    "discharge": "/discharge",
    "settlement": "/discharge",
    "visit": "/visit",
}
"""Where in a request the claim columns stand that the door finds fault with."""

Periods = Mapping[tuple[str, str], frozenset[int]]
"""By plan and counter the periods that may be read; none listed for all."""

MOST_DAYS = 4_096
"""Days of plans whose periods are kept."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a case comes to. opening: the counters it could read, zeros too; closing: those it changed."""

    figures: Figures
    opening: Counters
    closing: Counters


Verdict = Judgement | tuple[Mistake, ...]


class Adjudicator:
    """Judges cases by one set of rules."""

    def __init__(self, setting: Setting, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self.setting = setting
        self._programs = {program.name: program for program in rulebook.programs}
        self._asked = asked_by(rulebook.programs)
        reserved = {heading.name for part in (CLAIM, LINE, MEMBER) for heading in part}
        self._may_say = {
            "words": self._asked.words - reserved,
            "numbers": self._asked.numbers - reserved,
            "amounts": self._asked.amounts - reserved,
        }
        rules = [rule for program in rulebook.programs for rule in program.counters]
        self._kinds = sorted({rule.holder for rule in rules} - {"person"})
        self._keys = {"episode", *(key for rule in rules for key in rule.keys)}
        self._periods: dict[tuple[str, int], Periods] = {}
        self._claims = Source("claim", read_headings([heading.name for heading in CLAIM], ("claim",)), _no_blocks)
        self._lines = Source("line", read_headings([heading.name for heading in LINE], ("line",)), _no_blocks)

    def holders(self, case: Case) -> frozenset[str]:
        """Name every holder whose counters a case may touch: its person, and of every other kind all it may have."""
        if not self._kinds:
            return frozenset({case.request.person_id})
        said = dict(case.request.words)
        others = {
            f"{kind}:{value}"
            for kind in self._kinds
            for value in (said.get(kind), *(span.get(kind) for span in unpack_spans(case.spans)))
            if value
        }
        return frozenset({case.request.person_id, *others})

    def undo_rule(self, plan: str) -> str:
        """Give what the plan of a settlement says on undoing it under later ones; of two plans the stricter rule."""
        rules = {self._programs[name].undo for name in plan.split() if name in self._programs}
        return next((rule for rule in ("forbid", "cascade", "keep") if rule in rules), "forbid")

    def scheme_of(self, plan: str) -> str:
        """Give the insurance scheme (insutype) of the plan of a settlement, empty where there is none."""
        return next((self._programs[name].scheme for name in plan.split() if name in self._programs), "")

    def judge(self, cases: Sequence[Case], opening: Mapping[str, Counters]) -> list[Verdict]:
        """Judge cases no two of which share a holder; `opening`: the counters of all their holders, by holder."""
        verdicts: list[Verdict] = [self._not_sayable(case) for case in cases]
        sayable = [number for number, found in enumerate(verdicts) if not found]
        if not sayable:
            return verdicts
        chosen = [cases[number] for number in sayable]
        books, troubles = Books(), Troubles()
        admitted = self._admit(chosen, books, troubles)
        batch, owner = _at_once(admitted)
        settlement = settle(batch, self.rulebook, accounts_of(opening.values()))
        figures, closed = FiguresReader(admitted, settlement), counters_of(settlement.accounts)
        refused = _refusals(troubles, chosen)
        any_held = bool((settlement.status == ClaimStatus.HELD).any())
        for place, rows in enumerate(_rows_by_owner(owner, len(chosen))):
            number, case = sayable[place], chosen[place]
            verdicts[number] = refused.get(place) or (_held(settlement, rows) if any_held else ())
            if not verdicts[number]:
                holders = self.holders(case)
                before = _of_holders(opening, holders)
                changed = changes(before, _of_holders(closed, holders))
                readable = self._readable(batch, rows)
                read = {at: value for at, value in before.items() if at in changed or readable(at)}
                verdicts[number] = Judgement(figures.of(rows), read, changed)
        return verdicts

    def explain(self, case: Case, opening: Counters, texts: Callable[[str], PlanTexts]) -> list[Explanation]:
        """Explain each benefit year's part of a case, from the counters it was computed from.

        texts: titles and sources of a plan.
        """
        admitted = self._admit([case], Books(), Troubles())
        batch, _ = _at_once(admitted)
        items = Category.encode([case.request.lines[row].item_code for row in admitted.claims.lines.row.tolist()])
        accounts = accounts_of([opening])
        return [
            explain_row(batch, row, self.rulebook, accounts, texts(plan or ""), items)[0]
            for row, plan in enumerate(batch.plan.decode())
        ]

    def _admit(self, cases: Sequence[Case], books: Books, troubles: Troubles) -> Admitted:
        claims = claims_of(cases, books)
        covered = members_from({case.request.person_id: unpack_spans(case.spans) for case in cases}, books)
        return admit(claims, self._claims, self._lines, covered, self.setting, self._asked, books, troubles)

    def _readable(self, batch: Batch, rows: Int64) -> _Readable:
        """Give what a case could read, in all its parts."""
        found = []
        for row in rows.tolist():
            program = self._programs[batch.plan.values[batch.plan.codes[row]]]
            found.append(self._periods_of(program, int(batch.date(program.year_by)[row])))
        if len(found) == 1:
            return _Readable(found[0])
        return _Readable({at: frozenset().union(*(own.get(at, ()) for own in found)) for one in found for at in one})

    def _periods_of(self, program: Program, day: int) -> Periods:
        """Give the periods of a plan's counters on a day; what was worked out once is kept."""
        key = (program.name, day)
        if key not in self._periods:
            if len(self._periods) == MOST_DAYS:
                self._periods.clear()
            date = np.array([day], np.int32)
            self._periods[key] = {
                (program.name, rule.name): frozenset(
                    () if rule.period is Period.ROLLING else period_of(date, rule.period, program.year_start).tolist()
                )
                for rule in program.counters
            }
        return self._periods[key]

    def _not_sayable(self, case: Case) -> tuple[Mistake, ...]:
        """Find attributes that no plan asks an institution for, and keys that cannot be kept."""
        found = []
        for part, allowed in self._may_say.items():
            for name, _ in getattr(case.request, part):
                if name not in allowed:
                    known, fields = ", ".join(sorted(allowed)), {"name": name}
                    place = f"/{part}/{name}"
                    found.append(Mistake("ATTRIBUTE_NOT_ASKED", place, found=name, expected=known, fields=fields))
        said = {name: getattr(case.request, name, None) for name in self._keys} | dict(case.request.words)
        for name in sorted(self._keys & said.keys()):
            value = said[name] or ""
            found += [Mistake("KEY_WITH_SLASH", f"/{name}", found=value, fields={"name": name})] if "/" in value else []
        return tuple(found)


def _at_once(admitted: Admitted) -> tuple[Batch, Int64]:
    """Give the batch without an order of settlement, and the case of each of its claims (a stay may be several)."""
    owner = admitted.claims.head_row
    return replace(admitted.batch, order_time=np.zeros(len(owner), np.int64)), owner


def _rows_by_owner(owner: Int64, count: int) -> list[Int64]:
    """Give the claims of each case; none for one that was refused."""
    bounds = np.searchsorted(owner, np.arange(count + 1))
    return [np.arange(low, high) for low, high in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)]


def _held(settlement: Settlement, rows: Int64) -> tuple[Mistake, ...]:
    """Give the reasons why a case cannot be decided; one that can is settled, even if no fund pays for it."""
    held = rows[settlement.status[rows] == ClaimStatus.HELD]
    if not len(held):
        return ()
    return tuple(Mistake(ClaimReason(code).name) for code in np.unique(settlement.reason[held]).tolist())


def _of_holders(counters: Mapping[str, Counters], holders: frozenset[str]) -> Counters:
    return {place: value for holder in holders for place, value in counters.get(holder, {}).items()}


def _refusals(troubles: Troubles, cases: Sequence[Case]) -> dict[int, tuple[Mistake, ...]]:
    """Give what the door found wrong, by case; rows that are refused only with their claim say nothing of their own."""
    first = np.cumsum([0, *(len(case.request.lines) for case in cases)])
    found: dict[int, list[Mistake]] = {}
    for trouble in troubles:
        if trouble.code == "CLAIM_REFUSED":
            continue
        shown = trouble.values.to_pylist() if trouble.values is not None else [""] * len(trouble.rows)
        assert trouble.claims is not None, f"{trouble.code} names no claim"
        for case, row, value in zip(trouble.claims.tolist(), trouble.rows.tolist(), shown, strict=True):
            line = row - int(first[case])
            place = f"/lines/{line}/{trouble.column}" if trouble.file == "line" else PLACES.get(trouble.column, "")
            value = "" if trouble.private else value
            fields = {"column": trouble.column, **trouble.fields}
            found.setdefault(case, []).append(Mistake(trouble.code, place, found=value, fields=fields))
    return {case: tuple(refusals) for case, refusals in found.items()}


@dataclass(frozen=True, slots=True)
class _Readable:
    """Says which places of its holders a case could read: by plan and counter its own periods, none listed for all."""

    periods: Periods

    def __call__(self, place: Place) -> bool:
        _, plan, name, _, period = place
        own = self.periods.get((plan, name))
        return own is not None and (not own or period in own)


def _no_blocks() -> Iterator[Block]:
    """Requests are typed when they come: no block of text is read."""
    return iter(())

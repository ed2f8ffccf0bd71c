"""What undoing comes to: the row that is undone, and by the plan's rule what becomes of settlements that build on it.

forbid: nothing that later settlements in force build on is taken from under them; last in, first out. cascade: they are
undone too, the last first, and settled anew, in their order, as if what is undone had never been; only the agency may,
because it touches settlements of others. keep: they stand as they are, and the counters fall by what is undone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from adjudicator.errors import AdjudicatorError
from api.ledger.counters import Counters, Place, undone, unpack
from api.ledger.rows import JournalRow
from api.service.adjudication import Adjudicator, Judgement, Verdict
from api.service.answers import Adjustment, figures_dict
from api.service.figures import Figures, entries_of
from api.service.lives import Life
from api.service.requests import LineRequest
from api.wire.problems import Mistake


class BuiltOnMeanwhileError(AdjudicatorError):
    """Not everyone is locked whom a cascade touches; nothing is done, and the message may be sent again."""


@dataclass(frozen=True, slots=True)
class Step:
    """One row to be added to a life. opening, closing, amounts: of that row. figures: where it settles anew."""

    life: Life
    opening: Counters
    closing: Counters
    amounts: tuple[tuple[str, int], ...]
    figures: Figures | None = None


@dataclass(frozen=True, slots=True)
class Reversal:
    """All rows of one reversal, in order: what builds on it undone, itself, what is settled anew.

    That is what built on it and, where nothing but figures is corrected, itself.
    """

    main: Step
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()

    @property
    def comes_back(self) -> bool:
        """Whether the settlement itself is settled anew."""
        return any(step.life.origin.seq == self.main.life.origin.seq for step in self.after)

    @property
    def adjustments(self) -> list[Adjustment]:
        """What settlements that are settled anew come to more or less, by account; no account that does not differ."""
        old = {step.life.origin.seq: step.amounts for step in (*self.before, self.main)}
        return [_adjustment(step, old[step.life.origin.seq]) for step in self.after]


def undo(
    life: Life, target: JournalRow, now: Mapping[str, Counters], adjudicator: Adjudicator, agency: bool
) -> Reversal | Mistake:
    """Undo the settlement or the reversal that `target` is; `now`: the counters of all holders that are locked.

    Raises BuiltOnMeanwhileError when somebody else came to build on it after it was seen whom to lock.
    """
    undoable = life.in_force if target.kind == "SETTLE" else target.seq == life.last.seq
    if not undoable:
        by = life.last if target.kind == "SETTLE" else next(row for row in life.rows if row.refers_seq == target.seq)
        return Mistake("ALREADY_REVERSED", fields={"by": by.settlement_id})
    if not life.in_force:
        return _reinstate(life, now, adjudicator)
    rule = adjudicator.undo_rule(life.last.plan)
    if not life.dependents or rule == "keep":
        return Reversal(_take_back(life, now))
    if rule == "cascade" and agency:
        return settle_again(life, life.dependents, life.dependents, now, adjudicator)
    later = ", ".join(dependent.origin.settlement_id for dependent in life.dependents)
    return Mistake("LATER_SETTLEMENTS" if rule == "forbid" else "UNDONE_BY_AGENCY", fields={"settlements": later})


def _take_back(life: Life, now: Mapping[str, Counters]) -> Step:
    """Take from every counter what the last row of a life had added to it."""
    opening, closing = unpack(life.last.opening), unpack(life.last.closing)
    standing = {place: value for own in now.values() for place, value in own.items()}
    read = {place: standing.get(place, 0) for place in opening.keys() | closing.keys()}
    amounts = tuple((entry.account, -entry.amount) for entry in life.entries)
    return Step(life, read, undone(opening, closing, standing), amounts)


def settle_again(
    life: Life, later: Sequence[Life], anew: Sequence[Life], now: Mapping[str, Counters], adjudicator: Adjudicator
) -> Reversal | Mistake:
    """Undo `later`, the last first, and `life`; then settle `anew`, in order, each of them one of these lives.

    A life that is settled anew may have another case than the one that is undone. Raises BuiltOnMeanwhileError where
    somebody is touched who is not among `now`.
    """
    if any(not adjudicator.holders(one.case) <= now.keys() for one in (life, *later, *anew)):
        raise BuiltOnMeanwhileError
    moving = {holder: dict(own) for holder, own in now.items()}
    before = [_moved(moving, _take_back(one, moving)) for one in reversed(later)]
    main = _moved(moving, _take_back(life, moving))
    after = []
    for one in anew:
        holders = adjudicator.holders(one.case)
        (verdict,) = adjudicator.judge([one.case], {holder: moving[holder] for holder in holders})
        if not isinstance(verdict, Judgement):
            reasons = ", ".join(refusal.code for refusal in verdict)
            return Mistake("NOT_SETTLED_ANEW", fields={"settlement": one.origin.settlement_id, "reasons": reasons})
        amounts = tuple(entries_of(verdict.figures, one.origin.institution))
        after.append(_moved(moving, Step(one, verdict.opening, verdict.closing, amounts, verdict.figures)))
    return Reversal(main, tuple(before), tuple(after))


def _moved(counters: dict[str, Counters], step: Step) -> Step:
    """Let the counters stand as a step leaves them."""
    for place, value in step.closing.items():
        counters[place[0]][place] = value
    return step


def _reinstate(life: Life, now: Mapping[str, Counters], adjudicator: Adjudicator) -> Reversal | Mistake:
    """Let a settlement live again, if it would come to the same today."""
    if life.receipt_taken_by:
        return Mistake("DUPLICATE_RECEIPT", fields={"by": life.receipt_taken_by})
    own = {holder: now[holder] for holder in adjudicator.holders(life.case)}
    (verdict,) = adjudicator.judge([life.case], own)
    if not as_before(verdict, life.decided, life.case.request.lines):
        return Mistake("ACCOUNTS_MOVED")
    assert isinstance(verdict, Judgement)
    amounts = tuple((entry.account, -entry.amount) for entry in life.entries)
    return Reversal(Step(life, verdict.opening, verdict.closing, amounts))


def as_before(verdict: Verdict, decided: JournalRow, lines: Sequence[LineRequest]) -> bool:
    """Say whether a settlement still comes to what a row decided, and adds the same to every counter."""
    if not isinstance(verdict, Judgement):
        return False
    answer, figures = orjson.loads(decided.answer), figures_dict(verdict.figures, lines)
    return all(answer[name] == value for name, value in figures.items()) and _added(
        verdict.opening, verdict.closing
    ) == _added(unpack(decided.opening), unpack(decided.closing))


def _added(opening: Mapping[Place, int], closing: Mapping[Place, int]) -> Counters:
    return {place: value - opening.get(place, 0) for place, value in closing.items()}


def _adjustment(anew: Step, taken_back: Sequence[tuple[str, int]]) -> Adjustment:
    differences: dict[str, int] = {}
    for account, amount in (*anew.amounts, *taken_back):
        differences[account] = differences.get(account, 0) + amount
    return Adjustment(
        anew.life.origin.settlement_id,
        anew.life.origin.institution,
        tuple((account, amount) for account, amount in sorted(differences.items()) if amount),
    )

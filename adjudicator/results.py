"""Collects what blocks find into one `Settlement`.

While claims are settled, a column of amounts is in order of settlement: every wave writes one slice of it. At the end
each is put in the order of the batch by a single gather.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, cast

import numpy as np

from adjudicator.accounts import Accounts
from adjudicator.batch import Batch
from adjudicator.closing import Closed, closing
from adjudicator.columns import Bool, Int64, UInt8
from adjudicator.layers import PARTS, parts_of
from adjudicator.lines import Judged, JudgedLines
from adjudicator.reasons import ClaimReason, ClaimStatus
from adjudicator.rulebook import Program, Rulebook, State
from adjudicator.settlement import LayerResult, Settlement
from adjudicator.wave import Wave
from adjudicator.waves import THREAD_CLAIMS
from adjudicator.workers import together

ACCOUNT = "personal_account"
"""Fund of the layers that pay from the person's own account (个人账户)."""

REASON_OF_STATE = np.zeros(len(State), np.uint8)
REASON_OF_STATE[[State.NOT_STATED, State.TARGET, State.UNKNOWN, State.MISSING]] = (
    ClaimReason.NOT_STATED,
    ClaimReason.NOT_EXACT,
    ClaimReason.UNKNOWN_VALUE,
    ClaimReason.MISSING_VALUE,
)
"""ClaimReason by State; 0 for those that settle."""

_STATUS_OF_REASON = np.full(len(ClaimReason), ClaimStatus.HELD, np.uint8)
_STATUS_OF_REASON[ClaimReason.NONE] = ClaimStatus.SETTLED
_STATUS_OF_REASON[
    [
        ClaimReason.PLAN_NOT_IN_FORCE,
        ClaimReason.NOT_COVERED,
        ClaimReason.WAITING,
        ClaimReason.SUSPENDED,
        ClaimReason.NOT_DESIGNATED,
        ClaimReason.OUT_OF_AGREEMENT,
        ClaimReason.VISIT_NOT_COVERED,
        ClaimReason.EXCLUDED,
    ]
] = ClaimStatus.NOT_PAYABLE

_NO_PLAN = np.array(ClaimReason.NO_PLAN, np.uint8)
_HELD = np.array(ClaimStatus.HELD, np.uint8)

_BEYOND = "beyond"


class _Form(NamedTuple):
    """What the results of a program look like.

    columns: the amounts that are kept. layers: by name, those of its four parts. accounts: the payments out of the
    personal account.
    """

    columns: tuple[str, ...]
    layers: dict[str, list[str]]
    funds: dict[tuple[str, str], str]
    accounts: tuple[str, ...]
    beyond: bool


def _form_of(program: Program) -> _Form:
    """Give the form of a program's results; worked out once for a program."""
    found = program.memo.get("results")
    if found is None:
        found = program.memo["results"] = _Form(
            tuple(f"{layer.name}.{part}" for layer in program.layers for part in parts_of(layer)),
            {layer.name: [f"{layer.name}.{part}" for part in PARTS] for layer in program.layers},
            {(program.name, layer.name): layer.fund for layer in program.layers},
            tuple(f"{layer.name}.paid" for layer in program.layers if layer.fund == ACCOUNT),
            any(layer.beyond_bill for layer in program.layers),
        )
    return cast(_Form, found)


class BlockResults:
    """Amounts of one block in order of settlement; a wave writes its slice.

    reason [claims of the block]: why a claim is not settled; 0 where it is.
    """

    def __init__(self, columns: list[tuple[str, Int64]], beyond: Int64 | None, reason: UInt8):
        self.reason = reason
        self._columns = columns
        self._beyond = beyond

    def take(self, wave: Wave, reason: UInt8) -> None:
        """Take the amounts of a wave; `reason` [claims of the wave] gets those that the layers found."""
        keep: Bool | None = None
        if wave.void is not None:
            keep = ~wave.void
            if wave.held is not None:
                np.copyto(reason, REASON_OF_STATE[wave.held], where=wave.void)
            np.copyto(reason, np.uint8(ClaimReason.VISIT_NOT_COVERED), where=wave.uncovered & (reason == 0))
        here = slice(wave.low, wave.high)
        for name, column in self._columns:
            amount = wave.amounts[name]
            if amount is not wave.nothing:
                column[here] = amount if keep is None else amount * keep
        if self._beyond is not None:
            self._beyond[here] = wave.beyond if keep is None else wave.beyond * keep


class Results:
    """Everything found so far: lines in the order of the batch, claims in order of settlement, plan after plan."""

    def __init__(self, batch: Batch, all_judged: bool):
        claims = self._claims = len(batch)
        self._batch = batch
        self.lines = JudgedLines.blank(len(batch.lines), all_judged)
        self._buckets = np.zeros((claims, 4), np.int64)
        self._total = np.zeros(claims, np.int64)
        self._rows = np.empty(claims, np.int64)
        self._reason = np.empty(claims, np.uint8)
        self._reason.fill(_NO_PLAN)
        self._columns: dict[str, Int64] = {}
        self._layers: dict[str, list[str]] = {}
        self._plans: list[tuple[_Form, slice]] = []
        self._accounts: list[Closed] = []

    def take_lines(self, rows: Int64, judged: Judged) -> None:
        """Take the sums of the claims of one plan; their lines stand in `lines` already."""
        atoms = judged.atom_buckets
        buckets = atoms[:, 0] if atoms.shape[1] == 1 else atoms.sum(axis=1)
        if len(rows) == self._claims:
            self._buckets, self._total = buckets, judged.bill
        else:
            self._buckets[rows], self._total[rows] = buckets, judged.bill

    def open_plan(self, program: Program, claims: int) -> int:
        """Make room for the claims of a plan; gives the place of the first of them in order of settlement."""
        start = self._plans[-1][1].stop if self._plans else 0
        form = _form_of(program)
        self._plans.append((form, slice(start, start + claims)))
        for name in (*form.columns, _BEYOND) if form.beyond else form.columns:
            if name not in self._columns:
                self._columns[name] = np.zeros(self._claims, np.int64)
        self._layers.update(form.layers)
        return start

    def open_block(self, program: Program, start: int, rows: Int64, reason: UInt8) -> BlockResults:
        """Make room for a block whose claims stand from `start` on in order of settlement."""
        span = slice(start, start + len(rows))
        self._rows[span] = rows
        self._reason[span] = reason
        columns = [(name, self._columns[name][span]) for name in _form_of(program).columns]
        beyond = self._columns.get(_BEYOND)
        return BlockResults(columns, None if beyond is None else beyond[span], self._reason[span])

    def take_accounts(self, closed: Closed) -> None:
        """Take the closing counters of one plan."""
        self._accounts.append(closed)

    def settlement(self, opening: Accounts, rulebook: Rulebook, workers: int = 1) -> Settlement:
        """Give the whole."""
        funds: dict[tuple[str, str], str] = {}
        for program in rulebook.programs:
            if program.name in self._batch.plan.values:
                funds.update(_form_of(program).funds)
        from_account = self._from_account()
        place = self._place()
        reason = self._reason if place is None else self._reason.take(place)
        accounts, columns = self._close(opening, place, workers)
        layers = {
            name: LayerResult(*[self._column(columns, part) for part in parts]) for name, parts in self._layers.items()
        }
        beyond = self._column(columns, _BEYOND)
        total = self._total
        status = _STATUS_OF_REASON.take(reason)
        if np.count_nonzero(reason == _NO_PLAN):
            self._plain_lines(reason, total)
        held = total * (status == _HELD)
        cash = total - held
        for layer in layers.values():
            cash -= layer.paid
        if _BEYOND in columns:
            cash += beyond
        person = cash.copy()
        if from_account is not None:
            person += from_account if place is None else from_account.take(place)
        return Settlement(
            in_scope=self.lines.in_scope,
            upfront=self.lines.upfront,
            over_limit=self.lines.over_limit,
            self_funded=self.lines.self_funded,
            line_reason=self.lines.reason,
            claim_buckets=self._buckets,
            total=total,
            status=status,
            reason=reason,
            layers=layers,
            funds=funds,
            person_fen=person,
            cash_fen=cash,
            held_fen=held,
            beyond_bill_fen=beyond,
            accounts=accounts,
        )

    def _close(self, opening: Accounts, place: Int64 | None, workers: int) -> tuple[Accounts, dict[str, Int64]]:
        """Give the closing accounts, and beside them put the columns in the order of the batch.

        A column is written over one that is no longer needed: fresh memory costs as much as the gather.
        """
        accounts: list[Accounts] = []
        columns: dict[str, Int64] = {}

        def close() -> None:
            accounts.append(closing(opening, self._accounts))

        def arrange(name: str, place: Int64) -> None:
            out, column = free.pop(), self._columns[name]
            columns[name] = column.take(place, out=out, mode="clip")
            free.append(column)

        if place is None:
            return closing(opening, self._accounts), self._columns
        free = [np.empty(len(place), np.int64) for _ in range(workers)]
        tasks: list[Callable[[], object]] = [close, *(partial(arrange, name, place) for name in self._columns)]
        together(tasks, workers if len(place) > THREAD_CLAIMS else 1)
        return accounts[0], columns

    def _column(self, columns: dict[str, Int64], name: str) -> Int64:
        found = columns.get(name)
        return np.zeros(self._claims, np.int64) if found is None else found

    def _place(self) -> Int64 | None:
        """Give the place of every claim of the batch in order of settlement; claims without a plan stand last.

        None for a single claim, which stands where it stands.
        """
        if len(self._rows) == 1:
            return None
        settled = self._plans[-1][1].stop if self._plans else 0
        place = np.full(len(self._rows), -1, np.int64)
        place[self._rows[:settled]] = np.arange(settled)
        if settled < len(place):
            place[place < 0] = np.arange(settled, len(place))
        return place

    def _from_account(self) -> Int64 | None:
        """Give what the layers of the personal account pay, in order of settlement; None where there are none."""
        found: Int64 | None = None
        for form, span in self._plans:
            for paid in form.accounts:
                found = np.zeros(self._claims, np.int64) if found is None else found
                found[span] += self._columns[paid][span]
        return found

    def _plain_lines(self, reason: UInt8, total: Int64) -> None:
        """Claims without a plan keep their bill: nothing is judged, everything stands as self-funded."""
        batch = self._batch
        unplanned = reason == _NO_PLAN
        unjudged = unplanned & (self._buckets == 0).all(axis=1)
        lines = np.repeat(unjudged, np.diff(batch.lines.first))
        self.lines.self_funded[lines] = batch.lines.amount_fen[lines]
        sums = np.concatenate(([0], np.cumsum(batch.lines.amount_fen)))
        bill = sums[batch.lines.first[1:]] - sums[batch.lines.first[:-1]]
        self._buckets[unjudged, 3] = bill[unjudged]
        if batch.given_buckets is not None and batch.bucketed is not None:
            given = unjudged & (batch.bucketed == 1)
            self._buckets[given] = batch.given_buckets[given]
        total[unjudged] = self._buckets[unjudged].sum(axis=1)

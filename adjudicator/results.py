"""Collects what waves find into one `Settlement`: each writes its claims, in the order of the batch, as it ends."""

from __future__ import annotations

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
from adjudicator.tables import Rows
from adjudicator.wave import Wave
from adjudicator.waves import BLOCK_CLAIMS
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


class PlanResults:
    """What the waves of one plan found, in the order of the batch.

    reason [claims of the batch]: why a claim is not settled; 0 where it is.
    """

    def __init__(self, columns: list[tuple[str, Int64]], beyond: Int64 | None, reason: UInt8):
        self.reason = reason
        self._columns = columns
        self._beyond = beyond

    def take(self, wave: Wave, reason: UInt8) -> None:
        """Take the amounts of a wave; `reason` [claims of the wave]: those that were found before the layers."""
        rows = wave.rows
        keep: Bool | None = None
        if wave.void is not None:
            keep = ~wave.void
            if wave.held is not None:
                np.copyto(reason, REASON_OF_STATE[wave.held], where=wave.void)
            np.copyto(reason, np.uint8(ClaimReason.VISIT_NOT_COVERED), where=wave.uncovered & (reason == 0))
            self.reason[rows] = reason
        for name, column in self._columns:
            amount = wave.amounts[name]
            if amount is not wave.nothing:
                column[rows] = amount if keep is None else amount * keep
        if self._beyond is not None:
            self._beyond[rows] = wave.beyond if keep is None else wave.beyond * keep


class Results:
    """Everything found so far, lines and claims in the order of the batch."""

    def __init__(self, batch: Batch, all_judged: bool):
        claims = self._claims = len(batch)
        self._batch = batch
        self.lines = JudgedLines.blank(len(batch.lines), all_judged)
        self._buckets = np.zeros((claims, 4), np.int64)
        self._total = np.zeros(claims, np.int64)
        self._reason = np.empty(claims, np.uint8)
        self._reason.fill(_NO_PLAN)
        self._columns: dict[str, Int64] = {}
        self._layers: dict[str, list[str]] = {}
        self._plans: list[tuple[_Form, Rows]] = []
        self._accounts: list[Closed] = []

    def take_lines(self, rows: Int64, judged: Judged) -> None:
        """Take the sums of the claims of one plan; their lines stand in `lines` already."""
        atoms = judged.atom_buckets
        buckets = atoms[:, 0] if atoms.shape[1] == 1 else atoms.sum(axis=1)
        if len(rows) == self._claims:
            self._buckets, self._total = buckets, judged.bill
        else:
            self._buckets[rows], self._total[rows] = buckets, judged.bill

    def open_plan(self, program: Program, rows: Int64, reason: UInt8) -> PlanResults:
        """Make room for the claims of a plan; `reason` [rows]: those that are found already."""
        form = _form_of(program)
        here: Rows = slice(None) if len(rows) == self._claims else rows
        self._plans.append((form, here))
        self._reason[here] = reason
        for name in (*form.columns, _BEYOND) if form.beyond else form.columns:
            if name not in self._columns:
                self._columns[name] = np.zeros(self._claims, np.int64)
        self._layers.update(form.layers)
        columns = [(name, self._columns[name]) for name in form.columns]
        return PlanResults(columns, self._columns.get(_BEYOND), self._reason)

    def take_accounts(self, closed: Closed) -> None:
        """Take the closing counters of one plan."""
        self._accounts.append(closed)

    def settlement(self, opening: Accounts, rulebook: Rulebook, workers: int = 1) -> Settlement:
        """Give the whole."""
        funds: dict[tuple[str, str], str] = {}
        for program in rulebook.programs:
            if program.name in self._batch.plan.values:
                funds.update(_form_of(program).funds)
        layers = {name: LayerResult(*map(self._column, parts)) for name, parts in self._layers.items()}
        if np.count_nonzero(self._reason == _NO_PLAN):
            self._plain_lines()
        accounts: list[Accounts] = []
        money: list[tuple[Int64, Int64, Int64]] = []
        status = _STATUS_OF_REASON.take(self._reason)
        together(
            [
                lambda: accounts.append(closing(opening, self._accounts)),
                lambda: money.append(self._money(layers, status)),
            ],
            workers if self._claims > BLOCK_CLAIMS else 1,
        )
        person, cash, held = money[0]
        return Settlement(
            in_scope=self.lines.in_scope,
            upfront=self.lines.upfront,
            over_limit=self.lines.over_limit,
            self_funded=self.lines.self_funded,
            line_reason=self.lines.reason,
            claim_buckets=self._buckets,
            total=self._total,
            status=status,
            reason=self._reason,
            layers=layers,
            funds=funds,
            person_fen=person,
            cash_fen=cash,
            held_fen=held,
            beyond_bill_fen=self._column(_BEYOND),
            accounts=accounts[0],
        )

    def _column(self, name: str) -> Int64:
        found = self._columns.get(name)
        return np.zeros(self._claims, np.int64) if found is None else found

    def _money(self, layers: dict[str, LayerResult], status: UInt8) -> tuple[Int64, Int64, Int64]:
        """Give what each person bears, what of it is due in cash, and what is held."""
        held = self._total * (status == _HELD)
        cash = self._total - held
        for layer in layers.values():
            cash -= layer.paid
        if _BEYOND in self._columns:
            cash += self._columns[_BEYOND]
        person = cash.copy()
        for form, here in self._plans:
            for paid in form.accounts:
                person[here] += self._columns[paid][here]
        return person, cash, held

    def _plain_lines(self) -> None:
        """Claims without a plan keep their bill: nothing is judged, everything stands as self-funded."""
        batch = self._batch
        unplanned = self._reason == _NO_PLAN
        unjudged = unplanned & (self._buckets == 0).all(axis=1)
        lines = np.repeat(unjudged, np.diff(batch.lines.first))
        self.lines.self_funded[lines] = batch.lines.amount_fen[lines]
        sums = np.concatenate(([0], np.cumsum(batch.lines.amount_fen)))
        bill = sums[batch.lines.first[1:]] - sums[batch.lines.first[:-1]]
        self._buckets[unjudged, 3] = bill[unjudged]
        if batch.given_buckets is not None and batch.bucketed is not None:
            given = unjudged & (batch.bucketed == 1)
            self._buckets[given] = batch.given_buckets[given]
        self._total[unjudged] = self._buckets[unjudged].sum(axis=1)

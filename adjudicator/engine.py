"""`settle`: claims and opening accounts in, settlements and closing accounts out. The only calculator there is."""

from __future__ import annotations

from functools import partial

import numpy as np

from adjudicator.accounts import Accounts
from adjudicator.batch import LARGEST_FEN, Batch
from adjudicator.blocks import prepared, settle_block
from adjudicator.catalog import Catalog
from adjudicator.columns import Bool, Int64, UInt8, constant
from adjudicator.counters import CounterSpace, Opened, counters_alike
from adjudicator.holders import HolderSpace, groups_of
from adjudicator.judged import Judged, bills
from adjudicator.kinds import kinds_of
from adjudicator.line_blocks import ObserveLines
from adjudicator.lines import LineStage
from adjudicator.periods import Calendar
from adjudicator.reasons import ClaimReason
from adjudicator.results import REASON_OF_STATE, PlanResults, Results
from adjudicator.rulebook import Program, Rulebook, State
from adjudicator.settlement import Settlement
from adjudicator.tables import ClaimCodes
from adjudicator.wave import Block, Observe
from adjudicator.waves import BLOCK_CLAIMS, arrange, cut, sequence
from adjudicator.workers import run, together

_NO_ACCOUNTS = Accounts.empty()
_LARGEST = constant(LARGEST_FEN)
_ABSENT = np.uint8(State.ABSENT)
_NOT_IN_FORCE = np.uint8(ClaimReason.PLAN_NOT_IN_FORCE)
_EXCLUDED = np.uint8(ClaimReason.EXCLUDED)
_LINE_PENDED = np.uint8(ClaimReason.LINE_PENDED)
_NEGATIVE_TOTAL = np.uint8(ClaimReason.NEGATIVE_TOTAL)
_OUT_OF_BOUNDS = np.uint8(ClaimReason.OUT_OF_BOUNDS)


def settle(
    batch: Batch,
    rulebook: Rulebook,
    accounts: Accounts | None = None,
    *,
    observe: Observe | None = None,
    observe_lines: ObserveLines | None = None,
    block_holders: int | None = None,
    workers: int = 1,
) -> Settlement:
    """Settle every claim of a batch under its plan, in order of settlement within each holder.

    Amounts are int64 fen. Claims of plans that the rulebook does not have are held (NO_PLAN). Content that cannot be
    decided gives a reason, never an exception; a batch whose columns do not fit together raises ShapeError.
    `observe` is called with every amount and parameter as it is found (explanations), `observe_lines` with what divides
    the lines; they change nothing. Whoever observes has one worker, so that the calls come in order.
    Up to `block_holders` holders are settled at a time (default: as suits the cache), by one of `workers` threads;
    results do not depend on either, bit by bit. A batch of one block starts no thread.
    """
    batch.check()
    accounts = _NO_ACCOUNTS if accounts is None else accounts
    watch = (observe, observe_lines)
    workers = workers if watch == (None, None) else 1
    rows_of = [(program, _rows_of(batch, program)) for program in rulebook.programs]
    results = Results(batch, all_judged=any(len(rows) == len(batch) for _, rows in rows_of))
    for program, rows in rows_of:
        if len(rows):
            _Plan(batch, program, rulebook.catalog, rows, accounts, results, watch, workers).settle(block_holders)
    return results.settlement(accounts, rulebook, workers)


def _rows_of(batch: Batch, program: Program) -> Int64:
    if program.name not in batch.plan.values:
        return np.empty(0, np.int64)
    code = batch.plan.values.index(program.name)
    here = batch.plan.codes == code
    return np.arange(len(here)) if np.count_nonzero(here) == len(here) else np.flatnonzero(here)


class _Plan:
    """The claims of one plan: lines judged, counters opened, order of settlement found; then block after block."""

    def __init__(
        self,
        batch: Batch,
        program: Program,
        catalog: Catalog | None,
        rows: Int64,
        accounts: Accounts,
        results: Results,
        watch: tuple[Observe | None, ObserveLines | None],
        workers: int,
    ):
        self.batch, self.program, self.rows, self.results, self.workers = batch, program, rows, results, workers
        self.observe, observe_lines = watch
        self.steps = prepared(program, self.observe is not None)
        self.codes = ClaimCodes(batch, program, None if len(rows) == len(batch) else rows)
        stage = LineStage(batch, program, catalog, self.codes, into=results.lines, observe=observe_lines)
        self._judge(stage)
        results.take_lines(rows, self.judged)
        calendar = Calendar(batch.date(program.year_by), program.year_start)
        self.reason = _reasons_before(batch, program, rows, calendar, self.codes, self.judged)
        self.holders = HolderSpace(batch, self.steps.holders)
        of_plan = _entries_of(accounts, program)
        self.spaces = [
            CounterSpace(alike, batch, self.holders, calendar, program.defaults, accounts, of_plan)
            for alike in counters_alike(program)
        ]
        self.where = _positions(rows, len(batch))

    def _judge(self, stage: LineStage) -> None:
        """Judge the lines, range by range, and beside them find the order of settlement and the kinds of claims."""
        ranges = stage.ranges(self.workers)
        judging = [partial(stage.judge_blocks, cuts) for cuts in ranges]
        together([self._put_in_order, self._find_kinds, *judging], self.workers if len(ranges) > 1 else 1)
        self.judged = stage.judged()

    def _put_in_order(self) -> None:
        self.order = sequence(self.batch, self.rows, groups_of(self.batch, self.rows, self.steps.holders))

    def _find_kinds(self) -> None:
        self.kinds = kinds_of(self.codes, self.steps.keys)

    def settle(self, block_holders: int | None) -> None:
        """Settle all claims, some holders at a time."""
        found = self.results.open_plan(self.program, self.rows, self.reason)
        workers = self.workers if block_holders or len(self.rows) > BLOCK_CLAIMS else 1
        blocks = cut(self.order, block_holders, workers)
        opened = run(lambda block: self._settle_block(*block, found), blocks, workers)
        spaces = [
            (space, list(blocks))
            for space, blocks in zip(self.spaces, zip(*opened, strict=True), strict=True)
            if space.kept
        ]
        self.results.take_accounts((self.program, self.holders, spaces))

    def _settle_block(self, first: int, last: int, found: PlanResults) -> list[Opened]:
        """Settle groups first .. last - 1."""
        waves = arrange(self.order, first, last)
        rows = waves.rows
        opened = [space.open(waves) for space in self.spaces]
        here = rows if self.where is None else self.where.take(rows)
        block = Block(
            self.program,
            self.batch,
            rows,
            self.kinds.codes,
            self.kinds.of(here),
            self.judged.atom_buckets.take(here, axis=0),
            self.judged.bill.take(here),
            {name: of_space for of_space in opened for name in of_space.row},
            self.steps.keeps,
            self.observe,
        )
        settle_block(block, waves, self.steps, found)
        return opened


def _entries_of(accounts: Accounts, program: Program) -> Bool | None:
    if program.name not in accounts.plan.values:
        return None
    return np.asarray(accounts.plan.codes == accounts.plan.values.index(program.name))


def _positions(rows: Int64, claims: int) -> Int64 | None:
    if len(rows) == claims:
        return None
    where = np.zeros(claims, np.int64)
    where[rows] = np.arange(len(rows))
    return where


def _reasons_before(
    batch: Batch, program: Program, rows: Int64, calendar: Calendar, codes: ClaimCodes, judged: Judged
) -> UInt8:
    """Find the claims that no layer may touch: door, validity of the plan, exclusions, pended lines, bad totals."""
    reason = np.zeros(len(rows), np.uint8) if batch.reason is None else batch.reason[rows].copy()
    if not calendar.within(program.valid_from, program.valid_until):
        date = batch.date(program.year_by)[rows]
        _mark(reason, (date < program.valid_from) | (date >= program.valid_until), _NOT_IN_FORCE)
    if program.excluded_if is not None:
        _mark(reason, program.excluded_if.values[codes.static_index(program.excluded_if)] != 0, _EXCLUDED)
    _mark(reason, judged.pended, _LINE_PENDED)
    bill = judged.bill
    if np.minimum.reduce(judged.atom_buckets, axis=None) < 0:
        _mark(reason, bill < 0, _NEGATIVE_TOTAL)
        bill = bills(np.abs(np.add.reduce(judged.atom_buckets, axis=1)))
    _mark(reason, judged.out_of_bounds | (bill > _LARGEST), _OUT_OF_BOUNDS)
    for name in program.amounts:
        if name in batch.amounts:
            _mark(reason, np.abs(batch.amounts[name][rows]) > _LARGEST, _OUT_OF_BOUNDS)
    if np.maximum.reduce(judged.states) > _ABSENT:
        np.copyto(reason, REASON_OF_STATE[judged.states], where=reason == 0)
    return reason


def _mark(reason: UInt8, where: Bool | bool | np.bool_, code: np.uint8) -> None:
    """Set a reason where none stands yet."""
    if np.count_nonzero(where):
        np.copyto(reason, code, where=(reason == 0) & where)

"""`settle`: claims and opening accounts in, settlements and closing accounts out. The only calculator there is."""

from __future__ import annotations

import numpy as np

from adjudicator.accounts import Accounts
from adjudicator.batch import LARGEST_FEN, Batch
from adjudicator.blocks import settle_block
from adjudicator.columns import Bool, Int64, UInt8
from adjudicator.counters import Counter, CounterSpace, HolderSpace
from adjudicator.lines import Judged, judge
from adjudicator.periods import Calendar
from adjudicator.prepare import prepared
from adjudicator.reasons import ClaimReason
from adjudicator.results import REASON_OF_STATE, Results
from adjudicator.rulebook import Program, Rulebook, State
from adjudicator.settlement import Settlement
from adjudicator.tables import ClaimCodes
from adjudicator.wave import Block, Observe
from adjudicator.waves import BLOCK_HOLDERS, THREAD_HOLDERS, arrange_block, groups_of, sequence
from adjudicator.workers import run


def settle(
    batch: Batch,
    rulebook: Rulebook,
    accounts: Accounts | None = None,
    *,
    observe: Observe | None = None,
    block_holders: int | None = None,
    workers: int = 1,
) -> Settlement:
    """Settle every claim of a batch under its plan, in order of settlement within each holder.

    Amounts are int64 fen. Claims of plans that the rulebook does not have are held (NO_PLAN). Content that cannot be
    decided gives a reason, never an exception; a batch whose columns do not fit together raises ShapeError.
    `observe` is called with every amount and parameter as it is found (explanations); it changes nothing. Whoever
    observes has one worker, so that the calls come in order.
    `block_holders` holders are settled at a time, by one of `workers` threads; results do not depend on either, bit
    by bit. A batch of one block starts no thread.
    """
    batch.check()
    workers = workers if observe is None else 1
    if block_holders is None:
        block_holders = BLOCK_HOLDERS if workers == 1 else THREAD_HOLDERS
    accounts = accounts or Accounts.empty()
    results = Results(batch, rulebook)
    for program in rulebook.programs:
        rows = _rows_of(batch, program)
        if len(rows):
            _settle_plan(batch, program, rulebook, rows, accounts, results, observe, block_holders, workers)
    return results.settlement(accounts)


def _rows_of(batch: Batch, program: Program) -> Int64:
    if program.name not in batch.plan.values:
        return np.empty(0, np.int64)
    code = batch.plan.values.index(program.name)
    here = batch.plan.codes == code
    return np.arange(len(batch)) if here.all() else np.flatnonzero(here)


def _settle_plan(
    batch: Batch,
    program: Program,
    rulebook: Rulebook,
    rows: Int64,
    accounts: Accounts,
    results: Results,
    observe: Observe | None,
    block_holders: int,
    workers: int,
) -> None:
    facts = prepared(program)
    codes = ClaimCodes(batch, program, None if len(rows) == len(batch) else rows)
    judged = judge(batch, program, rulebook.catalog, codes, into=results.lines, workers=workers)
    results.take_lines(rows, judged)
    reason = _reasons_before(batch, program, rows, codes, judged)
    kinds = tuple(dict.fromkeys(c.holder for c in program.counters if c.holder != "person"))
    holders = HolderSpace(batch, kinds)
    of_plan = _entries_of(accounts, program)
    calendar = Calendar(batch.date(program.year_by), program.year_start)
    spaces = [CounterSpace(rule, batch, holders, calendar, program.defaults) for rule in program.counters]
    for space in spaces:
        space.measure(accounts, of_plan)
    where = _positions(rows, len(batch))
    ordered, bounds = sequence(batch, rows, groups_of(batch, rows, kinds))
    results.open_layers(program)

    def settle_holders(start: int) -> list[Counter]:
        waves = arrange_block(ordered, bounds, start, block_holders)
        numbered: dict[tuple[object, ...], tuple[Int64, Int64 | None]] = {}
        counters = [space.open(waves, numbered) for space in spaces]
        here = waves.rows if where is None else where[waves.rows]
        block = Block(
            program,
            batch,
            waves.rows,
            ClaimCodes(batch, program, waves.rows) if len(rows) > 1 else codes,
            judged.atom_buckets[here],
            {space.rule.name: counter for space, counter in zip(spaces, counters, strict=True)},
            facts.opening,
            observe,
        )
        settle_block(block, waves, facts, reason[here], results)
        return counters

    closed = run(settle_holders, range(0, len(bounds) - 1, block_holders), workers)
    results.take_accounts(program, holders, list(zip(spaces, map(list, zip(*closed, strict=True)), strict=True)))


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


def _reasons_before(batch: Batch, program: Program, rows: Int64, codes: ClaimCodes, judged: Judged) -> UInt8:
    """Find the claims that no layer may touch: door, validity of the plan, exclusions, pended lines, bad totals."""
    reason = np.zeros(len(rows), np.uint8) if batch.reason is None else batch.reason[rows].copy()
    date = batch.date(program.year_by)[rows]
    _mark(reason, (date < program.valid_from) | (date >= program.valid_until), ClaimReason.PLAN_NOT_IN_FORCE)
    if program.excluded_if is not None:
        _mark(reason, program.excluded_if.values[codes.static_index(program.excluded_if)] != 0, ClaimReason.EXCLUDED)
    _mark(reason, judged.pended, ClaimReason.LINE_PENDED)
    buckets = judged.atom_buckets[:, 0] if program.lines.atoms == 1 else np.add.reduce(judged.atom_buckets, axis=1)
    _mark(reason, np.add.reduce(buckets, axis=1) < 0, ClaimReason.NEGATIVE_TOTAL)
    bill = np.add.reduce(np.abs(buckets), axis=1)
    _mark(reason, judged.out_of_bounds | (bill > LARGEST_FEN), ClaimReason.OUT_OF_BOUNDS)
    for name in program.amounts:
        if name in batch.amounts:
            _mark(reason, np.abs(batch.amounts[name][rows]) > LARGEST_FEN, ClaimReason.OUT_OF_BOUNDS)
    if judged.states.max(initial=0) > State.ABSENT:
        np.copyto(reason, REASON_OF_STATE[judged.states], where=reason == 0)
    return reason


def _mark(reason: UInt8, where: Bool | bool | np.bool_, code: ClaimReason) -> None:
    """Set a reason where none stands yet."""
    if np.count_nonzero(where):
        np.copyto(reason, np.uint8(code), where=(reason == 0) & where)

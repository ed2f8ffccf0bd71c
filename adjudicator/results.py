"""Collects what blocks find into one `Settlement` in the order of the batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adjudicator.accounts import Accounts
from adjudicator.batch import Batch
from adjudicator.columns import Bool, Category, Int32, Int64, UInt8
from adjudicator.counters import Counter, CounterSpace, HolderSpace
from adjudicator.lines import Judged, JudgedLines
from adjudicator.reasons import ClaimReason, ClaimStatus
from adjudicator.rulebook import Period, Program, Rulebook, State
from adjudicator.settlement import LayerResult, Settlement
from adjudicator.wave import Block, Wave

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

_PARTS = ("base", "deductible", "first_pay", "paid")


class BlockResults:
    """Amounts of one block in order of settlement: [layer][part] fen [claims of the block]."""

    def __init__(self, block: Block):
        self.program = block.program
        claims = len(block.rows)
        self.parts = np.zeros((len(block.program.layers), len(_PARTS), claims), np.int64)
        self.beyond = np.zeros(claims, np.int64)

    def take(self, wave: Wave, reason: UInt8) -> None:
        """Take the amounts of a wave; `reason` [claims of the wave] gets those that the layers found."""
        keep: Bool | None = None
        if wave.void is not None:
            keep = ~wave.void
            if wave.held is not None:
                np.copyto(reason, REASON_OF_STATE[wave.held], where=wave.void)
            np.copyto(reason, np.uint8(ClaimReason.VISIT_NOT_COVERED), where=wave.uncovered & (reason == 0))
        span = slice(wave.low, wave.high)
        for number, layer in enumerate(self.program.layers):
            for place, part in enumerate(_PARTS):
                amount = wave.amounts[f"{layer.name}.{part}"]
                self.parts[number, place, span] = amount if keep is None else np.where(keep, amount, 0)
        self.beyond[span] = wave.beyond if keep is None else np.where(keep, wave.beyond, 0)


class Results:
    """Everything found so far, in the order of the batch."""

    def __init__(self, batch: Batch, rulebook: Rulebook):
        claims = len(batch)
        self._batch = batch
        self.lines = JudgedLines.blank(len(batch.lines))
        self._buckets = np.zeros((claims, 4), np.int64)
        self._reason = np.full(claims, ClaimReason.NO_PLAN, np.uint8)
        self._beyond = np.zeros(claims, np.int64)
        self._paid = np.zeros(claims, np.int64)
        self._from_account = np.zeros(claims, np.int64)
        self._layers: dict[str, list[Int64]] = {}
        self._funds = {(p.name, layer.name): layer.fund for p in rulebook.programs for layer in p.layers}
        self._accounts: list[tuple[Program, HolderSpace, list[tuple[CounterSpace, list[Counter]]]]] = []

    def take_lines(self, rows: Int64, judged: Judged) -> None:
        """Take the sums of the claims of one plan; their lines stand in `lines` already."""
        self._buckets[rows] = judged.atom_buckets.sum(axis=1)

    def open_layers(self, program: Program) -> None:
        """Make room for the layers of a plan."""
        for layer in program.layers:
            if layer.name not in self._layers:
                self._layers[layer.name] = [np.zeros(len(self._batch), np.int64) for _ in _PARTS]

    def open_block(self, block: Block) -> BlockResults:
        """Make room for a block."""
        return BlockResults(block)

    def close_block(self, block: Block, found: BlockResults, reason: UInt8) -> None:
        """Put a block's amounts where the batch has its claims."""
        rows = block.rows
        self._reason[rows] = reason
        self._beyond[rows] = found.beyond
        for layer, parts in zip(block.program.layers, found.parts, strict=True):
            for column, part in zip(self._layers[layer.name], parts, strict=True):
                column[rows] = part
            paid = parts[_PARTS.index("paid")]
            self._paid[rows] += paid
            if layer.fund == ACCOUNT:
                self._from_account[rows] += paid

    def take_accounts(
        self, program: Program, holders: HolderSpace, counters: list[tuple[CounterSpace, list[Counter]]]
    ) -> None:
        """Take the closing counters of one plan."""
        self._accounts.append((program, holders, counters))

    def settlement(self, opening: Accounts) -> Settlement:
        """Give the whole."""
        batch = self._batch
        total = self._buckets.sum(axis=1)
        status = _STATUS_OF_REASON[self._reason]
        if not (self._reason != ClaimReason.NO_PLAN).all():
            self._plain_lines(total)
        held = np.where(status == ClaimStatus.HELD, total, 0)
        cash = total - held - self._paid + self._beyond
        return Settlement(
            in_scope=self.lines.in_scope,
            upfront=self.lines.upfront,
            over_limit=self.lines.over_limit,
            self_funded=self.lines.self_funded,
            line_reason=self.lines.reason,
            claim_buckets=self._buckets,
            total=total,
            status=status,
            reason=self._reason,
            layers={name: LayerResult(*parts) for name, parts in self._layers.items()},
            funds={key: fund for key, fund in self._funds.items() if key[0] in batch.plan.values},
            person_fen=cash + self._from_account,
            cash_fen=cash,
            held_fen=held,
            beyond_bill_fen=self._beyond,
            accounts=closing(opening, batch, self._accounts),
        )

    def _plain_lines(self, total: Int64) -> None:
        """Claims without a plan keep their bill: nothing is judged, everything stands as self-funded."""
        batch = self._batch
        unplanned = self._reason == ClaimReason.NO_PLAN
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


def closing(
    opening: Accounts,
    batch: Batch,
    settled: Sequence[tuple[Program, HolderSpace, list[tuple[CounterSpace, list[Counter]]]]],
) -> Accounts:
    """Give the closing accounts: entries that the batch touched with their new value, all others as they were."""
    untouched = np.ones(len(opening), np.bool_)
    holders, plans, names, keys = _Joined(), _Joined(), _Joined(), _Joined()
    periods: list[Int64] = []
    values: list[Int64] = []
    for program, space_of_holders, counters in settled:
        for alike in _alike(counters):
            closed = [space.close(blocks) for space, blocks in alike]
            for (space, _), (places, _) in zip(alike, closed, strict=True):
                if len(space.openings.rows):
                    untouched[space.openings.rows] = ~np.isin(space.openings.places, places)
            value = np.concatenate([v for _, v in closed])
            kept = np.flatnonzero(value)
            if not len(kept):
                continue
            holder, key, period = alike[0][0].describe(np.concatenate([p for p, _ in closed])[kept])
            name = np.repeat(np.arange(len(alike)), [len(p) for p, _ in closed])[kept]
            holders.add(holder, space_of_holders.names)
            keys.add(key.codes, [key.values])
            plans.add(np.zeros(len(kept), np.int64), [(program.name,)])
            names.add(name, [tuple(space.rule.name for space, _ in alike)])
            periods.append(period)
            values.append(value[kept])
    rest = np.flatnonzero(untouched & (opening.value != 0))
    if len(rest) or not values:
        pairs = ((holders, opening.holder), (plans, opening.plan), (names, opening.counter), (keys, opening.keys))
        for joined, column in pairs:
            joined.add(column.codes[rest], [column.values])
        periods.append(opening.period[rest])
        values.append(opening.value[rest])
    return Accounts(
        plans.category(),
        holders.category(),
        names.category(),
        keys.category(),
        np.concatenate(periods),
        np.concatenate(values),
    )


_Opened = tuple[CounterSpace, list[Counter]]


def _alike(counters: list[_Opened]) -> list[list[_Opened]]:
    """Put counters together whose places are numbered alike, so that they are described at once."""
    found: dict[tuple[object, ...], list[_Opened]] = {}
    for opened in counters:
        if opened[0].rule.period is not Period.CLAIM:
            found.setdefault(opened[0].numbering, []).append(opened)
    return list(found.values())


class _Joined:
    """Category columns put one after the other; dictionaries that are the same object are kept once."""

    def __init__(self) -> None:
        self._codes: list[Int64 | Int32] = []
        self._texts: list[str] = []
        self._starts: dict[int, int] = {}
        self._kept: list[tuple[str, ...]] = []

    def add(self, codes: Int64 | Int32, dictionaries: Sequence[tuple[str, ...]]) -> None:
        """Add codes over several dictionaries laid end to end."""
        start, bounds, shifts = 0, [], []
        for values in dictionaries:
            bounds.append(start)
            shifts.append(self._start(values) - start)
            start += len(values)
        if len(bounds) == 1:
            self._codes.append(codes + shifts[0])
            return
        which = np.searchsorted(np.array(bounds), codes, "right") - 1
        self._codes.append(codes + np.array(shifts)[which])

    def _start(self, values: tuple[str, ...]) -> int:
        for number, kept in enumerate(self._kept):
            if kept is values:
                return self._starts[number]
        self._starts[len(self._kept)] = len(self._texts)
        self._kept.append(values)
        start = len(self._texts)
        self._texts.extend(values)
        return start

    def category(self) -> Category:
        """Give the joined column; every text stands once in its dictionary."""
        codes = np.concatenate(self._codes)
        if len(self._kept) == 1:
            return Category(codes.astype(np.int32), self._kept[0])
        place: dict[str, int] = {}
        once = np.fromiter((place.setdefault(t, len(place)) for t in self._texts), np.int32, len(self._texts))
        return Category(once[codes] if len(once) else codes.astype(np.int32), tuple(place))

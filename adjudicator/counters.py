"""Counters while a batch is settled: opened from accounts, read and added to in waves, closed into accounts.

A counter's value is kept per (holder, keys, period). Each such combination has one number, its *place*: a mixed-radix
integer over the dictionaries of the batch. In a block every distinct place has a slot of the state array; where the
slot is simply the holder's number in the block (one period, no keys) a wave reads a prefix of the state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

import numpy as np

from adjudicator.accounts import Accounts
from adjudicator.batch import Batch
from adjudicator.columns import Bool, Category, Int64
from adjudicator.errors import RulebookError
from adjudicator.holders import HolderSpace
from adjudicator.ordering import numbered, sorted_rows
from adjudicator.periods import Calendar, linear_month
from adjudicator.rounding import Amount
from adjudicator.rulebook import CounterRule, Period, Program
from adjudicator.tables import Index
from adjudicator.waves import Waves

_EPISODE = "episode"

_Places = slice | Int64 | tuple[Int64, Int64]


def _prefix(low: int, high: int) -> slice:
    """Give the slots of a wave's claims where a slot is the holder's number in the block."""
    return slice(0, high - low)


class Counter:
    """One counter over the claims of one block: `state[at(low, high)]` are the values for the claims of a wave.

    months: of a ROLLING counter, whose state has a column a month; its value is the sum of so many up to the claim's.
    """

    def __init__(self, state: Int64, at: Callable[[int, int], _Places], months: int = 0):
        self._state, self._at, self._months = state, at, months

    def read(self, low: int, high: int) -> Int64:
        """Give the value for the claims of a wave; the caller does not write into it."""
        at = self._at(low, high)
        if isinstance(at, tuple):
            rows, last = at
            return np.asarray(self._state[rows[:, None], last[:, None] + np.arange(1 - self._months, 1)].sum(axis=1))
        return self._state[at]

    def add(self, low: int, high: int, amount: Amount) -> None:
        """Add an amount."""
        at = self._at(low, high)
        if isinstance(at, slice):
            values = self._state[at]
            np.add(values, amount, out=values)
        else:
            self._state[at] += amount

    def put(self, low: int, high: int, amount: Amount, where: Bool | None) -> None:
        """Set the value (this month's part of a rolling one), for the claims where it counts."""
        at = self._at(low, high)
        self._state[at] = amount if where is None else np.where(where, amount, self._state[at])


@dataclass(frozen=True, slots=True)
class Opened:
    """The counters of one space over one block.

    places [kept]: what the first slots stand for; slots beyond them are not kept. state [counters, slots], of ROLLING
    ones [counters, slots, months]. at: the slots of a wave's claims.
    """

    places: Int64
    state: Int64
    at: Callable[[int, int], _Places]


@dataclass(frozen=True, slots=True)
class Openings:
    """Opening entries of one counter that touch the batch: sorted places, values, rows of the accounts."""

    places: Int64
    values: Int64
    rows: Int64


_NOTHING = np.empty(0, np.int64)
_UNOPENED = Openings(_NOTHING, _NOTHING, _NOTHING)


class Alike(NamedTuple):
    """Counters of a plan that agree in holder, keys and period. numbers: their places among all of the plan."""

    rules: tuple[CounterRule, ...]
    numbers: Int64


def counters_alike(program: Program) -> tuple[Alike, ...]:
    """Put together the counters of a plan that agree in holder, keys and period; worked out once for a program."""
    found = program.memo.get("counters_alike")
    if found is None:
        alike: dict[tuple[object, ...], list[int]] = {}
        for number, rule in enumerate(program.counters):
            alike.setdefault((rule.holder, rule.keys, rule.period, rule.months), []).append(number)
        found = program.memo["counters_alike"] = tuple(
            Alike(tuple(program.counters[number] for number in numbers), np.array(numbers))
            for numbers in alike.values()
        )
    return cast(tuple[Alike, ...], found)


class CounterSpace:
    """Counters of a plan that agree in holder, keys and period, over all its claims: they have the same places."""

    def __init__(
        self,
        alike: Alike,
        batch: Batch,
        holders: HolderSpace,
        calendar: Calendar,
        defaults: Mapping[str, str | int],
        accounts: Accounts,
        of_plan: Bool | None,
    ):
        self.rules, self.numbers = alike
        rule = self.rules[0]
        self._holder, self._months, self._holders = rule.holder, rule.months, holders
        self._episodic = rule.period is Period.EPISODE
        self._rolling = rule.period is Period.ROLLING
        self.kept = rule.period is not Period.CLAIM
        names = (*rule.keys, _EPISODE) if self._episodic else rule.keys
        self._keys = [_category(batch, name, defaults.get(name)) for name in names]
        self._sizes = [len(k.values) + 1 for k in self._keys]
        self._period = calendar.of(rule.period)
        if isinstance(self._period, int):
            self._first = self._last = self._period
        else:
            self._first, self._last = int(self._period.min()), int(self._period.max())
        self.openings = [_UNOPENED] * len(self.rules)
        if of_plan is not None and self.kept:
            self._take_openings(accounts, of_plan)
        size = holders.size * self._periods
        for radix in self._sizes:
            size *= radix
        if size >= 1 << 62:
            raise RulebookError(f"counter {rule.name}: too many combinations of holder, keys and period")

    def _take_openings(self, accounts: Accounts, of_plan: Bool) -> None:
        """Take the opening entries in, and widen the range of periods to theirs."""
        if self._rolling:
            self._first = min(self._first - self._months + 1, self._last)
        found = []
        for rule in self.rules:
            name = accounts.counter.values.index(rule.name) if rule.name in accounts.counter.values else -1
            entry = np.flatnonzero(of_plan & (accounts.counter.codes == name)) if name >= 0 else _NOTHING
            period = accounts.period[entry]
            if self._rolling:
                period = linear_month(period)
                known = (period >= self._first) & (period <= self._last)
            else:
                known = np.ones(len(entry), np.bool_)
                self._first = int(period.min(initial=self._first))
                self._last = int(period.max(initial=self._last))
            holder = self._holders.codes_of(accounts, entry, self._holder)
            known &= holder >= 0
            keys = _key_codes(accounts.keys.take(entry), self._keys)
            for codes in keys:
                known &= codes >= 0
            found.append((holder[known], [k[known] for k in keys], period[known], entry[known]))
        self.openings = []
        for holder, keys, period, entry in found:  # now that the range of periods is known
            places, order = sorted_rows(self._place(holder, keys, period))
            self.openings.append(Openings(places, accounts.value[entry[order]], entry[order]))

    @property
    def _periods(self) -> int:
        return self._last - self._first + 1

    def _place(self, holder: Int64, keys: Sequence[Int64], period: Index) -> Int64:
        place = holder
        for codes, radix in zip(keys, self._sizes, strict=True):
            place = place * radix + codes
        return place if self._periods == 1 else place * self._periods + (period - self._first)

    def open(self, waves: Waves) -> Opened:
        """Open the counters for a block."""
        rows = waves.rows
        if not self.kept:
            return Opened(_NOTHING, np.zeros((len(self.rules), len(rows)), np.int64), slice)
        period = self._period if isinstance(self._period, int) else self._period[rows]
        of_place = self._first if self._rolling else period
        at: Callable[[int, int], _Places]
        if self._simple:
            places = self._place(self._holders.codes(rows[: waves.starts[1]], "person"), (), of_place)
            slots, slot, at = len(places), None, _prefix
        else:
            places, slot, slots = self._slots(rows, of_place)
            at = _sliced(slot)
        if self._rolling:
            return self._open_rolling(places, slot, waves, period)
        state = np.zeros((len(self.rules), slots), np.int64)
        for values, openings in zip(state, self.openings, strict=True):
            _open_values(values[: len(places)], places, openings)
        return Opened(places, state, at)

    @property
    def _simple(self) -> bool:
        """Whether a holder has one slot, so that a wave reads a prefix of the state."""
        one_period = self._rolling or isinstance(self._period, int)
        return self._holder == "person" and not self._keys and one_period and self._holders.alone

    def _slots(self, rows: Int64, period: Index) -> tuple[Int64, Int64, int]:
        """Give the places of a block, the slot of every claim and the number of slots.

        A claim that names no episode has a slot of its own, which is not kept.
        """
        codes = [k.codes[rows] for k in self._keys]
        keys = [np.where(c < 0, len(k.values), c).astype(np.int64) for c, k in zip(codes, self._keys, strict=True)]
        place = self._place(self._holders.codes(rows, self._holder), keys, period)
        if not self._episodic or (codes[-1] >= 0).all():
            places, slot = numbered(place)
            return places, slot, len(places)
        named = codes[-1] >= 0
        slot = np.empty(len(rows), np.int64)
        places, slot[named] = numbered(place[named])
        alone = len(rows) - int(np.count_nonzero(named))
        slot[~named] = len(places) + np.arange(alone)
        return places, slot, len(places) + alone

    def _open_rolling(self, places: Int64, slot: Int64 | None, waves: Waves, period: Index) -> Opened:
        # one column a month, and months - 1 empty ones before the first so that a window never leaves the array
        lead = self._months - 1
        state = np.zeros((len(self.rules), len(places), self._periods + lead), np.int64)
        for values, openings in zip(state, self.openings, strict=True):
            for month in range(self._periods):
                _open_values(values[:, lead + month], places + month, openings)
        column = np.broadcast_to(period - self._first + lead, (len(waves.rows),))

        def at(low: int, high: int) -> tuple[Int64, Int64]:
            return np.arange(high - low) if slot is None else slot[low:high], column[low:high]

        return Opened(places, state, at)

    def counters(self, opened: Opened) -> Iterator[tuple[str, Counter]]:
        """Give the counters of a block, by name."""
        for rule, state in zip(self.rules, opened.state, strict=True):
            yield rule.name, Counter(state, opened.at, self._months if self._rolling else 0)

    def close(self, blocks: Sequence[Opened]) -> tuple[Int64, Int64]:
        """Give the places of all blocks, rising, and the values there [counters, places]; rolling ones one a month."""
        places, state = blocks[0].places, blocks[0].state
        if len(blocks) > 1 or not len(places) == 1 == state.shape[1]:
            places, state = self._joined(blocks)
        if not self._rolling:
            return places, state
        lead, months = self._months - 1, np.arange(self._periods)
        return (places[:, None] + months).ravel(), state[..., lead:].reshape(len(self.rules), -1)

    def _joined(self, blocks: Sequence[Opened]) -> tuple[Int64, Int64]:
        """Put the kept places of all blocks in rising order, with their values."""
        places, order = sorted_rows(np.concatenate([b.places for b in blocks]))
        state = np.empty((len(self.rules), len(places), *blocks[0].state.shape[2:]), np.int64)
        for number, values in enumerate(state):
            whole = np.concatenate([b.state[number, : len(b.places)] for b in blocks])
            whole.take(order, axis=0, out=values, mode="clip")
        return places, state

    def describe(self, places: Int64) -> tuple[Int64, Index, tuple[str, ...], Index]:
        """Turn places back into holder codes, codes and texts of keys, and periods."""
        place, period = (places, 0) if self._periods == 1 else np.divmod(places, self._periods)
        codes: list[Int64] = []
        for radix in reversed(self._sizes):
            place, code = np.divmod(place, radix)
            codes.insert(0, code)
        period = period + self._first
        if self._rolling:
            period = period // 12 * 100 + period % 12 + 1
        return place, *_key_texts(codes, self._keys), period


def _sliced(slot: Int64) -> Callable[[int, int], Int64]:
    return lambda low, high: slot[low:high]


def _open_values(values: Int64, places: Int64, openings: Openings) -> None:
    """Write the opening values of the places that have one."""
    if len(openings.places):
        at = np.minimum(np.searchsorted(openings.places, places), len(openings.places) - 1)
        np.copyto(values, openings.values[at], where=openings.places[at] == places)


def _category(batch: Batch, name: str, default: str | int | None) -> Category:
    """Give a key's column; claims that do not give it have the default, where there is one."""
    column = batch.attributes.get(name)
    if not isinstance(column, Category):
        column = Category(np.full(len(batch), -1, np.int32), ())
    if default is None or not (column.codes < 0).any():
        return column
    values = column.values if default in column.values else (*column.values, str(default))
    return Category(np.where(column.codes < 0, np.int32(values.index(str(default))), column.codes), values)


def _key_codes(texts: Category, keys: Sequence[Category]) -> list[Int64]:
    """Give the codes of joined key texts, column by column; -1 where a text is not in the batch's dictionary."""
    if not keys:
        return []
    table = np.full((len(texts.values), len(keys)), -1, np.int64)
    places = [{v: i for i, v in enumerate(k.values)} | {"": len(k.values)} for k in keys]
    for row, text in enumerate(texts.values):
        parts = text.split("/")
        if len(parts) == len(keys):
            table[row] = [place.get(part, -1) for place, part in zip(places, parts, strict=True)]
    return [table[texts.codes, column] for column in range(len(keys))]


def _key_texts(codes: Sequence[Int64], keys: Sequence[Category]) -> tuple[Index, tuple[str, ...]]:
    if not codes:
        return 0, ("",)
    distinct, inverse = np.unique(np.stack(codes, axis=1), axis=0, return_inverse=True)
    dictionaries = [(*k.values, "") for k in keys]
    texts = tuple("/".join(d[c] for d, c in zip(dictionaries, row, strict=True)) for row in distinct.tolist())
    return inverse.reshape(-1), texts

"""Counters while a batch is settled: opened from accounts, read and added to in waves, closed into accounts.

A counter's value is kept per (holder, keys, period). Each such combination has one number, its *place*: a mixed-radix
integer over the dictionaries of the batch. In a block every distinct place has a slot of the state array; where the
slot is simply the holder's number in the block (one period, no keys) a wave reads a prefix of the state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import NamedTuple, cast

import numpy as np

from adjudicator.accounts import Accounts
from adjudicator.batch import Batch
from adjudicator.columns import Bool, Category, Int64, constant
from adjudicator.errors import RulebookError
from adjudicator.holders import HolderSpace
from adjudicator.ordering import numbered, sorted_rows
from adjudicator.periods import Calendar, linear_month
from adjudicator.rounding import Amount
from adjudicator.rulebook import CounterRule, Period, Program
from adjudicator.tables import Index
from adjudicator.waves import Waves

_EPISODE = "episode"


class Opened:
    """The counters of one space over one block. Here a slot is the holder's number: a wave has the first ones.

    row: of each counter in the state. places [kept]: what the first slots stand for; slots beyond them are not kept.
    state [counters, slots], of ROLLING ones [counters, slots, months].
    """

    def __init__(self, row: Mapping[str, int], places: Int64, state: Int64):
        self.row, self.places, self.state = row, places, state

    def read(self, counter: str, low: int, high: int) -> Int64:
        """Give a counter's value for the claims of a wave; the caller does not write into it."""
        return self.state[self.row[counter], : high - low]

    def add(self, counter: str, low: int, high: int, amount: Amount) -> None:
        """Add an amount."""
        values = self.read(counter, low, high)
        np.add(values, amount, out=values)

    def put(self, counter: str, low: int, high: int, amount: Amount, where: Bool | bool) -> None:
        """Set the value, for the claims where it counts."""
        np.copyto(self.read(counter, low, high), amount, where=where)


class OpenedByClaim(Opened):
    """Every claim has a slot of its own."""

    def read(self, counter: str, low: int, high: int) -> Int64:
        """Give a counter's value for the claims of a wave."""
        return self.state[self.row[counter], low:high]


class OpenedByKeys(Opened):
    """Every claim says its slot."""

    def __init__(self, row: Mapping[str, int], places: Int64, state: Int64, slot: Int64):
        super().__init__(row, places, state)
        self._slot = slot

    def read(self, counter: str, low: int, high: int) -> Int64:
        """Give a counter's value for the claims of a wave."""
        value: Int64 = self.state[self.row[counter]].take(self._slot[low:high])
        return value

    def add(self, counter: str, low: int, high: int, amount: Amount) -> None:
        """Add an amount."""
        self.state[self.row[counter], self._slot[low:high]] += amount

    def put(self, counter: str, low: int, high: int, amount: Amount, where: Bool | bool) -> None:
        """Set the value, for the claims where it counts."""
        at = self.row[counter], self._slot[low:high]
        self.state[at] = np.where(where, amount, self.state[at])


class OpenedByMonth(Opened):
    """The state has a column a month; the value is the sum of so many up to the claim's, and a claim changes its own.

    slot [claims]: None where it is the holder's number. month [claims]: its column.
    """

    def __init__(
        self, row: Mapping[str, int], places: Int64, state: Int64, slot: Int64 | None, month: Int64, months: int
    ):
        super().__init__(row, places, state)
        self._slot, self._month = slot, month
        self._window = np.arange(1 - months, 1)

    def read(self, counter: str, low: int, high: int) -> Int64:
        """Give a counter's value for the claims of a wave."""
        row, slot, month = self._at(counter, low, high)
        return np.asarray(self.state[row, slot[:, None], month[:, None] + self._window].sum(axis=1))

    def add(self, counter: str, low: int, high: int, amount: Amount) -> None:
        """Add an amount."""
        self.state[self._at(counter, low, high)] += amount

    def put(self, counter: str, low: int, high: int, amount: Amount, where: Bool | bool) -> None:
        """Set this month's part, for the claims where it counts."""
        at = self._at(counter, low, high)
        self.state[at] = np.where(where, amount, self.state[at])

    def _at(self, counter: str, low: int, high: int) -> tuple[int, Int64, Int64]:
        slot = np.arange(high - low) if self._slot is None else self._slot[low:high]
        return self.row[counter], slot, self._month[low:high]


@dataclass(frozen=True, slots=True)
class Openings:
    """Opening entries of a space that touch the batch, by counter and place: places, values, rows of the accounts.

    bounds [counters + 1]: where those of each counter begin.
    """

    places: Int64
    values: Int64
    rows: Int64
    bounds: list[int]

    def write(self, state: Int64, places: Int64) -> None:
        """Write the values at these places, where there are any, into `state` [counters, slots]."""
        for values, (low, high) in zip(state, pairwise(self.bounds), strict=True):
            if low < high:
                opened = self.places[low:high]
                at = np.minimum(opened.searchsorted(places), high - low - 1)
                known = opened.take(at) == places
                np.copyto(values[: len(places)], self.values[low:high].take(at), where=known)

    def touched(self, places: Int64) -> Int64:
        """Give the rows of those that stand at one of these places, which rise."""
        at = np.minimum(places.searchsorted(self.places), len(places) - 1)
        rows: Int64 = self.rows[places.take(at) == self.places]
        return rows


_NOTHING = np.empty(0, np.int64)

_NONE, _FIRST = constant(0), constant(1)
"""Numbers in a place of no value of a key, and of its first."""


class Alike(NamedTuple):
    """Counters of a plan that agree in holder, keys and period.

    row: of each in their state. numbers: their places among all of the plan.
    """

    rules: tuple[CounterRule, ...]
    row: dict[str, int]
    numbers: Int64


def counters_alike(program: Program) -> tuple[Alike, ...]:
    """Put together the counters of a plan that agree in holder, keys and period; worked out once for a program."""
    found = program.memo.get("counters_alike")
    if found is None:
        alike: dict[tuple[object, ...], list[int]] = {}
        for number, rule in enumerate(program.counters):
            alike.setdefault((rule.holder, rule.keys, rule.period, rule.months), []).append(number)
        found = program.memo["counters_alike"] = tuple(
            Alike(
                tuple(program.counters[number] for number in numbers),
                {program.counters[number].name: row for row, number in enumerate(numbers)},
                np.array(numbers),
            )
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
        self.rules, self.row, self.numbers = alike
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
        self.openings: Openings | None = None
        if of_plan is not None and self.kept:
            self._take_openings(accounts, of_plan)
        if holders.size * prod(self._sizes) * self._periods >= 1 << 62:
            raise RulebookError(f"counter {rule.name}: too many combinations of holder, keys and period")

    def _take_openings(self, accounts: Accounts, of_plan: Bool) -> None:
        """Take the opening entries in, and widen the range of periods to theirs."""
        if self._rolling:
            self._first = min(self._first - self._months + 1, self._last)
        numbers = np.array([self.row.get(name, -1) for name in accounts.counter.values], np.int32)
        number = numbers.take(accounts.counter.codes)
        entry = (of_plan & (number >= 0)).nonzero()[0]
        if not len(entry):
            return
        period = accounts.period.take(entry)
        holder = self._holders.codes_of(accounts, entry, self._holder)
        known = holder >= 0
        if self._rolling:
            period = linear_month(period)
            known &= (period >= self._first) & (period <= self._last)
        else:
            self._first = min(self._first, int(period.min()))
            self._last = max(self._last, int(period.max()))
        keys = _key_codes(accounts.keys.take(entry), self._keys)
        for codes in keys:
            known &= codes >= 0
        if np.count_nonzero(known) < len(known):
            holder, keys, period, entry = holder[known], [k[known] for k in keys], period[known], entry[known]
        places, by_place = sorted_rows(self._place(holder, keys, period))
        of_place = entry.take(by_place)
        of_counter, by_counter = sorted_rows(number.take(of_place).astype(np.int64))
        row = of_place.take(by_counter)
        bounds = of_counter.searchsorted(np.arange(len(self.rules) + 1)).tolist()
        self.openings = Openings(places.take(by_counter), accounts.value.take(row), row, bounds)

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
        if not self.kept or (self._episodic and self._sizes[-1] == 1):  # no claim names an episode
            return OpenedByClaim(self.row, _NOTHING, np.zeros((len(self.rules), len(rows)), np.int64))
        period = self._period if isinstance(self._period, int) else self._period[rows]
        of_place = self._first if self._rolling else period
        slot: Int64 | None = None
        if self._simple:
            holder = self._holders.codes(rows[: waves.starts[1]], "person")
            places = self._place(holder, [_NONE] * len(self._keys), of_place)
            slots = len(places)
        else:
            places, slot, slots = self._slots(rows, of_place)
        if self._rolling:
            return self._open_rolling(places, slot, waves, period)
        state = np.zeros((len(self.rules), slots), np.int64)
        if self.openings is not None:
            self.openings.write(state, places)
        if slot is None:
            return Opened(self.row, places, state)
        return OpenedByKeys(self.row, places, state, slot) if len(places) else OpenedByClaim(self.row, places, state)

    @property
    def _simple(self) -> bool:
        """Whether a holder has one slot, so that a wave reads a prefix of the state. Keys nobody gives do not count."""
        one_period = self._rolling or isinstance(self._period, int)
        told_apart = any(size > 1 for size in self._sizes)
        return self._holder == "person" and not told_apart and one_period and self._holders.alone

    def _slots(self, rows: Int64, period: Index) -> tuple[Int64, Int64, int]:
        """Give the places of a block, the slot of every claim and the number of slots.

        A claim that names no episode has a slot of its own, which is not kept.
        """
        keys = [key.codes.take(rows) + _FIRST for key in self._keys]
        alone = len(rows) - int(np.count_nonzero(keys[-1])) if self._episodic else 0
        if alone == len(rows):
            return _NOTHING, np.arange(alone), alone
        place = self._place(self._holders.codes(rows, self._holder), keys, period)
        if not alone:
            places, slot = numbered(place)
            return places, slot, len(places)
        named = keys[-1] != 0
        slot = np.empty(len(rows), np.int64)
        places, slot[named] = numbered(place[named])
        slot[~named] = len(places) + np.arange(alone)
        return places, slot, len(places) + alone

    def _open_rolling(self, places: Int64, slot: Int64 | None, waves: Waves, period: Index) -> Opened:
        # one column a month, and months - 1 empty ones before the first so that a window never leaves the array
        lead = self._months - 1
        state = np.zeros((len(self.rules), len(places), self._periods + lead), np.int64)
        if self.openings is not None:
            for month in range(self._periods):
                self.openings.write(state[..., lead + month], places + month)
        month_of = np.broadcast_to(period - self._first + lead, (len(waves.rows),))
        return OpenedByMonth(self.row, places, state, slot, month_of, self._months)

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
        holder, period = (places, 0) if self._periods == 1 else np.divmod(places, self._periods)
        period = period + self._first
        if self._rolling:
            period = period // 12 * 100 + period % 12 + 1
        if not self._keys:
            return holder, 0, ("",), period
        holder, key = np.divmod(holder, prod(self._sizes))
        keys, of_place = numbered(key)
        return holder, of_place, self._texts(keys), period

    def _texts(self, keys: Int64) -> tuple[str, ...]:
        """Write combinations of keys as accounts do."""
        words: list[list[str]] = []
        for column, size in zip(reversed(self._keys), reversed(self._sizes), strict=True):
            keys, codes = np.divmod(keys, size)
            values = ("", *column.values)
            words.insert(0, [values[code] for code in codes.tolist()])
        return tuple("/".join(row) for row in zip(*words, strict=True))


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
    places = [{value: place for place, value in enumerate(key.values, 1)} | {"": 0} for key in keys]
    for row, text in enumerate(texts.values):
        parts = text.split("/")
        if len(parts) == len(keys):
            table[row] = [place.get(part, -1) for place, part in zip(places, parts, strict=True)]
    return [table[texts.codes, column] for column in range(len(keys))]

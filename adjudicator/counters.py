"""Counters while a batch is settled: opened from accounts, read and added to in waves, closed into accounts.

A counter's value is kept per (holder, keys, period). Each such combination has one number, its *place*: a mixed-radix
integer over the dictionaries of the batch. In a block every distinct place has a slot of the state array; where the
slot is simply the holder's number in the block (one period, no keys) a wave reads a prefix of the state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from adjudicator.accounts import Accounts
from adjudicator.batch import Batch
from adjudicator.columns import Bool, Category, Int64
from adjudicator.errors import RulebookError
from adjudicator.periods import Calendar, linear_month
from adjudicator.rounding import Amount
from adjudicator.rulebook import CounterRule, Period
from adjudicator.waves import Waves

_EPISODE = "episode"


class Counter:
    """One counter over the claims of one block. `slot` None: the slot is the holder's number in the block."""

    def __init__(self, state: Int64, slot: Int64 | None, places: Int64, column: Int64 | None = None, months: int = 0):
        self.state = state
        self.places = places
        self._slot = slot
        self._column = column
        self._months = months

    def read(self, low: int, high: int) -> Int64:
        """Give the value for the claims of a wave; the caller does not write into it."""
        if self._column is not None:
            last = self._column[low:high]
            return self._window(self._rows(low, high), last)
        if self._slot is None:
            return self.state[: high - low]
        return self.state[self._slot[low:high]]

    def add(self, low: int, high: int, amount: Amount, where: Bool | None) -> None:
        """Add an amount, for the claims where it counts."""
        if where is not None:
            amount = np.where(where, amount, 0)
        if self._slot is None and self._column is None:
            self.state[: high - low] += amount
        else:
            self.state[self._at(low, high)] += amount

    def put(self, low: int, high: int, amount: Amount, where: Bool | None) -> None:
        """Set the value (this month's part of a rolling one), for the claims where it counts."""
        at = self._at(low, high)
        self.state[at] = amount if where is None else np.where(where, amount, self.state[at])

    def _rows(self, low: int, high: int) -> Int64:
        return np.arange(high - low) if self._slot is None else self._slot[low:high]

    def _at(self, low: int, high: int) -> tuple[Int64, ...] | Int64:
        rows = self._rows(low, high)
        return rows if self._column is None else (rows, self._column[low:high])

    def _window(self, rows: Int64, last: Int64) -> Int64:
        months = np.arange(1 - self._months, 1)
        return np.asarray(self.state[rows[:, None], last[:, None] + months].sum(axis=1))


@dataclass(frozen=True, slots=True)
class _Openings:
    """Opening entries of one counter that touch the batch: sorted places, values, rows of the accounts."""

    places: Int64
    values: Int64
    rows: Int64


_UNOPENED = _Openings(*(np.empty(0, np.int64),) * 3)

_Numbered = tuple[Int64, Int64 | None]
"""Places of a block's slots, and the slot of every claim (None: the holder's number)."""


class CounterSpace:
    """One counter rule over all claims of a program: how its places are numbered, what stands open."""

    def __init__(
        self,
        rule: CounterRule,
        batch: Batch,
        holders: HolderSpace,
        calendar: Calendar,
        defaults: Mapping[str, str | int] | None = None,
    ):
        self.rule = rule
        self._holders = holders
        self._period = calendar.of(rule.period)
        names = (*rule.keys, *((_EPISODE,) if rule.period is Period.EPISODE else ()))
        self._keys = [_category(batch, name, (defaults or {}).get(name)) for name in names]
        self._rolling = rule.period is Period.ROLLING
        self._sizes = [len(k.values) + 1 for k in self._keys]
        self._first = self._last = 0
        self.openings = _UNOPENED

    def measure(self, accounts: Accounts, of_plan: Bool | None) -> None:
        """Fix the range of periods and take the opening entries in."""
        if isinstance(self._period, int):
            self._first = self._last = self._period
        else:
            self._first, self._last = int(self._period.min()), int(self._period.max())
        if of_plan is None or self.rule.name not in accounts.counter.values:
            return
        name = accounts.counter.values.index(self.rule.name)
        entry = np.flatnonzero(of_plan & (accounts.counter.codes == name))
        holder = self._holders.codes_of(accounts, entry, self.rule.holder)
        keys = _key_codes(accounts.keys.take(entry), self._keys)
        period = accounts.period[entry]
        if self._rolling:
            period = linear_month(period)
            self._first = min(self._first - self.rule.months + 1, self._last)
            known = (period >= self._first) & (period <= self._last)
        else:
            known = np.ones(len(entry), np.bool_)
            if len(entry):
                self._first = min(self._first, int(period.min()))
                self._last = max(self._last, int(period.max()))
        known &= holder >= 0
        for codes in keys:
            known &= codes >= 0
        places = self._place(holder[known], [k[known] for k in keys], period[known])
        order = np.argsort(places, kind="stable")
        self.openings = _Openings(places[order], accounts.value[entry[known]][order], entry[known][order])

    @property
    def numbering(self) -> tuple[object, ...]:
        """What decides how places are numbered; counters that agree in it can be described together."""
        rule = self.rule
        return rule.holder, rule.keys, rule.period, self._first, self._last

    @property
    def _periods(self) -> int:
        return self._last - self._first + 1

    def _place(self, holder: Int64, keys: Sequence[Int64], period: Int64 | int) -> Int64:
        size = self._holders.size
        for extra in (*self._sizes, self._periods):
            size *= extra
        if size >= 1 << 62:
            raise RulebookError(f"counter {self.rule.name}: too many combinations of holder, keys and period")
        place = holder
        for codes, radix in zip(keys, self._sizes, strict=True):
            place = place * radix + codes
        return place * self._periods + (period - self._first)

    def open(self, waves: Waves, numbered: dict[tuple[object, ...], _Numbered]) -> Counter:
        """Open the counter for a block. `numbered`: places found for earlier counters of the same block."""
        rows, claims = waves.rows, len(waves.rows)
        if self.rule.period is Period.CLAIM:
            return Counter(np.zeros(claims, np.int64), np.arange(claims), np.empty(0, np.int64))
        period = self._period if isinstance(self._period, int) else self._period[rows]
        of_place = self._first if self._rolling else period
        if self._simple:
            if self.numbering not in numbered:
                holders = self._holders.codes(rows[: waves.starts[1]], "person")
                numbered[self.numbering] = self._place(holders, (), of_place), None
            places, slot = numbered[self.numbering]
        else:
            keys = [np.where(k.codes[rows] < 0, len(k.values), k.codes[rows]).astype(np.int64) for k in self._keys]
            place = self._place(self._holders.codes(rows, self.rule.holder), keys, of_place)
            places, slot = np.unique(place, return_inverse=True)
            if self.rule.period is Period.EPISODE and (alone := self._keys[-1].codes[rows] < 0).any():
                return self._open_episodes(place, alone)
        if self._rolling:
            return self._open_rolling(places, slot, np.broadcast_to(period, (claims,)))
        return Counter(self._opening_values(places), slot, places)

    def _open_episodes(self, place: Int64, alone: Bool) -> Counter:
        """Open a counter of episodes where some claims name none: each has a slot that is not kept."""
        slot = np.empty(len(place), np.int64)
        places, slot[~alone] = np.unique(place[~alone], return_inverse=True)
        slot[alone] = len(places) + np.arange(np.count_nonzero(alone))
        passing = np.zeros(len(place) - np.count_nonzero(~alone), np.int64)
        return Counter(np.concatenate([self._opening_values(places), passing]), slot, places)

    @property
    def _simple(self) -> bool:
        """Whether a holder has one slot, so that a wave reads a prefix of the state."""
        one_period = self._rolling or isinstance(self._period, int)
        return self.rule.holder == "person" and not self._keys and one_period and self._holders.alone

    def _opening_values(self, places: Int64) -> Int64:
        if not len(self.openings.places):
            return np.zeros(len(places), np.int64)
        at = np.minimum(np.searchsorted(self.openings.places, places), len(self.openings.places) - 1)
        return np.where(self.openings.places[at] == places, self.openings.values[at], 0)

    def _open_rolling(self, places: Int64, slot: Int64 | None, period: Int64) -> Counter:
        # one column a month, and months - 1 empty ones before the first so that a window never leaves the array
        lead = self.rule.months - 1
        state = np.zeros((len(places), self._periods + lead), np.int64)
        for month in range(self._periods):
            state[:, lead + month] = self._opening_values(places + month)
        return Counter(state, slot, places, period - self._first + lead, self.rule.months)

    def close(self, counters: Sequence[Counter]) -> tuple[Int64, Int64]:
        """Give places, rising, and values of all blocks, rolling ones one a month."""
        lead = self.rule.months - 1 if self._rolling else 0
        months = np.arange(self._periods) if self._rolling else np.zeros(1, np.int64)
        places = np.concatenate([c.places for c in counters])
        if self._rolling:
            values = np.concatenate([c.state[:, lead:] for c in counters])
        else:
            values = np.concatenate([c.state[: len(c.places)] for c in counters])
        order = np.argsort(places)
        return (places[order][:, None] + months).ravel(), values[order].ravel()

    def describe(self, places: Int64) -> tuple[Int64, Category, Int64]:
        """Turn places back into holder codes, key texts and periods."""
        if self._periods == 1:
            place, period = places, np.zeros(len(places), np.int64)
        else:
            place, period = np.divmod(places, self._periods)
        codes: list[Int64] = []
        for radix in reversed(self._sizes):
            place, code = np.divmod(place, radix)
            codes.insert(0, code)
        period = period + self._first
        if self._rolling:
            period = period // 12 * 100 + period % 12 + 1
        return place, _key_texts(codes, self._keys, len(places)), period


class HolderSpace:
    """Numbers of holders: the persons of the batch first, then the values of other holder attributes."""

    def __init__(self, batch: Batch, kinds: Sequence[str]):
        self._batch = batch
        self.names: list[tuple[str, ...]] = [batch.person.values]
        self._offset: dict[str, int] = {}
        self.size = len(batch.person.values)
        for kind in kinds:
            column = batch.attributes.get(kind)
            if isinstance(column, Category) and column.values:
                self._offset[kind] = self.size
                self.names.append(tuple(f"{kind}:{v}" for v in column.values))
                self.size += len(column.values)
        self.alone = not self._offset

    def codes(self, rows: Int64, kind: str) -> Int64:
        """Give the holder of each claim; the person where the attribute is missing."""
        person = self._batch.person.codes[rows].astype(np.int64)
        column = self._batch.attributes.get(kind)
        if kind not in self._offset or not isinstance(column, Category):
            return person
        code = column.codes[rows].astype(np.int64)
        return np.where(code < 0, person, code + self._offset[kind])

    def codes_of(self, accounts: Accounts, entry: Int64, kind: str) -> Int64:
        """Give the holder number of account entries, -1 for holders that the batch does not know."""
        known = _positions(accounts.holder.values, self.names[0], 0)
        if kind in self._offset:
            other = _positions(
                accounts.holder.values, self.names[1 + list(self._offset).index(kind)], self._offset[kind]
            )
            known = np.maximum(known, other)
        return known[accounts.holder.codes[entry]]


def _positions(wanted: tuple[str, ...], values: tuple[str, ...], offset: int) -> Int64:
    if wanted is values:
        return np.arange(len(values)) + offset
    place = {value: i + offset for i, value in enumerate(values)}
    return np.fromiter((place.get(w, -1) for w in wanted), np.int64, len(wanted))


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


def _key_texts(codes: Sequence[Int64], keys: Sequence[Category], rows: int) -> Category:
    if not codes:
        return Category(np.zeros(rows, np.int32), ("",))
    distinct, inverse = np.unique(np.stack(codes, axis=1), axis=0, return_inverse=True)
    dictionaries = [(*k.values, "") for k in keys]
    texts = tuple("/".join(d[c] for d, c in zip(dictionaries, row, strict=True)) for row in distinct.tolist())
    return Category(inverse.reshape(-1).astype(np.int32), texts)

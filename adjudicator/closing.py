"""Closing accounts: entries that the batch touched with their new value, all others as they were."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from adjudicator.accounts import Accounts
from adjudicator.columns import Category, Int32
from adjudicator.counters import CounterSpace, Opened
from adjudicator.holders import HolderSpace
from adjudicator.rulebook import Program
from adjudicator.tables import Index, part

Closed = tuple[Program, HolderSpace, list[tuple[CounterSpace, list[Opened]]]]
"""The counters of one plan after all its blocks, in order of the blocks."""

_Piece = tuple[Index | Int32, int]
"""So many rows of a column; one int where they are all equal."""

_Number = TypeVar("_Number", np.int32, np.int64)

_AT_ONCE = 1 << 18
"""Values that are looked through together, or one counter's: what is worked out on the way stays small."""


def closing(opening: Accounts, settled: Sequence[Closed]) -> Accounts:
    """Give the closing accounts: by plan, counter and place, then the entries that no claim touched."""
    untouched = opening.value.astype(np.bool_)
    holders, plans, names, keys = _Joined(), _Joined(), _Joined(), _Joined()
    periods: list[_Piece] = []
    values: list[_Piece] = []
    for program, space_of_holders, spaces in settled:
        plan, counters = (program.name,), tuple([rule.name for rule in program.counters])
        for space, blocks in spaces:
            places, state = space.close(blocks)
            if space.openings is not None and len(places):
                untouched[space.openings.touched(places)] = False
            if not np.count_nonzero(state):
                continue
            holder, key, texts, period = space.describe(places)
            holder = holder.astype(np.int32)
            width = len(places)
            at_once = max(1, _AT_ONCE // width)
            for first in range(0, len(state), at_once):
                some = state[first : first + at_once]
                value = some.ravel()
                kept = value.nonzero()[0]
                row = kept // width
                here = kept - row * width
                holders.add(holder.take(here), len(kept), space_of_holders.names)
                keys.add(part(key, here), len(kept), [texts])
                plans.add(0, len(kept), [plan])
                names.add(space.numbers[first : first + at_once].take(row), len(kept), [counters])
                periods.append((part(period, here), len(kept)))
                values.append((value.take(kept), len(kept)))
    rest = untouched.nonzero()[0]
    if len(rest):
        pairs = ((holders, opening.holder), (plans, opening.plan), (names, opening.counter), (keys, opening.keys))
        for joined, column in pairs:
            joined.add(column.codes[rest].astype(np.int64), len(rest), [column.values])
        periods.append((opening.period[rest], len(rest)))
        values.append((opening.value[rest], len(rest)))
    return Accounts(
        plans.category(),
        holders.category(),
        names.category(),
        keys.category(),
        _column(periods, np.int64),
        _column(values, np.int64),
    )


def _column(pieces: list[_Piece], kind: type[_Number]) -> NDArray[_Number]:
    """Put pieces one after the other; each is given up as soon as it is written."""
    if len(pieces) == 1 and isinstance(pieces[0][0], np.ndarray):
        return pieces[0][0].astype(kind, copy=False)
    at = sum([count for _, count in pieces])
    whole = np.empty(at, kind)
    while pieces:
        piece, count = pieces.pop()
        whole[at - count : at] = piece
        at -= count
    return whole


class _Joined:
    """Category columns put one after the other; dictionaries that are the same object are kept once."""

    def __init__(self) -> None:
        self._codes: list[_Piece] = []
        self._kept: list[tuple[Sequence[str], int]] = []
        self._size = 0

    def add(self, codes: Index | Int32, count: int, dictionaries: Sequence[Sequence[str]]) -> None:
        """Add codes over several dictionaries laid end to end."""
        if not count:
            return
        if len(dictionaries) == 1:
            start = self._start(dictionaries[0])
            self._codes.append((codes + start if start else codes, count))
            return
        start, bounds, shifts = 0, [], []
        for values in dictionaries:
            bounds.append(start)
            shifts.append(self._start(values) - start)
            start += len(values)
        which = np.searchsorted(np.array(bounds), codes, "right") - 1
        self._codes.append((codes + np.array(shifts)[which], count))

    def _start(self, values: Sequence[str]) -> int:
        for kept, start in self._kept:
            if kept is values:
                return start
        start = self._size
        self._kept.append((values, start))
        self._size += len(values)
        return start

    def category(self) -> Category:
        """Give the joined column; every text stands once in its dictionary."""
        codes = _column(self._codes, np.int32)
        if len(self._kept) == 1:
            return Category(codes, self._kept[0][0])
        place: dict[str, int] = {}
        texts = chain.from_iterable(values for values, _ in self._kept)
        once = np.fromiter((place.setdefault(text, len(place)) for text in texts), np.int32, self._size)
        return Category(once[codes] if len(once) else codes, tuple(place))

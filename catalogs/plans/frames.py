"""Frames: the axes over which one table is laid out, and conditions as truth arrays over them.

A frame has one axis per subject that a value tests. Arrays over a frame have one dimension per axis, of size 1 where
they do not depend on it, so that numpy's broadcasting combines them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from adjudicator.columns import MISSING, Bool
from adjudicator.rulebook import Key, KeyKind
from catalogs.plans.conditions import (
    AllOf,
    Condition,
    Interval,
    NoneOf,
    Subject,
    SubjectKind,
    Test,
    Words,
)
from catalogs.plans.document import Attribute

T = TypeVar("T", bound=np.generic)

OLDEST = 150
"""Units for which `points: {of: age, each: ...}` is laid out."""

LARGEST_TABLE = 2_000_000
"""Cells that a table may have."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the words and numbers of a program mean.

    mentioned: words by attribute that the documents mention or declare; every table must answer for them.
    counter_units: counter name -> fen or count.
    """

    attributes: Mapping[str, Attribute]
    mentioned: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    counter_units: Mapping[str, str] = field(default_factory=dict)

    def scale(self, subject: Subject) -> int:
        """Give how many units of the kernel one unit of the document is."""
        if subject.kind is SubjectKind.AMOUNT:
            return 1 if subject.name == "one" else 100
        if subject.kind is SubjectKind.COUNTER:
            return 1 if subject.name == "nth" or self.counter_units.get(subject.name) == "count" else 100
        return 1_000_000 if subject.name == "item_price" else 1

    def bounds(self, subject: Subject, interval: Interval) -> tuple[int | None, int | None]:
        """Give the whole numbers from (inclusive) and to (exclusive) that an interval holds."""
        scale = self.scale(subject)
        shift = 1 if subject.name == "nth" else 0
        low = high = None
        if interval.low is not None:
            exact = (interval.low - shift) * scale
            low = floor(exact) + 1 if interval.low_open else ceil(exact)
        if interval.high is not None:
            exact = (interval.high - shift) * scale
            high = ceil(exact) if interval.high_open else floor(exact) + 1
        return low, high


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension. `asked` [size]: codes that the document must answer for; `possible`: codes that can occur."""

    key: Key
    asked: Bool
    possible: Bool
    others: tuple[str, ...] = ()  # words the document mentions elsewhere: they fall under "any other value"

    def describe(self, code: int) -> str:
        """Give the words for a code, for messages."""
        key = self.key
        if key.kind is KeyKind.FLAG:
            return f"{key.source}: {'' if code else 'not '}{key.domain[0]}"
        if key.kind is KeyKind.CATEGORY:
            if code < len(key.domain):
                return f"{key.source}: {key.domain[code]}"
            return f"{key.source}: {' or '.join(self.others) or 'any other value'}"
        edges = key.edges.tolist()
        low = edges[code - 1] if code > 1 else None
        high = edges[code] if code < len(edges) else None
        return f"{key.source}: {_range_text(key, low, high)}"


def _range_text(key: Key, low: int | None, high: int | None) -> str:
    if key.source == "date":
        shown = [str(np.datetime64(0, "D") + end) if end is not None else "" for end in (low, high)]
        return f"{shown[0] or '...'} until {shown[1] or '...'}"
    unit = Fraction(1, 100) if key.kind is KeyKind.AMOUNT else Fraction(1)
    if high is None:
        return f">= {float((low or 0) * unit):g}"
    return f"{float((low or 0) * unit):g}..{float((high - 1) * unit):g}"


def axis_identity(subject: Subject) -> tuple[KeyKind, str, str]:
    """Give what makes two subjects the same axis."""
    if subject.kind is SubjectKind.WORD:
        return (KeyKind.CATEGORY, subject.name, "")
    if subject.kind is SubjectKind.MARK:
        return (KeyKind.FLAG, f"mark:{subject.mark}" if subject.name == "mark" else subject.name, subject.mark)
    if subject.kind is SubjectKind.AMOUNT:
        return (KeyKind.AMOUNT, subject.name, "")
    if subject.kind is SubjectKind.COUNTER:
        return (KeyKind.COUNTER, "admissions" if subject.name == "nth" else subject.name, "")
    return (KeyKind.NUMBER, subject.name, "")


class Frame:
    """The axes of one table. `fixed` words (the group of a rate) are decided now and get no axis."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        tests: Iterable[Test],
        each: Iterable[str] = (),
        fixed: Mapping[str, str] | None = None,
    ) -> None:
        self.vocabulary = vocabulary
        self.fixed = dict(fixed or {})
        words: dict[tuple[KeyKind, str, str], dict[str, None]] = {}
        edges: dict[tuple[KeyKind, str, str], set[int]] = {}
        for test in tests:
            identity = axis_identity(test.subject)
            if isinstance(test.match, Words):
                if test.subject.name not in self.fixed:
                    words.setdefault(identity, {}).update(dict.fromkeys(test.match.words))
            elif isinstance(test.match, Interval):
                ends = vocabulary.bounds(test.subject, test.match)
                edges.setdefault(identity, set()).update(end for end in ends if end is not None)
            else:
                words.setdefault(identity, {})
        for name in each:
            edges.setdefault((KeyKind.NUMBER, name, ""), set()).update(range(OLDEST + 2))
        found = {
            identity: self._axis(identity, tuple(words.get(identity, ())), edges.get(identity, set()))
            for identity in dict.fromkeys([*words, *edges])
        }
        longest_last = sorted(found.items(), key=lambda item: item[1].key.size)
        self.identities = {identity: position for position, (identity, _) in enumerate(longest_last)}
        self.axes = tuple(axis for _, axis in longest_last)

    def _axis(self, identity: tuple[KeyKind, str, str], words: tuple[str, ...], edges: set[int]) -> Axis:
        kind, source, mark = identity
        if kind is KeyKind.FLAG:
            both = np.ones(2, np.bool_)
            return Axis(Key(kind, source, (mark,)), both, both)
        if kind is KeyKind.CATEGORY:
            others = tuple(word for word in self.vocabulary.mentioned.get(source, ()) if word not in words)
            asked = np.array([*([True] * len(words)), bool(others), False])
            return Axis(Key(kind, source, words), asked, np.ones(len(asked), np.bool_), others)
        key = Key(kind, source, edges=np.array([MISSING + 1, *sorted(edges)], np.int64))
        ends = np.array([*sorted(edges), np.iinfo(np.int64).max], np.int64)
        asked = np.concatenate([[False], ends > 0])
        possible = np.ones(key.size, np.bool_)
        possible[0] = kind is KeyKind.NUMBER and source != "date"
        return Axis(key, asked, possible)

    @property
    def cells(self) -> int:
        """Number of combinations of codes."""
        product = 1
        for axis in self.axes:
            product *= axis.key.size
        return product

    def spread(self, values: NDArray[T], position: int) -> NDArray[T]:
        """Lay a vector over one axis."""
        shape = [1] * len(self.axes)
        shape[position] = len(values)
        return values.reshape(shape)

    def constant(self, value: bool) -> Bool:
        """Give an array that depends on no axis."""
        return np.full((1,) * len(self.axes), value, np.bool_)

    def all_axes(self, name: str) -> Bool:
        """Combine the `asked` or `possible` codes of every axis."""
        result = self.constant(True)
        for position, axis in enumerate(self.axes):
            result = result & self.spread(getattr(axis, name), position)
        return result

    def fits(self, condition: Condition | None) -> Bool:
        """Tell for which combinations a condition holds; one left undecided by a missing number does not."""
        return self.decide(condition)[0]

    def decide(self, condition: Condition | None) -> tuple[Bool, Bool]:
        """Tell where a condition certainly holds, and where it may hold (a missing number leaves it undecided)."""
        if condition is None:
            return self.constant(True), self.constant(True)
        if isinstance(condition, Test):
            return self._decide_test(condition)
        every = isinstance(condition, AllOf)
        certain, possible = self.constant(every), self.constant(every)
        for part in condition.parts:
            one, other = self.decide(part)
            if every:
                certain, possible = certain & one, possible & other
            else:
                certain, possible = certain | one, possible | other
        return (~possible, ~certain) if isinstance(condition, NoneOf) else (certain, possible)

    def _decide_test(self, test: Test) -> tuple[Bool, Bool]:
        held = self._fits_test(test)
        if not isinstance(test.match, Interval):
            return held, held
        position = self.identities[axis_identity(test.subject)]
        missing = np.arange(self.axes[position].key.size) == 0
        return held, held | np.asarray(self.spread(missing, position), np.bool_)

    def _fits_test(self, test: Test) -> Bool:
        match = test.match
        if isinstance(match, Words) and test.subject.name in self.fixed:
            return self.constant((self.fixed[test.subject.name] in match.words) != match.negated)
        position = self.identities[axis_identity(test.subject)]
        key = self.axes[position].key
        if isinstance(match, Words):
            held = np.array([*(word in match.words for word in key.domain), False, False])
            return np.asarray(self.spread(held != match.negated, position), np.bool_)
        if isinstance(match, Interval):
            low, high = self.vocabulary.bounds(test.subject, match)
            held = np.array([False, *((low is None or start >= low) and (high is None or start < high)
                                      for start in key.edges.tolist())])  # fmt: skip
            return np.asarray(self.spread(held, position), np.bool_)
        return np.asarray(self.spread(np.array([False, True]), position), np.bool_)

    def examples(self, where: Bool, count: int = 3) -> Iterator[str]:
        """Describe some of the combinations marked."""
        places = np.argwhere(np.broadcast_to(where, tuple(max(1, size) for size in where.shape)))
        for place in places[:count]:
            named = [
                axis.describe(int(code))
                for axis, code, size in zip(self.axes, place, where.shape, strict=True)
                if size > 1
            ]
            yield ", ".join(named) or "any claim"

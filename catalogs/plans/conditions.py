"""Conditions of a plan document: what they test, before they are compiled to tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from catalogs.plans.findings import Place


class SubjectKind(Enum):
    """What the left side of a condition is."""

    WORD = "word"
    NUMBER = "number"
    MARK = "mark"  # name is ATTRIBUTE:MARK, such as status:poor
    AMOUNT = "amount"
    COUNTER = "counter"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Subject:
    """The left side of a condition: an attribute, a mark of one, an amount, a counter, the date."""

    kind: SubjectKind
    name: str
    mark: str = ""


DATE = Subject(SubjectKind.DATE, "date")
"""The benefit date, in days since 1970-01-01."""


@dataclass(frozen=True, slots=True)
class Words:
    """Fits when the word is one of `words`; `negated`: when it is none of them, missing too."""

    words: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Interval:
    """Fits numbers from `low` to `high`, None is open; `low_open`: not `low` itself. In the unit of the document."""

    low: Fraction | None = None
    high: Fraction | None = None
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True, slots=True)
class Marked:
    """Fits when the mark is set."""


@dataclass(frozen=True, slots=True)
class Test:
    """One subject fits one match."""

    subject: Subject
    match: Words | Interval | Marked
    place: Place


@dataclass(frozen=True, slots=True)
class AllOf:
    """All parts hold; none: always."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """No part holds."""

    parts: tuple[Condition, ...]


Condition = Test | AllOf | AnyOf | NoneOf


def tests_in(condition: Condition | None) -> Iterator[Test]:
    """Give every test of a condition, in document order."""
    if isinstance(condition, Test):
        yield condition
    elif condition is not None:
        for part in condition.parts:
            yield from tests_in(part)

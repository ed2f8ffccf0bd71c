"""Values of a plan document: what may stand for a number, before it is compiled to tables.

Numbers are exact fractions: amounts in fen, rates, points and factors as plain ratios (60 % is 3/5, 5 points 1/20).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from adjudicator.rulebook import Origin, State
from catalogs.plans.conditions import Condition, Test, tests_in
from catalogs.plans.findings import Place


class Unit(Enum):
    """What a number is, by the place where it stands."""

    AMOUNT = "amount"
    RATE = "rate"
    POINTS = "points"
    FACTOR = "factor"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Cell:
    """A value that stands in the document. `number` is None where the state is neither exact nor assumed.

    `alternatives` are other readings that the author of an assumed value knows of; `bounds` the goal or range.
    """

    state: State
    number: Fraction | None
    origin: Origin
    place: Place
    alternatives: tuple[str, ...] = ()
    written: str = ""


@dataclass(frozen=True, slots=True)
class Indexed:
    """`times` a dated index."""

    times: Value
    index: str
    place: Place


@dataclass(frozen=True, slots=True)
class Choice:
    """The first row that fits; a row without condition always does. `dated` rows come from `since`."""

    rows: tuple[tuple[Condition | None, Value], ...]
    place: Place
    dated: bool = False


@dataclass(frozen=True, slots=True)
class Each:
    """Points for each unit of a number attribute."""

    of: str
    each: Value
    place: Place


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One step of an adjusted value: `how` is points, add, times, person_share or set."""

    when: Condition | None
    how: str
    value: Value | Each
    place: Place


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A value, changed step by step, then bounded."""

    start: Value
    steps: tuple[Adjustment, ...]
    at_least: Value | None
    at_most: Value | None
    unit: Unit
    place: Place


@dataclass(frozen=True, slots=True)
class FormulaTerm:
    """`rate x max(0, of - above)`."""

    rate: Value
    of: str
    above: Value | None
    place: Place


@dataclass(frozen=True, slots=True)
class LinearFormula:
    """`fixed` plus terms over named amounts, then bounded."""

    fixed: Value
    terms: tuple[FormulaTerm, ...]
    at_least: Value | None
    at_most: Value | None
    place: Place


Value = Cell | Indexed | Choice | Adjusted | LinearFormula


def parts_of(value: Value | Each | None) -> Iterator[Value | Each]:
    """Give a value and every value inside it, outer ones first."""
    if value is None:
        return
    yield value
    inner: tuple[Value | Each | None, ...] = ()
    if isinstance(value, Indexed):
        inner = (value.times,)
    elif isinstance(value, Each):
        inner = (value.each,)
    elif isinstance(value, Choice):
        inner = tuple(row for _, row in value.rows)
    elif isinstance(value, Adjusted):
        inner = (value.start, *(step.value for step in value.steps), value.at_least, value.at_most)
    elif isinstance(value, LinearFormula):
        terms = tuple(part for term in value.terms for part in (term.rate, term.above))
        inner = (value.fixed, *terms, value.at_least, value.at_most)
    for part in inner:
        yield from parts_of(part)


def tests_of(value: Value | Each | None) -> Iterator[Test]:
    """Give every test in the conditions of a value."""
    for part in parts_of(value):
        if isinstance(part, Choice):
            for condition, _ in part.rows:
                yield from tests_in(condition)
        elif isinstance(part, Adjusted):
            for step in part.steps:
                yield from tests_in(step.when)


def cells_of(value: Value | Each | None) -> Iterator[Cell]:
    """Give every value that stands in the document itself."""
    return (part for part in parts_of(value) if isinstance(part, Cell))

"""Grids: what stands in the cells of a table while it is folded, as numbers of distinct outcomes over a frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor

import numpy as np
from numpy.typing import NDArray

from adjudicator.columns import Bool, Int32
from adjudicator.rulebook import Origin, State
from catalogs.plans.findings import Place
from catalogs.plans.values import LinearFormula

SETTLES = (State.EXACT, State.ASSUMED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What stands in a cell. `formula`: the cell's number is computed for each claim."""

    state: State
    number: Fraction = Fraction(0)
    origin: Origin | None = None
    place: Place | None = None
    formula: LinearFormula | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """Outcomes by number over a frame."""

    cells: Int32
    outcomes: tuple[Outcome, ...]


UNKNOWN, MISSED, UNREACHED = Outcome(State.UNKNOWN), Outcome(State.MISSING), Outcome(State.ABSENT)


def pair(
    first: Grid,
    second: Grid,
    combine: Callable[[Fraction, Fraction], Fraction],
    absent_second: bool = False,
) -> Grid:
    """Combine two grids; the worse state wins. `absent_second`: an absent second leaves the first as it is."""
    width = len(second.outcomes)
    both = first.cells.astype(np.int64) * width + second.cells
    pairs = present(both, len(first.outcomes) * width)
    renumber = np.zeros(len(first.outcomes) * width, np.int32)
    renumber[pairs] = np.arange(len(pairs), dtype=np.int32)
    outcomes = []
    for number_of_pair in pairs.tolist():
        one, other = first.outcomes[number_of_pair // width], second.outcomes[number_of_pair % width]
        if one.state not in SETTLES or (absent_second and other.state is State.ABSENT):
            outcomes.append(one)
        elif other.state not in SETTLES:
            outcomes.append(other)
        else:
            leading = one if one.state >= other.state and one.origin is not None else other
            number = combine(one.number, other.number)
            outcomes.append(Outcome(leading.state, number, leading.origin, leading.place))
    return tidy(Grid(renumber[both], tuple(outcomes)))


def where(hit: Bool, inside: Grid, outside: Grid | Outcome) -> Grid:
    """Take one grid where `hit`, another (or one outcome) elsewhere."""
    if isinstance(outside, Outcome):
        outside = Grid(np.zeros((1,) * hit.ndim, np.int32), (outside,))
    cells = np.where(hit, inside.cells + len(outside.outcomes), outside.cells).astype(np.int32)
    return tidy(Grid(cells, (*outside.outcomes, *inside.outcomes)))


def tidy(grid: Grid) -> Grid:
    """Number equal outcomes alike and drop unused ones."""
    numbers: dict[Outcome, int] = {}
    renumber = np.zeros(len(grid.outcomes), np.int32)
    for old in present(grid.cells, len(grid.outcomes)).tolist():
        renumber[old] = numbers.setdefault(grid.outcomes[old], len(numbers))
    return Grid(renumber[grid.cells], tuple(numbers))


def present(cells: NDArray[np.integer], count: int) -> NDArray[np.intp]:
    """Give the numbers below `count` that occur, in order."""
    found = np.zeros(count, np.bool_)
    found[cells] = True
    return np.flatnonzero(found)


def whole_fen(grid: Grid) -> Grid:
    """Round amounts half-up (halves away from zero) to the fen."""
    return Grid(grid.cells, tuple(replace(o, number=Fraction(half_up(o.number))) for o in grid.outcomes))


def half_up(number: Fraction) -> int:
    """Round to a whole number; halves go away from zero."""
    whole = floor(abs(number) + Fraction(1, 2))
    return -whole if number < 0 else whole


def narrow(where: Bool) -> Bool:
    """Shrink the axes on which a truth array does not depend to size 1."""
    for position in range(where.ndim):
        first = where.take([0], axis=position)
        if where.shape[position] > 1 and (where == first).all():
            where = first
    return where

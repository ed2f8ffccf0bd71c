"""Parameters made ready: what can be decided of a plan's values before a claim is seen is decided once, here.

Each gives its value for the claims of a wave by `at(wave)`, and holds the claims whose cell is not decidable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

from adjudicator.batch import BUCKETS
from adjudicator.columns import Bool, Int64, UInt8, certain
from adjudicator.rounding import Amount, floored, share
from adjudicator.rulebook import Formula, State, Table
from adjudicator.tables import Index
from adjudicator.wave import Block, Found, Wave

_Cells = TypeVar("_Cells", Int64, UInt8, Bool)

_ABSENT = np.uint8(State.ABSENT)


class Source(Protocol):
    """Anything that gives an amount or a rate for every claim of a wave. certain: it never holds a claim."""

    certain: bool

    def at(self, wave: Wave, needed: Bool | Int64 | None = None) -> Int64:
        """Give it [..., claims], the last axis of length 1 where all claims have the same.

        Claims that cannot be decided are held, only where `needed` > 0.
        """


class Constant:
    """The same for every claim of every batch."""

    certain = True

    def __init__(self, values: Int64):
        self.values = values
        self.values.setflags(write=False)

    def at(self, wave: Wave, needed: Bool | Int64 | None = None) -> Int64:
        """Give it."""
        return self.values


class Parameter:
    """The cells of a table that claims select. Several tables over the same keys may stand in rows: [..., cells]."""

    def __init__(self, table: Table, values: Int64, states: UInt8):
        self.table, self.values, self.states = table, values, states
        self.certain = bool(states.max() <= _ABSENT)
        worst = states if self.certain or not table.dynamic else _over_dynamic(table, states)
        self._holds: Bool = np.any(worst.reshape(-1, worst.shape[-1]) > _ABSENT, axis=0)

    def at(self, wave: Wave, needed: Bool | Int64 | None = None) -> Int64:
        """Give the values; for tables without dynamic keys they are looked up once a block."""
        found = wave.block.found.get(self) or self._find(wave.block)
        if found.values is not None:
            if found.undecided is not None:
                wave.hold(wave.cut(found.undecided), needed)
            return wave.cut(found.values)
        cells = wave.cell(self.table, wave.block.index(self.table))
        if found.holds:
            wave.hold(_undecided(self.states[..., cells]), needed)
        return self.values.take(cells, axis=-1)

    def _find(self, block: Block) -> Found:
        index = block.codes.static_index(self.table)
        holds = not self.certain and bool(np.count_nonzero(block.spread(_cells(self._holds, index))))
        if self.table.dynamic:
            found = Found(None, None, holds)
        else:
            undecided = block.spread(_undecided(_cells(self.states, index))) if holds else None
            found = Found(block.spread(_cells(self.values, index)), undecided, holds)
        block.found[self] = found
        return found


def _cells(values: _Cells, index: Index) -> _Cells:
    """Give the cells [..., claims]; a single one, on a last axis of length 1, where all claims have the same."""
    return values[..., index : index + 1] if isinstance(index, int) else values.take(index, axis=-1)


def _undecided(states: UInt8) -> UInt8:
    return states * (states > _ABSENT)


def _over_dynamic(table: Table, states: UInt8) -> UInt8:
    """Give, in every cell, the worst state among the cells that differ from it in dynamic keys only."""
    by_key = states.reshape(*states.shape[:-1], *(key.size for key in table.keys))
    dynamic = {id(key) for key, _ in table.dynamic}
    axes = tuple(states.ndim - 1 + place for place, key in enumerate(table.keys) if id(key) in dynamic)
    worst = np.broadcast_to(by_key.max(axis=axes, keepdims=True), by_key.shape)
    return np.ascontiguousarray(worst).reshape(states.shape)


class Told:
    """A parameter of which an observer is told value, origin and state."""

    certain = False

    def __init__(self, source: Source, table: Table, label: str):
        self.source, self.table, self.label = source, table, label

    def at(self, wave: Wave, needed: Bool | Int64 | None = None) -> Int64:
        """Give the parameter, and tell what the table says."""
        index = wave.cell(self.table, wave.block.index(self.table))
        wave.see(f"param.{self.label}", self.table.values[index])
        wave.see(f"origin.{self.label}", self.table.origins[index])
        wave.see(f"state.{self.label}", self.table.states[index])
        return self.source.at(wave, needed)


class Rows:
    """Several sources, one below the other: [sources, claims]."""

    certain = False

    def __init__(self, sources: Sequence[Source]):
        self.sources = sources

    def at(self, wave: Wave, needed: Bool | Int64 | None = None) -> Int64:
        """Give all; `needed` [sources, claims]."""
        rows = np.empty((len(self.sources), wave.size), np.int64)
        for place, source in enumerate(self.sources):
            rows[place] = source.at(wave, None if needed is None else needed[place])
        return rows


ALWAYS = Table((), np.ones(1, np.int64), np.zeros(1, np.uint8), np.full(1, -1, np.int32))
"""The condition that is always true."""


class Condition:
    """A condition; none is always true."""

    def __init__(self, table: Table | None, label: str = ""):
        self.table, self.label = table or ALWAYS, label
        self.sure = None if self.table.constant is None else self.table.constant != 0
        self._true = self.table.values != 0

    def at(self, wave: Wave) -> Bool | bool:
        """Give the claims for which it is true; True or False where it is the same for all of the block."""
        here = self._at(wave) if self.sure is None else self.sure
        if self.label:
            wave.see(self.label, here)
        return here

    def _at(self, wave: Wave) -> Bool | bool:
        block, table = wave.block, self.table
        if table.dynamic:
            return np.asarray(self._true[wave.cell(table, block.index(table))])
        mask = block.masks.get(self)
        if mask is None:
            mask = block.masks[self] = certain(block.spread(_cells(self._true, block.codes.static_index(table))))
        return mask if isinstance(mask, bool) else mask[wave.low : wave.high]


class Term(NamedTuple):
    """`rate x max(0, amount - above)`."""

    amount: str
    rate: Source
    above: Source | None


class Composed:
    """A formula with terms or bounds. `none`: where its fixed part is absent, and then the whole is `absent`."""

    certain = False

    def __init__(
        self,
        fixed: Source,
        terms: tuple[Term, ...],
        at_least: Source | None,
        at_most: Source | None,
        none: Condition | None,
        absent: int,
    ):
        self.fixed, self.terms, self.at_least, self.at_most = fixed, terms, at_least, at_most
        self.none, self.absent = none, absent

    def at(self, wave: Wave, needed: Bool | Int64 | None = None) -> Int64:
        """Give fixed + terms, within its bounds."""
        amount: Amount = self.fixed.at(wave)
        for term in self.terms:
            above = 0 if term.above is None else term.above.at(wave)
            rate = term.rate.at(wave)
            amount = amount + share(floored(wave.amount(term.amount, np.asarray(rate) != 0) - above), rate)
        if self.at_least is not None:
            amount = np.maximum(amount, self.at_least.at(wave))
        if self.at_most is not None:
            amount = np.minimum(amount, self.at_most.at(wave))
        none = False if self.none is None else self.none.at(wave)
        return np.asarray(amount if none is False else np.where(none, self.absent, amount))


class Form:
    """A linear form of named amounts, floored at 0; bucket names count the lines of `atoms` only.

    terms: name, weight (None: the whole amount), label for an observer.
    """

    def __init__(self, terms: tuple[tuple[str, Source | None, str], ...], atoms: tuple[int, ...] | None = None):
        self.terms, self.atoms = terms, atoms
        name, weight, label = terms[0] if len(terms) == 1 else ("", None, "")
        is_of_lines = atoms is not None and name in BUCKETS
        self._whole = "" if weight is not None or label or is_of_lines else name

    def at(self, wave: Wave, needed: Bool | Int64 | None = None) -> Int64:
        """Give the sum of its terms, at least 0, [claims]."""
        floor: Int64 = np.maximum(self.sum(wave), wave.nothing)
        return floor

    def sum(self, wave: Wave) -> Amount:
        """Give the sum of its terms."""
        if self._whole:
            return wave.amount(self._whole)
        total: Amount | None = None
        for name, weight, label in self.terms:
            of_lines = self.atoms is not None and name in BUCKETS
            amount = wave.of_atoms(name, self.atoms or ()) if of_lines else wave.amount(name)
            if label:
                wave.see(label, amount)
            if weight is not None:
                amount = share(amount, weight.at(wave))
            total = amount if total is None else total + amount
        return wave.nothing if total is None else total


def is_plain(formula: Formula) -> bool:
    """Say whether a formula is nothing but its fixed part."""
    return not formula.terms and formula.at_least is None and formula.at_most is None

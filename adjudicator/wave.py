"""What a layer sees of one wave: named amounts, parameters, counters, and which claims must be held."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, TypeVar, cast

import numpy as np

from adjudicator.batch import BUCKETS, Batch
from adjudicator.columns import MISSING, NO_LIMIT, Bool, Int32, Int64, Number, UInt8
from adjudicator.counters import Counter
from adjudicator.rounding import Amount, floored, share
from adjudicator.rulebook import Formula, Program, State, Table
from adjudicator.tables import ClaimCodes, Index, cell_at, part

Observe = Callable[[str, Int64, Int64], None]
"""Called with (name, rows of the batch, values) for every amount and parameter, when someone asks for them."""


_Cells = TypeVar("_Cells")

_ABSENT = np.uint8(State.ABSENT)  # looked up some forty times a claim; the attribute of an enumeration is slow


class Resolved(NamedTuple):
    """The cells of a table that claims select: one value for all, or one a claim.

    undecided: states above ABSENT, else 0; None when there are none. absent: cells without a value, True for all.
    """

    values: Amount
    undecided: UInt8 | np.uint8 | None
    absent: Bool | bool | None


def resolve(table: Table, index: Index) -> Resolved:
    """Look a table's cells up."""
    values = table.values[index]
    if table.certain and table.bounded:
        return Resolved(values, None, None)
    states = table.states[index]
    if isinstance(states, np.uint8):
        return Resolved(values, states if states > _ABSENT else None, True if states >= _ABSENT else None)
    worst = states.max(initial=0)
    if worst < _ABSENT:
        return Resolved(values, None, None)
    undecided = np.where(states > _ABSENT, states, np.uint8(0)) if worst > _ABSENT else None
    return Resolved(values, undecided, states >= _ABSENT)


class Wave:
    """One wave of one block: claims low..high of the block, all of different holders.

    amounts: named amounts, fen [claims of the wave]. buckets: what payments have not consumed yet.
    held: worst State above ABSENT in the first layer that met one, 0 for none. void: claims not settled after all.
    uncovered: those of them that no layer takes.
    """

    def __init__(self, block: Block, low: int, high: int):
        self.block, self.low, self.high, self.size = block, low, high, high - low
        self.rows = block.rows[low:high]
        nothing = np.zeros(self.size, np.int64)
        self.amounts: dict[str, Amount] = {"one": 1, "total": block.total[low:high], "paid": nothing}
        for bucket, sums in zip(BUCKETS, block.buckets, strict=True):
            self.amounts[bucket] = sums[low:high]
        self.unconsumed: dict[str, Amount] = {b: floored(self.amounts[b]) for b in BUCKETS}
        self.opening = {name: block.counters[name].read(low, high).copy() for name in block.opening}
        self.held: UInt8 | None = None
        self._layer_held: UInt8 | None = None
        self.beyond: Amount = 0
        self.void: Bool | None = None
        self.uncovered: Bool | bool = False

    def amount(self, name: str, needed: Bool | None = None) -> Amount:
        """Give a named amount, counter, or number attribute (claims that lack it are held where `needed`)."""
        found = self.amounts.get(name)
        if found is not None:
            return found
        match name:
            case "remaining":
                return floored(self.amounts["total"] - self.amounts["paid"])
            case "remaining_in_scope":
                return self.unconsumed["in_scope"]
        if name.startswith("counter."):
            return self.block.counters[name[8:]].read(self.low, self.high)
        given = self.block.batch.amounts.get(name)
        if given is not None:
            return np.asarray(given[self.rows])
        if "." in name or name in self.block.program.amounts:
            return np.zeros(self.size, np.int64)  # of a layer that has not run, or not given
        return self.number(name, needed)

    def number(self, name: str | None, needed: Bool | None = None) -> Amount:
        """Give a number attribute, 1 for none. Claims that lack it are held where `needed`."""
        if name is None:
            return 1
        column = self.block.codes.column(name)
        default = self.block.program.defaults.get(name)
        values = column.values[self.low : self.high] if isinstance(column, Number) else np.full(self.size, MISSING)
        missing = values == MISSING
        if not missing.any():
            return values
        if default is None:
            lacking = missing if needed is None else missing & needed
            self.hold(np.where(lacking, np.uint8(State.MISSING), np.uint8(0)))
        return np.where(missing, 0 if default is None else int(default), values)

    def cell(self, table: Table) -> Index:
        """Give the cell of a table that every claim of the wave selects."""
        index = part(self.block.codes.static_index(table), slice(self.low, self.high))
        return cell_at(table, index, [self._keyed(key.source) for key, _ in table.dynamic])

    def _keyed(self, source: str) -> Int64:
        """Give the amount, or the counter's value before the claim, that a key reads."""
        value = self.opening[source] if source in self.opening else self.amount(source)
        return value if isinstance(value, np.ndarray) else np.full(self.size, value)

    def value(self, table: Table, label: str = "", needed: Bool | None = None) -> Amount:
        """Give a parameter; claims whose cell is not decidable are held (where `needed`). Absent gives the cell's 0."""
        if table.constant is not None and not self.block.observe:
            return table.constant
        found = self._resolve(table)
        if found.undecided is not None:
            bad = np.broadcast_to(self._here(found.undecided), (self.size,))
            self.hold(bad if needed is None else np.where(needed, bad, 0).astype(np.uint8))
        if self.block.observe and label:
            index = self.cell(table)
            self.see(f"param.{label}", table.values[index])
            self.see(f"origin.{label}", table.origins[index])
            self.see(f"state.{label}", table.states[index])
        return self._here(found.values)

    def _resolve(self, table: Table) -> Resolved:
        """Find a table's cells: once a block, or now when it reads amounts or counters."""
        if table.dynamic:
            return resolve(table, self.cell(table))
        return self.block.resolved(table)

    def _here(self, cells: _Cells) -> _Cells:
        """Cut the block's cells to this wave; those just found for the wave are as long as it."""
        if not isinstance(cells, np.ndarray) or len(cells) == self.size:
            return cells
        return cast(_Cells, cells[self.low : self.high])

    def truth(self, table: Table | None) -> Bool | bool:
        """Give a condition; none is always true."""
        if table is None:
            return True
        values = self._here(self._resolve(table).values)
        return values != 0 if isinstance(values, np.ndarray) else bool(values)

    def formula(self, formula: Formula, label: str) -> Amount:
        """Give an amount: fixed + terms, within its bounds; 0 where absent."""
        amount = self.value(formula.fixed, label)
        for term in formula.terms:
            above = 0 if term.above is None else self.value(term.above, f"{label}.above")
            rate = self.value(term.rate, f"{label}.rate")
            part_of = floored(self.amount(term.amount, np.asarray(rate) != 0) - above)
            amount = amount + share(part_of, rate)
        if formula.at_least is not None:
            amount = np.maximum(amount, self._bound(formula.at_least, 0, f"{label}.at_least"))
        if formula.at_most is not None:
            amount = np.minimum(amount, self._bound(formula.at_most, NO_LIMIT, f"{label}.at_most"))
        return amount

    def ceiling(self, formula: Formula, label: str) -> Amount:
        """Give the amount of a limit: NO_LIMIT where it is absent."""
        amount = self.formula(formula, label)
        return self.unless_absent(formula.fixed, amount, NO_LIMIT)

    def _bound(self, table: Table, unbounded: int, label: str) -> Amount:
        return self.unless_absent(table, self.value(table, label), unbounded)

    def unless_absent(self, table: Table, amount: Amount, otherwise: int) -> Amount:
        """Give the amount, but `otherwise` where the table has no value."""
        absent = None if table.bounded and table.certain else self._resolve(table).absent
        if absent is None:
            return amount
        if isinstance(absent, np.ndarray):
            return np.where(self._here(absent), otherwise, amount)
        return otherwise

    def form(self, take: Sequence[tuple[str, Table]], atoms: tuple[int, ...] | None = None, label: str = "") -> Amount:
        """Give a linear form of named amounts, floored at 0; bucket names count the lines of `atoms` only."""
        total: Amount = 0
        for name, weight in take:
            amount = self.amount(name) if atoms is None or name not in BUCKETS else self._of_atoms(name, atoms)
            total = total + share(amount, self.value(weight, label and f"{label}.{name}"))
            if self.block.observe and label:
                self.see(f"term.{label}.{name}", amount)
        return floored(total)

    def _of_atoms(self, bucket: str, atoms: tuple[int, ...]) -> Int64:
        sums = self.block.atoms[self.low : self.high, :, BUCKETS.index(bucket)]
        if len(atoms) == 1:
            return np.asarray(sums[:, atoms[0]])
        return np.asarray(sums[:, list(atoms)].sum(axis=1))

    def hold(self, states: UInt8) -> None:
        """Note claims that cannot be decided."""
        self._layer_held = states if self._layer_held is None else np.maximum(self._layer_held, states)

    @contextmanager
    def where(self, here: Bool | bool) -> Iterator[None]:
        """Let values asked for inside hold only the claims `here`."""
        outer, self._layer_held = self._layer_held, None
        yield
        inner, self._layer_held = self._layer_held, outer
        if inner is not None:
            self.hold(np.where(here, inner, 0).astype(np.uint8))

    def close_layer(self, active: Bool | bool) -> None:
        """Let the claims that this layer could not decide be held, unless an earlier layer did so."""
        if self._layer_held is not None:
            found = np.where(active, self._layer_held, 0).astype(np.uint8)
            self.held = found if self.held is None else np.where(self.held > 0, self.held, found)
            self._layer_held = None

    def running(self, counter: str) -> Amount:
        """Give the value of a counter at this moment, floored at 0."""
        return floored(self.block.counters[counter].read(self.low, self.high))

    def left_of(self, limit: Amount, counter: str | None) -> Amount:
        """Give what a counter leaves of a limit, floored at 0."""
        if counter is None:
            return floored(limit)
        return floored(limit - self.block.counters[counter].read(self.low, self.high))

    def see(self, name: str, value: Amount | Bool | UInt8 | Int32) -> None:
        """Tell the observer, if there is one."""
        if self.block.observe:
            self.block.observe(name, self.rows, np.broadcast_to(np.asarray(value, np.int64), (self.size,)))


class Block:
    """Claims of some holders in order of settlement, with everything their waves share."""

    def __init__(
        self,
        program: Program,
        batch: Batch,
        rows: Int64,
        codes: ClaimCodes,
        atoms: Int64,
        counters: dict[str, Counter],
        opening: tuple[str, ...],
        observe: Observe | None,
    ):
        self.program, self.batch, self.rows, self.codes = program, batch, rows, codes
        self.atoms = atoms
        by_claim = atoms[:, 0] if atoms.shape[1] == 1 else atoms.sum(axis=1)
        self.buckets = np.ascontiguousarray(by_claim.T)  # [4, claims]
        self.total = self.buckets.sum(axis=0)
        self.counters, self.opening, self.observe = counters, opening, observe
        self._resolved: dict[int, tuple[Table, Resolved]] = {}

    def resolved(self, table: Table) -> Resolved:
        """Give the cells of a table without dynamic keys, for all claims of the block."""
        found = self._resolved.get(id(table))
        if found is None:
            found = self._resolved[id(table)] = (table, resolve(table, self.codes.static_index(table)))
        return found[1]

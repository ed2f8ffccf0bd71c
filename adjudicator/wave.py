"""What a layer sees of one wave: named amounts, parameters, counters, and which claims must be held."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from adjudicator.batch import BUCKETS, Batch
from adjudicator.columns import MISSING, NO_LIMIT, Bool, Int32, Int64, Number, UInt8
from adjudicator.counters import Counter
from adjudicator.rounding import Amount, share
from adjudicator.rulebook import Formula, Program, State, Table
from adjudicator.tables import ClaimCodes, Index, number_codes, part

Observe = Callable[[str, Int64, Int64], None]
"""Called with (name, rows of the batch, values) for every amount and parameter, when someone asks for them."""


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
        sums = block.buckets[low:high]
        for place, bucket in enumerate(BUCKETS):
            self.amounts[bucket] = sums[:, place]
        self.unconsumed: dict[str, Amount] = {b: np.maximum(self.amounts[b], 0) for b in BUCKETS}
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
                return np.maximum(self.amounts["total"] - self.amounts["paid"], 0)
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
        for key, step in table.dynamic:
            value = self.opening[key.source] if key.source in self.opening else self.amount(key.source)
            index = index + number_codes(key.edges, np.broadcast_to(value, (self.size,))) * step
        return index

    def value(self, table: Table, label: str = "", needed: Bool | None = None) -> Amount:
        """Give a parameter; claims whose cell is not decidable are held (where `needed`). Absent gives the cell's 0."""
        if table.constant is not None and not self.block.observe:
            return table.constant
        index = self.cell(table)
        if table.certain and not self.block.observe:
            return table.values[index]
        states = table.states[index]
        worst = int(states) if not isinstance(states, np.ndarray) else int(states.max(initial=0))
        if worst > State.ABSENT:
            bad = np.where(states > State.ABSENT, states, 0)
            self.hold(bad if needed is None else np.where(needed, bad, 0))
        if self.block.observe and label:
            self.see(f"param.{label}", table.values[index])
            self.see(f"origin.{label}", table.origins[index])
            self.see(f"state.{label}", states)
        return table.values[index]

    def truth(self, table: Table | None) -> Bool | bool:
        """Give a condition; none is always true."""
        if table is None:
            return True
        values = table.values[self.cell(table)]
        return values != 0 if isinstance(values, np.ndarray) else bool(values)

    def formula(self, formula: Formula, label: str) -> Amount:
        """Give an amount: fixed + terms, within its bounds; 0 where absent."""
        amount = self.value(formula.fixed, label)
        for term in formula.terms:
            above = 0 if term.above is None else self.value(term.above, f"{label}.above")
            rate = self.value(term.rate, f"{label}.rate")
            part_of = np.maximum(self.amount(term.amount, np.asarray(rate) != 0) - above, 0)
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
        if table.bounded:
            return amount
        absent = table.states[self.cell(table)] >= State.ABSENT
        if isinstance(absent, np.ndarray):
            return np.where(absent, otherwise, amount) if absent.any() else amount
        return otherwise if absent else amount

    def form(self, take: Sequence[tuple[str, Table]], atoms: tuple[int, ...] | None = None, label: str = "") -> Amount:
        """Give a linear form of named amounts, floored at 0; bucket names count the lines of `atoms` only."""
        total: Amount = 0
        for name, weight in take:
            amount = self.amount(name) if atoms is None or name not in BUCKETS else self._of_atoms(name, atoms)
            total = total + share(amount, self.value(weight, label and f"{label}.{name}"))
            if self.block.observe and label:
                self.see(f"term.{label}.{name}", amount)
        return np.maximum(total, 0)

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
        return np.maximum(self.block.counters[counter].read(self.low, self.high), 0)

    def left_of(self, limit: Amount, counter: str | None) -> Amount:
        """Give what a counter leaves of a limit, floored at 0."""
        if counter is None:
            return np.maximum(limit, 0)
        return np.maximum(limit - self.block.counters[counter].read(self.low, self.high), 0)

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
        self.buckets = atoms[:, 0] if atoms.shape[1] == 1 else atoms.sum(axis=1)
        self.total = self.buckets.sum(axis=1)
        self.counters, self.opening, self.observe = counters, opening, observe

"""What a layer sees of one wave: named amounts, counters, and which claims must be held."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

import numpy as np

from adjudicator.batch import BUCKETS, Batch
from adjudicator.columns import MISSING, Bool, Int32, Int64, Number, UInt8
from adjudicator.counters import Opened
from adjudicator.rounding import Amount, floored
from adjudicator.rulebook import Key, KeyKind, Program, State, Table
from adjudicator.tables import ClaimCodes, Index, cell_at

Observe = Callable[[str, Int64, Int64], None]
"""Called with (name, rows of the batch, values) for every amount and parameter, when someone asks for them."""

_Cells = TypeVar("_Cells", Int64, UInt8, Bool)

_ONE = np.ones(1, np.int64)
_ONE.setflags(write=False)


class Found(NamedTuple):
    """What a parameter found for a block.

    values: of a table without dynamic keys, [..., claims]. undecided: states above ABSENT, else 0; None for none.
    holds: whether any claim may meet one.
    """

    values: Int64 | None
    undecided: UInt8 | None
    holds: bool


class Keeps(NamedTuple):
    """What the waves of a program keep.

    amounts: names that layers give. buckets: those of which it matters how much payments have used. openings: counters
    whose value before the claim is asked for after they may be set or cleared.
    """

    amounts: tuple[str, ...]
    buckets: tuple[str, ...]
    openings: tuple[str, ...]


class Wave:
    """One wave of one block: claims low..high of the block, all of different holders.

    amounts: what layers found, fen [claims of the wave]; `nothing` where they have not run. left_of_bill: what payments
    within the bill have not used yet. unconsumed: the same by bucket, of those that the plan looks at one by one.
    added: what claims add to counters, kept back until it is known which of them are settled.
    held: worst State above ABSENT in the first layer that met one, 0 for none. void: claims not settled after all.
    uncovered: those of them that no layer takes.
    """

    def __init__(self, block: Block, low: int, high: int):
        self.block, self.low, self.high, self.size = block, low, high, high - low
        nothing = self.nothing = block.nothing[: high - low]
        self.amounts: dict[str, Amount] = dict.fromkeys(block.keeps.amounts, nothing)
        self.left_of_bill: Amount = block.bill[low:high]
        self.unconsumed: dict[str, Amount] = {
            name: floored(block.bucket(name)[low:high]) for name in block.keeps.buckets
        }
        self.added: dict[str, Amount] = {}
        self._opening = {name: block.counters[name].read(name, low, high).copy() for name in block.keeps.openings}
        self.held: UInt8 | None = None
        self._layer_held: UInt8 | None = None
        self.beyond: Amount = nothing
        self.void: Bool | None = None
        self.uncovered: Bool | bool = False

    @property
    def rows(self) -> Int64:
        """Rows of the batch."""
        return self.block.rows[self.low : self.high]

    def cut(self, cells: _Cells) -> _Cells:
        """Give the part of a block's array that belongs to this wave; a single cell is that of every claim."""
        return cells if cells.shape[-1] == 1 else cells[..., self.low : self.high]

    def amount(self, name: str, needed: Bool | None = None) -> Amount:
        """Give a named amount, counter, or number attribute (claims that lack it are held where `needed`)."""
        found = self.amounts.get(name)
        if found is not None:
            return found
        if name in BUCKETS:
            return self.block.bucket(name)[self.low : self.high]
        match name:
            case "one":
                return _ONE
            case "total":
                return self.block.total[self.low : self.high]
            case "paid":
                return self.paid
            case "remaining":
                return floored(self.left_of_bill - self.beyond)
            case "remaining_in_scope":
                return self.unconsumed["in_scope"]
        if name.startswith("counter."):
            return self.counter(name[8:])
        given = self.block.batch.amounts.get(name)
        if given is not None:
            return np.asarray(given[self.rows])
        if "." in name or name in self.block.program.amounts:
            return self.nothing  # of a layer that has not run, or not given
        return self.number(name, needed)

    @property
    def paid(self) -> Amount:
        """What the layers so far pay, beyond the bill included."""
        paid: Amount = self.nothing
        for layer in self.block.program.layers:
            paid = paid + self.amounts.get(f"{layer.name}.paid", 0)
        return paid

    def number(self, name: str, needed: Bool | None = None) -> Amount:
        """Give a number attribute. Claims that lack it are held where `needed`."""
        values = self.block.number(name)[self.low : self.high]
        missing = values == MISSING
        if not np.count_nonzero(missing):
            return values
        default = self.block.program.defaults.get(name)
        if default is None:
            self.hold(missing * np.uint8(State.MISSING), needed)
        return np.where(missing, 0 if default is None else int(default), values)

    def of_atoms(self, bucket: str, atoms: tuple[int, ...]) -> Int64:
        """Give what the lines of some atoms have in a bucket."""
        sums = self.block.atoms[self.low : self.high, :, BUCKETS.index(bucket)]
        if len(atoms) == 1:
            return np.asarray(sums[:, atoms[0]])
        return np.asarray(sums[:, list(atoms)].sum(axis=1))

    def cell(self, table: Table, index: Index) -> Index:
        """Give the cell of a table that every claim of the wave selects; `index` is that of the block."""
        if not isinstance(index, int):
            index = index[self.low : self.high]
        return cell_at(table, index, [self._keyed(key) for key, _ in table.dynamic]) if table.dynamic else index

    def _keyed(self, key: Key) -> Int64:
        """Give the amount, or the counter's value before the claim, that a key reads."""
        if key.kind is KeyKind.COUNTER:
            return self.opening(key.source)
        value = np.asarray(self.amount(key.source))
        return value if value.shape == self.nothing.shape else value + self.nothing

    def opening(self, counter: str) -> Int64:
        """Give the value of a counter before the claim."""
        kept = self._opening.get(counter)
        return self.block.counters[counter].read(counter, self.low, self.high) if kept is None else kept

    def counter(self, name: str) -> Int64:
        """Give the value of a counter at this moment."""
        value = self.block.counters[name].read(name, self.low, self.high)
        added = self.added.get(name)
        return value if added is None else value + added

    def add(self, counter: str, amount: Amount) -> None:
        """Add to a counter, as far as this wave is concerned."""
        before = self.added.get(counter)
        self.added[counter] = amount if before is None else before + amount

    def put(self, counter: str, amount: Amount, where: Bool | bool) -> None:
        """Set a counter, where it counts."""
        self.block.counters[counter].put(counter, self.low, self.high, amount, where)

    def count(self) -> None:
        """Let the counters have what the settled claims added."""
        kept = None if self.void is None else ~self.void
        for name, amount in self.added.items():
            counted = amount if kept is None else amount * kept
            self.block.counters[name].add(name, self.low, self.high, counted)
        self.added.clear()

    def hold(self, states: UInt8, needed: Bool | Int64 | None = None) -> None:
        """Note claims that cannot be decided: states above ABSENT [..., claims], 0 elsewhere; where `needed` > 0."""
        if needed is not None:
            states = states * (needed > 0)
        if states.ndim > 1:
            states = states.reshape(-1, states.shape[-1]).max(axis=0)
        states = np.broadcast_to(states, (self.size,))
        self._layer_held = states if self._layer_held is None else np.maximum(self._layer_held, states)

    @contextmanager
    def where(self, here: Bool | bool) -> Iterator[None]:
        """Let values asked for inside hold only the claims `here`."""
        outer, self._layer_held = self._layer_held, None
        yield
        inner, self._layer_held = self._layer_held, outer
        if inner is not None:
            self.hold(inner * np.asarray(here))

    @property
    def undecided(self) -> UInt8 | None:
        """What the layer could not decide so far; None: everything was."""
        return self._layer_held

    def spare(self, here: Bool, before: UInt8 | None) -> Bool | bool:
        """Let only what was undecided `before` hold the claims `here`; gives those held no more, or less strongly."""
        after = self._layer_held
        if after is None:
            return False
        self._layer_held = np.where(here, 0 if before is None else before, after).astype(np.uint8)
        return np.asarray(self._layer_held != after)

    def close_layer(self, active: Bool | bool) -> None:
        """Let the claims that this layer could not decide be held, unless an earlier layer did so."""
        if self._layer_held is not None:
            found = self._layer_held * np.asarray(active)
            self.held = found if self.held is None else np.where(self.held > 0, self.held, found)
            self._layer_held = None

    def consume(self, paid: Amount, charges: tuple[str, ...]) -> None:
        """Take a payment out of the buckets, in the order in which a layer charges them."""
        for bucket in charges:
            off = np.minimum(self.unconsumed[bucket], paid)
            self.unconsumed[bucket] = self.unconsumed[bucket] - off
            paid = paid - off

    def left_of(self, limit: Amount, counter: str) -> Amount:
        """Give what a counter leaves of a limit, floored at 0."""
        return floored(limit - self.counter(counter))

    def running(self, counter: str) -> Amount:
        """Give the value of a counter at this moment, floored at 0."""
        return floored(self.counter(counter))

    def see(self, name: str, value: Amount | Bool | UInt8 | Int32) -> None:
        """Tell the observer."""
        assert self.block.observe is not None
        self.block.observe(name, self.rows, np.broadcast_to(np.asarray(value, np.int64), (self.size,)))


class Block:
    """Claims of some holders in order of settlement, with everything their waves share.

    codes: key codes of the kinds of claims. bill: the total, floored at 0. found, masks: what parameters and conditions
    found for the claims.
    """

    def __init__(
        self,
        program: Program,
        batch: Batch,
        rows: Int64,
        codes: ClaimCodes,
        kind: Index,
        atoms: Int64,
        total: Int64,
        counters: dict[str, Opened],
        keeps: Keeps,
        observe: Observe | None,
    ):
        self.program, self.batch, self.rows, self.codes, self._kind = program, batch, rows, codes, kind
        self.atoms = atoms
        self._by_claim = atoms[:, 0] if atoms.shape[1] == 1 else np.add.reduce(atoms, axis=1)
        self.total, self.bill = total, np.asarray(floored(total))
        self.nothing = np.zeros(len(rows), np.int64)
        self.counters, self.keeps, self.observe = counters, keeps, observe
        self.found: dict[object, Found] = {}
        self.masks: dict[object, Bool | bool] = {}
        self._index: dict[tuple[object, ...], Index] = {}
        self._buckets: dict[str, Int64] = {}
        self._numbers: dict[str, Int64] = {}

    def spread(self, cells: _Cells) -> _Cells:
        """Give every claim what stands for its kind [..., kinds]; a single cell stays that of every claim."""
        return cells if cells.shape[-1] == 1 else cells.take(self._kind, axis=-1)

    def index(self, table: Table) -> Index:
        """Give every claim the row of a table as far as its static keys decide it."""
        found = self._index.get(table.identity)
        if found is None:
            found = self.codes.static_index(table)
            found = self._index[table.identity] = found if isinstance(found, int) else self.spread(found)
        return found

    def bucket(self, name: str) -> Int64:
        """Give what each claim has in a bucket."""
        found = self._buckets.get(name)
        if found is None:
            found = self._buckets[name] = np.ascontiguousarray(self._by_claim[:, BUCKETS.index(name)])
        return found

    def number(self, name: str) -> Int64:
        """Give a number attribute; MISSING where it is not given."""
        found = self._numbers.get(name)
        if found is None:
            column = ClaimCodes(self.batch, self.program, self.rows).column(name)
            found = column.values if isinstance(column, Number) else np.full(len(self.rows), MISSING)
            self._numbers[name] = found
        return found

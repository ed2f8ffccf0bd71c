"""Rulebook: what the upper storey compiled and the kernel runs. Arrays and names only, no behaviour.

Every parameter of a plan is a `Table`: a dense array over *keys*. A key turns one source (an attribute, an amount,
a counter) into a small code; the code of a row in the table is the mixed-radix number of its keys' codes.
So a nested rule by level, person group, age band and date costs one gather for a whole batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from adjudicator.catalog import Catalog
from adjudicator.columns import Int32, Int64, UInt8


class KeyKind(IntEnum):
    """How a key's code is found."""

    CATEGORY = 0  # index in domain; len(domain) = any other value; len(domain) + 1 = missing
    NUMBER = 1  # searchsorted(edges, value, 'right'); edges[0] is MISSING + 1, so code 0 = missing
    FLAG = 2  # 1 when the mark `domain[0]` is set, else 0
    AMOUNT = 3  # like NUMBER, on a named amount known while the claim is settled (never missing)
    COUNTER = 4  # like NUMBER, on the opening value of a counter (never missing)


@dataclass(frozen=True, slots=True)
class Key:
    """One dimension of a table.

    `source` names a claim attribute ("level", "age", "status"), a line attribute, an amount ("in_scope",
    "basic.paid") or a counter ("admissions").
    """

    kind: KeyKind
    source: str
    domain: tuple[str, ...] = ()
    edges: Int64 = field(default_factory=lambda: np.empty(0, np.int64))
    size: int = field(init=False, repr=False)  # number of codes
    identity: tuple[object, ...] = field(init=False, repr=False)  # equal for keys that give equal codes

    def __post_init__(self) -> None:
        sizes = {KeyKind.CATEGORY: len(self.domain) + 2, KeyKind.FLAG: 2}
        object.__setattr__(self, "size", sizes.get(self.kind, len(self.edges) + 1))
        object.__setattr__(self, "identity", (int(self.kind), self.source, self.domain, self.edges.tobytes()))


class State(IntEnum):
    """What kind of value stands in a cell of a table. Above ABSENT the claim is held."""

    EXACT = 0
    ASSUMED = 1
    ABSENT = 2  # the benefit has no such thing: not applied
    NOT_STATED = 3
    TARGET = 4  # target, minimum or range
    UNKNOWN = 5  # no rule of the document covers this value of an attribute
    MISSING = 6  # an attribute needed here was not given


@dataclass(frozen=True, slots=True)
class Table:
    """A value for every combination of its keys; the last key varies fastest. No keys: one value.

    `values` are fen, parts per million, 0/1 or plain numbers, as the user of the table says. `states` are `State`;
    `origins` index into `Program.origins` (-1: a built-in default).
    Derived: strides (what one step of each key's code adds to the cell number), dynamic (keys over amounts or counters,
    known only while a claim is settled, with their strides), static (the other keys), certain (no cell holds a claim),
    constant (the value, if there is only one and it is certain), identity (equal for tables over equal keys: a claim
    selects the same cell in them).
    """

    keys: tuple[Key, ...]
    values: Int64
    states: UInt8
    origins: Int32
    strides: tuple[int, ...] = field(init=False, repr=False)
    dynamic: tuple[tuple[Key, int], ...] = field(init=False, repr=False)
    static: tuple[tuple[Key, int], ...] = field(init=False, repr=False)
    certain: bool = field(init=False, repr=False)
    constant: int | None = field(init=False, repr=False)
    identity: tuple[object, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        strides: list[int] = []
        step = 1
        for key in reversed(self.keys):
            strides.insert(0, step)
            step *= key.size
        steps = tuple(zip(self.keys, strides, strict=True))
        certain = not bool((self.states > State.ABSENT).any())
        derived = {
            "strides": tuple(strides),
            "dynamic": tuple((key, step) for key, step in steps if key.kind >= KeyKind.AMOUNT),
            "static": tuple((key, step) for key, step in steps if key.kind < KeyKind.AMOUNT),
            "certain": certain,
            "constant": int(self.values[0]) if not self.keys and certain else None,
            "identity": tuple(key.identity for key in self.keys),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True)
class Term:
    """`rate x max(0, amount - above)`, rounded half-up to 1; `rate` in ppm; negative rates take off.

    `unbounded` drops the floor at 0 (for terms whose amount may be negative).
    """

    amount: str
    rate: Table
    above: Table | None = None


@dataclass(frozen=True, slots=True)
class Formula:
    """`fixed + sum of terms`, then not below `at_least`, not above `at_most`, times `factor` (ppm) half-up.

    Most parameters have no terms. The state of the value is the worst state met in any of its tables; ABSENT only
    when `fixed` is absent.
    """

    fixed: Table
    terms: tuple[Term, ...] = ()
    at_least: Table | None = None
    at_most: Table | None = None


class Period(IntEnum):
    """How long a counter lives. The period is part of the key under which a counter is kept."""

    NONE = 0  # for ever (an account, a lifetime limit)
    YEAR = 1  # benefit year of the plan
    QUARTER = 2
    MONTH = 3
    DAY = 4
    EPISODE = 5  # claims that share `episode`
    ROLLING = 6  # the last `months` calendar months, this one included
    CLAIM = 7  # this claim only


@dataclass(frozen=True, slots=True)
class CounterRule:
    """A named running value per (holder, keys, period).

    adds: (amount name, weight ppm table); the amount "one" adds 1. An amount of layer L is added right after layer L,
    every other one after the last layer. `counts_if` (0/1) is read where the first of its amounts is added.
    sets: when given, the counter is *set* to the sum of its terms instead. clears_if: set to 0 after the last layer.
    """

    name: str
    period: Period
    holder: str = "person"  # or the name of a categorical claim attribute, such as "household"
    keys: tuple[str, ...] = ()  # further categorical claim attributes: disease, drug ...
    months: int = 0  # for ROLLING
    adds: tuple[tuple[str, Table], ...] = ()
    counts_if: Table | None = None
    sets: bool = False
    clears_if: Table | None = None
    unit: str = "fen"


@dataclass(frozen=True, slots=True)
class Group:
    """A part of a layer's base: what it takes, from which lines, and its share borne before the bands."""

    name: str
    take: tuple[tuple[str, Table], ...]  # (amount, weight ppm); bucket names are summed over `atoms` only
    atoms: tuple[int, ...] | None = None  # None: all lines
    first_pay: Table | None = None  # ppm of what is left after the deductible, half-up to the fen


@dataclass(frozen=True, slots=True)
class Deductible:
    """What the person bears first: max(0, amount x times - counter), not above what is left of the base.

    `times` names a number attribute (days) or None. `at_most` bounds the sum borne: (amount, counter).
    """

    name: str
    amount: Formula
    counter: str | None = None
    times: str | None = None
    at_most: tuple[Formula, str] | None = None


class Allocation(IntEnum):
    """Which groups of a base bear a deductible first."""

    IN_ORDER = 0
    PROPORTIONAL = 1
    LOWEST_RATE_FIRST = 2
    HIGHEST_RATE_FIRST = 3


@dataclass(frozen=True, slots=True)
class Slice:
    """One band: up to position `to` (None: open), one rate table (ppm) for every group of the base.

    until: (counter, target, credit) - the slice also ends where the counter, which gains `credit` ppm of every fen in
    this slice, reaches the target.
    """

    to: Formula | None
    rates: tuple[Table, ...]
    credit: Table | None = None


@dataclass(frozen=True, slots=True)
class Bands:
    """Slices of what is left after deductible and first pay, stacked in order of the groups.

    The position of the first fen is: the running counter's opening value (`running`; 0 without one) plus, when
    `from_deductible`, the deductible taken in this layer.
    phase: (counter, target) for slices with a credit: such a slice ends where the counter reaches the target.
    whole: the rate of the slice in which the *last* fen stands applies to all (whole-amount bands).
    """

    slices: tuple[Slice, ...]
    running: str | None = None
    from_deductible: bool = False
    phase: tuple[str, Formula] | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Flat:
    """A fixed amount added to (or, negative sign, taken off) the payment: amount x max(0, number - less)."""

    name: str
    amount: Formula
    number: str | None = None
    less: int = 0
    sign: int = 1
    when: Table | None = None


@dataclass(frozen=True, slots=True)
class Guarantee:
    """The payment is at least rate x base (half-up)."""

    take: tuple[tuple[str, Table], ...]
    rate: Table


class Measure(IntEnum):
    """What a limit is on."""

    PAYMENT = 0  # payment <= amount - counter
    ELIGIBLE = 1  # what enters the bands <= amount - counter; applied when the base is formed
    PERSON_SHARE = 2  # named amount of the person <= amount - counter; the excess is paid


@dataclass(frozen=True, slots=True)
class Limit:
    """A ceiling; `counter` None: per claim. `times` multiplies by a number attribute (days).

    `share_of` for PERSON_SHARE: "left" (all of the base not paid) or "coinsurance" (without deductible, first pay).
    """

    name: str
    measure: Measure
    amount: Formula
    counter: str | None = None
    times: str | None = None
    share_of: str = "left"
    when: Table | None = None


class RoundAt(IntEnum):
    """Where a payment is rounded."""

    CLAIM = 0
    GROUP = 1
    BAND = 2


@dataclass(frozen=True, slots=True)
class Rounding:
    """`mode` half_up | down | up | half_even; `unit` in fen (1 = 0.01, 5 = 0.05, 100 = whole yuan)."""

    at: RoundAt = RoundAt.CLAIM
    mode: str = "half_up"
    unit: int = 1


@dataclass(frozen=True, slots=True)
class Layer:
    """One payer's part of the cascade. Steps are run in the order of the fields."""

    name: str
    fund: str
    when: Table | None
    groups: tuple[Group, ...]
    base_limits: tuple[Limit, ...] = ()
    deductibles: tuple[Deductible, ...] = ()
    allocation: Allocation = Allocation.IN_ORDER
    bears: tuple[int, ...] = ()  # groups that bear the deductible, in order; empty: all in order
    bands: Bands | None = None
    rounding: Rounding = Rounding()
    already_paid: str | None = None  # catch-up: this counter is taken off the payment
    flats: tuple[Flat, ...] = ()
    guarantee: Guarantee | None = None
    limits: tuple[Limit, ...] = ()
    charges: tuple[str, ...] = ("in_scope", "upfront", "over_limit", "self_funded")
    beyond_bill: bool = False
    required: bool = True  # False: a layer that takes no visit by itself (an account, an overlay)


@dataclass(frozen=True, slots=True)
class CategoryLimit:
    """A ceiling over some lines of a claim: what is above goes to the bucket over_limit.

    `before_upfront` False: the ceiling is on what is left after the upfront share.
    """

    name: str
    atoms: tuple[int, ...]
    amount: Formula
    times: str | None = None
    before_upfront: bool = True


@dataclass(frozen=True, slots=True)
class LineRules:
    """How the plan judges lines. Tables here may key on line attributes as well as on claim attributes.

    atom: table from line attributes (class, kind, group, stay_day, mark flags) to an atom number in [0, atoms).
    upfront: ppm; the value -1 means "the item's own rate in the catalog".
    """

    atoms: int
    atom: Table
    upfront: Table | None = None
    ceiling_first: bool = True
    whole_bill: bool = False  # catalog ignored: every fen in scope (a bundle)
    category_limits: tuple[CategoryLimit, ...] = ()
    ceilings: bool = True


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value of a plan comes from, for explanations."""

    path: str
    line: int
    source: str
    grade: str
    kind: str  # exact, assumed, ...
    why: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """One compiled plan.

    numbers: names of amounts that a claim may carry beside the buckets (`amounts:` of the plan).
    year_start: (month, day) of the benefit year. year_by: claim date that decides the year and the dated values.
    defaults: value for an attribute that a claim does not give.
    place: area code of the pooling area, empty where there is none. coverage_by, status_at, order_by: the claim date
    that decides cover, the person's attributes and the order of settlement. waiting: whole months from the first day of
    unbroken cover during which nothing is payable (no table: none). splits: the door makes a stay over the start of a
    benefit year one claim a year; undo: what the ledger does when a settlement is undone that later ones build on
    (forbid, cascade, keep). The kernel knows nothing of these two.
    """

    name: str
    scheme: str
    layers: tuple[Layer, ...]
    counters: tuple[CounterRule, ...]
    lines: LineRules
    valid_from: int  # days since 1970-01-01, inclusive
    valid_until: int  # exclusive
    year_start: tuple[int, int] = (1, 1)
    year_by: str = "discharge"
    amounts: tuple[str, ...] = ()
    defaults: Mapping[str, str | int] = field(default_factory=dict)
    origins: tuple[Origin, ...] = ()
    coverage_by: str = "admission"
    place: str = ""
    status_at: str = "settlement"
    order_by: str = "settlement"
    waiting: Table | None = None
    excluded_if: Table | None = None
    digest: str = ""
    splits: bool = False
    undo: str = "forbid"
    memo: dict[str, object] = field(default_factory=dict, compare=False, repr=False)  # what the kernel derives once


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything `settle` needs besides claims and accounts."""

    programs: tuple[Program, ...]
    catalog: Catalog | None = None

    def index(self, name: str) -> int:
        """Give the number of a program, -1 when there is none of that name."""
        return next((i for i, p in enumerate(self.programs) if p.name == name), -1)

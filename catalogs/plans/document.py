"""The typed plan document: what a file says, with positions, before composition and compilation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from adjudicator.rulebook import Origin, Rounding
from catalogs.plans.conditions import Condition
from catalogs.plans.findings import Place
from catalogs.plans.nodes import Fields, Items
from catalogs.plans.values import Value

LinearForm = tuple[tuple[str, Value, Place], ...]
"""(amount, weight, place) in document order."""


@dataclass(frozen=True, slots=True)
class Source:
    """A cited document. `grade`: A agency, B hospital, university or newspaper, C mirror, D code."""

    title: str
    grade: str
    address: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute that claims or lines carry. `kind`: word, number, marks or id."""

    name: str
    of: str
    kind: str
    words: tuple[str, ...] = ()
    open: bool = False
    default: str | None = None
    declared: bool = False
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """A part of a layer's base. `items` None: all lines; "other": lines of no other group."""

    name: str
    items: tuple[str, ...] | None
    base: LinearForm | None
    first_pay: Value | None
    place: Place


@dataclass(frozen=True, slots=True)
class DeductibleEntry:
    """What the person bears first."""

    name: str
    amount: Value
    counter: str | None
    times: str | None
    at_most: tuple[Value, str] | None
    borne_by: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class SliceEntry:
    """One band."""

    start: Value | None
    to: Value | None
    rate: Value
    credit: Value | None
    place: Place


@dataclass(frozen=True, slots=True)
class BandsEntry:
    """The bands of a layer; `above` is the rate of what is higher than the last edge."""

    slices: tuple[SliceEntry, ...]
    running: str | None
    from_deductible: bool
    whole: bool
    phase: tuple[str, Value] | None
    above: Value | None
    place: Place


@dataclass(frozen=True, slots=True)
class FlatEntry:
    """A fixed amount added to or taken off the payment."""

    name: str
    amount: Value
    number: str | None
    less: int
    when: Condition | None
    take: bool
    place: Place


@dataclass(frozen=True, slots=True)
class LimitEntry:
    """A ceiling on the payment, the person's share or (base limits) the eligible amount."""

    name: str
    on: str
    of: str
    amount: Value
    counter: str | None
    times: str | None
    when: Condition | None
    place: Place


@dataclass(frozen=True, slots=True)
class LayerEntry:
    """One payer's part of the cascade."""

    name: str
    title: Mapping[str, str]
    fund: str
    requires_visit: bool
    when: Condition | None
    base: LinearForm
    groups: tuple[GroupEntry, ...]
    base_limits: tuple[LimitEntry, ...]
    deductibles: tuple[DeductibleEntry, ...]
    allocate: str
    borne_by: tuple[str, ...]
    first_pay: Value | None
    bands: BandsEntry | None
    rounding: Rounding | None
    already_paid: str | None
    flats: tuple[FlatEntry, ...]
    guarantee: tuple[Value, LinearForm] | None
    limits: tuple[LimitEntry, ...]
    charges: tuple[str, ...]
    beyond_bill: bool
    place: Place
    stated: frozenset[str] = frozenset()  # the keys that are written, all others hold by default


@dataclass(frozen=True, slots=True)
class CounterEntry:
    """A named running value."""

    name: str
    per: str
    months: int
    keys: tuple[str, ...]
    holder: str
    adds: LinearForm
    sets: bool
    counts_if: Condition | None
    clears_if: Condition | None
    unit: str
    place: Place


@dataclass(frozen=True, slots=True)
class CounterAddition:
    """Amounts that an overlay adds to a counter of what it is put on."""

    name: str
    adds: LinearForm
    place: Place


@dataclass(frozen=True, slots=True)
class CategoryLimitEntry:
    """A ceiling over some lines of a claim."""

    name: str
    items: tuple[str, ...]
    amount: Value
    times: str | None
    before_upfront: bool
    place: Place


@dataclass(frozen=True, slots=True)
class LinesEntry:
    """How lines are judged. `upfront` None: the item's own rate."""

    ceiling: str = "before_upfront"
    upfront: Value | None = None
    catalogue: bool = True
    category_limits: tuple[CategoryLimitEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Bound:
    """A national bound that plans must respect, dated."""

    name: str
    check: str
    attribute: str
    against: tuple[str, ...]
    value: str
    at_most: Value
    start: int
    place: Place


@dataclass(frozen=True, slots=True)
class Composition:
    """A plan made of another one and overlays."""

    plan: str
    overlays: tuple[str, ...]
    illustrative: str
    place: Place


@dataclass(frozen=True, slots=True)
class PlanDocument:
    """One document. `kind`: plan, overlay or base. Dates are days since 1970-01-01; `valid_until` exclusive."""

    id: str
    kind: str
    file: str
    text: str
    title: Mapping[str, str]
    scheme: str | None
    area: str | None
    inherits: str | None
    compose: Composition | None
    valid_from: int | None
    valid_until: int | None
    sources: Mapping[str, Source]
    attributes: Mapping[str, Attribute]
    amounts: tuple[str, ...]
    items: Mapping[str, Condition]
    conventions: Mapping[str, str]
    convention_origins: Mapping[str, Origin]
    rounding: Rounding | None
    indexes: Mapping[str, Value]
    lines: LinesEntry | None
    excluded: Condition | None
    coverage_by: str | None
    waiting: Value | None
    layers: tuple[LayerEntry, ...]
    counters: Mapping[str, CounterEntry]
    additions: Mapping[str, CounterAddition]
    bounds: tuple[Bound, ...]
    cases: Items | None
    unknown: tuple[str, ...]
    conflicts: tuple[str, ...]
    place: Place
    root: Fields | None = field(default=None, repr=False, compare=False)

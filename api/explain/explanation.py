"""The explanation of one claim as data: ready for the terminal, for JSON and for tests. Amounts are fen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from: a document with its grade, and the place in the plan, or the row of a catalog table."""

    title: str
    grade: str
    address: str
    path: str
    line: int
    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a layer, or of the division of a fee line.

    code: message code (STEP_..., LINE_...). fields: what fills it; names ending in `_fen` are amounts, in `_ppm` rates,
    in `_e6` unit prices (1e-6 yuan), in `_e4` quantities (1e-4 units). amount_fen: what the step gives, None for a
    remark. effect: of a layer "base", "person" (borne by the person) or "pays"; of a line the bucket, and what is
    taken off the line's amount for it is negative (positive on a refund).
    """

    code: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    amount_fen: int | None = None
    effect: str = ""
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class LayerPart:
    """One layer: whether it takes the claim, its steps, what it pays and what it leaves."""

    name: str
    title: Mapping[str, str]
    fund: str
    applies: bool
    base_fen: int = 0
    paid_fen: int = 0
    left_fen: int = 0
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """The version of a catalog item in force on the day of service.

    place: area code of the list it stands in. item_class: A, B or C. valid_from, valid_until (the first day no longer
    in force): ISO dates, empty for open ends.
    """

    place: str
    code: str
    name: str
    item_class: str
    valid_from: str
    valid_until: str
    source: Source | None


@dataclass(frozen=True, slots=True)
class LinePart:
    """One fee line, the reason for its buckets, and how it was divided among them.

    entry: what the catalog has, None where it has nothing in force or is not asked. steps: each takes its amount off
    the line's, for a bucket; what is left is the last one's, in scope.
    """

    line: str
    item: str
    name: str
    service_date: str
    amount_fen: int
    in_scope_fen: int
    upfront_fen: int
    over_limit_fen: int
    self_funded_fen: int
    reason: str
    entry: CatalogEntry | None = None
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class CounterPart:
    """A running value before and after the claim; `unit` is fen or count."""

    name: str
    before: int
    after: int
    unit: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that was decided about one claim, in the order it was decided.

    conventions: assumed values that no single step shows: of the plan's conventions, and of counters that changed.
    """

    claim: str
    person: str
    plan: str
    plan_title: Mapping[str, str]
    scheme: str
    place: str
    dates: Mapping[str, str]
    attributes: Mapping[str, str]
    status: str
    reason: str
    total_fen: int
    buckets: Mapping[str, int]
    layers: tuple[LayerPart, ...]
    person_fen: int
    cash_fen: int
    held_fen: int
    beyond_bill_fen: int
    undecided: tuple[Step, ...] = ()
    counters: tuple[CounterPart, ...] = ()
    lines: tuple[LinePart, ...] = ()
    conventions: tuple[Source, ...] = ()

    @property
    def assumptions(self) -> tuple[Source, ...]:
        """Give the assumed values the claim rests on, each once: of layers, of lines, then conventions and counters."""
        steps = [step for layer in self.layers for step in layer.steps]
        steps += [step for line in self.lines for step in line.steps]
        found = [source for step in steps for source in step.sources]
        return tuple(dict.fromkeys(source for source in (*found, *self.conventions) if source.kind == "assumed"))

    @property
    def difference_fen(self) -> int:
        """Give what the parts miss of the bill; 0 by law."""
        paid = sum(layer.paid_fen for layer in self.layers)
        return self.total_fen - (paid - self.beyond_bill_fen + self.cash_fen + self.held_fen)

    def as_dict(self) -> dict[str, Any]:
        """Give it for a program (`--json`)."""
        document = asdict(self)
        document["assumptions"] = [asdict(source) for source in self.assumptions]
        document["difference_fen"] = self.difference_fen
        return document

"""A complete plan: a document with its base and, for a composed one, the plan and overlays it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, is_dataclass, replace
from dataclasses import fields as dataclass_fields
from typing import Any, TypeVar

from adjudicator.catalog import days
from adjudicator.rulebook import Origin, Rounding
from catalogs.plans.conditions import AnyOf, Condition
from catalogs.plans.document import Attribute, Bound, CounterEntry, LayerEntry, LinesEntry, PlanDocument
from catalogs.plans.findings import Findings, Place
from catalogs.plans.frames import Vocabulary
from catalogs.plans.reading import meant
from catalogs.plans.values import Value
from catalogs.plans.vocabulary import mentioned_words, merged_attributes

T = TypeVar("T")

FOR_EVER = days("9999-12-31")


@dataclass(frozen=True, slots=True)
class CompletePlan:
    """Everything of a plan in one place. `documents` in order: plan, overlays, the composing document itself.

    `homes`: for each layer the document it comes from, whose words its tables answer for.
    """

    id: str
    place: Place
    documents: tuple[PlanDocument, ...]
    base: PlanDocument | None
    scheme: str
    area: str | None
    title: Mapping[str, str]
    valid_from: int
    valid_until: int
    attributes: Mapping[str, Attribute]
    amounts: tuple[str, ...]
    items: Mapping[str, Condition]
    indexes: Mapping[str, Value]
    conventions: Mapping[str, str]
    convention_origins: Mapping[str, Origin]
    rounding: Rounding | None
    lines: LinesEntry
    excluded: Condition | None
    coverage_by: str
    waiting: Value | None
    layers: tuple[LayerEntry, ...]
    counters: Mapping[str, CounterEntry]
    bounds: tuple[Bound, ...]
    homes: Mapping[str, PlanDocument]
    texts: tuple[str, ...]

    def vocabulary(self, home: PlanDocument | None = None) -> Vocabulary:
        """Give the vocabulary of the whole plan, or with the words that one of its documents mentions."""
        mentioned: dict[str, tuple[str, ...]] = {}
        for document in (home,) if home is not None else self.documents:
            for name, words in mentioned_words(document).items():
                mentioned[name] = tuple(dict.fromkeys((*mentioned.get(name, ()), *words)))
        units = {name: counter.unit for name, counter in self.counters.items()}
        return Vocabulary(self.attributes, mentioned, units)


def complete(
    document: PlanDocument, parts: tuple[PlanDocument, ...], base: PlanDocument | None, findings: Findings
) -> CompletePlan:
    """Put a document, what it composes (`parts`, in order) and its base together. Conflicts are findings."""
    documents = (*parts, document)
    inherited = (base,) if base is not None else ()
    illustrative = document.compose is not None and bool(document.compose.illustrative)
    dating = (document,) if illustrative and document.valid_from is not None else documents
    starts = [d.valid_from for d in dating if d.valid_from is not None]
    ends = [d.valid_until for d in dating if d.valid_until is not None]
    valid_from, valid_until = max(starts, default=0), min(ends, default=FOR_EVER)
    if valid_until <= valid_from:
        findings.add("COMPOSED_NEVER_VALID", document.place)
    conventions: dict[str, str] = {}
    stated: dict[str, Origin] = {}
    for part in (*inherited, *documents):
        conventions |= part.conventions
        stated |= part.convention_origins
    homes: dict[str, PlanDocument] = {}
    for part in documents:
        for layer in part.layers:
            if layer.name in homes:
                findings.add("LAYER_TWICE", layer.place, name=layer.name, other=homes[layer.name].file)
            homes.setdefault(layer.name, part)
    excluded = tuple(part.excluded for part in documents if part.excluded is not None)
    waiting = [part.waiting for part in documents if part.waiting is not None]
    scheme = _last(part.scheme for part in documents)
    if scheme is None:
        findings.add("KEY_MISSING", document.place, key="scheme", what="document")
    return CompletePlan(
        id=document.id,
        place=document.place,
        documents=documents,
        base=base,
        scheme=scheme or "",
        area=_last(part.area for part in documents),
        title=document.title,
        valid_from=valid_from,
        valid_until=valid_until,
        attributes=merged_attributes(documents),
        amounts=tuple(dict.fromkeys(name for part in documents for name in part.amounts)),
        items=_merged(documents, "items", findings),
        indexes=_merged((*inherited, *documents), "indexes", findings),
        conventions=conventions,
        convention_origins=stated,
        rounding=_last(part.rounding for part in (*inherited, *documents)),
        lines=_last(part.lines for part in documents) or LinesEntry(),
        excluded=AnyOf(excluded) if len(excluded) > 1 else next(iter(excluded), None),
        coverage_by=_last(part.coverage_by for part in documents) or "admission",
        waiting=waiting[-1] if waiting else None,
        layers=_accounts_last(documents),
        counters=_counters(documents, findings),
        bounds=base.bounds if base is not None else (),
        homes=homes,
        texts=tuple(part.text for part in (*inherited, *documents)),
    )


def _accounts_last(documents: tuple[PlanDocument, ...]) -> tuple[LayerEntry, ...]:
    """Give all layers in order; accounts with which a composed plan ends come after what is put on top of it."""
    layers: list[LayerEntry] = []
    accounts: list[LayerEntry] = []
    for part in documents:
        own = list(part.layers)
        ending: list[LayerEntry] = []
        while own and own[-1].fund == "personal_account":
            ending.insert(0, own.pop())
        layers += own
        accounts += ending
    return (*layers, *accounts)


def _last(found: Iterable[T | None]) -> T | None:
    """Give the last one stated: what comes later overrides."""
    stated = [one for one in found if one is not None]
    return stated[-1] if stated else None


def _merged(documents: tuple[PlanDocument, ...], what: str, findings: Findings) -> dict[str, Any]:
    """Merge mappings by name; the same name with another meaning is a conflict."""
    merged: dict[str, Any] = {}
    homes: dict[str, PlanDocument] = {}
    for document in documents:
        for name, entry in getattr(document, what).items():
            if name in merged and document.kind != "base" and homes[name].kind != "base":
                if not _alike(merged[name], entry):
                    place = getattr(entry, "place", document.place)
                    findings.add("COMPOSED_CONFLICT", place, what=what, name=name, other=homes[name].file)
                continue
            merged[name], homes[name] = entry, document
    return merged


def _counters(documents: tuple[PlanDocument, ...], findings: Findings) -> dict[str, CounterEntry]:
    """Merge the counters; what overlays add to a counter of a document below them goes after its own amounts."""
    merged: dict[str, CounterEntry] = _merged(documents, "counters", findings)
    below: set[str] = set()
    for document in documents:
        for name, addition in document.additions.items():
            counter = merged.get(name)
            if counter is None or name not in below or counter.sets:
                known = [known for known in below if not merged[known].sets]
                findings.add("COUNTER_NOT_BELOW", addition.place, name=name, **meant(name, known))
                continue
            added = {amount for amount, _, _ in counter.adds}
            for amount, _, place in addition.adds:
                if amount in added:
                    findings.add("DUPLICATE_NAME", place, name=amount)
            merged[name] = replace(counter, adds=(*counter.adds, *addition.adds))
        below |= document.counters.keys()
    return merged


def _alike(one: object, other: object) -> bool:
    """Tell whether two entries say the same, wherever they stand."""
    if isinstance(one, CounterEntry) and isinstance(other, CounterEntry):
        return _plain_counter(one) == _plain_counter(other)
    return _unplaced(one) == _unplaced(other)


def _plain_counter(counter: CounterEntry) -> tuple[object, ...]:
    adds = tuple((name, _unplaced(weight)) for name, weight, _ in counter.adds)
    conditions = tuple(_unplaced(c) for c in (counter.counts_if, counter.clears_if))
    return (counter.per, counter.months, counter.keys, counter.holder, adds, counter.sets, conditions, counter.unit)


def _unplaced(entry: object) -> object:
    """Give an entry without its places, for comparison."""
    if isinstance(entry, Place):
        return None
    if isinstance(entry, tuple):
        return tuple(_unplaced(part) for part in entry)
    if is_dataclass(entry):
        skipped = ("place", "origin")
        return tuple(_unplaced(getattr(entry, f.name)) for f in dataclass_fields(entry) if f.name not in skipped)
    return entry

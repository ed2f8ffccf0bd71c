"""Checks of a complete plan that need no arithmetic: names, order, parts that do not fit, parts nobody uses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from catalogs.plans.complete import CompletePlan
from catalogs.plans.conditions import SubjectKind, Test, Words
from catalogs.plans.document import BandsEntry, LayerEntry, PlanDocument
from catalogs.plans.findings import Findings
from catalogs.plans.grammar import AMOUNTS_OF_CLAIM, AMOUNTS_OF_LAYER
from catalogs.plans.nodes import Fields, Items, Text
from catalogs.plans.reading import meant
from catalogs.plans.reads import Read, names_read, reads_of_counter, reads_of_layer, reads_of_test, reads_of_value
from catalogs.plans.values import Indexed, Value, parts_of, tests_of
from catalogs.plans.vocabulary import document_tests, document_values, layer_values

OWN_LATE = ("base", "over_base", "deductible", "after_deductible", "first_pay", "banded")
"""Amounts of a layer that its guarantee and limits may read."""


def check_plan(plan: CompletePlan, findings: Findings) -> None:
    """Add every structural finding of a complete plan."""
    if not plan.layers:
        findings.add("NO_LAYERS", plan.place)
    for position, layer in enumerate(plan.layers):
        _check_reads(plan, position, layer, findings)
        _check_layer(plan, layer, findings)
    for counter in plan.counters.values():
        for read in reads_of_counter(counter):
            _check_known(plan, read, findings)
        if counter.unit == "count":
            for name, _, place in counter.adds:
                if name != "one" and not _counts(plan, name):
                    findings.add("COUNTER_UNIT", place, name=counter.name, unit="count", amount=name)
        for name, _, place in counter.adds if counter.unit == "fen" else ():
            if name == "one" or name in plan.attributes:
                findings.add("COUNTER_UNIT", place, name=counter.name, unit="fen", amount=name)
    _check_static(plan, findings)
    _check_conventions(plan, findings)
    _check_indexes(plan, findings)
    for document in plan.documents:
        _check_unused(plan, document, findings)


# ---- what is read


def _check_reads(plan: CompletePlan, position: int, layer: LayerEntry, findings: Findings) -> None:
    earlier = [entry.name for entry in plan.layers[:position]]
    for read in reads_of_layer(layer):
        if not _check_known(plan, read, findings):
            continue
        owner, _, amount = read.name.rpartition(".")
        if owner in ("", "counter") or owner in earlier:
            continue
        if owner != layer.name or not read.late or amount not in OWN_LATE:
            findings.add("READ_TOO_EARLY", read.place, name=read.name, layer=layer.name)


def _reads(plan: CompletePlan, besides: LayerEntry | None = None) -> Iterator[Read]:
    """Give what the layers of a plan, one left out perhaps, and its counters read."""
    for layer in plan.layers:
        if layer is not besides:
            yield from reads_of_layer(layer)
    for counter in plan.counters.values():
        yield from reads_of_counter(counter)


def _check_known(plan: CompletePlan, read: Read, findings: Findings) -> bool:
    """Refuse names that no document of the plan has, and counts where money is meant."""
    if read.name.startswith("counter."):
        counter = plan.counters.get(read.name.removeprefix("counter."))
        if counter is None:
            name = read.name.removeprefix("counter.")
            if name == "admissions":
                findings.add("NTH_WITHOUT_ADMISSIONS", read.place)
            else:
                findings.add("UNKNOWN_COUNTER", read.place, name=name, **meant(name, plan.counters))
            return False
        if read.as_money and counter.unit == "count":
            findings.add("COUNT_AS_MONEY", read.place, name=counter.name)
        return True
    layers = [layer.name for layer in plan.layers]
    owner, _, amount = read.name.rpartition(".")
    simple = (*AMOUNTS_OF_CLAIM, *plan.amounts)
    if read.name in simple or read.name in plan.attributes or (owner in layers and amount in AMOUNTS_OF_LAYER):
        return True
    known = (*simple, *(f"{layer}.{amount}" for layer in layers))
    findings.add("UNKNOWN_AMOUNT", read.place, name=read.name, **meant(read.name, known))
    return False


def _counts(plan: CompletePlan, name: str) -> bool:
    counter = plan.counters.get(name.removeprefix("counter."))
    return name in plan.attributes or (name.startswith("counter.") and counter is not None and counter.unit == "count")


def _check_static(plan: CompletePlan, findings: Findings) -> None:
    """Lines, exclusions and waiting are decided before any amount of the claim is known."""
    tests: list[Test] = [test for condition in plan.items.values() for test in _tests(condition)]
    tests += list(_tests(plan.excluded))
    values: list[Value | None] = [plan.lines.upfront, plan.waiting]
    values += [limit.amount for limit in plan.lines.category_limits]
    reads = [read for test in tests for read in reads_of_test(test)]
    reads += [read for value in values for read in reads_of_value(value)]
    for read in reads:
        findings.add("AMOUNT_NOT_KNOWN_YET", read.place, name=read.name)


def _tests(condition: object) -> Iterator[Test]:
    if isinstance(condition, Test):
        yield condition
    for part in getattr(condition, "parts", ()):
        yield from _tests(part)


def _check_conventions(plan: CompletePlan, findings: Findings) -> None:
    if plan.conventions.get("new_year") != "split":
        return
    if plan.conventions.get("year_by") == "settlement":
        findings.add("NEW_YEAR_BY_SETTLEMENT", plan.place)
    if "stay_part" not in _attributes_used(plan):
        findings.add("NEW_YEAR_SPLIT", plan.place)


def _check_indexes(plan: CompletePlan, findings: Findings) -> None:
    for document in plan.documents:
        for value in document_values(document):
            for part in parts_of(value):
                if isinstance(part, Indexed) and part.index not in plan.indexes:
                    findings.add("UNKNOWN_INDEX", part.place, name=part.index, **meant(part.index, plan.indexes))


# ---- one layer


def _check_layer(plan: CompletePlan, layer: LayerEntry, findings: Findings) -> None:
    pays = layer.flats or layer.guarantee or any(limit.on == "person_share" for limit in layer.limits)
    if layer.bands is None and not pays and not _is_read(plan, layer):
        findings.add("LAYER_PAYS_NOTHING", layer.place, name=layer.name)
    if layer.bands is not None:
        _check_bands(layer.bands, findings)
    elif layer.allocate.endswith("rate_first"):
        findings.add("ALLOCATION_WITHOUT_BANDS", layer.place, name=layer.name)
    groups = [group.name for group in layer.groups]
    for named in (
        [(d.name, d.place) for d in layer.deductibles],
        [(limit.name, limit.place) for limit in (*layer.base_limits, *layer.limits)],
        [(flat.name, flat.place) for flat in layer.flats],
        [(group.name, group.place) for group in layer.groups],
    ):
        seen: set[str] = set()
        for name, place in named:
            if name in seen:
                findings.add("DUPLICATE_NAME", place, name=name)
            seen.add(name)
    if len(set(layer.charges)) < len(layer.charges):
        findings.add("CHARGES_TWICE", layer.place, name=layer.name)
    _check_bearers(layer, groups, findings)
    _check_item_groups(layer, groups, findings)


def _is_read(plan: CompletePlan, layer: LayerEntry) -> bool:
    """Tell whether another layer or a counter reads an amount of this layer, which is then a sum with a name."""
    return any(read.name.rpartition(".")[0] == layer.name for read in _reads(plan, layer))


def _check_bearers(layer: LayerEntry, groups: list[str], findings: Findings) -> None:
    for place, names in ((layer.place, layer.borne_by), *((d.place, d.borne_by) for d in layer.deductibles)):
        for name in names:
            if name not in groups:
                findings.add("UNKNOWN_GROUP", place, name=name, **meant(name, groups))
    if len({d.borne_by or layer.borne_by for d in layer.deductibles}) > 1:
        findings.add("BEARERS_DIFFER", layer.place, name=layer.name)


def _check_item_groups(layer: LayerEntry, groups: list[str], findings: Findings) -> None:
    for value in layer_values(layer):
        for test in tests_of(value):
            if test.subject.kind is SubjectKind.WORD and test.subject.name == "item_group":
                assert isinstance(test.match, Words)
                for word in test.match.words:
                    if word not in groups:
                        findings.add("UNKNOWN_GROUP", test.place, name=word, **meant(word, groups))


def _check_bands(bands: BandsEntry, findings: Findings) -> None:
    *before, last = bands.slices or (None,)
    for part in before:
        if part is not None and part.to is None and part.credit is None:
            findings.add("SLICE_AFTER_OPEN", part.place)
    if last is not None and last.to is not None and bands.above is None:
        findings.add("BANDS_NOT_CLOSED", last.place)
    if last is not None and last.to is None and bands.above is not None:
        findings.add("ABOVE_AFTER_OPEN", bands.place)
    credited = [part for part in bands.slices if part.credit is not None]
    if credited and bands.phase is None:
        findings.add("CREDIT_WITHOUT_PHASE", credited[0].place)
    if bands.phase is not None and not credited:
        findings.add("PHASE_WITHOUT_CREDIT", bands.place)


# ---- what nobody uses


def _check_unused(plan: CompletePlan, document: PlanDocument, findings: Findings) -> None:
    read = names_read(_reads(plan))
    for name, counter in document.counters.items():
        if f"counter.{name}" not in read:
            findings.add("COUNTER_UNUSED", counter.place, name=name)
    used_items = {name for layer in plan.layers for group in layer.groups for name in group.items or ()}
    used_items |= {name for limit in plan.lines.category_limits for name in limit.items}
    for key in _keys(document, "items"):
        if key.text not in used_items:
            findings.add("ITEMS_UNUSED", key.place, name=key.text)
    for node in _listed(document, "amounts"):
        if node.text not in read:
            findings.add("AMOUNT_UNUSED", node.place, name=node.text)
    indexes = {
        part.index
        for part_of in plan.documents
        for value in document_values(part_of)
        for part in parts_of(value)
        if isinstance(part, Indexed)
    }
    for key in _keys(document, "indexes"):
        if key.text not in indexes:
            findings.add("INDEX_UNUSED", key.place, name=key.text)
    tested = _attributes_used(plan)
    for key in _keys(document, "attributes"):
        if key.text not in tested:
            findings.add("ATTRIBUTE_UNUSED", key.place, name=key.text)
    for key in _keys(document, "sources"):
        if len(re.findall(rf"\b{re.escape(key.text)}\b", document.text)) < 2:  # its own line is one
            findings.add("SOURCE_UNUSED", key.place, name=key.text)


def _attributes_used(plan: CompletePlan) -> set[str]:
    used = {test.subject.name for document in plan.documents for test in document_tests(document)}
    for layer in plan.layers:
        used |= {deductible.times for deductible in layer.deductibles if deductible.times}
        used |= {limit.times for limit in (*layer.limits, *layer.base_limits) if limit.times}
        used |= {flat.number for flat in layer.flats if flat.number}
        used |= names_read(reads_of_layer(layer))
    used |= {limit.times for limit in plan.lines.category_limits if limit.times}
    for counter in plan.counters.values():
        used |= {counter.holder, *counter.keys} | names_read(reads_of_counter(counter))
    each = (part for document in plan.documents for value in document_values(document) for part in parts_of(value))
    return used | {name for name in (getattr(part, "of", None) for part in each) if isinstance(name, str)}


def _keys(document: PlanDocument, name: str) -> Iterable[Text]:
    node = document.root.get(name) if document.root is not None else None
    return [key for key, _ in node.entries] if isinstance(node, Fields) else ()


def _listed(document: PlanDocument, name: str) -> Iterable[Text]:
    node = document.root.get(name) if document.root is not None else None
    return [item for item in node.items if isinstance(item, Text)] if isinstance(node, Items) else ()

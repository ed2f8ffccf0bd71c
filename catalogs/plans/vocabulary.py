"""Which words the documents of a plan mention: every table must answer for them."""

from __future__ import annotations

from collections.abc import Iterator

from catalogs.plans.conditions import Condition, Test, Words, tests_in
from catalogs.plans.document import Attribute, LayerEntry, LinearForm, PlanDocument
from catalogs.plans.values import Value, tests_of


def layer_values(layer: LayerEntry) -> Iterator[Value]:
    """Give every value of a layer."""
    yield from (value for _, value, _ in layer.base)
    for group in layer.groups:
        yield from (value for _, value, _ in group.base or ())
        yield from (value for value in (group.first_pay,) if value is not None)
    for limit in (*layer.base_limits, *layer.limits):
        yield limit.amount
    for deductible in layer.deductibles:
        yield deductible.amount
        if deductible.at_most:
            yield deductible.at_most[0]
    if layer.first_pay is not None:
        yield layer.first_pay
    if layer.bands is not None:
        for part in layer.bands.slices:
            yield from (value for value in (part.start, part.to, part.rate, part.credit) if value is not None)
        if layer.bands.phase:
            yield layer.bands.phase[1]
        if layer.bands.above is not None:
            yield layer.bands.above
    yield from (flat.amount for flat in layer.flats)
    if layer.guarantee is not None:
        yield layer.guarantee[0]
        yield from (value for _, value, _ in layer.guarantee[1])


def layer_conditions(layer: LayerEntry) -> Iterator[Condition | None]:
    """Give every condition of a layer that is not inside a value."""
    yield layer.when
    yield from (flat.when for flat in layer.flats)
    yield from (limit.when for limit in layer.limits)


def form_values(form: LinearForm) -> Iterator[Value]:
    """Give the weights of a linear form."""
    return (value for _, value, _ in form)


def document_values(document: PlanDocument) -> Iterator[Value]:
    """Give every value of a document."""
    for layer in document.layers:
        yield from layer_values(layer)
    for counter in document.counters.values():
        yield from form_values(counter.adds)
    for addition in document.additions.values():
        yield from form_values(addition.adds)
    yield from document.indexes.values()
    if document.lines is not None:
        yield from (limit.amount for limit in document.lines.category_limits)
        if document.lines.upfront is not None:
            yield document.lines.upfront
    if document.waiting is not None:
        yield document.waiting
    yield from (bound.at_most for bound in document.bounds)


def document_conditions(document: PlanDocument) -> Iterator[Condition | None]:
    """Give every condition of a document that is not inside a value."""
    for layer in document.layers:
        yield from layer_conditions(layer)
    for counter in document.counters.values():
        yield counter.counts_if
        yield counter.clears_if
    yield from document.items.values()
    yield document.excluded


def document_tests(document: PlanDocument) -> Iterator[Test]:
    """Give every test of a document."""
    for value in document_values(document):
        yield from tests_of(value)
    for condition in document_conditions(document):
        yield from tests_in(condition)


def mentioned_words(document: PlanDocument) -> dict[str, tuple[str, ...]]:
    """Give the words by attribute that a document asks for: declared ones, else those it mentions and the default."""
    found: dict[str, dict[str, None]] = {}
    for test in document_tests(document):
        if isinstance(test.match, Words):
            found.setdefault(test.subject.name, {}).update(dict.fromkeys(test.match.words))
    for name, attribute in document.attributes.items():
        if attribute.declared and attribute.kind == "word":
            found[name] = dict.fromkeys(attribute.words)
        elif name in found and attribute.default is not None:
            found[name][attribute.default] = None
    return {name: tuple(words) for name, words in found.items()}


def merged_attributes(documents: tuple[PlanDocument, ...]) -> dict[str, Attribute]:
    """Give the attributes of several documents; a declaration wins over the built-in one."""
    merged: dict[str, Attribute] = {}
    for document in documents:
        for name, attribute in document.attributes.items():
            if attribute.place is not None or name not in merged:
                merged[name] = attribute
    return merged

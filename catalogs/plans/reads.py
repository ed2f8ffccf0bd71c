"""What a plan reads: every amount and counter that a form, formula, condition or limit names, with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catalogs.plans.conditions import Condition, SubjectKind, Test, tests_in
from catalogs.plans.document import CounterEntry, LayerEntry, LinearForm
from catalogs.plans.findings import Place
from catalogs.plans.values import LinearFormula, Value, parts_of, tests_of


@dataclass(frozen=True, slots=True)
class Read:
    """One name read. `name`: an amount, or `counter.NAME`. `late`: in a step that may read the layer's own amounts."""

    name: str
    place: Place
    late: bool = False
    as_money: bool = False  # subtracted from or added to an amount of money


def reads_of_test(test: Test) -> Iterator[Read]:
    """Give what a test reads."""
    if test.subject.kind is SubjectKind.AMOUNT:
        yield Read(test.subject.name, test.place)
    elif test.subject.kind is SubjectKind.COUNTER:
        name = "admissions" if test.subject.name == "nth" else test.subject.name
        yield Read(f"counter.{name}", test.place)


def reads_of_condition(condition: Condition | None) -> Iterator[Read]:
    """Give what a condition reads."""
    for test in tests_in(condition):
        yield from reads_of_test(test)


def reads_of_value(value: Value | None) -> Iterator[Read]:
    """Give what a value reads in its conditions and formulas."""
    if value is None:
        return
    for test in tests_of(value):
        yield from reads_of_test(test)
    for part in parts_of(value):
        if isinstance(part, LinearFormula):
            yield from (Read(term.of, term.place) for term in part.terms)


def reads_of_form(form: LinearForm) -> Iterator[Read]:
    """Give what a linear form reads."""
    for name, weight, place in form:
        yield Read(name, place, as_money=True)
        yield from reads_of_value(weight)


def reads_of_layer(layer: LayerEntry) -> Iterator[Read]:
    """Give what a layer reads."""
    yield from _early_reads(layer)
    for read in _late_reads(layer):
        yield Read(read.name, read.place, True, read.as_money)


def _early_reads(layer: LayerEntry) -> Iterator[Read]:
    yield from reads_of_condition(layer.when)
    yield from reads_of_form(layer.base)
    for group in layer.groups:
        yield from reads_of_form(group.base or ())
        yield from reads_of_value(group.first_pay)
    for limit in layer.base_limits:
        yield from reads_of_value(limit.amount)
        yield from _counter(limit.counter, limit.place)
    for deductible in layer.deductibles:
        yield from reads_of_value(deductible.amount)
        yield from _counter(deductible.counter, deductible.place)
        if deductible.at_most is not None:
            yield from reads_of_value(deductible.at_most[0])
            yield from _counter(deductible.at_most[1], deductible.place)
    yield from reads_of_value(layer.first_pay)
    if layer.bands is not None:
        yield from _counter(layer.bands.running, layer.bands.place)
        if layer.bands.phase is not None:
            yield from _counter(layer.bands.phase[0], layer.bands.place)
            yield from reads_of_value(layer.bands.phase[1])
        for part in layer.bands.slices:
            for value in (part.start, part.to, part.rate, part.credit):
                yield from reads_of_value(value)
        yield from reads_of_value(layer.bands.above)
    yield from _counter(layer.already_paid, layer.place)
    for flat in layer.flats:
        yield from reads_of_condition(flat.when)
        yield from reads_of_value(flat.amount)


def _late_reads(layer: LayerEntry) -> Iterator[Read]:
    if layer.guarantee is not None:
        yield from reads_of_value(layer.guarantee[0])
        yield from reads_of_form(layer.guarantee[1])
    for limit in layer.limits:
        yield from reads_of_condition(limit.when)
        yield from reads_of_value(limit.amount)
        yield from _counter(limit.counter, limit.place)


def reads_of_counter(counter: CounterEntry) -> Iterator[Read]:
    """Give what a counter reads."""
    yield from reads_of_form(counter.adds)
    yield from reads_of_condition(counter.counts_if)
    yield from reads_of_condition(counter.clears_if)


def _counter(name: str | None, place: Place) -> Iterator[Read]:
    if name:
        yield Read(f"counter.{name}", place, as_money=True)


def names_read(reads: Iterable[Read]) -> set[str]:
    """Give the names alone."""
    return {read.name for read in reads}

"""Slips: plans that compile but rarely mean what they say, such as two layers that pay the same fen. Warnings only."""

from __future__ import annotations

from collections.abc import Iterator

from adjudicator.batch import BUCKETS
from adjudicator.rulebook import Layer, Program
from catalogs.plans.complete import CompletePlan
from catalogs.plans.conditions import SubjectKind, tests_in
from catalogs.plans.document import LayerEntry
from catalogs.plans.findings import Findings, Place
from catalogs.plans.frames import LARGEST_TABLE, Frame

WITH_DEDUCTIBLE = ("deductible", "base", "left")
"""Amounts of a layer in which its deductible is held."""


def check_slips(plan: CompletePlan, program: Program, findings: Findings) -> None:
    """Add a warning for each base taken twice, counter fed by the wrong amount, and layer that takes every visit."""
    layers = {layer.name: layer for layer in program.layers}
    naming = [entry for entry in plan.layers if _names_visit(entry)]
    for position, entry in enumerate(plan.layers):
        for earlier in plan.layers[:position]:
            if "base" not in entry.stated and _pay_the_same(plan, entry, earlier, layers):
                findings.add("BASE_TAKEN_TWICE", entry.place, name=entry.name, other=earlier.name)
                break
        for name, place in _unfed(plan, entry):
            findings.add("COUNTER_NOT_FED", place, layer=entry.name, name=name[0], amount=name[1])
        if naming and entry.requires_visit and "requires_visit" not in entry.stated and _takes_every_visit(entry):
            findings.add("EVERY_VISIT_PAYABLE", entry.place, name=entry.name)


# ---- two layers, one base


def _pay_the_same(plan: CompletePlan, entry: LayerEntry, earlier: LayerEntry, layers: dict[str, Layer]) -> bool:
    """Tell whether both layers may take in_scope of the same lines of one claim."""
    if entry.bands is None or earlier.bands is None:
        return False
    one, other = _lines_in_scope(layers[entry.name]), _lines_in_scope(layers[earlier.name])
    if not one or not other or (None not in one and None not in other and not one & other):
        return False
    return _may_both_apply(plan, entry, earlier)


def _lines_in_scope(layer: Layer) -> set[int | None]:
    """Give the atoms of which a layer takes in_scope whole; None stands for all lines."""
    found: set[int | None] = set()
    for group in layer.groups:
        if any(name == BUCKETS[0] and weight.constant == 1_000_000 for name, weight in group.take):
            found |= set(group.atoms) if group.atoms is not None else {None}
    return found


def _may_both_apply(plan: CompletePlan, entry: LayerEntry, earlier: LayerEntry) -> bool:
    """Tell whether some claim fits both conditions; taken for granted where there are too many kinds of claim."""
    tests = [*tests_in(entry.when), *tests_in(earlier.when)]
    frame = Frame(plan.vocabulary(), tests)
    if frame.cells > LARGEST_TABLE:
        return True
    fitting = frame.fits(entry.when) & frame.fits(earlier.when) & frame.all_axes("possible")
    return bool(fitting.any())


# ---- counters


def _unfed(plan: CompletePlan, entry: LayerEntry) -> Iterator[tuple[tuple[str, str], Place]]:
    """Give the counters that should hold what a layer's deductible or payment used up, and do not."""
    base = [name for form in (entry.base, *(group.base or () for group in entry.groups)) for name, _, _ in form]
    borne = {*(f"{entry.name}.{amount}" for amount in WITH_DEDUCTIBLE), *base, "total", "remaining"}
    for deductible in entry.deductibles:
        if deductible.counter and not _is_fed(plan, deductible.counter, borne):
            yield (deductible.counter, f"{entry.name}.deductible"), deductible.place
    for limit in entry.limits:
        if limit.on == "payment" and limit.counter and not _is_fed(plan, limit.counter, {f"{entry.name}.paid", "paid"}):
            yield (limit.counter, f"{entry.name}.paid"), limit.place


def _is_fed(plan: CompletePlan, counter: str, amounts: set[str]) -> bool:
    known = plan.counters.get(counter)
    return known is None or any(name in amounts for name, _, _ in known.adds)


# ---- visits


def _names_visit(entry: LayerEntry) -> bool:
    return any(test.subject.name == "visit" for test in tests_in(entry.when))


def _takes_every_visit(entry: LayerEntry) -> bool:
    """Tell whether neither a visit nor an amount of an earlier layer narrows what a layer takes."""
    of_layers = (test for test in tests_in(entry.when) if test.subject.kind is SubjectKind.AMOUNT)
    return not _names_visit(entry) and not any("." in test.subject.name for test in of_layers)

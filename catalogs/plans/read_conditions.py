"""Reads conditions (section 4)."""

from __future__ import annotations

import re
from fractions import Fraction

from catalogs.plans.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Interval,
    Marked,
    NoneOf,
    Subject,
    SubjectKind,
    Test,
    Words,
)
from catalogs.plans.document import Attribute
from catalogs.plans.grammar import AMOUNTS_OF_CLAIM, AMOUNTS_OF_LAYER, NO_LINES
from catalogs.plans.nodes import Fields, Items, Node, Text
from catalogs.plans.reading import Reader, meant

COMPARISON = re.compile(r"(>=|<=|>|<|=)\s*(-?\d+(?:\.\d+)?)")
RANGE = re.compile(r"(-?\d+(?:\.\d+)?)\s*\.\.\s*(-?\d+(?:\.\d+)?)")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
COMBINED = ("any", "all", "none")


def read_condition(reader: Reader, node: Node, lines: frozenset[str] = NO_LINES) -> Condition:
    """Read a mapping of tests that must all hold. `lines`: attributes of lines that may be tested too."""
    parts: list[Condition] = []
    for key, value in reader.entries(node, "condition"):
        if key.text in COMBINED:
            inner = tuple(read_condition(reader, item, lines) for item in reader.items(value, "list of conditions"))
            parts.append(AnyOf(inner) if key.text == "any" else AllOf(inner) if key.text == "all" else NoneOf(inner))
            continue
        subject = read_subject(reader, key, lines)
        if subject is not None:
            parts.append(_fits(reader, subject, key, value, lines))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def read_subject(reader: Reader, key: Text, lines: frozenset[str]) -> Subject | Attribute | None:
    """Resolve the left side of a condition; None after a finding."""
    names, text = reader.names, key.text.strip()
    attribute = names.line_attributes.get(text) if text in lines else names.attributes.get(text)
    if attribute is not None:
        return attribute
    if text == "nth":
        _known_counter(reader, key, "admissions")
        return Subject(SubjectKind.COUNTER, "nth")
    if text.startswith("counter."):
        _known_counter(reader, key, text.removeprefix("counter."))
        return Subject(SubjectKind.COUNTER, text.removeprefix("counter."))
    if is_amount(reader, text):
        return Subject(SubjectKind.AMOUNT, text)
    known = (*names.attributes, *sorted(lines), *amount_names(reader))
    counters = (f"counter.{name}" for name in names.counters or {})
    reader.add("UNKNOWN_SUBJECT", key, name=text, **meant(text, (*known, *counters)))
    return None


def amount_names(reader: Reader) -> tuple[str, ...]:
    """Give every name of an amount that the document knows."""
    of_layers = (f"{layer}.{amount}" for layer in reader.names.layers for amount in AMOUNTS_OF_LAYER)
    return (*AMOUNTS_OF_CLAIM, *reader.names.amounts, *of_layers)


def is_amount(reader: Reader, text: str) -> bool:
    """Tell whether a text names an amount; in an overlay any layer may be meant."""
    if text in amount_names(reader):
        return True
    layer, _, amount = text.rpartition(".")
    return not reader.names.complete and bool(layer) and layer != "counter" and amount in AMOUNTS_OF_LAYER


def _known_counter(reader: Reader, key: Text, name: str) -> None:
    counters = reader.names.counters or {}
    if not reader.names.complete or name in counters:
        return
    if key.text.strip() == "nth":
        reader.add("NTH_WITHOUT_ADMISSIONS", key)
    else:
        reader.add("UNKNOWN_COUNTER", key, name=name, **meant(name, counters))


def _fits(reader: Reader, subject: Subject | Attribute, key: Text, value: Node, lines: frozenset[str]) -> Condition:
    """Read the right side of a test."""
    if isinstance(value, Fields):
        inner = [node for name, node in value.entries if name.text == "not"]
        if len(value.entries) != 1 or not inner:
            reader.add("BAD_TEST", value, name=key.text)
            return AllOf(())
        return _negated(reader, subject, key, inner[0], lines)
    nodes = value.items if isinstance(value, Items) else (value,)
    if isinstance(value, Items) and not nodes:
        reader.add("EMPTY_VALUE", value)
    tests = [fits_one(reader, subject, node) for node in nodes]
    words = [test.match.words[0] for test in tests if isinstance(test.match, Words)]
    if len(words) == len(tests) and tests:
        return Test(tests[0].subject, Words(tuple(words)), value.place)
    return tests[0] if len(tests) == 1 else AnyOf(tuple(tests))


def _negated(reader: Reader, subject: Subject | Attribute, key: Text, value: Node, lines: frozenset[str]) -> Condition:
    if isinstance(value, Fields):
        reader.add("BAD_TEST", value, name=key.text)
        return AllOf(())
    fitting = _fits(reader, subject, key, value, lines)
    if isinstance(fitting, Test) and isinstance(fitting.match, Words):
        return Test(fitting.subject, Words(fitting.match.words, negated=True), fitting.place)
    return NoneOf((fitting,))


def fits_one(reader: Reader, subject: Subject | Attribute, node: Node) -> Test:
    """Read a test against one word, mark, number or range."""
    text = reader.text(node)
    if isinstance(subject, Subject):
        return Test(subject, _interval(reader, node, text), node.place)
    if subject.kind in ("word", "id"):
        if text and subject.words and not subject.open and text not in subject.words:
            reader.add("UNKNOWN_WORD", node, word=text, **meant(text, subject.words))
        return Test(Subject(SubjectKind.WORD, subject.name), Words((text,)), node.place)
    if subject.kind == "marks":
        return Test(Subject(SubjectKind.MARK, subject.name, text), Marked(), node.place)
    return Test(Subject(SubjectKind.NUMBER, subject.name), _interval(reader, node, text), node.place)


def _interval(reader: Reader, node: Node, text: str) -> Interval:
    """Read `>= 70`, `60..69` or `3`."""
    if match := COMPARISON.fullmatch(text):
        sign, bound = match[1], Fraction(match[2])
        if sign == "=":
            return Interval(bound, bound)
        if sign in (">=", ">"):
            return Interval(low=bound, low_open=sign == ">")
        return Interval(high=bound, high_open=sign == "<")
    if match := RANGE.fullmatch(text):
        low, high = Fraction(match[1]), Fraction(match[2])
        if low > high:
            reader.add("RANGE_REVERSED", node, text=text)
        return Interval(low, high)
    if NUMBER.fullmatch(text):
        return Interval(Fraction(text), Fraction(text))
    if text:
        reader.add("BAD_COMPARISON", node, text=text)
    return Interval()

"""Conditions and values of a plan in the words of the document, for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from adjudicator.rulebook import State
from catalogs.plans.conditions import AllOf, Condition, Interval, NoneOf, SubjectKind, Test, Words
from catalogs.plans.document import LinearForm
from catalogs.plans.values import Adjusted, Cell, Choice, Each, Indexed, LinearFormula, Value


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table of values: which claims, what, and whence (`S1 B`, `own: why`)."""

    when: str
    value: str
    citation: str
    line: int


def condition_words(condition: Condition | None) -> str:
    """Write a condition on one line; '' for none."""
    if condition is None:
        return ""
    if isinstance(condition, Test):
        return _test_words(condition)
    parts = [condition_words(part) for part in condition.parts]
    if isinstance(condition, AllOf):
        return ", ".join(part for part in parts if part)
    joined = " | ".join(f"({part})" if ", " in part else part for part in parts)
    return f"not ({joined})" if isinstance(condition, NoneOf) else joined


def _test_words(test: Test) -> str:
    name = f"counter.{test.subject.name}" if test.subject.kind is SubjectKind.COUNTER else test.subject.name
    name = "nth" if name == "counter.nth" else name
    if isinstance(test.match, Words):
        return f"{name}: {'not ' if test.match.negated else ''}{' / '.join(test.match.words)}"
    if isinstance(test.match, Interval):
        return f"{name} {_interval_words(test.match)}"
    return f"{name}: {test.subject.mark}"


def _interval_words(interval: Interval) -> str:
    low, high = (None if end is None else f"{float(end):g}" for end in (interval.low, interval.high))
    if low is not None and low == high:
        return f"= {low}"
    if low is not None and high is not None:
        return f"{low}..{high}"
    if low is not None:
        return f"{'>' if interval.low_open else '>='} {low}"
    return f"{'<' if interval.high_open else '<='} {high}"


def value_rows(value: Value, when: str = "") -> Iterator[Row]:
    """Write a value as rows of a table."""
    if isinstance(value, Cell):
        yield Row(when, cell_words(value), citation(value), value.place.line)
    elif isinstance(value, Choice):
        for condition, inner in value.rows:
            words = condition_words(condition) or ("else" if len(value.rows) > 1 else "")
            yield from value_rows(inner, ", ".join(part for part in (when, _dated(words, value.dated)) if part))
    elif isinstance(value, Indexed):
        for row in value_rows(value.times, when):
            yield Row(row.when, f"{row.value} x {value.index}", row.citation, row.line)
    elif isinstance(value, LinearFormula):
        yield Row(when, formula_words(value), "", value.place.line)
    else:
        yield from _adjusted_rows(value, when)


def _dated(words: str, dated: bool) -> str:
    """Write the days of a `since` as dates."""
    if not dated:
        return words
    start = words.removeprefix("date ").removeprefix(">= ").split("..")[0]
    return f"from {_date(int(float(start)))}"


def _date(day: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()


def _adjusted_rows(value: Adjusted, when: str) -> Iterator[Row]:
    yield from value_rows(value.start, when)
    for step in value.steps:
        words = ", ".join(part for part in (when, condition_words(step.when)) if part)
        if isinstance(step.value, Each):
            for row in value_rows(step.value.each, words):
                yield Row(row.when, f"{step.how} {row.value} for each {step.value.of}", row.citation, row.line)
            continue
        for row in value_rows(step.value, words):
            yield Row(row.when, f"{step.how} {row.value}", row.citation, row.line)
    for name, bound in (("at least", value.at_least), ("at most", value.at_most)):
        for row in value_rows(bound, when) if bound is not None else ():
            yield Row(row.when, f"{name} {row.value}", row.citation, row.line)


def cell_words(cell: Cell) -> str:
    """Write one value as the document does."""
    if cell.state is State.ASSUMED or (cell.state is State.ABSENT and cell.origin.kind == "assumed"):
        others = f" (or {', '.join(cell.alternatives)})" if cell.alternatives else ""
        return f"{cell.written} assumed{others}"
    return cell.written or ("" if cell.number is None else f"{float(cell.number):g}")


def citation(cell: Cell) -> str:
    """Write whence a value comes."""
    origin = cell.origin
    return " ".join(part for part in (origin.source, origin.grade, origin.why and f"({origin.why})") if part)


def formula_words(formula: LinearFormula) -> str:
    """Write a formula on one line."""
    parts = [_inline(formula.fixed)]
    for term in formula.terms:
        above = f"max(0, {term.of} - {_inline(term.above)})" if term.above is not None else term.of
        parts.append(f"{_inline(term.rate)} x {above}")
    words = " + ".join(part for part in parts if part not in ("", "0"))
    for name, bound in (("at least", formula.at_least), ("at most", formula.at_most)):
        words += f", {name} {_inline(bound)}" if bound is not None else ""
    return words or "0"


def _inline(value: Value | None) -> str:
    if value is None:
        return ""
    rows = list(value_rows(value))
    return rows[0].value if len(rows) == 1 else "[" + "; ".join(f"{r.when}: {r.value}" for r in rows) + "]"


def form_words(form: LinearForm) -> str:
    """Write a linear form on one line."""
    parts = []
    for name, weight, _ in form:
        if isinstance(weight, Cell) and weight.number in (Fraction(1), Fraction(-1)):
            parts.append(f"- {name}" if weight.number < 0 else f"+ {name}")
        else:
            parts.append(f"+ {_inline(weight)} x {name}")
    return " ".join(parts).removeprefix("+ ")

"""Values, section 3: what stands in a document for one claim at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from fractions import Fraction
from typing import Any, NamedTuple

from .conditions import decide, names_in
from .numbers import date, half_up, scalar
from .scene import Scene


class State(IntEnum):
    """What kind of value it is; above ABSENT it holds the claim, the higher the stronger."""

    GIVEN = 0
    ABSENT = 2
    NOT_STATED = 3
    NOT_EXACT = 4
    UNKNOWN_VALUE = 5
    MISSING_VALUE = 6


class Answer(NamedTuple):
    """A value: amounts in fen, rates and factors as fractions of one."""

    state: State
    number: Fraction = Fraction(0)

    @property
    def given(self) -> bool:
        """Say that there is a number."""
        return self.state is State.GIVEN


ABSENT = Answer(State.ABSENT)


def value_of(node: Any, kind: str, scene: Scene) -> Answer:
    """Evaluate a value of a kind: amount, rate, points, factor or number."""
    if isinstance(node, list):
        return _rows(node, kind, scene)
    if not isinstance(node, Mapping):
        return _scalar(str(node), kind)
    if "value" in node:
        return value_of(node["value"], kind, scene)
    if "assumed" in node:
        return value_of(node["assumed"], kind, scene)
    if "not_stated" in node:
        return Answer(State.NOT_STATED)
    if {"target", "minimum", "range"} & set(node):
        return Answer(State.NOT_EXACT)
    if "index" in node:
        return _index(node, scene)
    if "by" in node:
        return _by(node, kind, scene)
    if "since" in node:
        return _since(node["since"], kind, scene)
    if "start" in node:
        return _adjusted(node, kind, scene)
    if "each" in node:
        found = scene.attribute(node["of"])
        if found is None:
            return Answer(State.MISSING_VALUE)
        assert isinstance(found, Fraction)
        return Answer(State.GIVEN, found * scalar(node["each"], kind))
    assert "fixed" in node or "plus" in node, f"not a value: {node}"
    return _formula(node, scene)


def _scalar(text: str, kind: str) -> Answer:
    if text == "absent":
        return ABSENT
    if text == "not stated":
        return Answer(State.NOT_STATED)
    return Answer(State.GIVEN, scalar(text, kind))


def _index(node: Mapping[str, Any], scene: Scene) -> Answer:
    times = value_of(node["times"], "factor", scene)
    index = _since(scene.indexes[node["index"]], "amount", scene)
    for part in (times, index):
        if not part.given:
            return part
    return Answer(State.GIVEN, Fraction(half_up(times.number * index.number)))


def _since(entries: Mapping[str, Any], kind: str, scene: Scene) -> Answer:
    begun = [day for day in entries if day != "source" and date(day) <= scene.benefit_date]
    if not begun:
        return Answer(State.UNKNOWN_VALUE)
    return value_of(entries[max(begun, key=date)], kind, scene)


def _by(node: Mapping[str, Any], kind: str, scene: Scene) -> Answer:
    rows: list[Mapping[str, Any]] = []
    for key, entry in node.items():
        if key not in ("by", "else", "source"):
            rows.append({"when": {node["by"]: key}, "is": entry})
    if "else" in node:
        rows.append({"is": node["else"]})
    return _rows(rows, kind, scene)


def _rows(rows: list[Mapping[str, Any]], kind: str, scene: Scene) -> Answer:
    """Give the first row that fits; a row that a missing number leaves undecided holds the claim."""
    for row in rows:
        fit = decide(row.get("when"), scene)
        if fit is None:
            return Answer(State.MISSING_VALUE)
        if fit:
            return value_of(row["is"], kind, scene)
    asked = [name for row in rows for name in names_in(row["when"])]
    missing = any(not scene.is_amount(name) and scene.attribute(name) is None for name in asked)
    return Answer(State.MISSING_VALUE if missing else State.UNKNOWN_VALUE)


def _adjusted(node: Mapping[str, Any], kind: str, scene: Scene) -> Answer:
    current = value_of(node["start"], kind, scene)
    for step in node.get("adjust", []):
        fit = decide(step.get("when"), scene)
        if fit is None:
            return Answer(State.MISSING_VALUE)
        if fit:
            current = _adjust(current, step, kind, scene)
    for bound, choose in (("at_least", max), ("at_most", min)):
        if bound in node and current.given:
            limit = value_of(node[bound], kind, scene)
            if limit.state > State.ABSENT:
                return limit
            if limit.given:
                current = Answer(State.GIVEN, choose(current.number, limit.number))
    if kind == "amount" and current.given:
        current = Answer(State.GIVEN, Fraction(half_up(current.number)))
    return current


def _adjust(current: Answer, step: Mapping[str, Any], kind: str, scene: Scene) -> Answer:
    if "set" in step:
        return value_of(step["set"], kind, scene)
    if not current.given:
        return current
    if "points" in step:
        other = value_of(step["points"], "points", scene)
        change = current.number + other.number
    elif "add" in step:
        other = value_of(step["add"], "amount", scene)
        change = current.number + other.number
    elif "times" in step:
        other = value_of(step["times"], "factor", scene)
        change = current.number * other.number
    else:
        other = value_of(step["person_share"], "factor", scene)
        change = 1 - (1 - current.number) * other.number
    if other.state is State.ABSENT:
        return current
    return Answer(State.GIVEN, change) if other.given else other


def _formula(node: Mapping[str, Any], scene: Scene) -> Answer:
    parts = [value_of(node.get("fixed", "0"), "amount", scene)]
    if not parts[0].given:
        return parts[0]
    parts += [_term(term, scene) for term in node.get("plus", [])]
    bounds = {name: value_of(node[name], "amount", scene) for name in ("at_least", "at_most") if name in node}
    worst = max((p.state for p in (*parts, *bounds.values())), default=State.GIVEN)
    if worst > State.ABSENT:
        return Answer(worst)
    total = sum((p.number for p in parts), Fraction(0))
    if "at_least" in bounds and bounds["at_least"].given:
        total = max(total, bounds["at_least"].number)
    if "at_most" in bounds and bounds["at_most"].given:
        total = min(total, bounds["at_most"].number)
    return Answer(State.GIVEN, total)


def _term(term: Mapping[str, Any], scene: Scene) -> Answer:
    name = term["of"]
    units = scene.counts_units(name)
    weight = value_of(term["rate"], "amount" if units else "factor", scene)
    above = value_of(term.get("above", "0"), "number" if units else "amount", scene)
    for part in (weight, above):
        if part.state > State.ABSENT:
            return part
    amount = scene.attribute(name) if scene.is_number(name) else Fraction(scene.amount(name))
    if amount is None:
        return Answer(State.MISSING_VALUE)
    assert isinstance(amount, Fraction)
    return Answer(State.GIVEN, Fraction(half_up(weight.number * max(Fraction(0), amount - above.number))))


__all__ = ["ABSENT", "Answer", "State", "value_of"]

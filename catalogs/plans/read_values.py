"""Reads values (section 3)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from adjudicator.columns import PPM
from adjudicator.rulebook import Origin, State
from catalogs.plans.conditions import DATE, Condition, Interval, Test
from catalogs.plans.document import LinearForm
from catalogs.plans.grammar import NO_LINES, OF_LINES, SHAPES
from catalogs.plans.nodes import Fields, Items, Node, Text
from catalogs.plans.read_conditions import amount_names, fits_one, is_amount, read_condition, read_subject
from catalogs.plans.reading import Reader, Scope, meant
from catalogs.plans.values import (
    Adjusted,
    Adjustment,
    Cell,
    Choice,
    Each,
    FormulaTerm,
    Indexed,
    LinearFormula,
    Unit,
    Value,
)

ITEM_RATE = Fraction(-1, PPM)
"""Stands for `item`, the item's own rate in the catalog: -1 in parts per million."""

FORMS = {
    "value": "exact value",
    "assumed": "assumed value",
    "not_stated": "not stated value",
    "target": "target value",
    "minimum": "minimum value",
    "range": "range value",
    "index": "index value",
    "since": "since value",
    "start": "adjusted value",
    "adjust": "adjusted value",
    "plus": "formula value",
    "fixed": "formula value",
}


class ValueReader:
    """Reads one value for a place that wants `unit`. `lines`: attributes of lines that conditions may test.

    `formulas`: an amount that is worked out for each claim may stand here.
    """

    def __init__(self, reader: Reader, unit: Unit, lines: frozenset[str] = NO_LINES, formulas: bool = False) -> None:
        self.reader, self.unit, self.lines, self.formulas = reader, unit, lines, formulas

    def read(self, node: Node, scope: Scope) -> Value:
        """Read any form of value."""
        if isinstance(node, Text):
            return self._scalar(node, scope)
        if isinstance(node, Items):
            return self._rows(node, scope)
        if node.get("by") is not None:
            return self._by(node, scope)
        form = next((FORMS[key.text] for key, _ in node.entries if key.text in FORMS), None)
        if form is None:
            keys = ", ".join(key.text for key, _ in node.entries)
            first = node.entries[0][0].text if node.entries else ""
            self.reader.add("UNKNOWN_VALUE_FORM", node, keys=keys, **meant(first, (*FORMS, "by")))
            return self._cell(State.NOT_STATED, None, "not_stated", node, scope)
        fields = self.reader.fields(node, form)
        if any(key not in fields for key in SHAPES[form].required):
            return self._cell(State.NOT_STATED, None, "not_stated", node, scope)
        scope = self.reader.scope(fields, scope)
        return {
            "exact value": self._exact,
            "assumed value": self._assumed,
            "not stated value": self._not_stated,
            "target value": self._target,
            "minimum value": self._target,
            "range value": self._target,
            "index value": self._indexed,
            "since value": self._since,
            "adjusted value": self._adjusted,
            "formula value": self._formula,
        }[form](node, fields, scope)

    # ---- cells

    def _cell(self, state: State, number: Fraction | None, kind: str, node: Node, scope: Scope, why: str = "",
              written: str = "") -> Cell:  # fmt: skip
        source = scope.source
        if source is None:
            self.reader.add("VALUE_WITHOUT_SOURCE", node, path=scope.path)
        elif source == "own" and kind != "assumed":
            self.reader.add("OWN_NOT_ASSUMED", node, path=scope.path)
        cited = self.reader.sources.get(source or "")
        origin = Origin(scope.path, node.place.line, source or "", cited.grade if cited else "", kind, why)
        return Cell(state, number, origin, node.place, written=written)

    def _scalar(self, node: Text, scope: Scope) -> Cell:
        text = node.text.strip()
        if text == "not stated":
            return self._cell(State.NOT_STATED, None, "not_stated", node, scope, written=text)
        if text == "absent":
            return self._cell(State.ABSENT, None, "absent", node, scope, written=text)
        if text == "item" and self.unit is Unit.RATE and self.lines == OF_LINES:
            return self._cell(State.EXACT, ITEM_RATE, "exact", node, scope, written=text)
        return self._cell(State.EXACT, self.reader.number(node, self.unit), "exact", node, scope, written=text)

    def _exact(self, node: Node, fields: dict[str, Node], scope: Scope) -> Value:
        if not isinstance(fields["value"], Text):
            return self.read(fields["value"], scope)
        return self._scalar(fields["value"], scope)

    def _assumed(self, node: Node, fields: dict[str, Node], scope: Scope) -> Value:
        why = self.reader.text(fields["why"])
        own = scope if "source" in fields else replace(scope, source="own")
        alternatives: tuple[str, ...] = ()
        if "alternatives" in fields:
            alternatives = self.reader.texts(fields["alternatives"], "alternatives")
        text = self.reader.text(fields["assumed"])
        if text == "absent":
            cell = self._cell(State.ABSENT, None, "assumed", fields["assumed"], own, why, text)
        elif text == "item" and self.unit is Unit.RATE and self.lines == OF_LINES:
            cell = self._cell(State.ASSUMED, ITEM_RATE, "assumed", fields["assumed"], own, why, text)
        else:
            number = self.reader.number(fields["assumed"], self.unit)
            cell = self._cell(State.ASSUMED, number, "assumed", fields["assumed"], own, why, text)
        return replace(cell, alternatives=alternatives)

    def _not_stated(self, node: Node, fields: dict[str, Node], scope: Scope) -> Value:
        why = self.reader.text(fields["not_stated"])
        return self._cell(State.NOT_STATED, None, "not_stated", node, scope, why, "not stated")

    def _target(self, node: Node, fields: dict[str, Node], scope: Scope) -> Value:
        kind = next(key for key in ("target", "minimum", "range") if key in fields)
        stated = fields[kind]
        parts = self.reader.items(stated, "range") if kind == "range" else (stated,)
        if kind == "range" and len(parts) != 2:
            self.reader.add("BAD_RANGE", stated)
        numbers = [self.reader.number(part, self.unit) for part in parts]
        if kind == "range" and len(numbers) == 2 and numbers[0] > numbers[1]:
            self.reader.add("RANGE_REVERSED", stated, text="..".join(self.reader.text(part) for part in parts))
        written = " .. ".join(self.reader.text(part) for part in parts)
        return self._cell(State.TARGET, None, kind, node, scope, written=f"{kind} {written}")

    # ---- tables

    def _indexed(self, node: Node, fields: dict[str, Node], scope: Scope) -> Value:
        if self.unit is not Unit.AMOUNT:
            self.reader.add("INDEX_NOT_AMOUNT", node)
        times = ValueReader(self.reader, Unit.FACTOR, self.lines).read(fields["times"], scope.into("times"))
        return Indexed(times, self.reader.name(fields["index"]), node.place)

    def _by(self, node: Fields, scope: Scope) -> Value:
        scope = self.reader.scope({k.text: v for k, v in node.entries if k.text == "source"}, scope)
        by = node.get("by")
        if not isinstance(by, Text):
            self.reader.add("NOT_A_SCALAR", by or node)
            return Choice((), node.place)
        subject = read_subject(self.reader, by, self.lines)
        rows: list[tuple[Condition | None, Value]] = []
        last: tuple[Condition | None, Value] | None = None
        for key, entry in node.entries:
            if key.text in ("by", "source"):
                continue
            value = self.read(entry, scope.into(key.text))
            if key.text == "else":
                last = (None, value)
            elif subject is not None:
                rows.append((fits_one(self.reader, subject, key), value))
        return Choice((*rows, last) if last else tuple(rows), node.place)

    def _rows(self, node: Items, scope: Scope) -> Value:
        rows: list[tuple[Condition | None, Value]] = []
        for number, item in enumerate(node.items, 1):
            fields = self.reader.fields(item, "row")
            if "is" not in fields:
                continue
            inner = self.reader.scope(fields, scope.into(str(number)))
            when = read_condition(self.reader, fields["when"], self.lines) if "when" in fields else None
            rows.append((when, self.read(fields["is"], inner)))
        if not node.items:
            self.reader.add("EMPTY_VALUE", node)
        return Choice(tuple(rows), node.place)

    def _since(self, node: Node, fields: dict[str, Node], scope: Scope) -> Value:
        dated: list[tuple[int, Text, Value]] = []
        for key, entry in self.reader.entries(fields["since"], "dates"):
            dated.append((self.reader.date(key), key, self.read(entry, scope.into(key.text))))
        if any(later[0] <= earlier[0] for earlier, later in pairwise(dated)):
            self.reader.add("DATES_NOT_RISING", fields["since"])
        rows = []
        for position, (start, key, value) in enumerate(dated):
            end = Fraction(dated[position + 1][0]) if position + 1 < len(dated) else None
            rows.append((Test(DATE, Interval(Fraction(start), end, high_open=True), key.place), value))
        return Choice(tuple(rows), node.place, dated=True)

    # ---- adjusted and formula

    def _adjusted(self, node: Node, fields: dict[str, Node], scope: Scope) -> Value:
        start = self.read(fields["start"], scope.into("start"))
        steps = []
        listed = self.reader.items(fields["adjust"], "adjust") if "adjust" in fields else ()
        for number, item in enumerate(listed, 1):
            step = self._adjustment(item, scope.into(f"adjust.{number}"))
            if step is not None:
                steps.append(step)
        bounds = {key: self.read(fields[key], scope.into(key)) for key in ("at_least", "at_most") if key in fields}
        return Adjusted(start, tuple(steps), bounds.get("at_least"), bounds.get("at_most"), self.unit, node.place)

    def _adjustment(self, node: Node, scope: Scope) -> Adjustment | None:
        fields = self.reader.fields(node, "adjustment")
        scope = self.reader.scope(fields, scope)
        units = {
            "points": Unit.POINTS,
            "add": Unit.AMOUNT,
            "times": Unit.FACTOR,
            "person_share": Unit.FACTOR,
            "set": self.unit,
        }
        given = [key for key in units if key in fields]
        if len(given) != 1:
            self.reader.add("ADJUSTMENT_NOT_ONE", node, count=len(given))
            return None
        how = given[0]
        rate_like = self.unit in (Unit.RATE, Unit.FACTOR, Unit.POINTS)
        if (how in ("points", "person_share") and not rate_like) or (how == "add" and self.unit is not Unit.AMOUNT):
            self.reader.add("ADJUSTMENT_WRONG_UNIT", node, how=how, unit=self.unit.value)
            return None
        when = read_condition(self.reader, fields["when"], self.lines) if "when" in fields else None
        inner = ValueReader(self.reader, units[how], self.lines)
        entry = fields[how]
        if how == "points" and isinstance(entry, Fields) and entry.get("each") is not None:
            return Adjustment(when, how, self._each(entry, inner, scope), node.place)
        return Adjustment(when, how, inner.read(entry, scope.into(how)), node.place)

    def _each(self, node: Fields, inner: ValueReader, scope: Scope) -> Each:
        fields = self.reader.fields(node, "points each")
        of = self.reader.text(fields["of"]) if "of" in fields else "age"
        attribute = self.reader.names.attributes.get(of)
        if attribute is None or attribute.kind != "number":
            known = [a.name for a in self.reader.names.attributes.values() if a.kind == "number"]
            self.reader.add("UNKNOWN_SUBJECT", fields.get("of", node), name=of, **meant(of, known))
        return Each(of, inner.read(fields["each"], self.reader.scope(fields, scope).into("each")), node.place)

    def _formula(self, node: Node, fields: dict[str, Node], scope: Scope) -> Value:
        if self.unit is not Unit.AMOUNT or not self.formulas:
            self.reader.add("FORMULA_MISPLACED", node, unit=self.unit.value)
        zero = Cell(State.EXACT, Fraction(0), Origin(scope.path, node.place.line, "", "", "exact"), node.place)
        plain = ValueReader(self.reader, Unit.AMOUNT, self.lines)
        fixed = plain.read(fields["fixed"], scope.into("fixed")) if "fixed" in fields else zero
        terms = []
        for number, item in enumerate(self.reader.items(fields["plus"], "plus"), 1):
            term = self._term(item, scope.into(f"plus.{number}"))
            if term is not None:
                terms.append(term)
        bounds = {key: plain.read(fields[key], scope.into(key)) for key in ("at_least", "at_most") if key in fields}
        return LinearFormula(fixed, tuple(terms), bounds.get("at_least"), bounds.get("at_most"), node.place)

    def _term(self, node: Node, scope: Scope) -> FormulaTerm | None:
        fields = self.reader.fields(node, "term")
        if "of" not in fields or "rate" not in fields:
            return None
        scope = self.reader.scope(fields, scope)
        of = read_amount_name(self.reader, fields["of"], numbers=True)
        unit = Unit.AMOUNT if counts_units(self.reader, of) else Unit.RATE
        above_unit = Unit.NUMBER if unit is Unit.AMOUNT else Unit.AMOUNT
        rate = ValueReader(self.reader, unit).read(fields["rate"], scope.into("rate"))
        above = None
        if "above" in fields:
            above = ValueReader(self.reader, above_unit).read(fields["above"], scope.into("above"))
        return FormulaTerm(rate, of, above, node.place)


def counts_units(reader: Reader, of: str) -> bool:
    """Tell whether an amount of a formula is a plain number (an attribute, a counter of units, `one`)."""
    if of.startswith("counter."):
        return (reader.names.counters or {}).get(of.removeprefix("counter.")) == "count"
    return of in reader.names.attributes or of == "one"


def read_amount_name(reader: Reader, node: Node, numbers: bool = False) -> str:
    """Read the name of an amount or counter; with `numbers` also of a number attribute."""
    text = reader.text(node)
    counters = reader.names.counters or {}
    known = [*amount_names(reader), *(f"counter.{name}" for name in counters)]
    if numbers:
        known += [a.name for a in reader.names.attributes.values() if a.kind == "number"]
    foreign = not reader.names.complete and text.startswith("counter.")
    if text and text not in known and not is_amount(reader, text) and not foreign:
        reader.add("UNKNOWN_AMOUNT", node, name=text, **meant(text, known))
    return text


def read_linear_form(reader: Reader, node: Node, scope: Scope, numbers: bool = False) -> LinearForm:
    """Read a list of amounts or a mapping of amounts to weights; with `numbers` also of number attributes."""
    one = Origin(scope.path, node.place.line, scope.source or "", "", "exact")
    if isinstance(node, Items):
        weight = Fraction(1)
        return tuple(
            (read_amount_name(reader, item, numbers), Cell(State.EXACT, weight, one, item.place), item.place)
            for item in node.items
        )
    if isinstance(node, Text):
        reader.add("NOT_A_LIST", node, what="linear form")
        return ()
    scope = reader.scope({k.text: v for k, v in node.entries if k.text == "source"}, scope)
    weights = ValueReader(reader, Unit.FACTOR)
    return tuple(
        (read_amount_name(reader, key, numbers), _weight(weights, value, scope.into(key.text)), key.place)
        for key, value in node.entries
        if key.text != "source"
    )


def _weight(weights: ValueReader, node: Node, scope: Scope) -> Value:
    """Read a weight; a plain 1 or -1 says how amounts are put together and needs no source."""
    if isinstance(node, Text) and node.text.strip() in ("1", "-1"):
        origin = Origin(scope.path, node.place.line, scope.source or "", "", "exact")
        return Cell(State.EXACT, Fraction(node.text.strip()), origin, node.place, written=node.text.strip())
    return weights.read(node, scope)

"""Reads layers and counters (sections 6 to 8)."""

from __future__ import annotations

from fractions import Fraction

from adjudicator.batch import BUCKETS
from adjudicator.rulebook import RoundAt, Rounding
from catalogs.plans.conditions import Condition
from catalogs.plans.document import (
    BandsEntry,
    CounterAddition,
    CounterEntry,
    DeductibleEntry,
    FlatEntry,
    GroupEntry,
    LayerEntry,
    LimitEntry,
    LinearForm,
    SliceEntry,
)
from catalogs.plans.grammar import ALLOCATIONS, NO_LINES, OF_GROUPS, PERIODS
from catalogs.plans.nodes import Fields, Items, Node, Text
from catalogs.plans.read_conditions import read_condition
from catalogs.plans.read_values import ValueReader, read_linear_form
from catalogs.plans.reading import Reader, Scope, meant
from catalogs.plans.values import Unit, Value

ROUND_AT = {"claim": RoundAt.CLAIM, "group": RoundAt.GROUP, "band": RoundAt.BAND}


class LayerReader:
    """Reads one layer."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def read(self, node: Node, scope: Scope) -> LayerEntry | None:
        """Read a layer; None when it has no name or fund."""
        reader = self.reader
        fields = reader.fields(node, "layer")
        if "layer" not in fields or "fund" not in fields:
            return None
        name = reader.name(fields["layer"])
        scope = reader.scope(fields, scope.into(name))
        base = self._form(fields, "base", scope) or read_linear_form(
            reader, Items(node.place, (Text(node.place, "in_scope"),)), scope
        )
        return LayerEntry(
            name=name,
            title=reader.title(fields["title"]) if "title" in fields else {"en": name, "zh": name},
            fund=reader.name(fields["fund"]),
            requires_visit=reader.yes_no(fields["requires_visit"]) if "requires_visit" in fields else True,
            when=self._condition(fields, "when"),
            base=base,
            groups=tuple(self._group(item, scope.into("groups")) for item in self._list(fields, "groups")),
            base_limits=self._limits(fields, "base_limits", scope),
            deductibles=tuple(
                self._deductible(item, scope.into("deductible")) for item in self._list(fields, "deductible")
            ),
            allocate=reader.one_of(fields["allocate"], ALLOCATIONS) if "allocate" in fields else "in_order",
            borne_by=self._borne_by(fields),
            first_pay=self._value(fields, "first_pay", Unit.RATE, scope),
            bands=self._bands(fields["bands"], scope.into("bands")) if "bands" in fields else None,
            rounding=read_rounding(reader, fields["rounding"]) if "rounding" in fields else None,
            already_paid=self._counter(fields, "already_paid"),
            flats=tuple(self._flat(item, scope.into("flat")) for item in self._list(fields, "flat")),
            guarantee=self._guarantee(fields["at_least"], scope.into("at_least")) if "at_least" in fields else None,
            limits=self._limits(fields, "limits", scope),
            charges=self._charges(fields),
            beyond_bill=reader.yes_no(fields["beyond_bill"]) if "beyond_bill" in fields else False,
            place=node.place,
            stated=frozenset(fields),
        )

    def _charges(self, fields: dict[str, Node]) -> tuple[str, ...]:
        if "charges" not in fields:
            return BUCKETS
        return tuple(self.reader.one_of(item, BUCKETS) for item in self.reader.items(fields["charges"], "charges"))

    def _borne_by(self, fields: dict[str, Node]) -> tuple[str, ...]:
        return self.reader.names_list(fields["borne_by"]) if "borne_by" in fields else ()

    # ---- small parts

    def _list(self, fields: dict[str, Node], key: str) -> tuple[Node, ...]:
        return self.reader.items(fields[key], key) if key in fields else ()

    def _condition(self, fields: dict[str, Node], key: str) -> Condition | None:
        return read_condition(self.reader, fields[key]) if key in fields else None

    def _form(self, fields: dict[str, Node], key: str, scope: Scope) -> LinearForm | None:
        return read_linear_form(self.reader, fields[key], scope.into(key)) if key in fields else None

    def _value(self, fields: dict[str, Node], key: str, unit: Unit, scope: Scope) -> Value | None:
        if key not in fields:
            return None
        lines = OF_GROUPS if key in ("first_pay", "above") else NO_LINES
        return ValueReader(self.reader, unit, lines, formulas=True).read(fields[key], scope.into(key))

    def _amount(self, fields: dict[str, Node], node: Node, scope: Scope, key: str = "amount") -> Value:
        reader = ValueReader(self.reader, Unit.AMOUNT, formulas=True)
        return reader.read(fields.get(key, Text(node.place, "0")), scope.into(key))

    def _counter(self, fields: dict[str, Node], key: str = "counter") -> str | None:
        if key not in fields:
            return None
        name = self.reader.name(fields[key])
        known = self.reader.names.counters or {}
        if name and self.reader.names.complete and name not in known:
            self.reader.add("UNKNOWN_COUNTER", fields[key], name=name, **meant(name, known))
        return name

    def _number_attribute(self, fields: dict[str, Node], key: str) -> str | None:
        if key not in fields:
            return None
        name = self.reader.name(fields[key])
        known = [a.name for a in self.reader.names.attributes.values() if a.kind == "number"]
        if name and name not in known:
            self.reader.add("UNKNOWN_NUMBER", fields[key], name=name, **meant(name, known))
        return name

    def _named(self, fields: dict[str, Node], scope: Scope) -> tuple[str, Scope]:
        name = self.reader.name(fields["name"]) if "name" in fields else ""
        return name, self.reader.scope(fields, scope.into(name))

    # ---- parts of a layer

    def _group(self, node: Node, scope: Scope) -> GroupEntry:
        fields = self.reader.fields(node, "group")
        name = self.reader.name(fields["group"]) if "group" in fields else ""
        scope = self.reader.scope(fields, scope.into(name))
        items = self.reader.names_list(fields["items"]) if "items" in fields else None
        for item in items or ():
            known = (*self.reader.names.items, "other")
            if item not in known:
                self.reader.add("UNKNOWN_ITEMS", fields["items"], name=item, **meant(item, known))
        first_pay = self._value(fields, "first_pay", Unit.RATE, scope)
        return GroupEntry(name, items, self._form(fields, "base", scope), first_pay, node.place)

    def _deductible(self, node: Node, scope: Scope) -> DeductibleEntry:
        fields = self.reader.fields(node, "deductible")
        name, scope = self._named(fields, scope)
        at_most = None
        if "at_most" in fields:
            bound = self.reader.fields(fields["at_most"], "deductible at_most")
            inner = self.reader.scope(bound, scope.into("at_most"))
            at_most = (self._amount(bound, node, inner), self._counter(bound) or "")
        return DeductibleEntry(
            name=name,
            amount=self._amount(fields, node, scope),
            counter=self._counter(fields),
            times=self._number_attribute(fields, "times"),
            at_most=at_most,
            borne_by=self._borne_by(fields),
            place=node.place,
        )

    def _bands(self, node: Node, scope: Scope) -> BandsEntry:
        if isinstance(node, Items):
            return BandsEntry(self._slices(node, scope), None, False, False, None, None, node.place)
        if isinstance(node, Text):
            self.reader.add("BANDS_NOT_SLICES", node)
            return BandsEntry((), None, False, False, None, None, node.place)
        fields = self.reader.fields(node, "bands")
        scope = self.reader.scope(fields, scope)
        phase = None
        if "phase" in fields:
            inner = self.reader.fields(fields["phase"], "phase")
            target = self._amount(inner, node, self.reader.scope(inner, scope.into("phase")), "reaches")
            phase = (self._counter(inner) or "", target)
        start = self.reader.one_of(fields["from"], ("zero", "deductible")) if "from" in fields else "zero"
        return BandsEntry(
            slices=self._slices(fields["slices"], scope) if "slices" in fields else (),
            running=self._counter(fields, "running"),
            from_deductible=start == "deductible",
            whole=self.reader.yes_no(fields["whole"]) if "whole" in fields else False,
            phase=phase,
            above=self._value(fields, "above", Unit.RATE, scope),
            place=node.place,
        )

    def _slices(self, node: Node, scope: Scope) -> tuple[SliceEntry, ...]:
        slices = []
        for number, item in enumerate(self.reader.items(node, "slices"), 1):
            fields = self.reader.fields(item, "slice")
            inner = self.reader.scope(fields, scope.into(str(number)))
            rates = ValueReader(self.reader, Unit.RATE, OF_GROUPS)
            slices.append(
                SliceEntry(
                    start=self._value(fields, "from", Unit.AMOUNT, inner),
                    to=self._value(fields, "to", Unit.AMOUNT, inner),
                    rate=rates.read(fields.get("rate", Text(item.place, "not stated")), inner.into("rate")),
                    credit=self._value(fields, "credit", Unit.RATE, inner),
                    place=item.place,
                )
            )
        if not slices:
            self.reader.add("EMPTY_VALUE", node)
        return tuple(slices)

    def _flat(self, node: Node, scope: Scope) -> FlatEntry:
        fields = self.reader.fields(node, "flat")
        name, scope = self._named(fields, scope)
        return FlatEntry(
            name=name,
            amount=self._amount(fields, node, scope),
            number=self._number_attribute(fields, "number"),
            less=self.reader.integer(fields["less"]) if "less" in fields else 0,
            when=self._condition(fields, "when"),
            take=self.reader.yes_no(fields["take"]) if "take" in fields else False,
            place=node.place,
        )

    def _guarantee(self, node: Node, scope: Scope) -> tuple[Value, LinearForm] | None:
        fields = self.reader.fields(node, "guarantee")
        scope = self.reader.scope(fields, scope)
        rate = self._value(fields, "rate", Unit.RATE, scope)
        base = self._form(fields, "base", scope)
        return (rate, base) if rate is not None and base is not None else None

    def _limits(self, fields: dict[str, Node], key: str, scope: Scope) -> tuple[LimitEntry, ...]:
        shape = "base limit" if key == "base_limits" else "limit"
        return tuple(self._limit(item, shape, scope.into(key)) for item in self._list(fields, key))

    def _limit(self, node: Node, shape: str, scope: Scope) -> LimitEntry:
        fields = self.reader.fields(node, shape)
        name, scope = self._named(fields, scope)
        on = self.reader.one_of(fields["on"], ("payment", "person_share")) if "on" in fields else "payment"
        if "of" in fields and on != "person_share":
            self.reader.add("OF_WITHOUT_SHARE", fields["of"])
        return LimitEntry(
            name=name,
            on="eligible" if shape == "base limit" else on,
            of=self.reader.one_of(fields["of"], ("left", "coinsurance")) if "of" in fields else "left",
            amount=self._amount(fields, node, scope),
            counter=self._counter(fields),
            times=self._number_attribute(fields, "times"),
            when=self._condition(fields, "when"),
            place=node.place,
        )


def read_rounding(reader: Reader, node: Node) -> Rounding:
    """Read `{at, mode, to}`."""
    fields = reader.fields(node, "rounding")
    unit = reader.number(fields["to"], Unit.AMOUNT) if "to" in fields else Fraction(1)
    if unit <= 0:
        reader.add("BAD_ROUNDING", fields["to"])
        unit = Fraction(1)
    return Rounding(
        at=ROUND_AT[reader.one_of(fields["at"], ROUND_AT)] if "at" in fields else RoundAt.CLAIM,
        mode=reader.one_of(fields["mode"], ("half_up", "down", "up", "half_even")) if "mode" in fields else "half_up",
        unit=int(unit),
    )


def read_counter(reader: Reader, key: Text, node: Node, scope: Scope) -> CounterEntry:
    """Read one counter."""
    fields = reader.fields(node, "counter")
    scope = reader.scope(fields, scope.into(key.text))
    months, per = 0, "none"
    if "per" in fields and isinstance(fields["per"], Fields):
        inner = reader.fields(fields["per"], "rolling period")
        months, per = reader.integer(inner["rolling_months"]) if "rolling_months" in inner else 1, "rolling"
        if not 1 <= months <= 120:
            reader.add("BAD_NUMBER", fields["per"], text=months)
    elif "per" in fields:
        per = reader.one_of(fields["per"], PERIODS)
    if "adds" in fields and "sets" in fields:
        reader.add("ADDS_AND_SETS", fields["sets"])
    form = next((fields[name] for name in ("adds", "sets") if name in fields), None)
    holder = reader.name(fields["holder"]) if "holder" in fields else "person"
    ids = [a.name for a in reader.names.attributes.values() if a.kind == "id"]
    if holder not in ("", "person", *ids):
        reader.add("UNKNOWN_HOLDER", fields["holder"], name=holder, **meant(holder, ("person", *ids)))
    return CounterEntry(
        name=key.text,
        per=per,
        months=months,
        keys=_counter_keys(reader, fields),
        holder=holder,
        adds=read_linear_form(reader, form, scope.into("adds"), numbers=True) if form is not None else (),
        sets="sets" in fields,
        counts_if=read_condition(reader, fields["counts_if"]) if "counts_if" in fields else None,
        clears_if=read_condition(reader, fields["clears_if"]) if "clears_if" in fields else None,
        unit=reader.one_of(fields["unit"], ("fen", "count")) if "unit" in fields else "fen",
        place=key.place,
    )


def read_addition(reader: Reader, key: Text, node: Node, scope: Scope) -> CounterAddition:
    """Read what an overlay adds to a counter of what it is put on."""
    fields = reader.fields(node, "counter addition")
    scope = reader.scope(fields, scope.into(key.text))
    form = fields.get("also_adds")
    adds = read_linear_form(reader, form, scope.into("also_adds"), numbers=True) if form is not None else ()
    return CounterAddition(key.text, adds, key.place)


def _counter_keys(reader: Reader, fields: dict[str, Node]) -> tuple[str, ...]:
    keys = reader.names_list(fields["keys"]) if "keys" in fields else ()
    known = [a.name for a in reader.names.attributes.values() if a.kind in ("word", "id")]
    for key in keys:
        if key and key not in known:
            reader.add("UNKNOWN_SUBJECT", fields["keys"], name=key, **meant(key, known))
    return keys

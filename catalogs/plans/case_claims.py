"""Reads the claims of worked cases (section 12), typed by the attributes of the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from adjudicator.batch import BUCKETS
from adjudicator.columns import PPM
from catalogs.plans.complete import CompletePlan
from catalogs.plans.findings import Findings, Place
from catalogs.plans.grammar import CLAIM_DATES, CLAIM_KEYS
from catalogs.plans.nodes import Fields, Items, Node, Text
from catalogs.plans.reading import Names, Reader, meant
from catalogs.plans.values import Unit

DAYS_INTO_PLAN = 30
"""A claim without dates lies so many days after the plan begins."""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One line of a claim. `ceiling_e6`: payable unit price, 1e-6 yuan; `stay_day` or `date` say when."""

    item_class: str
    kind: str | None
    marks: tuple[str, ...]
    group: str | None
    amount_fen: int
    upfront_ppm: int | None
    quantity_e4: int | None
    price_e6: int | None
    ceiling_e6: int | None
    date: int | None
    stay_day: int | None


@dataclass(frozen=True, slots=True)
class CaseClaim:
    """One claim. `buckets` None where it comes with lines; `dates` are days since 1970-01-01."""

    place: Place
    who: str
    words: Mapping[str, str]
    numbers: Mapping[str, int]
    marks: Mapping[str, tuple[str, ...]]
    dates: Mapping[str, int]
    dated: bool
    buckets: Mapping[str, int] | None
    lines: tuple[CaseLine, ...]
    amounts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Case:
    """A worked case. `expected`: what is compared, as written."""

    name: str
    place: Place
    claims: tuple[CaseClaim, ...]
    opening: Mapping[str, tuple[int, Place]]
    given: Mapping[str, int]
    expected: tuple[tuple[str, str, Place], ...] = field(default=())


class CaseReader:
    """Reads the cases of one plan."""

    def __init__(self, plan: CompletePlan, file: str, findings: Findings) -> None:
        self.plan = plan
        self.reader = Reader(file, findings)
        self.reader.names = Names(dict(plan.attributes), {}, plan.amounts)

    def read(self, node: Node) -> Case | None:
        """Read one case."""
        reader = self.reader
        fields = reader.fields(node, "case")
        if "claim" not in fields or "expect" not in fields:
            return None
        prior = reader.items(fields["prior"], "prior") if "prior" in fields else ()
        claims = tuple(self._claim(item) for item in (*prior, fields["claim"]))
        expected = tuple(
            (key.text, reader.text(value), value.place) for key, value in reader.entries(fields["expect"], "expect")
        )
        if not expected:
            reader.add("EMPTY_VALUE", fields["expect"])
        return Case(
            reader.text(fields["name"]) if "name" in fields else "",
            node.place,
            claims,
            self._opening(fields),
            self._given(fields),
            expected,
        )

    def _opening(self, fields: dict[str, Node]) -> dict[str, tuple[int, Place]]:
        opening: dict[str, tuple[int, Place]] = {}
        for key, value in self.reader.entries(fields["opening"], "opening") if "opening" in fields else ():
            counter = self.plan.counters.get(key.text.partition("/")[0])
            if counter is None:
                self.reader.add("UNKNOWN_COUNTER", key, name=key.text, **meant(key.text, self.plan.counters))
                continue
            unit = Unit.NUMBER if counter.unit == "count" else Unit.AMOUNT
            opening[key.text] = (int(self.reader.number(value, unit)), key.place)
        return opening

    def _given(self, fields: dict[str, Node]) -> dict[str, int]:
        given: dict[str, int] = {}
        names = [layer.name for layer in self.plan.layers]
        for key, value in self.reader.entries(fields["given"], "given") if "given" in fields else ():
            if key.text not in names:
                self.reader.add("UNKNOWN_LAYER", key, name=key.text, **meant(key.text, names))
            given[key.text] = int(self.reader.number(value, Unit.AMOUNT))
        return given

    # ---- one claim

    def _claim(self, node: Node) -> CaseClaim:
        reader = self.reader
        entries = list(reader.entries(node, "claim"))
        person = node.get("person") if isinstance(node, Fields) else None
        if isinstance(person, Fields):
            entries = [entry for entry in entries if entry[0].text != "person"] + list(person.entries)
        fields = {key.text: value for key, value in entries}
        words: dict[str, str] = {}
        numbers: dict[str, int] = {}
        marks: dict[str, tuple[str, ...]] = {}
        amounts: dict[str, int] = {}
        for key, value in entries:
            attribute = self.plan.attributes.get(key.text)
            if key.text in CLAIM_KEYS:
                continue
            if key.text in self.plan.amounts:
                amounts[key.text] = int(reader.number(value, Unit.AMOUNT))
            elif attribute is None:
                known = (*CLAIM_KEYS, *self.plan.attributes, *self.plan.amounts)
                reader.add("UNKNOWN_KEY", key, key=key.text, what="claim of a case", **meant(key.text, known))
            elif attribute.kind == "number":
                numbers[key.text] = reader.integer(value)
            elif attribute.kind == "marks":
                marks[key.text] = reader.names_list(value)
            else:
                words[key.text] = reader.text(value)
        lines = tuple(self._line(line) for line in reader.items(fields["lines"], "lines")) if "lines" in fields else ()
        dates, dated = self._dates(fields)
        buckets = None if "lines" in fields else self._buckets(fields, node)
        who = reader.text(fields["who"]) if "who" in fields else "insured"
        return CaseClaim(node.place, who, words, numbers, marks, dates, dated, buckets, lines, amounts)

    def _dates(self, fields: dict[str, Node]) -> tuple[dict[str, int], bool]:
        day = self.plan.valid_from + DAYS_INTO_PLAN
        if "date" in fields:
            day = self.reader.date(fields["date"])
        dates = dict.fromkeys(CLAIM_DATES, day)
        if "dates" not in fields:
            return dates, False
        for key, value in self.reader.entries(fields["dates"], "dates"):
            if key.text not in CLAIM_DATES:
                self.reader.add("UNKNOWN_KEY", key, key=key.text, what="dates", **meant(key.text, CLAIM_DATES))
            dates[key.text] = self.reader.date(value)
        return dates, True

    def _buckets(self, fields: dict[str, Node], node: Node) -> dict[str, int]:
        amounts = {
            name: int(self.reader.number(fields[name], Unit.AMOUNT)) for name in ("total", *BUCKETS) if name in fields
        }
        if not amounts:
            self.reader.add("CASE_WITHOUT_AMOUNT", node)
        rest = amounts.get("total", 0) - sum(amounts.get(name, 0) for name in BUCKETS)
        if "total" in amounts and rest and ("self_funded" in amounts or rest < 0):
            self.reader.add("CASE_TOTAL", fields["total"], difference=f"{rest / 100:.2f}")
        elif "total" in amounts:
            amounts["self_funded"] = amounts.get("self_funded", 0) + rest
        return {name: amounts.get(name, 0) for name in BUCKETS}

    def _line(self, node: Node) -> CaseLine:
        reader = self.reader
        fields = reader.fields(node, "case line")

        def scaled(name: str, scale: int) -> int | None:
            if name not in fields:
                return None
            text = reader.text(fields[name])
            try:
                value = Fraction(text) * scale
            except (ValueError, ZeroDivisionError):
                reader.add("BAD_NUMBER", fields[name], text=text)
                return 0
            if value.denominator != 1:
                reader.add("BAD_NUMBER", fields[name], text=text)
            return int(value)

        marks: tuple[str, ...] = ()
        if "marks" in fields:
            marks = reader.names_list(fields["marks"]) if isinstance(fields["marks"], (Items, Text)) else ()
        upfront = int(reader.number(fields["upfront"], Unit.RATE) * PPM) if "upfront" in fields else None
        return CaseLine(
            item_class=reader.one_of(fields["class"], ("A", "B", "C")) if "class" in fields else "C",
            kind=reader.one_of(fields["kind"], ("drug", "service", "consumable", "bed")) if "kind" in fields else None,
            marks=marks,
            group=reader.text(fields["item_group"]) if "item_group" in fields else None,
            amount_fen=int(reader.number(fields["amount"], Unit.AMOUNT)) if "amount" in fields else 0,
            upfront_ppm=upfront,
            quantity_e4=scaled("quantity", 10_000),
            price_e6=scaled("price", 1_000_000),
            ceiling_e6=scaled("ceiling", 1_000_000),
            date=reader.date(fields["date"]) if "date" in fields else None,
            stay_day=reader.integer(fields["stay_day"]) if "stay_day" in fields else None,
        )

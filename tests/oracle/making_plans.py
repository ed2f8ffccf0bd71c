"""Random plan documents: layers, counters, lines and conventions, and what they inherit or are composed of."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

from .making_values import Names, Node, ValueMaker
from .words import DECLARED, WORDS

SOURCES = {"S": {"title": "Generated", "grade": "D"}, "T": {"title": "Generated too", "grade": "C"}}
TITLE = {"en": "Generated", "zh": "生成"}
BUCKETS = ("in_scope", "upfront", "over_limit", "self_funded")
FUNDS = ("pool", "large", "aid", "hospital", "personal_account")
PERIODS = ("none", "year", "quarter", "month", "day", "episode", "claim", "rolling")

ITEM_SETS: dict[str, Node] = {
    "herbal": {"mark": "tcm"},
    "western": {"mark": {"not": "tcm"}},
    "implants": {"kind": "consumable", "item_price": ">= 100"},
    "drugs": {"kind": ["drug", "service"]},
    "late": {"stay_day": "> 3"},
    "listed": {"item_group": "special"},
    "class_b": {"class": "B"},
    "elder_care": {"kind": ["drug", "bed"], "age": ">= 50"},
    "ward_drugs": {"any": [{"mark": "negotiated", "visit": "inpatient"}, {"item_price": "12.345678..50.5"}]},
}

DISJOINT = (("herbal", "western"), ("herbal", "other"), ("implants", "drugs", "other"), ("late", "other"),
            ("listed", "other"), (("implants", "listed"), "other"), ("class_b", "other"), ("elder_care", "other"),
            ("other", "ward_drugs"))  # fmt: skip
"""Sets of lines that never overlap."""


@dataclass
class Generated:
    """Documents as text, the one to settle under, and what they reach."""

    name: str
    texts: list[str]
    reached: set[str]
    counters: dict[str, Node]
    layers: list[str]
    first_year: int
    plan: Node = field(default_factory=dict)


class PlanMaker:
    """Makes one plan document."""

    def __init__(self, rng: random.Random, reached: set[str]):
        self.rng = rng
        self.first_year = rng.choice((2021, 2022))
        self.values = ValueMaker(rng, reached, self.first_year)
        self.use, self.chance = self.values.use, self.values.chance
        self.counters: dict[str, Node] = {}
        self.layers: list[Node] = []
        self.items_used: set[str] = set()

    def make(self) -> Generated:
        """Make the documents of a plan."""
        conventions, indexes = self._conventions(), self._indexes()
        self.values.names = Names(["total", *BUCKETS, "stated_base", "third_party"], {}, list(indexes))
        self._declare_counters()
        excluded = self._excluded()
        names = [f"l{number}" for number in range(1, self.rng.randint(1, 4) + 1)]
        for name in names:
            self.layers.append(self._layer(name))
        lines = self._lines()
        self._fill_counters()
        return self._documents(conventions, indexes, excluded, lines)

    def _documents(self, conventions: Node, indexes: Node, excluded: Node | None, lines: Node | None) -> Generated:
        head = {"title": TITLE, "scheme": "resident_basic", "place": "340300", "sources": SOURCES, "source": "S"}
        valid = {"from": f"{self.first_year}-01-01"}
        if self.chance(0.3):
            self.use("document.valid_until")
            valid["until"] = f"{self.first_year + 2}-07-01"
        items = {name: ITEM_SETS[name] for name in ITEM_SETS if name in self.items_used}
        body = {"attributes": DECLARED, "amounts": ["stated_base", "third_party"]}
        self.use("document.attribute_number")
        self.use("document.amounts")
        parts: dict[str, Node] = {"conventions": conventions, "indexes": indexes, "items": items, "lines": lines}
        parts["excluded"] = excluded
        rules = {"layers": self.layers, "counters": self.counters}
        for name, feature in (("implants", "item_price"), ("late", "stay_day")):
            if name in items:
                self.use(f"condition.{feature}")
        base, plan, texts = self.rng.random(), "gen.plan", []
        shared = {key: parts.pop(key) for key in ("conventions", "indexes") if base < 0.3}
        if base < 0.3 and any(shared.values()):
            self.use("document.inherits")
            texts.append({"base": "gen.base", "title": TITLE, "sources": SOURCES, "source": "S", **_filled(shared)})
            head["inherits"] = "gen.base"
        whole = {"plan": plan, **head, "valid": valid, **body, **_filled(parts), **_filled(rules)}
        if len(self.layers) > 1 and self.chance(0.25):
            self.use("document.compose")
            texts += self._composed(whole)
        else:
            texts.append(whole)
        return Generated(
            plan,
            [json.dumps(text, ensure_ascii=False, indent=1) for text in texts],
            self.values.reached,
            self.counters,
            [layer["layer"] for layer in self.layers],
            self.first_year,
            whole,
        )

    def _composed(self, whole: Node) -> list[Node]:
        """Cut a plan into a core, an overlay and the plan composed of both."""
        at = self.rng.randint(1, len(self.layers) - 1)
        core = {**whole, "plan": "gen.core", "layers": self.layers[:at]}
        overlay = {"overlay": "gen.top", "title": TITLE, "sources": SOURCES, "source": "S", "layers": self.layers[at:]}
        overlay |= {key: whole[key] for key in ("attributes", "amounts", "items") if key in whole}
        named = {layer["layer"] for layer in self.layers[at:]}
        parted = {n: parts for n, c in self.counters.items() if (parts := _parted(c, named))}
        later = {n: c for n, c in self.counters.items() if _mentions(c, named) and n not in parted}
        core["counters"] = {n: c for n, c in self.counters.items() if n not in later}
        core["counters"] |= {n: below for n, (below, _) in parted.items()}
        if later or parted:
            overlay["counters"] = later | {n: {"also_adds": added} for n, (_, added) in parted.items()}
        top = {"plan": whole["plan"], "title": TITLE, "compose": {"plan": "gen.core", "overlays": ["gen.top"]}}
        moved = {layer["layer"] for layer in self.layers[:at] if layer["fund"] == "personal_account"}
        early = _reads([core["layers"], core["counters"]], set(later)) or _mentions(overlay, moved)
        if early or '"of": "counter.admissions"' in json.dumps(overlay):
            return [whole]
        if not core["counters"]:
            core.pop("counters")
        if parted:
            self.use("counter.also_adds")
        return [core, overlay, top]

    # ---- head

    def _conventions(self) -> Node:
        made: dict[str, Node] = {}
        for key, choices in (
            ("year_by", ("discharge", "settlement", "admission")),
            ("order_by", ("settlement", "discharge", "admission")),
            ("year_start", ("01-01", "07-01", "04-15")),
        ):
            if self.chance(0.3):
                self.use(f"document.{key}")
                made[key] = self.rng.choice(choices)
                if self.chance(0.3):
                    self.use("document.assumed_convention")
                    made[key] = {"assumed": made[key], "why": "silent"}
        if self.chance(0.2):
            made |= {"status_at": "admission", "undo": "cascade"}
        if self.chance(0.3):
            self.use("document.rounding")
            made["rounding"] = self._rounding()
        return made

    def _rounding(self) -> Node:
        made = {"at": self.rng.choice(("claim", "group", "band"))}
        mode, unit = (
            self.rng.choice(("half_up", "down", "up", "half_even")),
            self.rng.choice(("0.01", "0.05", "1", "0.1")),
        )
        if self.chance(0.6):
            made["mode"] = mode
        if self.chance(0.6):
            made["to"] = unit
        return made

    def _indexes(self) -> Node:
        if self.chance(0.6):
            return {}
        year = self.first_year
        return {"average_wage": {f"{year}-01-01": self.values.yuan(500, 900), f"{year + 1}-01-01": "1000.05"}}

    def _excluded(self) -> Node | None:
        if not self.chance(0.2):
            return None
        self.use("document.excluded")
        self.values.tested = frozenset({"disease"})
        return {"disease": "injury"}

    # ---- counters

    def _declare_counters(self) -> None:
        """Choose counters first, so that layers may read them; what they add is filled in later."""
        for number in range(self.rng.randint(1, 4)):
            self.counters[f"c{number}"] = {"per": self.rng.choice(PERIODS)}
        if self.chance(0.4):
            self.counters["admissions"] = {"per": "year", "unit": "count"}
        if self.chance(0.3):
            self.counters["account"] = {"per": "none"}
        self.values.names.counters = {n: c.get("unit", "fen") for n, c in self.counters.items()}

    def _fill_counters(self) -> None:
        for name, counter in self.counters.items():
            self._period(counter)
            if self.chance(0.25):
                self.use("counter.keys")
                counter["keys"] = self.rng.sample(["disease", "zone", "access", "household"], self.rng.randint(1, 2))
            if self.chance(0.25):
                self.use("counter.holder")
                counter["holder"] = "household"
            if name == "admissions":
                self.use("counter.count")
                counter["adds"] = ["one"]
                if self.chance(0.3):
                    self.use("counter.numbers")
                    counter["adds"] = {"one": "1", self.rng.choice(("days", "wards")): "1"}
            elif name == "account":
                counter["adds"] = {f"{self.rng.choice(self.layers)['layer']}.paid": "-1"}
            else:
                self._adds(counter)
            if self.chance(0.3):
                self.use("counter.counts_if")
                counter["counts_if"] = self._known_condition()
            if self.chance(0.15):
                self.use("counter.clears_if")
                counter["clears_if"] = self._known_condition()

    def _period(self, counter: Node) -> None:
        self.use(f"counter.{counter['per']}")
        if counter["per"] == "rolling":
            counter["per"] = {"rolling_months": str(self.rng.randint(1, 13))}

    def _adds(self, counter: Node) -> None:
        own = ("paid", "base", "deductible", "banded", "cut", "coinsurance", "left", "first_pay", "over_base",
               "over_eligible", "after_deductible")  # fmt: skip
        names = [f"{layer['layer']}.{amount}" for layer in self.layers for amount in own]
        names += [*BUCKETS, "total", "paid", "remaining", "stated_base"]
        chosen = self.rng.sample(names, self.rng.randint(1, 3))
        if len({name.split(".")[0] for name in chosen if "." in name}) > 1:
            self.use("counter.shared")
        form: Node = chosen
        if self.chance(0.4):
            self.use("counter.weights")
            form = {name: self._weight() for name in chosen}
        if self.chance(0.2):
            self.use("counter.sets")
            counter["sets"] = form
        else:
            self.use("counter.adds")
            counter["adds"] = form

    def _weight(self) -> Node:
        if self.chance(0.2):
            self.use("counter.weight_tables")
            words = self.rng.choice(("zone", "access"))
            return {"by": words, **{word: self.values.percent() for word in WORDS[words][:1]}, "else": "-1"}
        return self.rng.choice(("1", "-1", "50%", "33%"))

    def _known_condition(self) -> Node:
        """Make a condition on attributes, or on an amount of any layer."""
        if self.chance(0.5):
            layer = self.rng.choice(self.layers)["layer"]
            return {f"{layer}.{self.rng.choice(('paid', 'after_deductible', 'cut'))}": "> 0"}
        return self.values.condition()

    # ---- lines

    def _lines(self) -> Node | None:
        made: dict[str, Node] = {}
        if self.chance(0.5):
            made["ceiling"] = self.rng.choice(("before_upfront", "after_upfront", "none"))
            self.use(f"lines.ceiling_{made['ceiling'].split('_')[0]}")
        if self.chance(0.3):
            if self.chance(0.3):
                self.use("lines.upfront_item")
                made["upfront"] = "item"
            else:
                self.use("lines.upfront_table")
                made["upfront"] = self._upfront()
        if self.chance(0.1):
            self.use("lines.catalogue_ignored")
            made["catalogue"] = "ignored"
        limits = [self._category_limit(number) for number in range(self.rng.choice((0, 0, 0, 1, 2)))]
        if limits:
            made["category_limits"] = limits
        return made or None

    def _upfront(self) -> Node:
        rate = self.values.percent
        return self.rng.choice(
            (
                lambda: {"by": "class", "A": "0%", "else": "item"},
                lambda: {"by": "kind", "drug": "item", "consumable": rate(), "else": rate()},
                lambda: [{"when": {"item_price": ">= 50"}, "is": rate()}, {"is": "item"}],
                lambda: {
                    "by": "item_group",
                    "special": rate(),
                    "else": {"by": "level", "tertiary": rate(), "else": "item"},
                },
                lambda: {"by": "level", "tertiary": rate(), "secondary": rate(), "primary": "not stated"},
            )
        )()

    def _category_limit(self, number: int) -> Node:
        order = self.rng.choice(("before", "after"))
        self.use(f"lines.category_{order}")
        name = self.rng.choice(list(ITEM_SETS))
        self.items_used.add(name)
        items: Node = name
        if self.chance(0.3):
            items = self.rng.sample(list(ITEM_SETS), 2)
            self.items_used.update(items)
        made: Node = {"name": f"category{number}", "items": items, "order": f"{order}_upfront"}
        amounts, counters = self.values.names.amounts, self.values.names.counters
        self.values.names.amounts, self.values.names.counters = [], {}
        made["amount"] = self.values.amount(10, 800, formula=False)
        self.values.names.amounts, self.values.names.counters = amounts, counters
        if self.chance(0.3):
            made["times"] = self.rng.choice(("days", "wards"))
        return made

    # ---- layers

    def _layer(self, name: str) -> Node:
        from .making_layers import LayerMaker

        return LayerMaker(self, name).make()


def _filled(parts: Node) -> Node:
    return {key: value for key, value in parts.items() if value}


def _parted(counter: Node, layers: set[str]) -> tuple[Node, Any] | None:
    """Part a counter into one without the amounts of `layers`, and those; None where only the whole makes sense."""
    if "adds" not in counter:
        return None
    above = [name for name in counter["adds"] if name.split(".")[0] in layers]
    form = counter["adds"]
    weighted = isinstance(form, dict)
    added = {n: form[n] for n in above} if weighted else above
    own = {n: w for n, w in form.items() if n not in above} if weighted else [n for n in form if n not in above]
    below = {**counter, "adds": own}
    return (below, added) if above and own and not _mentions([below, *_values(added)], layers) else None


def _values(form: Any) -> list[Any]:
    return list(form.values()) if isinstance(form, dict) else []


def _mentions(node: Node, layers: set[str]) -> bool:
    text = json.dumps(node)
    return any(f'"{layer}.' in text for layer in layers)


def _reads(node: Any, counters: set[str]) -> bool:
    text = json.dumps(node)
    if "admissions" in counters and '"nth"' in text:
        return True
    return any(f'"{counter}"' in text or f'counter.{counter}"' in text for counter in counters)

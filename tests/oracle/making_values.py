"""Random values and conditions of a plan document, each valid where it stands."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .words import MARKS, NUMBERS, WORDS

Node = Any
Inner = Callable[..., Node]


@dataclass
class Names:
    """What a value may refer to where it stands."""

    amounts: list[str] = field(default_factory=list)
    counters: dict[str, str] = field(default_factory=dict)
    indexes: list[str] = field(default_factory=list)


class ValueMaker:
    """Makes values; `reached` collects the features used."""

    def __init__(self, rng: random.Random, reached: set[str], first_year: int):
        self.rng, self.reached, self.first_year = rng, reached, first_year
        self.names = Names()
        self.unknowns = rng.random() < 0.3
        self.lines = False

    def use(self, feature: str) -> None:
        """Note a feature."""
        self.reached.add(feature)

    def chance(self, probability: float) -> bool:
        """Decide at random."""
        return self.rng.random() < probability

    def yuan(self, low: int, high: int) -> str:
        """Give an amount between two whole amounts, now and then with fen."""
        whole = self.rng.randint(low, high)
        return f"{whole}.{self.rng.randint(0, 99):02d}" if self.chance(0.3) else str(whole)

    def percent(self, low: int = 0, high: int = 100) -> str:
        """Give a rate."""
        number = self.rng.randint(low, high)
        if self.chance(0.15) and high >= 50:
            return self.rng.choice(("50%", "50%", "25%")) if self.coarse else self.rng.choice(("50%", "12.5%", "2.5%"))
        if self.chance(0.2) and number < 100 and not self.coarse:
            return f"{number}.{self.rng.choice((25, 5, 75))}%"
        return f"0.{number:02d}" if self.chance(0.1) and number < 100 else f"{number}%"

    # ---- values

    def amount(self, low: int, high: int, *, absent: bool = True, formula: bool = True, depth: int = 2) -> Node:
        """Give an amount of any form."""
        return self._value(lambda: self.yuan(low, high), "amount", absent, formula, depth, frozenset(self.tested))

    def rate(self, low: int = 0, high: int = 100, *, groups: Sequence[str] = (), absent: bool = False) -> Node:
        """Give a rate of any form; with `groups` it may differ by the group of the layer."""
        if len(groups) > 1 and self.chance(0.1):
            self.use("value.by_group")
            first = {"when": {"item_group": groups[0]}, "is": self._rate_inside(low, high)}
            return [first, {"is": self._rate_inside(low, high)}]
        if len(groups) > 1 and self.chance(0.5):
            self.use("value.by_group")
            return {"by": "item_group", **{name: self._rate_inside(low, high) for name in groups}}
        return self._value(lambda: self.percent(low, high), "rate", absent, False, 2, frozenset(self.tested))

    def _rate_inside(self, low: int, high: int) -> Node:
        return self._value(lambda: self.percent(low, high), "rate", False, False, 1, frozenset(self.tested))

    def factor(self) -> Node:
        """Give a weight between 0 and 1, now and then a table."""
        return self._value(lambda: self.percent(0, 100), "factor", False, False, 1, frozenset(self.tested))

    coarse = False
    """Whole percents only, so that adjusted rates stay whole parts per million."""

    tested: frozenset[str] = frozenset()
    """Attributes that the surroundings test already; testing them again could never fit."""

    def _value(
        self, scalar: Callable[[], str], kind: str, absent: bool, formula: bool, depth: int, used: frozenset[str]
    ) -> Node:
        def inner(also: str = "", formulas: bool = formula) -> Node:
            below = used | {also} if also else used
            return self._value(scalar, kind, absent, formulas, depth - 1, below)

        forms: list[tuple[int, Callable[[], Node]]] = [(8, lambda: self._plain(scalar))]
        forms.append((1, lambda: self._unknown(scalar, absent)))
        if depth > 0:
            forms += [
                (4, lambda: self._by(inner, used)),
                (2, lambda: self._rows(inner, used)),
                (1, lambda: self._since(inner, used)),
            ]
            if kind == "amount" or not self.coarse:
                forms.append((2, lambda: self._adjusted(inner, kind, used)))
            if kind == "amount" and self.names.indexes and "since" not in used:
                forms.append((1, lambda: self._index(used)))
            if formula:
                forms.append((3, lambda: self._formula(inner)))
        return self.rng.choices([f for _, f in forms], [w for w, _ in forms])[0]()

    def _plain(self, scalar: Callable[[], str]) -> Node:
        form = self.rng.choices(("scalar", "exact", "assumed", "source"), (12, 1, 1, 1))[0]
        self.use(f"value.{form}")
        if form == "exact":
            return {"value": scalar()}
        if form == "source":
            return {"value": scalar(), "source": "T"}
        if form == "assumed":
            return {"assumed": scalar(), "why": "silent", **({"alternatives": [scalar()]} if self.chance(0.5) else {})}
        return scalar()

    def _unknown(self, scalar: Callable[[], str], absent: bool) -> Node:
        if absent and self.chance(0.5):
            self.use("value.absent")
            return "absent"
        if not self.unknowns or self.chance(0.4):
            return self._plain(scalar)
        form = self.rng.choice(("not_stated", "not_stated_why", "target", "minimum", "range"))
        self.use(f"value.{form}")
        number = scalar()
        return {
            "not_stated": "not stated",
            "not_stated_why": {"not_stated": "silent"},
            "target": {"target": number},
            "minimum": {"minimum": number},
            "range": {"range": [number, number]},
        }[form]

    def _by(self, inner: Inner, used: frozenset[str]) -> Node:
        kind = self.rng.choices(("word", "number", "mark", "nth", "amount", "counter"), (6, 3, 1, 1, 1, 1))[0]
        if kind == "word":
            name = self.rng.choice([w for w in WORDS if w not in used] or ["access"])
            keys = list(WORDS[name])
        elif kind == "number":
            name, keys = self._number_keys(used)
        elif kind == "mark":
            name = self.rng.choice(list(MARKS))
            keys = list(MARKS[name][:1])
        elif kind == "nth" and "admissions" in self.names.counters:
            name, keys = "nth", ["1", "2"]
        elif kind == "amount" and self.names.amounts:
            edge = self.rng.randint(1, 3000)
            name, keys = self.rng.choice(self.names.amounts), [f"<= {edge}", f"> {edge}"]
        elif kind == "counter" and self.names.counters:
            edge = self.rng.randint(1, 3000)
            name, keys = f"counter.{self.rng.choice(list(self.names.counters))}", [f"< {edge}"]
        else:
            return inner("")
        if name in used:
            return inner("")
        self.use(f"value.by_{kind}")
        entries = {key: inner(name) for key in keys}
        partial = kind in ("mark", "nth", "counter")
        if partial or self.chance(0.3):
            if not partial:
                entries.pop(keys[-1])
            entries["else"] = inner(name)
        return {"by": name, **entries}

    def _number_keys(self, used: frozenset[str]) -> tuple[str, list[str]]:
        name = self.rng.choice([n for n in NUMBERS if n not in used] or ["wards"])
        first = self.rng.randint(1, 30)
        second = first + self.rng.randint(1, 30)
        return name, [f"< {first}", f"{first}..{second}", f"> {second}"]

    def _rows(self, inner: Inner, used: frozenset[str]) -> Node:
        self.use("value.rows")
        name, condition = self.test(used)
        rows = [{"when": condition, "is": inner(name)}]
        rows.append({"is": inner(name)})
        return rows

    def _since(self, inner: Inner, used: frozenset[str]) -> Node:
        if "since" in used:
            return inner("")
        self.use("value.since")
        year = self.first_year
        dates = [f"{year}-01-01", f"{year + 1}-{self.rng.randint(1, 12):02d}-{self.rng.randint(1, 28):02d}"]
        return {"since": {day: inner("since") for day in dates}}

    def _index(self, used: frozenset[str]) -> Node:
        self.use("value.index")
        times = self._value(lambda: str(self.rng.randint(0, 8) / 4), "factor", False, False, 1, used | {"since"})
        return {"times": times, "index": self.rng.choice(self.names.indexes)}

    def _adjusted(self, inner: Inner, kind: str, used: frozenset[str]) -> Node:
        self.use("value.adjusted")
        coarse, self.coarse = self.coarse, True
        steps: list[Node] = []
        for _ in range(self.rng.randint(1, 3)):
            how = self.rng.choice(
                ("points", "each", "person_share", "times", "set") if kind == "rate" else ("add", "times", "set")
                if kind == "amount" else ("times", "set")
            )  # fmt: skip
            self.use(f"value.adjust_{how}")
            step: dict[str, Node] = self._step(how, kind)
            if self.chance(0.7):
                _, step["when"] = self.test(used)
            steps.append(step)
        node: dict[str, Node] = {"start": inner("", False), "adjust": steps}
        self.coarse = coarse
        if kind != "amount":
            node |= {"at_least": "0%", "at_most": "100%"}
        elif self.chance(0.7):
            node |= {"at_least": "0", "at_most": self.yuan(500, 5000)}
        if "at_least" in node:
            self.use("value.adjust_at_least")
            self.use("value.adjust_at_most")
        return node

    def _step(self, how: str, kind: str) -> dict[str, Node]:
        match how:
            case "points":
                return {"points": str(self.rng.randint(-20, 20))}
            case "each":
                return {"points": {"of": "age", "each": self.rng.choice(("0.2", "0.1", "-0.1"))}}
            case "person_share":
                return {"person_share": self.rng.choice(("0.5", "0.6", "0.9", "50%"))}
            case "times":
                return {"times": self.rng.choice(("0.5", "1.1", "90%"))}
            case "add":
                return {"add": str(self.rng.randint(-100, 500))}
        return {"set": self.percent() if kind != "amount" else self.yuan(0, 500)}

    def _formula(self, inner: Inner) -> Node:
        self.use("value.formula")
        terms = [self._term() for _ in range(self.rng.randint(1, 2))]
        node: dict[str, Node] = {"fixed": inner("", False), "plus": terms}
        if self.chance(0.5):
            self.use("value.formula_at_least")
            node["at_least"] = self._known("amount", 0, 100)
        if self.chance(0.5):
            self.use("value.formula_at_most")
            node["at_most"] = "absent" if self.chance(0.1) else self._known("amount", 100, 5000)
        return node

    def _known(self, kind: str, low: int, high: int) -> Node:
        """Give a value that is known for every claim, now and then a table."""

        def scalar() -> str:
            return self.yuan(low, high) if kind == "amount" else self.percent(low, high)

        if not self.chance(0.3):
            return scalar()
        self.use("value.formula_tables")
        names = [name for name in ("level", "zone", "access", "consent") if name not in self.tested]
        name = self.rng.choice(names or ["access"])
        if name in self.tested:
            return scalar()
        return {"by": name, WORDS[name][0]: scalar(), "else": scalar()}

    def _term(self) -> Node:
        kind = self.rng.choice(("amount", "counter", "number"))
        if kind == "number":
            self.use("value.formula_number")
            term = {"rate": self._known("amount", 1, 50), "of": self.rng.choice(list(NUMBERS))}
            above = str(self.rng.randint(1, 5))
        elif kind == "counter" and self.names.counters:
            self.use("value.formula_counter")
            name, unit = self.rng.choice(list(self.names.counters.items()))
            rate = self.yuan(1, 50) if unit == "count" else self.percent()
            term = {"rate": rate, "of": f"counter.{name}"}
            above = "1" if unit == "count" else self.yuan(1, 500)
        else:
            self.use("value.formula_amount")
            term = {"rate": self._known("factor", 0, 100), "of": self.rng.choice(self.names.amounts)}
            if self.chance(0.2):
                self.use("value.formula_negative")
                term["rate"] = f"-{self.percent()}"
            above = self._known("amount", 1, 2000)
        if self.chance(0.4):
            self.use("value.formula_above")
            term["above"] = above
        return term

    # ---- conditions

    def condition(self, *, line: bool = False) -> Node:
        """Give a condition of one to three tests."""
        form = self.rng.choices(("plain", "any", "all", "none"), (8, 1, 1, 1))[0]
        used = frozenset(self.tested)
        if form == "plain":
            made: dict[str, Node] = {}
            for _ in range(self.rng.randint(1, 2)):
                made.update(self.test(used | set(made), line=line)[1])
            return made
        self.use(f"condition.{form}")
        first, one = self.test(used, line=line)
        _, other = self.test(used | {first}, line=line)
        return {form: [one, other]}

    def test(self, used: frozenset[str] | set[str] = frozenset(), *, line: bool = False) -> tuple[str, Node]:
        """Give one test with the name it tests."""
        kinds = ["word"] * 5 + ["number"] * 3 + ["mark", "yes_no"]
        kinds += ["amount"] * bool(self.names.amounts and not line) + ["counter"] * bool(
            self.names.counters and not line
        )
        kind = self.rng.choice(kinds)
        if kind == "number":
            name = self.rng.choice([n for n in NUMBERS if n not in used] or ["wards"])
            return name, {name: self._comparison(1, 70)}
        if kind == "mark":
            name = self.rng.choice(list(MARKS))
            mark = self.rng.choice(MARKS[name])
            self.use("condition.mark")
            if self.chance(0.3):
                self.use("condition.mark_not")
                return name, {name: {"not": mark}}
            return name, {name: [mark, MARKS[name][0]] if self.chance(0.3) else mark}
        if kind == "amount":
            self.use("condition.amount")
            name = self.rng.choice(self.names.amounts)
            return name, {name: self._comparison(1, 5000, fen=True)}
        if kind == "counter":
            if "admissions" in self.names.counters and self.chance(0.4):
                self.use("condition.nth")
                return "nth", {"nth": self.rng.choice(("1", ">= 2", "2..3"))}
            self.use("condition.counter")
            name = f"counter.{self.rng.choice(list(self.names.counters))}"
            return name, {name: self._comparison(1, 3000, fen=self.names.counters[name[8:]] == "fen")}
        if kind == "yes_no" and "consent" not in used:
            self.use("condition.yes_no")
            return "consent", {"consent": self.rng.choice(("yes", "no"))}
        name = self.rng.choice([w for w in WORDS if w not in used] or ["access"])
        words = list(WORDS[name])
        form = self.rng.choice(("word", "one_of", "not"))
        self.use(f"condition.{form}")
        if form == "one_of":
            return name, {name: words[:2] if len(words) > 2 else words[:1]}
        return name, {name: words[-1] if form == "word" else {"not": words[0]}}

    def _comparison(self, low: int, high: int, *, fen: bool = False) -> str:
        self.use("condition.number")
        number = self.rng.randint(low, high)
        if fen and self.chance(0.4):
            return f"{self.rng.choice(('>=', '>', '<', '<='))} {number}.{self.rng.randint(1, 99):02d}"
        if self.chance(0.2):
            self.use("condition.range")
            return f"{number}..{number + self.rng.randint(0, 20)}"
        return f"{self.rng.choice(('>=', '>', '<', '<=', '='))} {number}"

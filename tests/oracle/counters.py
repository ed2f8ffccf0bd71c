"""Counters, section 8: where a claim's value of each counter is kept, and how a claim moves it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from .conditions import fits
from .forms import signed_terms
from .numbers import day_number
from .scene import Scene

Place = tuple[str, str, str, str, int]
"""plan, holder, counter, keys, period"""

Entries = dict[Place, int]


class Counters:
    """The counters of one plan as one claim sees them; writes go to `entries` when the claim is settled."""

    def __init__(self, plan: str, rules: Mapping[str, Any], entries: Entries, claim: Any, year_start: str):
        self._plan = plan
        self._rules = rules
        self._entries = entries
        self._claim = claim
        self._start = tuple(int(part) for part in year_start.split("-"))
        self._changes: Entries = {}
        self._counts: dict[str, bool] = {}
        self._scene: Scene | None = None

    def value(self, name: str) -> int:
        """Give the value at this moment."""
        return sum(self._at(place) for place in self._window(name))

    def _at(self, place: Place) -> int:
        before = self._entries.get(place, 0) if self._lasts(self._rules[place[2]]) else 0
        return self._changes.get(place, before)

    def after_layer(self, layer: str, scene: Scene) -> None:
        """Add the amounts of a layer right after that layer."""
        for name, rule in self._rules.items():
            if "adds" in rule:
                self._add(name, rule, [t for t in _terms(rule["adds"]) if t.startswith(f"{layer}.")], scene)

    def after_claim(self, layers: list[str], scene: Scene) -> None:
        """Add every other amount, set what is to be set, clear what is to be cleared."""
        for name, rule in self._rules.items():
            if "adds" in rule:
                others = [t for t in _terms(rule["adds"]) if t.split(".")[0] not in layers]
                self._add(name, rule, others, scene)
            elif self._counting(name, rule, scene):
                self._changes[self.place(name)] = sum(v for _, v in signed_terms(rule["sets"], scene))
        for name, rule in self._rules.items():
            if "clears_if" in rule and fits(rule["clears_if"], scene):
                self._changes[self.place(name)] = 0

    def _add(self, name: str, rule: Mapping[str, Any], terms: list[str], scene: Scene) -> None:
        if not terms or not self._counting(name, rule, scene):
            return
        added = sum(value for term, value in signed_terms(rule["adds"], scene) if term in terms)
        place = self.place(name)
        self._changes[place] = self._at(place) + added

    def _counting(self, name: str, rule: Mapping[str, Any], scene: Scene) -> bool:
        """Read `counts_if` once, where the first amount of the counter is added."""
        if name not in self._counts:
            self._counts[name] = fits(rule.get("counts_if"), scene)
        return self._counts[name]

    def keep(self) -> None:
        """Make the changes of a settled claim last; counters of one claim do not."""
        self._entries.update({place: v for place, v in self._changes.items() if self._lasts(self._rules[place[2]])})

    def _lasts(self, rule: Mapping[str, Any]) -> bool:
        """Say whether a counter outlives the claim: one of an episode does not when the claim names none."""
        if rule["per"] == "episode":
            return self._claim.scene.attribute("episode") is not None
        return bool(rule["per"] != "claim")

    def place(self, name: str) -> Place:
        """Give the place the claim adds to."""
        return self._window(name)[-1]

    def _window(self, name: str) -> list[Place]:
        """Give the places the value is the sum of: one, or one a month."""
        rule = self._rules[name]
        per, claim = rule["per"], self._claim
        kind = rule.get("holder", "person")
        other = None if kind == "person" else claim.scene.attribute(kind)
        holder = claim.who if other is None else f"{kind}:{other}"
        keys = [claim.scene.attribute(key) for key in rule.get("keys", [])]
        if per == "episode":
            keys.append(claim.scene.attribute("episode"))
        text = "/".join("" if key is None else str(key) for key in keys)
        return [(self._plan, holder, name, text, period) for period in self._periods(per)]

    def _periods(self, per: Any) -> list[int]:
        day: datetime.date = self._claim.benefit_date
        if isinstance(per, dict):
            last = day.year * 12 + day.month - 1
            months = range(last - int(per["rolling_months"]) + 1, last + 1)
            return [month // 12 * 100 + month % 12 + 1 for month in months]
        if per == "year":
            return [day.year if (day.month, day.day) >= self._start else day.year - 1]
        if per == "quarter":
            return [day.year * 10 + (day.month + 2) // 3]
        if per == "month":
            return [day.year * 100 + day.month]
        return [day_number(day) if per == "day" else 0]


def _terms(form: Any) -> list[str]:
    return [name for name in form if name != "source"]

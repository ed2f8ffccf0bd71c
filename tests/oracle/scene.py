"""What a value or a condition can look at: the claim, perhaps a line of it, amounts and counters of the moment."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from .numbers import FEN

NUMBERS = {"age", "months_insured", "years_insured", "days", "children", "units", "stay_day", "item_price"}
MARKS = {"status"}
DEFAULTS = {"zone": "local", "filing": "none", "transfer": "none", "stay_part": "whole"}

Given = str | Fraction | frozenset[str] | None


@dataclass(frozen=True)
class Scene:
    """The view of one claim at one moment.

    facts: attributes as given, words and numbers as text, marks as lists. opening: counters before the claim.
    live: a counter's value now. line: facts of the line judged. group: the group of a layer a rate is asked for.
    """

    facts: Mapping[str, Any]
    attributes: Mapping[str, Mapping[str, Any]]
    counters: Mapping[str, Mapping[str, Any]]
    indexes: Mapping[str, Mapping[str, str]]
    benefit_date: datetime.date
    amounts: Mapping[str, int]
    opening: Mapping[str, int] = field(default_factory=dict)
    live: Callable[[str], int] = lambda name: 0
    line: Mapping[str, Any] | None = None
    group: str | None = None

    def within(self, group: str) -> Scene:
        """Give the same scene for one group of a layer's base."""
        return replace(self, group=group)

    def on_line(self, line: Mapping[str, Any]) -> Scene:
        """Give the same scene for one line."""
        return replace(self, line=line)

    def is_number(self, name: str) -> bool:
        """Say whether the attribute is a number."""
        return name in NUMBERS or name == "nth" or bool(self.attributes.get(name, {}).get("number") == "yes")

    def is_mark(self, name: str) -> bool:
        """Say whether the attribute is a set of marks."""
        return name in MARKS or name == "mark" or self.attributes.get(name, {}).get("marks") == "yes"

    def is_amount(self, name: str) -> bool:
        """Say whether the name is an amount in yuan, counters included."""
        return name in self.amounts or name.startswith("counter.")

    def amount_in_yuan(self, name: str) -> Fraction:
        """Give an amount or a counter's opening value as a condition sees it."""
        if not name.startswith("counter."):
            return Fraction(self.amounts[name], FEN)
        counter = name.removeprefix("counter.")
        value = Fraction(self.opening[counter])
        return value if self.counters[counter].get("unit") == "count" else value / FEN

    def counts_units(self, name: str) -> bool:
        """Say whether the amount of a formula is a plain number: an attribute, a counter of units, `one`."""
        if name.startswith("counter."):
            return self.counters[name.removeprefix("counter.")].get("unit") == "count"
        return name == "one" or self.is_number(name)

    def amount(self, name: str) -> int:
        """Give a named amount, or a counter's value at this moment."""
        if name.startswith("counter."):
            return self.live(name.removeprefix("counter."))
        if name not in self.amounts and self.is_number(name):
            found = self.attribute(name)
            return int(found) if isinstance(found, Fraction) else 0
        return self.amounts[name]

    def attribute(self, name: str) -> Given:
        """Give the value of an attribute, its default where it is not given, None where there is none."""
        if name == "nth":
            return Fraction(self.opening["admissions"] + 1)
        if name == "item_group" and self.group is not None:
            return self.group
        given = self._given(name)
        if self.is_mark(name):
            return frozenset([given] if isinstance(given, str) else given or [])
        if given is None:
            declared = self.attributes.get(name, {})
            given = declared.get("default", "no" if declared.get("mark") == "yes" else DEFAULTS.get(name))
        if given is None:
            return None
        return Fraction(str(given)) if self.is_number(name) else str(given)

    def _given(self, name: str) -> Any:
        if self.line is not None:
            key = {"mark": "marks", "item_price": "price"}.get(name, name)
            if key in self.line:
                return self.line[key]
        return self.facts.get(name)

"""How a plan judges lines, section 9: every fen of a line falls into one of four buckets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from .conditions import fits
from .document import Plan
from .forms import BUCKETS
from .numbers import FEN, date, fen, half_up, rate
from .scene import Scene
from .values import Answer, State, value_of

Ask = Callable[[Answer], Answer]


class Judged:
    """One line: its facts and its buckets in fen. `sign` is -1 for a refund, which mirrors.

    `item` of a line holds what the catalog says of it; what stands on the line itself takes precedence.
    """

    def __init__(self, facts: Mapping[str, Any], claim_facts: Mapping[str, Any]):
        self.facts = {**facts.get("item", {}), **facts}
        self.judged_upfront = "upfront" in facts
        amount = fen(facts["amount"])
        self.sign = -1 if amount < 0 else 1
        self.size = abs(amount)
        self.over_limit = self.upfront = self.self_funded = 0
        self.payable = self.facts.get("class") in ("A", "B")
        quantity = abs(Fraction(facts.get("quantity", "1")))
        unit_price = Fraction(self.size, FEN) / quantity if "price" not in facts else abs(Fraction(facts["price"]))
        self.facts["price"] = str(Fraction(half_up(unit_price * 1_000_000), 1_000_000))
        if "stay_day" not in facts:
            day = date(facts.get("date", claim_facts["admission"]))
            self.facts["stay_day"] = (day - date(claim_facts["admission"])).days + 1

    @property
    def in_scope(self) -> int:
        """What is in scope: the rest."""
        return self.size - self.over_limit - self.upfront - self.self_funded

    @property
    def buckets(self) -> dict[str, int]:
        """Give the buckets with their sign."""
        return {name: self.sign * getattr(self, name) for name in BUCKETS}


def judge(lines: Sequence[Mapping[str, Any]], plan: Plan, scene: Scene, ask: Ask) -> list[Judged]:
    """Judge the lines of a claim. `ask` takes every value selected."""
    judged = [Judged(line, scene.facts) for line in lines]
    if plan.lines.get("catalogue", "applied") == "ignored":
        return judged
    order = plan.lines.get("ceiling", "before_upfront")
    limits = plan.lines.get("category_limits", [])
    for line in judged:
        if not line.payable:
            line.self_funded = line.size
        elif order == "before_upfront":
            line.over_limit = max(0, line.size - _ceiling(line))
    for limit in limits:
        if limit.get("order", "before_upfront") == "before_upfront":
            _cut(judged, limit, plan, scene, ask, lambda line: line.size - line.over_limit)
    for line in judged:
        if line.payable:
            base = line.size - line.over_limit
            line.upfront = half_up(_upfront_rate(line, plan, scene, ask) * base)
            if order == "after_upfront":
                line.over_limit += max(0, base - line.upfront - _ceiling(line))
    for limit in limits:
        if limit.get("order", "before_upfront") == "after_upfront":
            _cut(judged, limit, plan, scene, ask, lambda line: line.in_scope)
    return judged


def undivided(buckets: Mapping[str, int]) -> Judged:
    """Give a claim that came as bucket totals as one line that is in no named set."""
    line = Judged({"amount": "0"}, {"admission": "1970-01-01"})
    line.facts = {}
    line.size = sum(buckets.values())
    line.over_limit, line.upfront, line.self_funded = (buckets[n] for n in ("over_limit", "upfront", "self_funded"))
    return line


def _ceiling(line: Judged) -> int:
    if "ceiling" not in line.facts:
        return line.size
    return half_up(Fraction(line.facts["ceiling"]) * abs(Fraction(line.facts.get("quantity", "1"))) * FEN)


def _upfront_rate(line: Judged, plan: Plan, scene: Scene, ask: Ask) -> Fraction:
    own = rate(line.facts.get("upfront", "0"))
    node = plan.lines.get("upfront", "item")
    if node == "item" or line.judged_upfront:
        return own
    found = ask(value_of(with_item_rate(node, own), "rate", scene.on_line(line.facts)))
    if found.state > State.ABSENT:
        return own  # the claim is held or not payable; its lines are shown with their own rates
    return found.number


def with_item_rate(node: Any, own: Fraction) -> Any:
    """Put the item's own rate where a table says `item`."""
    if isinstance(node, Mapping):
        return {k: v if k in ("by", "when") else with_item_rate(v, own) for k, v in node.items()}
    if isinstance(node, list):
        return [with_item_rate(each, own) for each in node]
    return f"{own * 100}%" if node == "item" else node


def _cut(
    judged: list[Judged],
    limit: Mapping[str, Any],
    plan: Plan,
    scene: Scene,
    ask: Ask,
    eligible: Callable[[Judged], int],
) -> None:
    """Keep of the lines in a category no more than the limit, as running sums in the order of the claim."""
    parts = {n: line.sign * eligible(line) for n, line in enumerate(judged) if _concerns(limit, line, plan, scene)}
    if not any(parts.values()):
        return
    amount = ask(value_of(limit["amount"], "amount", scene))
    if "times" in limit and amount.given:
        number = scene.attribute(limit["times"])
        if number is None:
            ask(Answer(State.MISSING_VALUE))
            return
        assert isinstance(number, Fraction)
        amount = amount._replace(number=amount.number * number)
    if not amount.given:
        return
    ceiling, running = int(amount.number), 0
    for number_of_line, part in parts.items():
        kept = min(ceiling, running + part) - min(ceiling, running)
        running += part
        judged[number_of_line].over_limit += abs(part - kept)


def _concerns(limit: Mapping[str, Any], line: Judged, plan: Plan, scene: Scene) -> bool:
    return line.payable and in_items(limit["items"], line.facts, plan, scene)


def in_items(items: Any, line: Mapping[str, Any], plan: Plan, scene: Scene) -> bool:
    """Say whether a line belongs to the named set or sets of lines."""
    names = items if isinstance(items, list) else [items]
    return any(fits(plan.items[name], scene.on_line(line)) for name in names)

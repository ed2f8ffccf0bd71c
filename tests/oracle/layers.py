"""One layer, section 6: ten steps in a fixed order, each as the document says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from .bands import Piece, eligible_equivalent, pieces_of, round_pieces, slices_of
from .conditions import fits
from .document import Plan, names_in
from .forms import BUCKETS, terms_of
from .lines import Judged, in_items
from .numbers import half_up
from .scene import Scene
from .values import Answer, State, value_of

OWN = (
    "base",
    "over_base",
    "deductible",
    "after_deductible",
    "first_pay",
    "banded",
    "paid",
    "cut",
    "over_eligible",
    "coinsurance",
    "left",
)
"""The named amounts of a layer."""

DEFAULT_ROUNDING = {"at": "claim", "mode": "half_up", "to": "0.01"}


@dataclass
class Group:
    """A part of the base on its way through the layer, in fen."""

    name: str
    node: Mapping[str, Any]
    base: int = 0
    deductible: int = 0
    first_pay: int = 0

    @property
    def left(self) -> int:
        """What is left of the base."""
        return self.base - self.deductible - self.first_pay


@dataclass
class Purse:
    """What the buckets of a claim still hold, what the bill still holds, and what went beyond them."""

    holds: dict[str, int]
    bill: int
    beyond_bill: int = 0


@dataclass
class LayerRun:
    """One layer on one claim: amounts so far, and the states of all values asked for."""

    node: Mapping[str, Any]
    plan: Plan
    scene: Scene
    lines: Sequence[Judged]
    amounts: dict[str, int]
    groups: list[Group] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    worst: State = State.GIVEN
    paid_by_group: dict[str, int] = field(default_factory=dict)
    paid_by_slice: list[int] = field(default_factory=list)
    beyond: int = 0

    def __post_init__(self) -> None:
        self.name = str(self.node["layer"])

    def ask(self, answer: Answer) -> Answer:
        """Take a value the claim selects; one that is not given counts as absent and is remembered."""
        self.worst = max(self.worst, answer.state)
        return answer

    def tell(self, own: str, fen: int) -> None:
        """Set an amount of this layer."""
        self.amounts[f"{self.name}.{own}"] = fen

    def own(self, name: str) -> int:
        """Give an amount of this layer."""
        return self.amounts[f"{self.name}.{name}"]

    def run(self, purse: Purse, given: int | None) -> None:
        """Run the steps from the base to the payment."""
        self._base()
        self._base_limits()
        self._deductible()
        self._first_pay()
        undecided = self.worst
        paid = self._bands()
        entitled = self._already_paid(paid)
        paid = self._flat(entitled)
        paid = self._at_least(paid)
        paid = self._limits(paid, entitled)
        if given is not None and self.worst > max(undecided, State.ABSENT) and not self._cut_is_read():
            self.worst = undecided
            self.tell("cut", 0)
            self.tell("over_eligible", 0)
        self._pay(paid if given is None else given, purse)

    def _base(self) -> None:
        default = self.node.get("base", ["in_scope"])
        nodes = self.node.get("groups", [{"group": ""}])
        self.groups = [Group(str(node["group"]), node) for node in nodes]
        for group in self.groups:
            own = self._buckets_of(group.node)
            terms = terms_of(group.node.get("base", default), self.scene.within(group.name), own)
            for _, _, weight in terms:
                self.ask(weight)
            group.base = max(0, sum(amount for _, amount, _ in terms))

    def _buckets_of(self, node: Mapping[str, Any]) -> dict[str, int] | None:
        if "items" not in node:
            return None
        mine = [line for line in self.lines if self._takes(node["items"], line)]
        return {name: sum(line.buckets[name] for line in mine) for name in BUCKETS}

    def _takes(self, items: Any, line: Judged) -> bool:
        """Say whether a group takes a line; `other` is what no other group of the layer takes."""
        if items != "other":
            return in_items(items, line.facts, self.plan, self.scene)
        named = [node["items"] for node in self.node["groups"] if node.get("items", "other") != "other"]
        return not any(in_items(each, line.facts, self.plan, self.scene) for each in named)

    def _base_limits(self) -> None:
        before = sum(group.base for group in self.groups)
        for limit in self.node.get("base_limits", []):
            room = self._room(limit)
            for group in self.groups:
                if room is not None:
                    group.base = min(group.base, room)
                    room -= group.base
        after = sum(group.base for group in self.groups)
        self.tell("base", after)
        self.tell("over_base", before - after)

    def _room(self, limit: Mapping[str, Any], amount_key: str = "amount") -> int | None:
        """Give amount x times - counter, not below 0; None where the limit is absent."""
        times = self._number(limit["times"]) if "times" in limit else Fraction(1)
        amount = self.ask(value_of(limit[amount_key], "amount", self.scene))
        if not amount.given or times is None:
            return None
        counter = self.scene.live(limit["counter"]) if "counter" in limit else 0
        return max(0, int(amount.number * times) - counter)

    def _number(self, name: str) -> Fraction | None:
        found = self.scene.attribute(name)
        if found is None:
            self.ask(Answer(State.MISSING_VALUE))
            return None
        assert isinstance(found, Fraction)
        return found

    def _deductible(self) -> None:
        """Let the person bear the deductibles, one after the other, each off what is left of its bearers' base."""
        for each in self.node.get("deductible", []):
            bearers = self._bearers(each)
            borne = self._room(each) or 0
            if "at_most" in each:
                bound = self._room(each["at_most"])
                borne = borne if bound is None else min(borne, bound)
            self._allocate(min(borne, sum(group.left for group in bearers)), bearers)
        total = sum(group.deductible for group in self.groups)
        self.tell("deductible", total)
        self.tell("after_deductible", self.own("base") - total)

    def _bearers(self, deductible: Mapping[str, Any]) -> list[Group]:
        names = deductible.get("borne_by", self.node.get("borne_by"))
        if names is None:
            return self.groups
        names = names if isinstance(names, list) else [names]
        return [next(group for group in self.groups if group.name == name) for name in names]

    def _allocate(self, borne: int, bearers: list[Group]) -> None:
        how = self.node.get("allocate", "in_order")
        if how == "proportional":
            whole = sum(group.left for group in bearers)
            so_far = before = 0
            for group in bearers:
                so_far += group.left
                upto = half_up(Fraction(borne * so_far, whole)) if whole else 0
                group.deductible += upto - before
                before = upto
            return
        if how != "in_order" and len(bearers) > 1:
            sign = 1 if how == "lowest_rate_first" else -1
            bearers = sorted(bearers, key=lambda group: sign * self._first_rate(group))
        for group in bearers:
            part = min(borne, group.left)
            group.deductible += part
            borne -= part

    def _first_rate(self, group: Group) -> Fraction:
        slices, _ = slices_of(self.node["bands"])
        return self.ask(value_of(slices[0]["rate"], "rate", self.scene.within(group.name))).number

    def _first_pay(self) -> None:
        for group in self.groups:
            node = group.node.get("first_pay", self.node.get("first_pay"))
            if node is not None:
                share = self.ask(value_of(node, "rate", self.scene.within(group.name)))
                group.first_pay = half_up(share.number * group.left) if share.given else 0
        self.tell("first_pay", sum(group.first_pay for group in self.groups))
        self.tell("banded", sum(group.left for group in self.groups))

    def _bands(self) -> int:
        if "bands" not in self.node:
            return 0
        names = [group.name for group in self.groups]
        bands, deductible = self.node["bands"], self.own("deductible")
        banded = [group.left for group in self.groups]
        self.pieces = pieces_of(bands, banded, names, deductible, self.scene, self.ask)
        rounding = {**DEFAULT_ROUNDING, **self.node.get("rounding", self.plan.conventions["rounding"])}
        number = len(slices_of(bands)[0])
        paid, by_group, self.paid_by_slice = round_pieces(self.pieces, len(names), number, rounding)
        self.paid_by_group = dict(zip(names, by_group, strict=True))
        return paid

    def _already_paid(self, paid: int) -> int:
        if "already_paid" not in self.node:
            return paid
        return max(0, paid - self.scene.live(self.node["already_paid"]))

    def _flat(self, paid: int) -> int:
        for flat in self.node.get("flat", []):
            if not fits(flat.get("when"), self.scene):
                continue
            number = self._number(flat["number"]) if "number" in flat else Fraction(1)
            amount = self.ask(value_of(flat["amount"], "amount", self.scene))
            if amount.given and number is not None:
                change = int(amount.number * max(Fraction(0), number - Fraction(str(flat.get("less", "0")))))
                paid += -change if flat.get("take") == "yes" else change
        return max(0, paid)

    def _at_least(self, paid: int) -> int:
        if "at_least" not in self.node:
            return paid
        rate = self.ask(value_of(self.node["at_least"]["rate"], "rate", self.scene))
        terms = terms_of(self.node["at_least"]["base"], self.scene)
        for _, _, weight in terms:
            self.ask(weight)
        if not rate.given:
            return paid
        return max(paid, half_up(rate.number * max(0, sum(amount for _, amount, _ in terms))))

    def _limits(self, paid: int, entitled: int) -> int:
        cut = 0
        for limit in self.node.get("limits", []):
            room = self._room(limit) if fits(limit.get("when"), self.scene) else None
            if room is None:
                continue
            if limit["on"] == "payment":
                cut += max(0, paid - room)
                paid = min(paid, room)
            else:
                share = max(0, self.own("base" if limit["of"] == "left" else "banded") - paid)
                paid += max(0, share - room)
        self.tell("cut", cut)
        below_bands = min(cut, max(0, entitled - paid))
        self.tell("over_eligible", eligible_equivalent(below_bands, self.pieces))
        return paid

    def _cut_is_read(self) -> bool:
        """Say whether the plan reads what the limits of this layer cut off."""
        read = names_in([self.plan.layers, self.plan.counters])
        return bool({f"{self.name}.cut", f"{self.name}.over_eligible"} & read)

    def _pay(self, paid: int, purse: Purse) -> None:
        rest = paid
        for bucket in self.node.get("charges", BUCKETS):
            taken = min(rest, purse.holds[bucket], purse.bill)
            purse.holds[bucket] -= taken
            purse.bill -= taken
            rest -= taken
        if self.node.get("beyond_bill") == "yes":
            self.beyond = rest
            purse.beyond_bill += rest
        else:
            paid -= rest
        self.tell("paid", paid)
        self.tell("coinsurance", max(0, self.own("banded") - paid))
        self.tell("left", max(0, self.own("base") - paid))


__all__ = ["OWN", "LayerRun", "Purse"]

"""Random layers: every step of section 6 now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .making_values import Node
from .words import NUMBERS

if TYPE_CHECKING:
    from .making_plans import PlanMaker

BUCKETS = ("in_scope", "upfront", "over_limit", "self_funded")
READABLE = ("base", "deductible", "first_pay", "paid", "left", "coinsurance", "cut", "over_base", "banded",
            "over_eligible", "after_deductible")  # fmt: skip


class LayerMaker:
    """Makes one layer; earlier layers and all counters may be read."""

    def __init__(self, plan: PlanMaker, name: str):
        self.plan, self.name = plan, name
        self.values, self.rng = plan.values, plan.rng
        self.use, self.chance = plan.use, plan.chance
        self.node: Node = {"layer": name}
        self.groups: list[str] = []

    def make(self) -> Node:
        """Make the layer; what it pays may be read from then on."""
        node, outside = self.node, self.values.tested
        node["fund"] = self.rng.choice(("pool", "pool", "large", "aid", "hospital", "personal_account"))
        if node["fund"] in ("hospital", "personal_account"):
            self.use(f"layer.{node['fund']}")
        if self.chance(0.1):
            node |= {"title": {"en": "Generated", "zh": "生成"}}
        if self.chance(0.2):
            self.use("layer.requires_no")
            node["requires_visit"] = "no"
        self._when()
        self._base()
        for part in (self._base_limits, self._deductible, self._first_pay, self._bands, self._rounding):
            part()
        for part in (self._already_paid, self._flat, self._at_least, self._limits, self._charges):
            part()
        self.values.tested = outside
        names = self.values.names
        names.amounts = [*names.amounts, *(f"{self.name}.{own}" for own in READABLE)]
        if "paid" not in names.amounts:
            names.amounts += ["paid", "remaining", "remaining_in_scope"]
        return node

    def _when(self) -> None:
        if not self.chance(0.5):
            return
        self.use("layer.when")
        condition = self.values.condition()
        self.node["when"] = condition
        tested = {key for key in condition if key not in ("any", "all", "none")}
        for form in ("any", "all", "none"):
            tested |= {key for part in condition.get(form, ()) for key in part}
        self.values.tested = self.values.tested | tested

    def _form(self, *, counters: bool = True) -> Node:
        """Make a linear form over what is known."""
        known = self.values.names.amounts
        chosen = self.rng.sample(known, min(len(known), self.rng.randint(1, 3)))
        if self.chance(0.4):
            self.use("layer.base_list")
            return chosen
        self.use("layer.base_weights")
        form = {name: self._weight() for name in chosen}
        if counters and self.chance(0.2):
            self.use("layer.base_counter")
            money = [name for name, unit in self.values.names.counters.items() if unit == "fen"]
            if money:
                form[f"counter.{self.rng.choice(money)}"] = "1"
        return form

    def _weight(self) -> Node:
        if self.chance(0.5):
            return self.rng.choice(("1", "1", "-1", "50%", "-0.25"))
        return self.values.factor()

    def _base(self) -> None:
        if self.chance(0.35):
            self._groups()
        elif self.chance(0.5):
            self.node["base"] = self._form()

    def _groups(self) -> None:
        self.use("layer.groups")
        if self.chance(0.25):
            self.use("layer.groups_base")
            self.node["groups"] = [{"group": "main", "base": ["in_scope"]}, {"group": "extra", "base": self._rest()}]
        else:
            self._item_groups()
        self.groups = [group["group"] for group in self.node["groups"]]
        for group in self.node["groups"]:
            if self.chance(0.2):
                self.use("layer.first_pay_group")
                group["first_pay"] = self.values.rate(0, 30, absent=True)

    def _rest(self) -> Node:
        self.use("layer.groups_overlap_buckets")
        return self.rng.choice((["upfront"], {"self_funded": "50%", "over_limit": "1"}, ["upfront", "over_limit"]))

    def _item_groups(self) -> None:
        from .making_plans import DISJOINT

        sets = self.rng.choice(DISJOINT)
        groups = []
        for number, items in enumerate(sets):
            names = [items] if isinstance(items, str) else list(items)
            self.plan.items_used.update(name for name in names if name != "other")
            if items == "other":
                self.use("layer.groups_other")
            group: Node = {"group": f"g{number}", "items": items if isinstance(items, str) else names}
            if self.chance(0.3):
                group["base"] = self.rng.choice(
                    (["in_scope"], ["in_scope", "upfront"], {"in_scope": "1", "self_funded": "25%"})
                )
            groups.append(group)
        self.node["groups"] = groups

    def _base_limits(self) -> None:
        if self.chance(0.2):
            self.use("layer.base_limits")
            self.node["base_limits"] = [self._limit("cap", 200, 5000, "layer.base_limits_counter")]

    def _limit(self, name: str, low: int, high: int, counted: str) -> Node:
        limit: Node = {"name": name, "amount": self.values.amount(low, high)}
        counter = self._counter()
        if counter and self.chance(0.5):
            self.use(counted)
            limit["counter"] = counter
        return limit

    def _counter(self) -> str | None:
        money = [name for name, unit in self.values.names.counters.items() if unit == "fen"]
        return self.rng.choice(money) if money else None

    def _deductible(self) -> None:
        if not self.chance(0.6):
            return
        self.use("layer.deductible")
        number = 1 if self.chance(0.7) else 2
        if number == 2:
            self.use("layer.deductible_list")
        self.node["deductible"] = [self._one_deductible(f"d{n}") for n in range(number)]
        if len(self.groups) > 1:
            how = self.rng.choice(("in_order", "proportional", "lowest_rate_first", "highest_rate_first"))
            if how != "in_order":
                self.use(f"layer.{how}")
            self.node["allocate"] = how
            if self.chance(0.3):
                self.use("layer.borne_by")
                bearers = self.rng.sample(self.groups, self.rng.randint(1, len(self.groups)))
                for each in self.node["deductible"]:
                    each["borne_by"] = bearers

    def _one_deductible(self, name: str) -> Node:
        made = self._limit(name, 10, 800, "layer.deductible_counter")
        if self.chance(0.15):
            self.use("layer.deductible_times")
            made["times"] = self.rng.choice(list(NUMBERS))
        counter = self._counter()
        if counter and self.chance(0.15):
            self.use("layer.deductible_at_most")
            made["at_most"] = {"amount": self.values.amount(10, 1000), "counter": counter}
        return made

    def _first_pay(self) -> None:
        if self.chance(0.2):
            self.use("layer.first_pay")
            self.node["first_pay"] = self.values.rate(0, 40, groups=self.groups, absent=True)

    def _bands(self) -> None:
        number = self.rng.choice((1, 1, 2, 3, 4))
        slices: list[Node] = []
        edge = 0
        for place in range(number):
            band: Node = {}
            if slices and isinstance(slices[-1].get("to"), str) and self.chance(0.2):
                band["from"] = slices[-1]["to"]
            edge += self.rng.randint(50, 1500)
            if place < number - 1:
                band["to"] = self._edge(edge)
            band["rate"] = self.values.rate(groups=self.groups)
            slices.append(band)
        if number > 1:
            self.use("layer.bands_many")
        settings: Node = {}
        if self.chance(0.3):
            self.use("layer.bands_from_deductible")
            settings["from"] = "deductible"
        if self._counter() and self.chance(0.3):
            self.use("layer.bands_running")
            settings["running"] = self._counter()
        if number > 1 and self.chance(0.15):
            self.use("layer.bands_whole")
            settings["whole"] = "yes"
        elif self._counter() and self.chance(0.2):
            self._phase(slices, settings)
        if self.chance(0.2):
            self.use("layer.bands_closed")
            slices[-1]["to"] = str(edge + 2000)
            settings["above"] = self.values.rate(groups=self.groups)
        self.node["bands"] = {**settings, "slices": slices} if settings else slices

    def _edge(self, edge: int) -> Node:
        if self.chance(0.2):
            self.use("layer.bands_edge_value")
            level = {"by": "level", "tertiary": str(edge), "else": str(edge + 20)}
            zone = {"by": "zone", "local": str(edge + 7), "else": f"{edge + 8}.50"}
            return (
                level if "level" not in self.values.tested else zone if "zone" not in self.values.tested else str(edge)
            )
        return str(edge)

    def _phase(self, slices: list[Node], settings: Node) -> None:
        self.use("layer.bands_phase")
        settings["phase"] = {"counter": self._counter(), "reaches": self.values.amount(100, 3000)}
        sure = self.rng.choice(slices)
        for band in slices:
            if band is sure or self.chance(0.5):
                band["credit"] = self.values.percent()

    def _rounding(self) -> None:
        if not self.chance(0.3):
            return
        rounding = self.plan._rounding()
        self.use("layer.rounding_layer")
        if rounding["at"] != "claim":
            self.use(f"layer.rounding_{rounding['at']}")
        for key, feature in (("to", "unit"), ("mode", "mode")):
            if key in rounding:
                self.use(f"layer.rounding_{feature}")
        self.node["rounding"] = rounding

    def _already_paid(self) -> None:
        if self._counter() and self.chance(0.1):
            self.use("layer.already_paid")
            self.node["already_paid"] = self._counter()

    def _flat(self) -> None:
        if not self.chance(0.2):
            return
        self.use("layer.flat")
        flats = []
        for number in range(self.rng.randint(1, 2)):
            flat: Node = {"name": f"f{number}"}
            outside = self.values.tested
            if self.chance(0.4):
                self.use("layer.flat_when")
                name, flat["when"] = self.values.test(self.values.tested)
                self.values.tested = outside | {name}
            flat["amount"] = self.values.amount(1, 200)
            self.values.tested = outside
            if self.chance(0.5):
                self.use("layer.flat_number")
                flat["number"] = self.rng.choice(("days", "children", "wards"))
                if self.chance(0.5):
                    self.use("layer.flat_less")
                    flat["less"] = str(self.rng.randint(1, 3))
            if self.chance(0.3):
                self.use("layer.flat_take")
                flat["take"] = "yes"
            flats.append(flat)
        self.node["flat"] = flats

    def _at_least(self) -> None:
        if self.chance(0.15):
            self.use("layer.at_least")
            base = self._form() if self.chance(0.5) else {"total": "1", f"{self.name}.deductible": "-1"}
            self.node["at_least"] = {"rate": self.values.rate(absent=True), "base": base}

    def _limits(self) -> None:
        if not self.chance(0.5):
            return
        limits = []
        for number in range(self.rng.randint(1, 3)):
            outside, when = self.values.tested, None
            if self.chance(0.25):
                self.use("layer.limit_when")
                name, when = self.values.test(self.values.tested)
                self.values.tested = outside | {name}
            limit = self._limit(f"limit{number}", 50, 3000, "layer.limit_counter")
            self.values.tested = outside
            if when:
                limit["when"] = when
            on = self.rng.choice(("payment", "payment", "left", "coinsurance"))
            self.use(f"layer.limit_{on}")
            limit |= {"on": "payment"} if on == "payment" else {"on": "person_share", "of": on}
            if self.chance(0.15):
                self.use("layer.limit_times")
                limit["times"] = self.rng.choice(("days", "children", "wards"))
            limits.append(limit)
        self.node["limits"] = limits

    def _charges(self) -> None:
        if self.chance(0.25):
            self.use("layer.charges")
            self.node["charges"] = self.rng.sample(BUCKETS, self.rng.randint(1, 4))
        if self.chance(0.15):
            self.use("layer.beyond_bill")
            self.node["beyond_bill"] = "yes"

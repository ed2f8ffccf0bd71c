"""Settle claims by the letter of a plan document: one claim after the other, one step after the other.

A claim is a mapping in the form of section 12 (`claim:` of a case) with three keys more: `id`, `who` (the person's id)
and, where several claims share a day, `time` (seconds into it) and `order_type`. `reason` is one found at the door.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .conditions import fits
from .counters import Counters, Entries
from .document import Node, Plan, plan_of
from .forms import BUCKETS
from .layers import OWN, LayerRun, Purse
from .lines import Judged, judge, undivided
from .numbers import date, fen
from .scene import Scene
from .values import Answer, State

Claim = Mapping[str, Any]

DATES = ("admission", "discharge", "settlement")
LARGEST_FEN = 100_000_000_000


@dataclass
class Result:
    """What became of one claim; amounts in fen."""

    status: str = "settled"
    reason: str = "NONE"
    total: int = 0
    buckets: dict[str, int] = field(default_factory=dict)
    lines: list[dict[str, int]] = field(default_factory=list)
    divided: bool = True
    """Whether the plan has a say in how the bill is divided: it is in force, and does not exclude the claim."""
    amounts: dict[str, int] = field(default_factory=dict)
    paid_by_group: dict[tuple[str, str], int] = field(default_factory=dict)
    paid_by_slice: dict[tuple[str, int], int] = field(default_factory=dict)
    funds: dict[str, int] = field(default_factory=dict)
    beyond_bill: int = 0
    person: int = 0
    cash: int = 0
    held: int = 0
    counters: dict[str, int] = field(default_factory=dict)


@dataclass
class Opened:
    """One claim with what is known before any layer is run."""

    who: str
    benefit_date: datetime.date
    scene: Scene
    judged: list[Judged]
    worst: State


def settle(
    plan_name: str, documents: Mapping[str, Node], claims: Sequence[Claim], opening: Entries | None = None
) -> tuple[dict[str, Result], Entries]:
    """Settle claims in order of settlement; give results by claim id and the closing counters that are not 0."""
    plan = plan_of(plan_name, documents)
    entries = dict(opening or {})
    results = {str(claim["id"]): settle_one(plan, claim, entries) for claim in sorted(claims, key=order_in(plan))}
    return results, {place: value for place, value in entries.items() if value}


def order_in(plan: Plan) -> Any:
    """Give the total order of settlement: time, then type, then claim id."""

    def key(claim: Claim) -> tuple[datetime.date, int, int, str]:
        day = dates_of(claim, plan)[plan.conventions["order_by"]]
        return day, int(claim.get("time", 0)), int(claim.get("order_type", 0)), str(claim["id"])

    return key


def dates_of(claim: Claim, plan: Plan) -> dict[str, datetime.date]:
    """Give the three dates of a claim; `date` stands for all, thirty days after the plan begins when none is given."""
    given = claim.get("dates", {})
    if not given and "date" not in claim:
        day = date(plan.valid["from"]) + datetime.timedelta(days=30)
        return dict.fromkeys(DATES, day)
    return {name: date(given.get(name, claim.get("date"))) for name in DATES}


def settle_one(plan: Plan, claim: Claim, entries: Entries) -> Result:
    """Settle one claim and move the counters in `entries`."""
    opened = open_claim(plan, claim)
    counters = Counters(plan.name, plan.counters, entries, opened, plan.conventions["year_start"])
    result = Result(
        total=opened.scene.amounts["total"],
        buckets={name: opened.scene.amounts[name] for name in BUCKETS},
        lines=[line.buckets for line in opened.judged] if "lines" in claim else [],
    )
    opened.scene = _with_counters(opened.scene, plan, counters)
    refused = _refused_before_layers(plan, claim, opened)
    result.divided = _unclaimed(plan, opened) is None
    if refused is None:
        refused = _run_layers(plan, claim, opened, counters, result)
    if refused is not None:
        result.status, result.reason = refused
        _nothing_paid(plan, result)
    else:
        counters.keep()
    result.counters = {name: counters.value(name) for name in plan.counters}
    return result


def open_claim(plan: Plan, claim: Claim) -> Opened:
    """Lay out a claim's facts, judge its lines and sum its buckets."""
    days = dates_of(claim, plan)
    facts = {**claim, **claim.get("person", {}), "admission": days["admission"].isoformat()}
    benefit_date = days[plan.conventions["year_by"]]
    amounts = {name: fen(claim.get(name, "0")) for name in plan.amounts}
    scene = Scene(facts, plan.attributes, plan.counters, plan.indexes, benefit_date, amounts)
    states = [State.GIVEN]

    def ask(answer: Answer) -> Answer:
        states.append(answer.state)
        return answer

    if "lines" in claim:
        judged = judge(claim["lines"], plan, scene, ask)
        buckets = {name: sum(line.buckets[name] for line in judged) for name in BUCKETS}
    else:
        buckets = given_buckets(claim)
        judged = [undivided(buckets)]
    amounts.update(buckets, total=sum(buckets.values()), one=1, paid=0)
    amounts.update(remaining=max(0, amounts["total"]), remaining_in_scope=max(0, amounts["in_scope"]))
    amounts.update({f"{layer['layer']}.{own}": 0 for layer in plan.layers for own in OWN})
    return Opened(str(claim.get("who", "person")), benefit_date, scene, judged, max(states))


def given_buckets(claim: Claim) -> dict[str, int]:
    """Read bucket totals: self_funded is the rest of the total where it is left out."""
    buckets = {name: fen(claim.get(name, "0")) for name in BUCKETS}
    if "self_funded" not in claim and "total" in claim:
        buckets["self_funded"] = fen(claim["total"]) - sum(buckets.values())
    return buckets


def _with_counters(scene: Scene, plan: Plan, counters: Counters) -> Scene:
    opening = {name: counters.value(name) for name in plan.counters}
    return replace(scene, opening=opening, live=counters.value)


def _refused_before_layers(plan: Plan, claim: Claim, opened: Opened) -> tuple[str, str] | None:
    if "reason" in claim:
        return "not_payable", str(claim["reason"])
    unclaimed = _unclaimed(plan, opened)
    if unclaimed is not None:
        return "not_payable", unclaimed
    if opened.scene.amounts["total"] < 0:
        return "held", "NEGATIVE_TOTAL"
    bill = sum(abs(opened.scene.amounts[name]) for name in BUCKETS)
    if max(bill, *(abs(opened.scene.amounts[name]) for name in plan.amounts), 0) > LARGEST_FEN:
        return "held", "OUT_OF_BOUNDS"
    return None


def _unclaimed(plan: Plan, opened: Opened) -> str | None:
    begins, ends = plan.valid.get("from"), plan.valid.get("until")
    if (begins and opened.benefit_date < date(begins)) or (ends and opened.benefit_date >= date(ends)):
        return "PLAN_NOT_IN_FORCE"
    if plan.excluded is not None and fits(plan.excluded, opened.scene):
        return "EXCLUDED"
    return None


def _run_layers(plan: Plan, claim: Claim, opened: Opened, counters: Counters, result: Result) -> tuple[str, str] | None:
    """Run the layers and move the counters; give why the claim is not settled, if it is not."""
    amounts = dict(opened.scene.amounts)
    scene = replace(opened.scene, amounts=amounts)
    purse = Purse({name: max(0, amounts[name]) for name in BUCKETS}, amounts["total"])
    runs = [LayerRun(layer, plan, scene, opened.judged, amounts) for layer in plan.layers]
    taken, holding = False, opened.worst
    for run in runs:
        if not fits(run.node.get("when"), scene):
            counters.after_layer(run.name, scene)
            continue
        taken = taken or run.node.get("requires_visit", "yes") == "yes"
        given = claim.get("given", {}).get(run.name)
        run.run(purse, None if given is None else fen(given))
        if holding <= State.ABSENT:
            holding = run.worst
        amounts["paid"] += run.own("paid")
        amounts["remaining"] = max(0, amounts["total"] - amounts["paid"])
        amounts["remaining_in_scope"] = purse.holds["in_scope"]
        counters.after_layer(run.name, scene)
    if holding > State.ABSENT:
        return "held", holding.name
    if not taken:
        return "not_payable", "VISIT_NOT_COVERED"
    counters.after_claim([run.name for run in runs], scene)
    _report(runs, amounts, purse, result)
    return None


def _report(runs: Sequence[LayerRun], amounts: Mapping[str, int], purse: Purse, result: Result) -> None:
    result.amounts = dict(amounts)
    result.beyond_bill = purse.beyond_bill
    for run in runs:
        fund, paid = str(run.node["fund"]), run.own("paid")
        result.funds[fund] = result.funds.get(fund, 0) + paid
        result.paid_by_group.update({(run.name, g): v for g, v in run.paid_by_group.items() if g})
        result.paid_by_slice.update({(run.name, n): v for n, v in enumerate(run.paid_by_slice, 1)})
    account = result.funds.get("personal_account", 0)
    result.cash = result.total - amounts["paid"] + purse.beyond_bill
    result.person = result.cash + account


def _nothing_paid(plan: Plan, result: Result) -> None:
    result.amounts = {f"{layer['layer']}.{own}": 0 for layer in plan.layers for own in OWN}
    result.amounts.update(result.buckets, total=result.total, paid=0)
    result.funds = {str(layer["fund"]): 0 for layer in plan.layers}
    if result.status == "held":
        result.held = result.total
    else:
        result.person = result.cash = result.total

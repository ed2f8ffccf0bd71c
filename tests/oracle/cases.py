"""Worked cases of plan documents (section 12), settled by the letter of the document."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from .counters import Counters, Entries
from .document import Node, Plan, plan_of
from .interpreter import Claim, Result, dates_of, open_claim, settle
from .numbers import fen

ALLOWED = {"status", "reason"}


def differences(name: str, documents: Mapping[str, Node], case: Mapping[str, Any]) -> list[str]:
    """Give what a case expects and the oracle does not find."""
    plan = plan_of(name, documents)
    claims = claims_of(plan, case)
    results, _ = settle(name, documents, claims, opening_of(plan, case, claims[-1]))
    found = answers(plan, results[str(claims[-1]["id"])])
    wrong = []
    for what, wanted in case["expect"].items():
        if what not in found:
            wrong.append(f"{what}: unknown")
        elif found[what] != (wanted if what in ALLOWED else Fraction(wanted)):
            wrong.append(f"{what}: expected {wanted}, found {found[what]}")
    return wrong


def claims_of(plan: Plan, case: Mapping[str, Any]) -> list[Claim]:
    """Give the earlier claims and the claim asked about; ids rise so that they are settled in this order."""
    stated = [*case.get("prior", []), {**case["claim"], "given": case.get("given", {})}]
    return [_dated(plan, {"id": f"{number:06d}", "who": "insured", **claim}) for number, claim in enumerate(stated)]


def _dated(plan: Plan, claim: Claim) -> Claim:
    """Let a stay without dates of its own be as long as its lines say."""
    days = max((int(line.get("stay_day", 1)) for line in claim.get("lines", [])), default=1)
    if "dates" in claim or "date" in claim or days == 1:
        return claim
    last = dates_of(claim, plan)["discharge"]
    first = last - datetime.timedelta(days=days - 1)
    return {**claim, "dates": {"admission": str(first), "discharge": str(last), "settlement": str(last)}}


def opening_of(plan: Plan, case: Mapping[str, Any], claim: Claim) -> Entries:
    """Give the opening counters, in the period of the claim."""
    opened = open_claim(plan, claim)
    entries: Entries = {}
    for key, value in case.get("opening", {}).items():
        name, _, keys = key.partition("/")
        counters = Counters(plan.name, plan.counters, {}, opened, plan.conventions["year_start"])
        place = counters.place(name)
        count = plan.counters[name].get("unit") == "count"
        entries[(*place[:3], keys or place[3], place[4])] = int(value) if count else fen(value)
    return entries


def answers(plan: Plan, result: Result) -> dict[str, Any]:
    """Give everything a case may expect, in yuan or counts."""
    amounts: dict[str, int] = {**result.amounts, **result.buckets, "total": result.total}
    for layer in plan.layers:
        amounts[f"paid.{layer['layer']}"] = result.amounts[f"{layer['layer']}.paid"]
    amounts |= {f"paid.{layer}.{group}": v for (layer, group), v in result.paid_by_group.items()}
    amounts |= {f"slice.{layer}.{number}": v for (layer, number), v in result.paid_by_slice.items()}
    amounts |= {f"fund.{name}": v for name, v in result.funds.items()}
    amounts |= {"paid_total": sum(result.funds.values()), "beyond_bill": result.beyond_bill}
    amounts |= {"person": result.person, "cash": result.cash, "held": result.held}
    found: dict[str, Any] = {name: Fraction(value, 100) for name, value in amounts.items()}
    for name, value in result.counters.items():
        count = plan.counters[name].get("unit") == "count"
        found[f"counter.{name}"] = Fraction(value, 1 if count else 100)
    return found | {"status": result.status, "reason": result.reason}

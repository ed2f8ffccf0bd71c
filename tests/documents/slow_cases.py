"""Worked cases of a document settled by the slow oracle, which reads the document on its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.oracle.document import Node, plan_of
from tests.oracle.interpreter import Result, dates_of, settle, settle_one

CaseNode = Mapping[str, Any]


def differences(plan_name: str, documents: Mapping[str, Node], case: CaseNode) -> list[str]:
    """Give what of a case's expectations the oracle does not find, as "name: found, expected"."""
    result, counts = _settled(plan_name, documents, case)
    wrong = []
    for name, wanted in case["expect"].items():
        found: object = _found(result, name)
        if name in ("status", "reason"):
            same = found == wanted
        else:
            unit = 1 if name.removeprefix("counter.") in counts else 100
            expected = Fraction(wanted) * unit
            same = found == expected
            found = Fraction(int(str(found)), unit) if found is not None else None
        if not same:
            shown = float(found) if isinstance(found, Fraction) else found
            wrong.append(f"{name}: found {shown}, expected {wanted} ({result.status} {result.reason})")
    return wrong


def _settled(plan_name: str, documents: Mapping[str, Node], case: CaseNode) -> tuple[Result, set[str]]:
    plan = plan_of(plan_name, documents)
    counts = {name for name, rule in plan.counters.items() if rule.get("unit") == "count"}
    prior: Sequence[CaseNode] = case.get("prior", [])
    claims = [{**claim, "id": str(number)} for number, claim in enumerate([*prior, case["claim"]], 10)]
    claims[-1]["given"] = case.get("given", {})
    if "opening" not in case:
        results, _ = settle(plan_name, documents, claims)
        return results[str(claims[-1]["id"])], counts
    assert not prior, "a case has either earlier claims or opening counters"
    entries: dict[tuple[str, str, str, str, int], int] = {}
    claim = claims[-1]
    for name, value in case["opening"].items():
        counter, _, keys = name.partition("/")
        per = plan.counters[counter]["per"]
        day = dates_of(claim, plan)[plan.conventions["year_by"]]
        period = {"year": day.year, "month": day.year * 100 + day.month}.get(per, 0)
        key = keys if keys or per != "episode" else str(claim["episode"])
        entries[(plan_name, "person", counter, key, period)] = int(Fraction(value) * (1 if counter in counts else 100))
    return settle_one(plan, claim, entries), counts


def _found(result: Result, name: str) -> object:
    head, _, rest = name.partition(".")
    if head == "paid" and rest:
        layer, _, group = rest.partition(".")
        return result.paid_by_group.get((layer, group)) if group else result.amounts.get(f"{layer}.paid")
    if head == "slice":
        layer, _, number = rest.partition(".")
        return result.paid_by_slice.get((layer, int(number)))
    if head == "fund":
        return result.funds.get(rest)
    if head == "counter":
        return result.counters.get(rest)
    plain = {"status": result.status, "reason": result.reason, "person": result.person, "cash": result.cash}
    plain |= {"paid_total": result.amounts.get("paid", 0), "beyond_bill": result.beyond_bill}
    return plain.get(name, result.amounts.get(name))

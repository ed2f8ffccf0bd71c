"""Corners that generated pairs rarely meet: a document and a claim each, through the oracle and the engine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .compare import differences
from .counters import Entries
from .generator import Pair
from .making_plans import SOURCES, TITLE, Generated

HEAD = {
    **{"plan": "gen.plan", "title": TITLE, "scheme": "resident_basic", "place": "340300", "sources": SOURCES},
    **{"source": "S", "valid": {"from": "2023-01-01"}},
}
WHOLE: list[dict[str, Any]] = [{"rate": "100%"}]
ACCOUNT = {"account": {"per": "none", "adds": {"l1.paid": "-1"}}}


def agreed(layers: list[dict[str, Any]], counters: dict[str, Any], claim: dict[str, Any], opening: Entries) -> Any:
    document = {**HEAD, "layers": layers, **({"counters": counters} if counters else {})}
    names = [layer["layer"] for layer in layers]
    generated = Generated("gen.plan", [json.dumps(document)], set(), counters, names, 2023)
    day = dict.fromkeys(("admission", "discharge", "settlement"), "2023-02-01")
    pair = Pair(0, generated, [{"id": "k", "who": "p", "dates": day, "visit": "inpatient", **claim}], opening)
    assert differences(pair) == []
    return pair.settle()[0]["k"]


def test_what_a_layer_pays_beyond_the_bill_leaves_the_other_buckets_to_later_layers() -> None:
    first = {"layer": "l1", "fund": "pool", "bands": WHOLE, "charges": ["in_scope"], "beyond_bill": "yes"}
    first["flat"] = [{"name": "allowance", "amount": "500"}]
    second = {"layer": "l2", "fund": "aid", "base": ["self_funded"], "bands": WHOLE}
    result = agreed([first, second], {}, {"in_scope": "100", "self_funded": "300"}, {})
    assert (result.amounts["l1.paid"], result.amounts["l2.paid"]) == (600_00, 300_00)
    assert (result.beyond_bill, result.cash) == (500_00, 0)


@pytest.mark.parametrize(("visit", "paid"), [("inpatient", 80_00), ("outpatient", 100_00)])
def test_a_lower_bound_of_one_formula_does_not_bind_its_neighbour(visit: str, paid: int) -> None:
    fewer = {"fixed": "10", "plus": [{"rate": "-50%", "of": "over_limit"}]}
    amount = {"by": "visit", "inpatient": fewer, "else": {**fewer, "at_least": "0"}}
    layer = {"layer": "l1", "fund": "pool", "bands": WHOLE, "flat": [{"name": "change", "amount": amount}]}
    result = agreed([layer], {}, {"in_scope": "100", "over_limit": "60", "visit": visit}, {})
    assert result.amounts["l1.paid"] == paid


def test_an_absent_deductible_stays_none_below_a_counter_of_less_than_nothing() -> None:
    deductible = [{"name": "year", "amount": "absent", "counter": "account"}]
    layer = {"layer": "l1", "fund": "pool", "deductible": deductible, "bands": WHOLE}
    opening = {("gen.plan", "p", "account", "", 0): -200_00}
    result = agreed([layer], ACCOUNT, {"in_scope": "100"}, opening)
    assert (result.amounts["l1.deductible"], result.amounts["l1.paid"]) == (0, 100_00)


@pytest.mark.parametrize(
    ("given", "level", "reason"),
    [({"l1": "200"}, "tertiary", "NONE"), ({}, "tertiary", "NOT_STATED"), ({"l1": "200"}, "primary", "NOT_STATED")],
)
def test_where_the_payment_is_given_only_what_comes_before_it_holds(
    given: dict[str, str], level: str, reason: str
) -> None:
    unknown = "not stated"
    deductible = [{"name": "stay", "amount": {"by": "level", "tertiary": "700", "else": unknown}}]
    limits = [{"name": "cap", "on": "payment", "amount": unknown}]
    layer = {"layer": "l1", "fund": "pool", "deductible": deductible, "bands": [{"rate": unknown}], "limits": limits}
    result = agreed([layer], {}, {"in_scope": "1000", "level": level, "given": given}, {})
    assert result.reason == reason
    if reason == "NONE":
        assert (result.amounts["l1.deductible"], result.amounts["l1.paid"]) == (700_00, 200_00)


def test_a_given_payment_whose_cut_is_read_needs_the_rates_all_the_same() -> None:
    limits = [{"name": "cap", "on": "payment", "amount": "1000"}]
    first = {"layer": "l1", "fund": "pool", "bands": [{"rate": "not stated"}], "limits": limits}
    second = {"layer": "l2", "fund": "large", "base": ["l1.over_eligible"], "bands": WHOLE}
    assert agreed([first, second], {}, {"in_scope": "10000", "given": {"l1": "1000"}}, {}).reason == "NOT_STATED"


def test_an_unknown_number_of_a_limit_cuts_nothing_off_a_given_payment() -> None:
    limits = [{"name": "day", "on": "payment", "amount": "100", "times": "days"}]
    layer = {"layer": "l1", "fund": "pool", "bands": WHOLE, "limits": limits}
    result = agreed([layer], {}, {"in_scope": "500", "visit": "outpatient", "given": {"l1": "300"}}, {})
    assert (result.amounts["l1.paid"], result.amounts["l1.cut"]) == (300_00, 0)


@pytest.mark.parametrize(("mode", "paid"), [("half_even", 2), ("half_up", 3), ("down", 2), ("up", 3)])
def test_a_tie_of_half_a_fen(mode: str, paid: int) -> None:
    layer = {"layer": "l1", "fund": "pool", "bands": [{"rate": "50%"}], "rounding": {"mode": mode}}
    assert agreed([layer], {}, {"in_scope": "0.05"}, {}).amounts["l1.paid"] == paid

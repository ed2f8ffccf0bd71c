"""The oracle against examples worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from .document import library
from .interpreter import Result, settle

SMALL = """
plan: cn.example.residents
valid: {from: 2023-01-01}
layers:
  - layer: basic
    fund: resident_pool
    when: {visit: inpatient}
    deductible:
      - name: admission
        amount: {by: level, tertiary: 700, secondary: 500, primary: 200}
    bands:
      - rate: {by: level, tertiary: 50%, secondary: 60%, primary: 70%}
    limits:
      - {name: annual_cap, on: payment, amount: 100000, counter: pool_paid}
counters:
  pool_paid: {per: year, adds: [basic.paid]}
"""

PLACE = ("cn.example.residents", "p", "pool_paid", "", 2023)


def settled(text: str, claim: dict[str, Any], opening: dict[Any, int] | None = None) -> Result:
    documents = library([text])
    name = next(iter(documents))
    results, _ = settle(name, documents, [{"id": "1", "who": "p", **claim}], opening)
    return results["1"]


def test_the_small_plan_of_the_reference() -> None:
    result = settled(SMALL, {"visit": "inpatient", "level": "tertiary", "in_scope": "10700"})
    assert (result.amounts["basic.paid"], result.person) == (5000_00, 5700_00)


def test_a_cap_shared_by_the_claims_of_a_year() -> None:
    result = settled(SMALL, {"visit": "inpatient", "level": "tertiary", "in_scope": "10700"}, {PLACE: 99_000_00})
    assert (result.amounts["basic.paid"], result.amounts["basic.cut"]) == (1000_00, 4000_00)
    assert result.amounts["basic.over_eligible"] == 8000_00
    assert result.counters == {"pool_paid": 100_000_00}


def test_what_no_layer_takes_is_not_payable() -> None:
    result = settled(SMALL, {"visit": "outpatient", "level": "tertiary", "in_scope": "100"})
    assert (result.status, result.reason, result.person) == ("not_payable", "VISIT_NOT_COVERED", 100_00)


@pytest.mark.parametrize(("level", "reason"), [("unranked", "UNKNOWN_VALUE"), (None, "MISSING_VALUE")])
def test_a_value_that_no_cell_covers_holds_the_claim(level: str | None, reason: str) -> None:
    claim = {"visit": "inpatient", "in_scope": "100"} | ({} if level is None else {"level": level})
    result = settled(SMALL, claim)
    assert (result.status, result.reason, result.held) == ("held", reason, 100_00)


PHASES = """
plan: phases
valid: {from: 2021-01-01}
layers:
  - layer: drug
    fund: insurer
    bands:
      running: spent
      phase: {counter: troop, reaches: 6550}
      slices:
        - {to: 445, rate: 0%, credit: 100%}
        - {to: 4130, rate: 75%, credit: 25%}
        - {rate: 75%, credit: 95%}
        - {rate: 95%}
counters:
  spent: {per: year, adds: [drug.banded]}
  troop: {per: year, adds: [drug.coinsurance]}
"""


def test_phases_that_end_on_another_counter() -> None:
    assert settled(PHASES, {"in_scope": "10000"}).person == 2751_07


GROUPS = """
plan: groups
valid: {from: 2023-01-01}
items:
  herbal: {mark: tcm}
  western: {mark: {not: tcm}}
lines: {ceiling: before_upfront}
layers:
  - layer: basic
    fund: pool
    groups:
      - {group: western, items: western}
      - {group: herbal, items: herbal}
    deductible:
      - {name: admission, amount: 300, borne_by: [western]}
    bands:
      - rate: {by: item_group, western: 65%, herbal: 70%}
"""


def test_groups_of_lines_with_rates_of_their_own() -> None:
    lines = [
        {"item": {"class": "B", "upfront": "10%", "ceiling": "80"}, "amount": "1000", "quantity": "10"},
        {"class": "A", "amount": "100", "marks": ["tcm"]},
        {"class": "C", "amount": "50"},
        {"class": "A", "amount": "-20", "marks": ["tcm"]},
    ]
    result = settled(GROUPS, {"lines": lines})
    assert result.buckets == {"in_scope": 800_00, "upfront": 80_00, "over_limit": 200_00, "self_funded": 50_00}
    assert result.paid_by_group == {("basic", "western"): 273_00, ("basic", "herbal"): 56_00}
    assert result.lines[3] == {"in_scope": -20_00, "upfront": 0, "over_limit": 0, "self_funded": 0}
    assert result.person == 1130_00 - 329_00


CASCADE = """
plan: cascade
valid: {from: 2023-01-01}
layers:
  - {layer: basic, fund: pool, deductible: [{name: d, amount: 300}], bands: [{rate: 70%}]}
  - {layer: assist, fund: aid, base: [basic.left], bands: [{rate: 70%}]}
  - layer: tilt
    fund: aid
    base: [assist.left]
    deductible: [{name: year, amount: 3000, counter: tilt_borne}]
    bands: [{rate: 60%}]
  - layer: account
    fund: personal_account
    requires_visit: no
    base: [remaining]
    bands: [{rate: 100%}]
    limits: [{name: saldo, on: payment, amount: {fixed: 0, plus: [{rate: 100%, of: counter.account}]}}]
counters:
  tilt_borne: {per: year, adds: [tilt.deductible]}
  account: {per: none, adds: {account.paid: -1}}
"""


def test_a_cascade_of_layers_down_to_the_account() -> None:
    opening = {("cascade", "p", "account", "", 0): 1000_00}
    result = settled(CASCADE, {"total": "52000", "in_scope": "50000"}, opening)
    paid = {name: result.amounts[f"{name}.paid"] for name in ("basic", "assist", "tilt", "account")}
    assert paid == {"basic": 34790_00, "assist": 10647_00, "tilt": 937_80, "account": 1000_00}
    assert result.cash == 52000_00 - sum(paid.values())
    assert result.person == result.cash + 1000_00
    assert result.counters == {"tilt_borne": 3000_00, "account": 0}


def test_a_given_payment_stands_for_a_layers_own() -> None:
    result = settled(CASCADE, {"in_scope": "50000", "given": {"basic": "34790.01"}})
    assert result.amounts["basic.paid"] == 34790_01
    assert result.amounts["assist.base"] == 50000_00 - 34790_01

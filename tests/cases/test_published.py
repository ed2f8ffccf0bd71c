"""The published worked examples, each reproduced by a plan document alone."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from catalogs.plans import load_library

PLANS = Path(__file__).parent / "plans"
SHARED = Path(__file__).parents[2].parent / "shared" / "cases" / "worked_cases.json"
DOCUMENTS = sorted(PLANS.glob("*.yaml"))

# where a published figure is a sum or difference of ours
OTHERWISE = {
    ("CN-URBMI-l3-bands-2nd-capped", "band_capped.basic.2"): "slice.basic.3 - basic.cut",
    ("CN-math-herbal-zhangnainai", "paid.basic"): "paid.basic.other",
    ("CN-math-herbal-zhangnainai", "paid.herbal"): "paid.basic.herbal",
    ("CN-HB-GA-2018-father", "class_paid.甲"): "paid.basic.class_a",
    ("CN-HB-GA-2018-father", "class_paid.乙"): "paid.basic.class_b",
    ("CN-WF-huiminbao", "paid.out_drug"): "paid.drugs_outside",
    ("CN-WF-huiminbao", "paid.special_drug"): "paid.drugs_special",
    ("CN-PICC-daily", "daily_plus_surgery"): "paid.daily + paid.operation",
    ("JP-pool-couple", "limit.household"): "pooled.base + counter.household_borne - pooled.left - paid.pooled",
    ("JP-pool-couple", "refund.household"): "paid.pooled",
    ("JP-pool-couple", "refund_total"): "paid.pooled",
    ("FR-maaf-pierre", "fund"): "paid.social_security",
    ("FR-maaf-pierre", "co_share"): "total - slice.social_security.1",
    ("AU-PBS-2025-exact", "accumulated_before"): "counter.safety_net - total",
}


def ours(name: str) -> str:
    """Give our name of a published figure."""
    simple = {"self_total": "person", "patient": "person", "eligible": "in_scope", "pre_self_pay": "upfront",
              "self_with_premium": "person", "paid_total": "paid_total"}  # fmt: skip
    if name in simple:
        return simple[name]
    kind, _, layer = name.partition(".")
    if kind == "band":
        layer, _, number = layer.partition(".")
        return f"slice.{layer}.{int(number) + 1}"
    endings = {"base": "after_deductible", "coins": "coinsurance", "over_base_cap": "over_base"}
    if kind in endings:
        return f"{layer}.{endings[kind]}"
    return {"in_scope_self_after.basic": "remaining_in_scope"}.get(name, name)


def value(expression: str, found: dict[str, str]) -> Decimal:
    """Add up named amounts."""
    total, sign = Decimal(0), 1
    for part in expression.split():
        if part in "+-":
            sign = 1 if part == "+" else -1
        else:
            total += sign * Decimal(found[part])
    return total


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.stem)
def test_documents_reproduce_their_cases(path: Path) -> None:
    library = load_library([PLANS])
    plan = re.search(r"^plan: (\S+)", path.read_text("utf-8"), re.M)
    assert plan is not None
    checked = library.check(plan[1])
    assert checked.program is not None, "\n".join(str(f) for f in checked.findings.errors)
    assert checked.cases
    assert all(case.passed for case in checked.cases)


@pytest.mark.shared
def test_every_published_figure_is_reproduced() -> None:
    if not SHARED.exists():
        pytest.skip("the published examples are not beside the checkout (../shared/cases)")
    library = load_library([PLANS])
    found: dict[str, dict[str, str]] = {}
    for path in DOCUMENTS:
        plan = re.search(r"^plan: (\S+)", path.read_text("utf-8"), re.M)
        assert plan is not None
        found.update({case.name: dict(case.found) for case in library.check(plan[1]).cases})
    wrong = []
    for case in json.loads(SHARED.read_text("utf-8")):
        premium = Decimal(case["rules"].get("premium", "0"))
        for name, figure in {**case["expected"], **case["derived"]}.items():
            expected = Decimal(figure) - (premium if name == "self_with_premium" else 0)
            expression = OTHERWISE.get((case["id"], name), ours(name))
            if value(expression, found[case["id"]]) != expected:
                wrong.append(f"{case['id']} {name}: {figure} published, {value(expression, found[case['id']])} found")
    assert wrong == []

"""Published worked examples, transcribed with their rules in another notation, turned into plan documents."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from .document import Node

LAYER = {"name", "payer", "base", "measure", "bands", "deductible", "accumulate", "pay_cap", "pay_cap_period"}
LAYER |= {"base_cap", "base_cap_period", "base_cap_derivation", "person_share_cap", "person_share_cap_period"}
DEDUCTIBLE = {"amount", "period", "schedule", "derivation"}
BASES = {"eligible": ["in_scope"], "remaining_in_scope": ["remaining_in_scope"], "remaining_all": ["remaining"]}
CLASSES = {"甲": "A", "乙": "B", "丙": "C"}
EXPECTED = {"self_total": "person", "paid_total": "paid_total", "eligible": "in_scope", "pre_self_pay": "upfront"}


def understood(example: Mapping[str, Any]) -> bool:
    """Say whether this notation is known here; other examples have plan documents of their own."""
    if example["model"] != "layers" or "premium" in example["rules"]:
        return False
    layers = example["rules"]["layers"]
    plain = all(set(layer) <= LAYER and layer["base"] not in ("days", "fixed") for layer in layers)
    plain = plain and all(set(layer.get("deductible", {})) <= DEDUCTIBLE for layer in layers)
    return plain and set(example["history"]) <= {"prior_admissions", "deductible_met"} and bool(expected(example))


def expected(example: Mapping[str, Any]) -> dict[str, Fraction]:
    """Give the expected amounts under their names in the plan language."""
    found = {}
    for name, amount in example["expected"].items():
        head, _, rest = name.partition(".")
        if head == "band":
            layer, number = rest.split(".")
            found[f"slice.{layer}.{int(number) + 1}"] = Fraction(amount)
        elif head == "paid":
            found[name] = Fraction(amount)
        elif name in EXPECTED:
            found[EXPECTED[name]] = Fraction(amount)
    return found


def plan_document(example: Mapping[str, Any]) -> Node:
    """Write the rules of an example as a plan document."""
    counters: Node = {"admissions": {"per": "year", "unit": "count", "adds": ["one"]}}
    layers = [_layer(rules, counters) for rules in example["rules"]["layers"]]
    return {
        "plan": "published",
        "valid": {"from": "2000-01-01"},
        "amounts": ["stated_base", *_bill_names(example)],
        "layers": layers,
        "counters": counters,
    }


def _bill_names(example: Mapping[str, Any]) -> list[str]:
    bases = [rules["base"] for rules in example["rules"]["layers"]]
    return [base["bill"] for base in bases if isinstance(base, dict)]


def _layer(rules: Mapping[str, Any], counters: Node) -> Node:
    name, base = rules["name"], rules["base"]
    layer: Node = {"layer": name, "fund": rules["payer"]}
    layer["base"] = [base["bill"]] if isinstance(base, dict) else BASES.get(base, ["stated_base"])
    bands: Node = {
        "from": "deductible" if rules.get("measure") == "gross" else "zero",
        "slices": _slices(rules["bands"]),
    }
    if rules["bands"][-1]["upto"] is not None:
        bands["above"] = "0%"
    if rules.get("accumulate") == "year":
        counters[f"{name}_banded"] = {"per": "year", "adds": [f"{name}.banded"]}
        bands["running"] = f"{name}_banded"
    layer["bands"] = bands
    if "deductible" in rules:
        layer["deductible"] = [_deductible(name, rules["deductible"], counters)]
    for key, part in (("base_cap", "base"), ("pay_cap", "paid"), ("person_share_cap", "coinsurance")):
        if key in rules:
            counters[f"{name}_{part}"] = {"per": "year", "adds": [f"{name}.{part}"]}
            limit = {"name": key, "amount": rules[key], "counter": f"{name}_{part}"}
            if key == "base_cap":
                layer["base_limits"] = [limit]
            else:
                on = {"on": "payment"} if key == "pay_cap" else {"on": "person_share", "of": "coinsurance"}
                layer["limits"] = [limit | on]
    return layer


def _slices(bands: list[Mapping[str, Any]]) -> list[Node]:
    return [({"to": b["upto"]} if b["upto"] is not None else {}) | {"rate": b["ratio"]} for b in bands]


def _deductible(layer: str, rules: Mapping[str, Any], counters: Node) -> Node:
    if "schedule" in rules:
        schedule = {key.replace("+", ""): amount for key, amount in rules["schedule"].items()}
        table = {"by": "nth", **{f">= {k}" if f"{k}+" in rules["schedule"] else k: v for k, v in schedule.items()}}
        return {"name": "admission", "amount": table}
    borne: Node = {"name": rules["period"], "amount": rules["amount"]}
    if rules["period"] == "year":
        counters[f"{layer}_borne"] = {"per": "year", "adds": [f"{layer}.deductible"]}
        borne["counter"] = f"{layer}_borne"
    return borne


def case_of(example: Mapping[str, Any]) -> Node:
    """Write the bill, the history and the expectation of an example as a worked case."""
    bill, claim = example["bill"], dict[str, Any]()
    if "items" in bill:
        claim["lines"] = [
            {"class": CLASSES[item["cls"]], "amount": item["amount"], "upfront": item["pre_self_pay_ratio"]}
            for item in bill["items"]
        ]
    else:
        claim = {name: bill[name] for name in ("total", "in_scope", "self_funded") if name in bill}
        claim |= {"upfront": bill["pre_self_pay"]} if "pre_self_pay" in bill else {}
    named = {name: bill[name] for name in ("stated_base", *_bill_names(example)) if name in bill}
    if not {"total", "in_scope", "lines"} & set(claim):
        claim["total"] = str(sum(Fraction(amount) for amount in named.values()))
    opening = {"admissions": str(example["history"].get("prior_admissions", 0))}
    opening |= {f"{layer}_borne": amount for layer, amount in example["history"].get("deductible_met", {}).items()}
    return {"claim": {**claim, **named}, "opening": opening, "expect": expected(example)}

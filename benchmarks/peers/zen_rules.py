"""GoRules Zen: the plan as a decision graph in JSON, evaluated once a claim with its lines; counters kept in Python.

Zen decides one case at a time and keeps nothing between cases. So Python does what an integrator writes around it: the
dated catalog (a decision table of 267 thousand rows is searched row by row, so each line brings the facts of its
version), the order of claims and the counters of each person. The graph does the rest: why a line is refused, ceiling
and upfront share, deductible by level and admission, rates by level and group, bands, caps, the catastrophic layer.

One evaluation holds a whole claim (tables and expressions loop over its lines): calls from Python cost more than
lines. The engine gets the graph through its static loader: it then keeps it compiled, which `create_decision` does not
(three times the CPU). Numbers of Zen are decimals with 28 digits, so half-up on fen and ppm is exact.

Not timed: compiling the graph, versions by code. Timed: all else.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import zen

from adjudicator.reasons import LineReason
from benchmarks.peers import plan_tables as plan
from benchmarks.peers.columns import CLAIM_OUTPUTS, COUNTERS, GROUPS, LEVELS, LINE_OUTPUTS, VISITS, Columns, Output

NAME = "GoRules Zen"
THREADS = (1,)
LARGEST_LINES = 1_000_000
PLAN = "reference"

Node = dict[str, Any]
Version = tuple[int, int, int, list[int]]
"""valid_until, class, upfront rate, ceilings by level."""

HALF_PPM, HALF_FEN = plan.PPM // 2, plan.PER_FEN // 2


def _node(name: str, kind: str, content: Node) -> Node:
    return {"id": name, "name": name, "type": kind, "position": {"x": 0, "y": 0}, "content": content}


def _table(name: str, inputs: dict[str, str], outputs: tuple[str, ...], rules: list[list[str]], **more: Any) -> Node:
    """A decision table, first row that fits; a cell is a test of its column's field, or, without one, a condition."""
    columns = (*inputs, *outputs)
    return _node(
        name,
        "decisionTableNode",
        {
            "hitPolicy": "first",
            "passThrough": True,
            "inputs": [{"id": key, "name": key} | ({"field": field} if field else {}) for key, field in inputs.items()],
            "outputs": [{"id": key, "name": key, "field": key} for key in outputs],
            "rules": [{"_id": str(n)} | dict(zip(columns, row, strict=True)) for n, row in enumerate(rules)],
            **more,
        },
    )


def _expressions(name: str, values: dict[str, str], **more: Any) -> Node:
    expressions = [{"id": key, "key": key, "value": value} for key, value in values.items()]
    return _node(name, "expressionNode", {"expressions": expressions, **more})


def _bands(start: str, width: str, edges: tuple[int, ...], rates: tuple[str, ...]) -> str:
    terms = []
    for number, rate in enumerate(rates):
        top = f"{start} + {width}"
        top = f"min([{top}, {edges[number]}])" if number < len(edges) else top
        bottom = f"max([{start}, {edges[number - 1]}])" if number else start
        terms.append(f"max([{top} - ({bottom}), 0]) * {rate}")
    return f"floor(({' + '.join(terms)} + {HALF_PPM}) / {plan.PPM})"


def graph() -> Node:
    """Give the decision graph: lines, sums, two parameter tables, two layers."""
    outside = "$nodes.claim.stay and not (day in [$nodes.claim.admission..$nodes.claim.discharge])"
    nodes = [
        _node("claim", "inputNode", {}),
        _table(
            "refusal",
            {"found": "found", "class": "class", "condition": ""},
            ("refused",),
            [
                ["'unknown'", "", "", f"{LineReason.UNKNOWN_ITEM:d}"],
                ["'ended'", "", "", f"{LineReason.NOT_IN_FORCE:d}"],
                ["", "2", "", f"{LineReason.CLASS_C:d}"],
                ["", "", outside, f"{LineReason.OUTSIDE_STAY:d}"],
                ["", "", "", "0"],
            ],
            inputField="lines",
            outputPath="lines",
            executionMode="loop",
        ),
        _expressions(
            "division",
            {
                "over": "refused != 0 or ceiling < 0 ? 0 : "
                f"max([0, amount - floor((ceiling * quantity + {HALF_FEN}) / {plan.PER_FEN})])",
                "upfront": f"refused != 0 ? 0 : floor(((amount - $.over) * rate + {HALF_PPM}) / {plan.PPM})",
                "scope": "refused != 0 ? 0 : amount - $.over - $.upfront",
                "out": "refused != 0 ? amount : 0",
                "reason": "refused != 0 ? refused : ($.upfront > 0 ? 1 : 0) + ($.over > 0 ? 2 : 0)",
            },
            inputField="lines",
            outputPath="lines",
            executionMode="loop",
            passThrough=True,
        ),
        _expressions(
            "bill",
            {
                "in_scope": "map(lines, #.scope)",
                "upfront": "map(lines, #.upfront)",
                "over_limit": "map(lines, #.over)",
                "self_funded": "map(lines, #.out)",
                "reason": "map(lines, #.reason)",
                "base": "sum($.in_scope)",
                "total": "sum($.in_scope) + sum($.upfront) + sum($.over_limit) + sum($.self_funded)",
            },
            passThrough=True,
        ),
        _table(
            "admission deductible",
            {"visit": "visit", "level": "level", "admissions": "admissions"},
            ("due",),
            [
                ["'outpatient'", "", "", f"max([{plan.OUTPATIENT_FEN} - outpatient_borne, 0])"],
                *(
                    ["'inpatient'", f"'{level}'", fits, str(amount)]
                    for level, amounts in zip(LEVELS, plan.ADMISSION_FEN, strict=True)
                    for fits, amount in zip(("0", "1", "> 1"), amounts, strict=True)
                ),
            ],
        ),
        _table(
            "rates",
            {"level": "level", "group": "group"},
            ("rate_1", "rate_2", "rate_3"),
            [
                [f"'{level}'", f"'{group}'", *map(str, rates)]
                for level, groups in zip(LEVELS, plan.RATES_BY_GROUP, strict=True)
                for group, rates in zip(GROUPS, groups, strict=True)
            ],
        ),
        _expressions("layers", _layers(), passThrough=True),
        _expressions("answer", {key: key for key in (*LINE_OUTPUTS, *AMOUNTS)}),
        _node("result", "outputNode", {}),
    ]
    edges = [
        {"id": f"{a['id']}>{b['id']}", "type": "edge", "sourceId": a["id"], "targetId": b["id"]}
        for a, b in pairwise(nodes)
    ]
    return {"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges}


AMOUNTS = ("base", "deductible", "paid", "rest", "rest_deductible", "second_paid", "total")


def _layers() -> dict[str, str]:
    second_rates = tuple(map(str, plan.CATASTROPHIC_RATES_PPM))
    return {
        "deductible": "min([base, due])",
        "banded": "base - $.deductible",
        "payment": _bands("banded_ytd", "$.banded", plan.EDGES_FEN, ("rate_1", "rate_2", "rate_3")),
        "paid": f"min([$.payment, max([{plan.CAP_FEN} - pool_paid, 0])])",
        "rest": "base - $.paid",
        "rest_deductible": f"min([$.rest, max([{plan.CATASTROPHIC_DEDUCTIBLE_FEN} - catastrophic_borne, 0])])",
        "rest_banded": "$.rest - $.rest_deductible",
        "second": _bands("catastrophic_ytd", "$.rest_banded", plan.CATASTROPHIC_EDGES_FEN, second_rates),
        "second_paid": f"min([$.second, max([{plan.CATASTROPHIC_CAP_FEN} - catastrophic_paid, 0])])",
    }


@dataclass(slots=True)
class State:
    """The compiled graph, versions by code, and the columns as Python lists."""

    engine: zen.ZenEngine
    catalog: dict[str, tuple[list[int], list[Version]]]
    columns: Columns
    lines: dict[str, list[int]]
    claims: dict[str, list[int]]
    facility_level: list[int]
    order: list[int]


def prepare(columns: Columns, threads: int) -> State:
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {PLAN: graph()}}})
    claims = {name: values.tolist() for name, values in columns.claims.items()}
    lines = {name: values.tolist() for name, values in columns.lines.items()}
    order = np.lexsort((np.arange(len(claims["person"])), columns.claims["order_time"])).tolist()
    return State(engine, _catalog(columns), columns, lines, claims, columns.facility_level.tolist(), order)


def _catalog(columns: Columns) -> dict[str, tuple[list[int], list[Version]]]:
    versions = {name: values.tolist() for name, values in columns.versions.items()}
    catalog: dict[str, tuple[list[int], list[Version]]] = {code: ([], []) for code in columns.items}
    for row, item in enumerate(versions["item"]):
        days, entries = catalog[columns.items[item]]
        days.append(versions["valid_from"][row])
        entries.append(
            (
                versions["valid_until"][row],
                versions["item_class"][row],
                versions["upfront_ppm"][row],
                versions["ceiling_e6"][row],
            )
        )
    return catalog


def run(state: State) -> Output:
    """Settle claim by claim in their order."""
    counters = [[0] * len(COUNTERS) for _ in range(state.columns.persons)]
    first, persons = state.claims["first"], state.claims["person"]
    found: list[Any] = [None] * len(persons)
    for claim in state.order:
        account = counters[persons[claim]]
        case = _case(state, claim, first[claim], first[claim + 1], account)
        result = found[claim] = state.engine.evaluate(PLAN, case)["result"]
        _count(account, case["visit"], result)
    return _columns(found, counters)


def _case(state: State, claim: int, start: int, end: int, account: list[int]) -> dict[str, Any]:
    """Give what the graph asks: the claim, its lines with the facts of their versions, the person's counters."""
    claims, lines = state.claims, state.lines
    admission, discharge = claims["admission"][claim], claims["discharge"][claim]
    level, visit = state.facility_level[claims["facility"][claim]], VISITS[claims["visit"][claim]]
    case: dict[str, Any] = dict(zip(COUNTERS, account, strict=True))
    case |= {
        "level": LEVELS[level],
        "group": GROUPS[claims["group"][claim]],
        "visit": visit,
        "stay": visit == "inpatient" or discharge > admission,
        "admission": admission,
        "discharge": discharge,
        "lines": [
            _line(state, item, day, amount, quantity, level)
            for item, day, amount, quantity in zip(
                lines["item"][start:end],
                lines["service_date"][start:end],
                lines["amount_fen"][start:end],
                lines["quantity_e4"][start:end],
                strict=True,
            )
        ],
    }
    return case


def _line(state: State, item: int, day: int, amount: int, quantity: int, level: int) -> dict[str, int | str]:
    known = state.catalog.get(state.columns.dictionary[item])
    facts: dict[str, int | str] = {"day": day, "amount": amount, "quantity": quantity, "found": "unknown"}
    if known is None:
        return facts
    days, versions = known
    place = bisect_right(days, day) - 1
    if place < 0 or day >= versions[place][0]:
        facts["found"] = "ended"
        return facts
    _, facts["class"], facts["rate"], ceilings = versions[place]
    facts["ceiling"] = ceilings[level]
    facts["found"] = "yes"
    return facts


def _count(account: list[int], visit: str, result: dict[str, int]) -> None:
    if visit == "inpatient":
        account[0] += 1
    else:
        account[1] += result["deductible"]
    account[2] += result["base"] - result["deductible"]
    account[3] += result["paid"]
    account[4] += result["rest_deductible"]
    account[5] += result["rest"] - result["rest_deductible"]
    account[6] += result["second_paid"]


def _columns(found: list[dict[str, Any]], counters: list[list[int]]) -> Output:
    out: Output = {}
    for name in LINE_OUTPUTS:
        kind = np.uint8 if name == "reason" else np.int64
        out[name] = np.array([value for result in found for value in result[name]], kind)
    for output, name in zip(CLAIM_OUTPUTS, AMOUNTS[:-1], strict=False):
        out[output] = np.array([result[name] for result in found], np.int64)
    total = np.array([result["total"] for result in found], np.int64)
    out["cash"] = total - out["basic.paid"] - out["catastrophic.paid"]
    closing = np.array(counters, np.int64)
    for place, name in enumerate(COUNTERS):
        out[f"accounts.{name}"] = closing[:, place]
    return out

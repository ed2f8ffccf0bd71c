"""The engine against the oracle: the same document and claims through both, compared to the fen.

The only module here that knows the engine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

import adjudicator
from adjudicator.accounts import Accounts
from adjudicator.batch import BUCKETS, Batch, Lines
from adjudicator.catalog import CLASSES, KINDS, Catalog, Restrictions
from adjudicator.columns import MISSING, Category, Column, Flags, Int64, Number
from adjudicator.reasons import ClaimReason, ClaimStatus
from adjudicator.rulebook import Program, Rulebook
from adjudicator.settlement import Settlement
from catalogs.plans import Library

from .counters import Entries
from .document import Plan, library, plan_of
from .generator import Pair
from .interpreter import Claim, Result, dates_of, given_buckets
from .layers import OWN
from .numbers import date, day_number, fen, rate
from .words import MARKS, NUMBERS, WORDS

FOREVER = 4_000_000
STATUS = {ClaimStatus.SETTLED: "settled", ClaimStatus.NOT_PAYABLE: "not_payable", ClaimStatus.HELD: "held"}


def compiled(name: str, texts: Sequence[str]) -> Program:
    """Compile generated documents."""
    plans = Library(shipped=False)
    for number, text in enumerate(texts):
        plans.add_text(text, f"generated-{number}.yaml")
    return plans.compile(name)


# ---- claims as columns


def batch_of(plan: Plan, claims: Sequence[Claim]) -> tuple[Batch, Catalog | None]:
    """Lay claims out as columns; facts of lines that only a catalog can give become a catalog."""
    days = [dates_of(claim, plan) for claim in claims]
    order = [
        day_number(day[plan.conventions["order_by"]]) * 86400 + int(claim.get("time", 0))
        for claim, day in zip(claims, days, strict=True)
    ]
    lines, catalog = _lines(claims)
    bucketed = np.array(["lines" not in claim for claim in claims], np.uint8)
    buckets = np.array([[given_buckets(c)[b] if "lines" not in c else 0 for b in BUCKETS] for c in claims], np.int64)
    layers = {name for claim in claims for name in claim.get("given", {})}
    dated = {n: np.array([day_number(d[n]) for d in days], np.int32) for n in ("admission", "discharge", "settlement")}
    batch = Batch(
        claim_id=Category.encode([str(claim["id"]) for claim in claims]),
        person=Category.encode([str(claim["who"]) for claim in claims]),
        plan=Category.encode([plan.name] * len(claims)),
        order_time=np.array(order, np.int64),
        **dated,
        lines=lines,
        attributes=_attributes(claims),
        amounts={name: np.array([fen(c.get(name, "0")) for c in claims], np.int64) for name in plan.amounts},
        order_type=np.array([int(c.get("order_type", 0)) for c in claims], np.int32),
        given_buckets=buckets,
        bucketed=bucketed,
        given_paid={n: np.array([_given(c, n) for c in claims], np.int64) for n in layers},
        reason=np.array([ClaimReason[c.get("reason", "NONE")] for c in claims], np.uint8),
    )
    return batch, catalog


def _given(claim: Claim, layer: str) -> int:
    paid = claim.get("given", {}).get(layer)
    return MISSING if paid is None else fen(paid)


def _attributes(claims: Sequence[Claim]) -> dict[str, Column]:
    """Give the columns of attributes that any claim of the batch has."""
    rows = [{**claim, **claim.get("person", {})} for claim in claims]
    found: dict[str, Column] = {}
    for name in (*WORDS, "household", "episode"):
        if any(name in row for row in rows):
            found[name] = Category.encode([row.get(name) for row in rows])
    for name in NUMBERS:
        if any(name in row for row in rows):
            found[name] = Number(np.array([int(row.get(name, MISSING)) for row in rows], np.int64))
    for name in MARKS:
        if any(name in row for row in rows):
            found[name] = Flags.encode([row.get(name, []) for row in rows])
    return found


def _lines(claims: Sequence[Claim]) -> tuple[Lines, Catalog | None]:
    flat = [line for claim in claims for line in claim.get("lines", ())]
    items: dict[str, Mapping[str, Any]] = {}
    rows = [_item(line["item"], items) if "item" in line else -1 for line in flat]
    first = np.concatenate([[0], np.cumsum([len(claim.get("lines", ())) for claim in claims])]).astype(np.int64)
    lines = Lines(
        first=first,
        item=np.array(rows, np.int32),
        service_date=np.array([day_number(date(line["date"])) for line in flat], np.int32),
        amount_fen=np.array([fen(line["amount"]) for line in flat], np.int64),
        quantity_e4=np.array([_scaled(line, "quantity", 10_000) for line in flat], np.int64),
        price_e6=np.array([_scaled(line, "price", 1_000_000) for line in flat], np.int64),
        class_code=np.array([CLASSES.index(line["class"]) if "class" in line else -1 for line in flat], np.int8),
        upfront_ppm=np.array([_ppm(line["upfront"]) if "upfront" in line else -1 for line in flat], np.int32),
        group=Category.encode([line.get("item_group") for line in flat]),
    )
    return lines, _catalog(list(items.values())) if items else None


def _ppm(text: str) -> int:
    return int(rate(text) * 1_000_000)


def _scaled(line: Mapping[str, Any], name: str, scale: int) -> int:
    return int(Fraction(line[name]) * scale) if name in line else MISSING


def _item(facts: Mapping[str, Any], items: dict[str, Mapping[str, Any]]) -> int:
    """Give the catalog row of an item."""
    key = json.dumps(facts)
    items.setdefault(key, facts)
    return list(items).index(key)


def _catalog(items: Sequence[Mapping[str, Any]]) -> Catalog:
    count = len(items)
    marks = tuple(sorted({mark for item in items for mark in item.get("marks", ())}))
    ceilings = [item["ceiling"] for item in items if "ceiling" in item]
    prices = np.array([[int(Fraction(c) * 1_000_000)] for c in ceilings], np.int64).reshape(len(ceilings), 1)
    places = iter(range(len(ceilings)))
    none32, none64 = np.empty(0, np.int32), np.empty(0, np.int64)
    return Catalog(
        places=("340300",),
        codes=tuple(f"i{n}" for n in range(count)),
        place=np.zeros(count, np.int32),
        first=np.arange(count + 1, dtype=np.int32),
        valid_from=np.full(count, -FOREVER, np.int32),
        valid_until=np.full(count, FOREVER, np.int32),
        item_class=np.array([CLASSES.index(item["class"]) for item in items], np.uint8),
        kind=np.array([KINDS.index(item["kind"]) for item in items], np.uint8),
        group=np.array([0 if "item_group" in item else -1 for item in items], np.int32),
        marks=np.array([sum(1 << marks.index(m) for m in item.get("marks", ())) for item in items], np.int64),
        upfront_ppm=np.array([_ppm(item["upfront"]) for item in items], np.int32),
        upfront_schedule=np.full(count, -1, np.int32),
        ceiling=np.array([next(places) if "ceiling" in item else -1 for item in items], np.int32),
        restriction=np.full(count, -1, np.int32),
        ceilings_e6=prices,
        schedule_from=np.zeros(1, np.int32),
        schedule_scheme=none32,
        schedule_visit=none32,
        schedule_price_from_e6=none64,
        schedule_price_until_e6=none64,
        schedule_rate_ppm=none32,
        restrictions=Restrictions(
            none64, none64, none32, none32, none64, none64, none32, none32, none64,
            np.empty(0, np.uint8), np.empty(0, np.uint8),
        ),
        mark_names=marks,
        groups=("special",),
    )  # fmt: skip


def accounts_of(entries: Entries) -> Accounts:
    """Lay opening entries out as accounts."""
    return Accounts.of([(*place, value) for place, value in sorted(entries.items())])


# ---- running the engine


@dataclass
class Engine:
    """What the engine gives, in the form of the oracle."""

    settlement: Settlement
    ids: list[str]
    first: Int64
    seen: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def closing(self) -> Entries:
        """Give the closing counters."""
        return {(p, h, c, k, period): value for p, h, c, k, period, value in self.settlement.accounts.entries()}

    def answers(self) -> dict[str, dict[str, Any]]:
        """Give, by claim id, everything that is compared."""
        found = {}
        s = self.settlement
        for row, claim in enumerate(self.ids):
            span = slice(int(self.first[row]), int(self.first[row + 1]))
            found[claim] = {
                "status": STATUS[ClaimStatus(s.status[row])],
                "reason": ClaimReason(s.reason[row]).name,
                "total": int(s.total[row]),
                "buckets": dict(zip(BUCKETS, s.claim_buckets[row].tolist(), strict=True)),
                "lines": [list(line) for line in zip(*(getattr(s, b)[span].tolist() for b in BUCKETS), strict=True)],
                "person": int(s.person_fen[row]),
                "cash": int(s.cash_fen[row]),
                "held": int(s.held_fen[row]),
                "beyond_bill": int(s.beyond_bill_fen[row]),
                "layers": {
                    f"{n}.{p}": int(getattr(r, p)[row])
                    for n, r in s.layers.items()
                    for p in ("base", "deductible", "first_pay", "paid")
                },
            }
        return found


def run(plan: Plan, program: Program, claims: Sequence[Claim], opening: Entries) -> Engine:
    """Settle with the engine, watching every amount."""
    batch, catalog = batch_of(plan, claims)
    ids = [str(claim["id"]) for claim in claims]
    seen: dict[str, dict[str, int]] = {claim: {} for claim in ids}

    def observe(name: str, rows: Int64, values: Int64) -> None:
        for row, value in zip(rows.tolist(), values.tolist(), strict=True):
            seen[ids[row]][name] = value

    settlement = adjudicator.settle(batch, Rulebook((program,), catalog), accounts_of(opening), observe=observe)
    return Engine(settlement, ids, batch.lines.first, seen)


# ---- comparing


def expected(result: Result, layers: Sequence[str]) -> dict[str, Any]:
    """Give an oracle's result in the form of `Engine.answers`."""
    return {
        "status": result.status,
        "reason": result.reason,
        "total": result.total,
        "buckets": result.buckets,
        "lines": [[line[b] for b in BUCKETS] for line in result.lines],
        "person": result.person,
        "cash": result.cash,
        "held": result.held,
        "beyond_bill": result.beyond_bill,
        "layers": {
            f"{n}.{p}": result.amounts[f"{n}.{p}"] for n in layers for p in ("base", "deductible", "first_pay", "paid")
        },
    }


def watched(result: Result, layers: Sequence[str]) -> dict[str, int]:
    """Give the amounts that only an observer sees."""
    found = {f"{n}.{own}": result.amounts[f"{n}.{own}"] for n in layers for own in OWN}
    found |= {f"counter.{name}": value for name, value in result.counters.items()}
    if result.status == "settled":
        found |= {f"slice.{n}.{k}": v for (n, k), v in result.paid_by_slice.items()}
        found |= {f"paid.{n}.{g}": v for (n, g), v in result.paid_by_group.items()}
    return found


def differences(pair: Pair) -> list[str]:
    """Settle a pair both ways; give what differs, one line each."""
    program = compiled(pair.name, pair.generated.texts)
    plan = plan_of(pair.name, library(pair.generated.texts))
    results, closing = pair.settle()
    engine = run(plan, program, pair.claims, pair.opening)
    found = []
    answers = engine.answers()
    for claim in results:  # in order of settlement: what differs first comes first
        answer = answers[claim]
        wanted = expected(results[claim], pair.generated.layers)
        if not pair.generated.layers or wanted["status"] != "settled":
            answer["layers"] = {**wanted["layers"], **answer["layers"]}
        if wanted["status"] == "held" or "lines" not in next(c for c in pair.claims if c["id"] == claim):
            answer["lines"], answer["buckets"] = wanted["lines"], wanted["buckets"]  # a held claim is not divided
        found += [
            f"{claim} {key}: oracle {wanted[key]}, engine {answer[key]}" for key in wanted if wanted[key] != answer[key]
        ]
        if wanted["status"] == "settled":
            seen = engine.seen[claim]
            for name, value in watched(results[claim], pair.generated.layers).items():
                if seen.get(name, 0) != value:
                    found.append(f"{claim} {name}: oracle {value}, engine {seen.get(name)}")
    for place in sorted({*closing, *engine.closing}):
        if closing.get(place, 0) != engine.closing.get(place, 0):
            found.append(f"closing {place}: oracle {closing.get(place)}, engine {engine.closing.get(place)}")
    return found


def report(pair: Pair, found: Sequence[str]) -> str:
    """Tell a disagreement: the documents, the first claim that differs, and everything that differs."""
    first = next((c for c in pair.claims if found and found[0].startswith(str(c["id"]))), None)
    texts = "\n".join(pair.generated.texts)
    opening = "\n".join(f"{place}: {value}" for place, value in pair.opening.items())
    return "\n".join(
        [f"pair {pair.seed}", texts, f"opening\n{opening}", f"claim {json.dumps(first, indent=1)}", *found]
    )

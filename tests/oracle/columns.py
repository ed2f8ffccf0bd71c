"""Claims of the generator as columns of the engine: a `Batch`, a small `Catalog`, opening `Accounts`."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from adjudicator.accounts import Accounts
from adjudicator.batch import BUCKETS, Batch, Lines
from adjudicator.catalog import CLASSES, KINDS, Catalog, Restrictions
from adjudicator.columns import MISSING, Category, Column, Flags, Number
from adjudicator.reasons import ClaimReason

from .counters import Entries
from .document import Plan
from .interpreter import Claim, dates_of, given_buckets
from .numbers import date, day_number, fen, rate
from .words import MARKS, NUMBERS, WORDS

FOREVER = 4_000_000

Sheet = tuple[Plan, Sequence[Claim]]
"""Claims with the plan they are settled under."""


def batch_of(sheets: Sequence[Sheet]) -> tuple[Batch, Catalog | None]:
    """Lay claims out as columns; facts of lines that only a catalog can give become a catalog."""
    claims = [claim for _, sheet in sheets for claim in sheet]
    plans = [plan for plan, sheet in sheets for _ in sheet]
    days = [dates_of(claim, plan) for claim, plan in zip(claims, plans, strict=True)]
    lines, catalog = _lines(claims)
    names = {name for plan, _ in sheets for name in plan.amounts}
    layers = {name for claim in claims for name in claim.get("given", {})}
    dated = {n: np.array([day_number(d[n]) for d in days], np.int32) for n in ("admission", "discharge", "settlement")}
    batch = Batch(
        claim_id=Category.encode([str(claim["id"]) for claim in claims]),
        person=Category.encode([str(claim["who"]) for claim in claims]),
        plan=Category.encode([plan.name for plan in plans]),
        order_time=np.array([_second(*row) for row in zip(claims, plans, days, strict=True)], np.int64),
        **dated,
        lines=lines,
        attributes=_attributes(claims),
        amounts={name: np.array([fen(c.get(name, "0")) for c in claims], np.int64) for name in names},
        order_type=np.array([int(c.get("order_type", 0)) for c in claims], np.int32),
        given_buckets=np.array([_totals(claim) for claim in claims], np.int64),
        bucketed=np.array(["lines" not in claim for claim in claims], np.uint8),
        given_paid={n: np.array([_given(c, n) for c in claims], np.int64) for n in layers},
        reason=np.array([ClaimReason[c.get("reason", "NONE")] for c in claims], np.uint8),
    )
    return batch, catalog


def _second(claim: Claim, plan: Plan, days: Mapping[str, datetime.date]) -> int:
    return day_number(days[plan.conventions["order_by"]]) * 86400 + int(claim.get("time", 0))


def _totals(claim: Claim) -> list[int]:
    return [0] * len(BUCKETS) if "lines" in claim else list(given_buckets(claim).values())


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

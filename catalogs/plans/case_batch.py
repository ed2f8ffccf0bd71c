"""Turns worked cases into one batch: each case has persons and holders of its own, each line an item of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from adjudicator.accounts import Accounts
from adjudicator.batch import BUCKETS, Batch, Lines
from adjudicator.catalog import CLASSES, KINDS, Catalog, Restrictions
from adjudicator.columns import MISSING, Category, Column, Flags, Number
from adjudicator.periods import period_of
from adjudicator.rulebook import CounterRule, Period, Program
from catalogs.plans.case_claims import Case, CaseClaim, CaseLine

SECONDS_A_DAY = 86_400
FIRST_DAY, LAST_DAY = -1_000_000, 10_000_000


@dataclass(frozen=True, slots=True)
class CaseBatch:
    """`rows[i]` is the row of the claim that case i asks about."""

    batch: Batch
    accounts: Accounts
    catalog: Catalog
    rows: tuple[int, ...]


def batch_of(cases: Sequence[Case], program: Program) -> CaseBatch:
    """Build the batch, the opening accounts and a catalog that holds exactly the items of the lines."""
    claims = [(number, claim) for number, case in enumerate(cases) for claim in case.claims]
    lasts = tuple(np.cumsum([len(case.claims) for case in cases]).tolist())
    rows = tuple(last - 1 for last in lasts)
    dates = [_dates(claim) for _, claim in claims]
    lines = [line for _, claim in claims for line in claim.lines]
    items = {key: place for place, key in enumerate(dict.fromkeys(_item(line) for line in lines))}
    given: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]] = {}
    for case, row in zip(cases, rows, strict=True):
        for layer, amount in case.given.items():
            given.setdefault(layer, np.full(len(claims), MISSING, np.int64))[row] = amount
    amounts = {
        name: np.array([claim.amounts.get(name, 0) for _, claim in claims], np.int64) for name in program.amounts
    }
    batch = Batch(
        claim_id=Category.encode([f"{row:06d}" for row in range(len(claims))]),
        person=Category.encode([_person(number, claim.who) for number, claim in claims]),
        plan=Category.encode([program.name] * len(claims)),
        order_time=np.array([day[program.order_by] * SECONDS_A_DAY + row for row, day in enumerate(dates)], np.int64),
        admission=np.array([day["admission"] for day in dates], np.int32),
        discharge=np.array([day["discharge"] for day in dates], np.int32),
        settlement=np.array([day["settlement"] for day in dates], np.int32),
        lines=_lines(claims, dates, items),
        attributes=_attributes(claims, program),
        amounts=amounts,
        given_buckets=np.array([[(c.buckets or {}).get(b, 0) for b in BUCKETS] for _, c in claims], np.int64),
        bucketed=np.array([claim.buckets is not None for _, claim in claims], np.uint8),
        given_paid=given,
    )
    return CaseBatch(batch, _accounts(cases, rows, dates, program), _catalog(list(items)), rows)


def _person(number: int, who: str) -> str:
    return f"{number}:{who}"


def _dates(claim: CaseClaim) -> dict[str, int]:
    """Give the claim's dates; without stated ones a stay is as long as its lines say."""
    days = max((line.stay_day or 1 for line in claim.lines), default=1)
    dates = dict(claim.dates)
    if not claim.dated and days > 1:
        dates["admission"] = dates["discharge"] - days + 1
    return dates


# ---- columns


def _attributes(claims: Sequence[tuple[int, CaseClaim]], program: Program) -> dict[str, Column]:
    words = dict.fromkeys(name for _, claim in claims for name in claim.words)
    numbers = dict.fromkeys(name for _, claim in claims for name in claim.numbers)
    marks = dict.fromkeys(name for _, claim in claims for name in claim.marks)
    holders = {counter.holder for counter in program.counters}
    columns: dict[str, Column] = {}
    for name in words:
        values = [claim.words.get(name) for _, claim in claims]
        if name in holders:
            values = [v and _person(number, v) for (number, _), v in zip(claims, values, strict=True)]
        columns[name] = Category.encode(values)
    for name in numbers:
        columns[name] = Number(np.array([claim.numbers.get(name, MISSING) for _, claim in claims], np.int64))
    for name in marks:
        columns[name] = Flags.encode([claim.marks.get(name, ()) for _, claim in claims])
    return columns


def _lines(claims: Sequence[tuple[int, CaseClaim]], dates: Sequence[dict[str, int]], items: dict[Item, int]) -> Lines:
    lines = [(line, day["admission"]) for (_, claim), day in zip(claims, dates, strict=True) for line in claim.lines]
    first = np.cumsum([0, *(len(claim.lines) for _, claim in claims)])

    def optional(values: Iterable[int | None], default: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array([default if value is None else value for value in values], np.int64)

    return Lines(
        first=first.astype(np.int64),
        item=np.array([items[_item(line)] for line, _ in lines], np.int32),
        service_date=np.array([_service_date(line, admission) for line, admission in lines], np.int32),
        amount_fen=np.array([line.amount_fen for line, _ in lines], np.int64),
        quantity_e4=optional((line.quantity_e4 for line, _ in lines), 10_000),
        class_code=np.array([CLASSES.index(line.item_class) for line, _ in lines], np.int8),
        upfront_ppm=optional((line.upfront_ppm for line, _ in lines), -1).astype(np.int32),
        price_e6=optional((_price(line) for line, _ in lines), 0),
    )


def _service_date(line: CaseLine, admission: int) -> int:
    if line.date is not None:
        return line.date
    return admission + (line.stay_day or 1) - 1


def _price(line: CaseLine) -> int:
    """Give the unit price; without one, amount by quantity."""
    if line.price_e6 is not None:
        return line.price_e6
    return abs(line.amount_fen) * 10_000 * 10_000 // max(1, abs(line.quantity_e4 or 10_000))


# ---- catalog and accounts


class Item(NamedTuple):
    """What the catalog says of a line."""

    item_class: str
    kind: str | None
    marks: tuple[str, ...]
    group: str | None
    ceiling_e6: int | None


def _item(line: CaseLine) -> Item:
    return Item(line.item_class, line.kind, tuple(sorted(line.marks)), line.group, line.ceiling_e6)


def _catalog(items: list[Item]) -> Catalog:
    """Make a catalog with one item a distinct line, always in force."""
    count = len(items)
    groups = tuple(dict.fromkeys(item.group for item in items if item.group is not None))
    marks = tuple(dict.fromkeys(mark for item in items for mark in item.marks))
    ceilings = [item.ceiling_e6 for item in items if item.ceiling_e6 is not None]
    full = np.full
    return Catalog(
        places=("",),
        codes=tuple(str(number) for number in range(count)),
        place=np.zeros(count, np.int32),
        first=np.arange(count + 1, dtype=np.int32),
        valid_from=full(count, FIRST_DAY, np.int32),
        valid_until=full(count, LAST_DAY, np.int32),
        item_class=np.array([CLASSES.index(item.item_class) for item in items], np.uint8),
        kind=np.array([KINDS.index(item.kind or "service") for item in items], np.uint8),
        group=np.array([-1 if item.group is None else groups.index(item.group) for item in items], np.int32),
        marks=np.array([sum(1 << marks.index(mark) for mark in item.marks) for item in items], np.int64),
        upfront_ppm=np.zeros(count, np.int32),
        upfront_schedule=full(count, -1, np.int32),
        ceiling=np.array(
            [-1 if item.ceiling_e6 is None else ceilings.index(item.ceiling_e6) for item in items], np.int32
        ),
        restriction=full(count, -1, np.int32),
        ceilings_e6=np.array(ceilings, np.int64).reshape(-1, 1),
        schedule_from=np.zeros(1, np.int32),
        schedule_scheme=np.empty(0, np.int32),
        schedule_visit=np.empty(0, np.int32),
        schedule_price_from_e6=np.empty(0, np.int64),
        schedule_price_until_e6=np.empty(0, np.int64),
        schedule_rate_ppm=np.empty(0, np.int32),
        restrictions=_unrestricted(),
        groups=groups,
        mark_names=marks,
    )


def _unrestricted() -> Restrictions:
    large, small, tiny = np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.uint8)
    return Restrictions(large, large, small, small, large, large, small, small, large, tiny, tiny)


def _accounts(
    cases: Sequence[Case], rows: Sequence[int], dates: Sequence[dict[str, int]], program: Program
) -> Accounts:
    """Open the counters that the cases state, in the period of the claim asked about."""
    rules = {rule.name: rule for rule in program.counters}
    entries = []
    for number, (case, row) in enumerate(zip(cases, rows, strict=True)):
        claim = case.claims[-1]
        for written, (value, _) in case.opening.items():
            name, _, keys = written.partition("/")
            rule = rules[name]
            period = period_of(int(dates[row][program.year_by]), rule.period, program.year_start)
            entries.append(
                (program.name, _holder(number, claim, rule), name, keys or _keys(claim, rule), period, value)
            )
    return Accounts.of(entries)


def _holder(number: int, claim: CaseClaim, rule: CounterRule) -> str:
    named = claim.words.get(rule.holder)
    person = _person(number, claim.who)
    return f"{rule.holder}:{_person(number, named)}" if rule.holder != "person" and named else person


def _keys(claim: CaseClaim, rule: CounterRule) -> str:
    names = (*rule.keys, *(("episode",) if rule.period is Period.EPISODE else ()))
    return "/".join(claim.words.get(name, "") for name in names)

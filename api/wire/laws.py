"""What must agree inside a request: ids of lines, bill and lines, price and quantity, dates, the one thing undone.

A law reads a body whose values are all well formed, or None where they are not: that says nothing. So all mistakes of a
request are told at once, those of form and those of agreement.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from api.wire.problems import Mistake, shown
from api.wire.statements import MOST_DAYS
from api.wire.values import AMOUNT_DECIMALS, PRICE_DECIMALS, QUANTITY_DECIMALS, decimal, units

TOLERANCE_FEN = 1
"""An amount may differ so much from price x quantity rounded half-up: hospitals round each line in their own way."""

E8_FEN = 10 ** (PRICE_DECIMALS + QUANTITY_DECIMALS - AMOUNT_DECIMALS)
"""A price in 1e-6 yuan times a quantity in 1e-4 units is in 1e-8 fen."""

ATTRIBUTE_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
"""How plans name attributes and amounts."""

Body = Mapping[str, Any]
Law = Callable[[Body], Iterator[Mistake]]


def line_ids_differ(body: Body) -> Iterator[Mistake]:
    """Find ids that an earlier line of the claim has."""
    ids = [line.get("line_id") for line in body.get("lines") or ()]
    if len(set(ids)) == len(ids):
        return
    seen: set[str | None] = {None}
    for row, line_id in enumerate(ids):
        if line_id is not None and line_id in seen:
            yield Mistake("DUPLICATE_LINE", f"/lines/{row}/line_id", found=shown(line_id))
        seen.add(line_id)


def amounts_are_price_times_quantity(body: Body) -> Iterator[Mistake]:
    """Find lines whose amount is not price x quantity, or has not the sign of the quantity."""
    for row, line in enumerate(body.get("lines") or ()):
        amount, quantity, price = line.get("amount"), line.get("quantity"), line.get("price")
        if amount is None or quantity is None:
            continue
        fen, quantity_e4 = units(amount, AMOUNT_DECIMALS), units(quantity, QUANTITY_DECIMALS)
        if price is not None:
            price_e6 = units(price, PRICE_DECIMALS)
            if price_e6 * quantity_e4 == fen * E8_FEN:
                continue
            product = product_fen(price_e6, quantity_e4)
            if abs(fen - product) > TOLERANCE_FEN:
                expected = shown(decimal(product, AMOUNT_DECIMALS))
                place = f"/lines/{row}/amount"
                yield Mistake("AMOUNT_NOT_PRICE_TIMES_QUANTITY", place, found=shown(amount), expected=expected)
        elif fen * quantity_e4 < 0:
            place = f"/lines/{row}/quantity"
            yield Mistake("QUANTITY_AGAINST_AMOUNT", place, found=shown(quantity), expected=shown(amount))


def total_is_sum_of_lines(body: Body) -> Iterator[Mistake]:
    """Find a bill that is not the sum of its lines."""
    total, amounts = body.get("total"), [line.get("amount") for line in body.get("lines") or ()]
    if total is None or not amounts or None in amounts:
        return
    fen = sum(units(amount, AMOUNT_DECIMALS) for amount in amounts)
    if units(total, AMOUNT_DECIMALS) != fen:
        yield Mistake(
            "TOTAL_NOT_SUM_OF_LINES", "/total", found=shown(total), expected=shown(decimal(fen, AMOUNT_DECIMALS))
        )


def discharge_follows_admission(body: Body) -> Iterator[Mistake]:
    """Find a discharge before the admission. Days compare as they are written."""
    admission, discharge = body.get("admission"), body.get("discharge")
    if admission and discharge and discharge < admission:
        yield Mistake("DATES_REVERSED", "/discharge", found=shown(discharge), expected=f">= {admission}")


def attributes_are_named(body: Body) -> Iterator[Mistake]:
    """Find further attributes and amounts with a name that no plan can have."""
    for part in ("words", "numbers", "amounts"):
        for name in body.get(part) or ():
            if not ATTRIBUTE_NAME.fullmatch(name):
                yield Mistake("ATTRIBUTE_NAME_NOT_READ", f"/{part}", found=shown(name), expected="a-z 0-9 _")


def one_thing_is_undone(body: Body) -> Iterator[Mistake]:
    """Find a reversal that names no message and no settlement, or both, or itself."""
    given = [name for name in ("original_message_id", "settlement_id") if name in body]
    if len(given) != 1:
        yield Mistake("NOT_ONE_OF_TWO", found=" ".join(given), expected="original_message_id | settlement_id")
    elif body.get("message_id") and body.get("original_message_id") == body["message_id"]:
        yield Mistake("REVERSES_ITSELF", "/original_message_id", found=shown(body["original_message_id"]))


def span_is_short(body: Body) -> Iterator[Mistake]:
    """Find days of a statement that are in the wrong order, or too many to be compared at once."""
    first, last = body.get("first"), body.get("last")
    if not first or not last:
        return
    days = (datetime.date.fromisoformat(last) - datetime.date.fromisoformat(first)).days + 1
    if days < 1:
        yield Mistake("STATEMENT_REVERSED", "/last", found=shown(last), expected=f">= {first}")
    elif days > MOST_DAYS:
        yield Mistake("STATEMENT_TOO_LONG", "/last", found=shown(last), fields={"days": MOST_DAYS})


def persons_are_credited_once(body: Body) -> Iterator[Mistake]:
    """Find credits of an account that an earlier one of the request is for."""
    yield from _twice("deposits", [(one.get("person_id"), one.get("plan")) for one in body.get("deposits") or ()])


def holders_are_opened_once(body: Body) -> Iterator[Mistake]:
    """Find holders, and counters of a holder, that stand in the request before."""
    openings = body.get("openings") or ()
    yield from _twice("openings", [(one.get("holder"),) for one in openings])
    for place, one in enumerate(openings):
        named = [
            (each.get("plan"), each.get("counter"), each.get("keys", ""), each.get("period"))
            for each in one.get("counters") or ()
        ]
        yield from _twice(f"openings/{place}/counters", named)


def _twice(part: str, names: Sequence[tuple[object, ...]]) -> Iterator[Mistake]:
    seen: set[tuple[object, ...]] = set()
    for place, name in enumerate(names):
        if None not in name and name in seen:
            yield Mistake("BALANCE_TWICE", f"/{part}/{place}")
        seen.add(name)


def persons_or_everyone(body: Body) -> Iterator[Mistake]:
    """Find a job that does not say for whom, or says it twice."""
    if ("persons" in body) == bool(body.get("everyone")):
        yield Mistake("PERSONS_OR_EVERYONE", expected='"persons": [...] | "everyone": true')


CLAIM_LAWS: tuple[Law, ...] = (
    line_ids_differ,
    amounts_are_price_times_quantity,
    total_is_sum_of_lines,
    discharge_follows_admission,
    attributes_are_named,
)
REVERSAL_LAWS: tuple[Law, ...] = (one_thing_is_undone,)
STATEMENT_LAWS: tuple[Law, ...] = (span_is_short,)
DEPOSIT_LAWS: tuple[Law, ...] = (persons_are_credited_once,)
OPENING_LAWS: tuple[Law, ...] = (holders_are_opened_once,)
READJUDICATION_LAWS: tuple[Law, ...] = (persons_or_everyone,)


def product_fen(price_e6: int, quantity_e4: int) -> int:
    """Give price x quantity in fen, half-up (halves away from zero)."""
    rounded: int = (abs(price_e6 * quantity_e4) + E8_FEN // 2) // E8_FEN
    return rounded if price_e6 * quantity_e4 >= 0 else -rounded

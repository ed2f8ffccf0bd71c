"""Good claims become a `Batch`: every column, the catalog rows of the lines, and the reasons found at the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from adjudicator.batch import LARGEST_FEN, Batch, Lines
from adjudicator.catalog import CLASSES
from adjudicator.columns import MISSING, Category, Int8, Int32, Int64, UInt8
from adjudicator.eligibility import months_later
from adjudicator.reasons import ClaimReason
from adjudicator.rulebook import Program, State
from adjudicator.tables import ClaimCodes, evaluate
from api.door.buckets import given_buckets
from api.door.building import Builder, Setting, compact
from api.door.claims import Claims
from api.door.cover import Cover, find_cover
from api.door.members import EARLIEST, Members
from api.door.programs import Asked
from api.door.required import PAID
from api.door.rows import Books
from api.files.texts import Texts, some_of
from catalogs.tables.lookup import CatalogIndex

_REASON_OF_STATE = {
    State.NOT_STATED: ClaimReason.NOT_STATED,
    State.TARGET: ClaimReason.NOT_EXACT,
    State.UNKNOWN: ClaimReason.UNKNOWN_VALUE,
    State.MISSING: ClaimReason.MISSING_VALUE,
}


def assemble(
    claims: Claims,
    dates: Mapping[str, Int64],
    members: Members | None,
    setting: Setting,
    asked: Asked,
    books: Books,
    order_type: Int32 | None = None,
) -> Batch:
    """Build the batch of claims that are all good; `dates` are days [claims] by name.

    `order_type`: orders claims of one moment, the parts of a stay that was split; None where none was.
    """
    builder = Builder(claims, dates, setting, books)
    person = builder.coded("person_id")
    cover = find_cover({**claims.columns, "person_id": person}, dates, members, setting.finder, books)
    reason = cover.reason.copy()
    builder.visit()
    builder.person(cover, members)
    place = builder.facility(cover, reason)
    builder.extra(sorted(asked.words), sorted(asked.numbers))
    item = item_rows(claims, builder.treated_at(place, cover), setting.index, books)
    buckets, bucketed = given_buckets(claims)
    given = {name: builder.number(name) for name in sorted(asked.amounts) if name in claims.columns}
    batch = Batch(
        claim_id=books.category("claim_id", claims.code),
        person=books.category("person_id", person),
        plan=compact(cover.program.astype(np.int32), [program.name for program in setting.programs]),
        order_time=builder.order_time(cover),
        admission=dates["admission"].astype(np.int32),
        discharge=dates["discharge"].astype(np.int32),
        settlement=dates["settlement"].astype(np.int32),
        lines=lines_of(claims, item, dates, books),
        attributes=builder.attributes,
        order_type=order_type,
        amounts={name: np.where(values == MISSING, 0, values) for name, values in given.items()},
        given_buckets=buckets,
        bucketed=bucketed,
        given_paid=given_payments(claims),
        reason=reason,
    )
    if members is not None:
        waiting_reasons(batch, setting.programs, cover, members, reason)
    bounded(batch, reason)
    batch.check()
    return batch


def given_payments(claims: Claims) -> dict[str, Int64]:
    """Give what layers have paid already, by layer; MISSING where a claim leaves the layer to be computed."""
    return {
        name.removeprefix(PAID): column.astype(np.int64, copy=False)
        for name, column in claims.columns.items()
        if name.startswith(PAID)
    }


def lines_of(claims: Claims, item: Int32, dates: Mapping[str, Int64], books: Books) -> Lines:
    """Give the lines of good claims; a line without a date has that of its claim's admission."""
    rows, count = claims.lines, len(claims.lines)
    first = np.zeros(len(claims) + 1, np.int64)
    np.cumsum(np.bincount(claims.line_claim, minlength=len(claims)), out=first[1:])
    service = rows.columns.get("service_date", np.full(count, MISSING))
    day = (service // 86_400).astype(np.int32)
    undated = np.flatnonzero(service == MISSING)
    day[undated] = dates["admission"][claims.line_claim[undated]]

    def optional(name: str) -> Int64 | None:
        column = rows.columns.get(name)
        return None if column is None else column.astype(np.int64, copy=False)

    return Lines(
        first=first,
        item=item,
        service_date=day,
        amount_fen=rows.columns.get("amount", np.empty(0, np.int64)).astype(np.int64, copy=False),
        quantity_e4=optional("quantity"),
        price_e6=optional("price"),
        class_code=_small(rows.columns.get("class"), books.values("class"), {c: i for i, c in enumerate(CLASSES)}),
        upfront_ppm=_rate(rows.columns.get("upfront_rate")),
        group=compact(rows.columns["item_group"].astype(np.int32), books.values("item_group"))
        if "item_group" in rows.columns
        else None,
        confirmed=_small(rows.columns.get("confirmed"), books.values("confirmed"), {"no": 0, "yes": 1}),
    )


def _small(codes: NDArray[np.signedinteger] | None, values: Sequence[str], numbers: dict[str, int]) -> Int8 | None:
    if codes is None or not (codes >= 0).any():
        return None
    small: Int8 = np.array([*(numbers.get(v, -1) for v in values), -1], np.int8)[codes]
    return small


def _rate(values: NDArray[np.signedinteger] | None) -> Int32 | None:
    if values is None:
        return None
    return np.where(values == MISSING, -1, values).astype(np.int32)


def item_rows(claims: Claims, place: Category, index: CatalogIndex | None, books: Books) -> Int32:
    """Give the catalog row of every line as seen from its claim's place; each distinct pair is looked up once."""
    codes = claims.lines.columns.get("item_code")
    if index is None or codes is None or not len(codes):
        return np.full(len(claims.lines), -1, np.int32)
    texts = books.values("item_code")
    if (place.codes == place.codes[0]).all():
        only = place.values[place.codes[0]] if place.codes[0] >= 0 else ""
        of_codes = index.rows_of(only, texts.column if isinstance(texts, Texts) else texts)
        return np.append(of_codes, np.int32(-1)).take(codes)
    width = len(texts) + 1
    pair = (place.codes[claims.line_claim].astype(np.int64) + 1) * width + codes + 1
    used = np.flatnonzero(np.bincount(pair, minlength=(len(place.values) + 1) * width))
    found = np.full((len(place.values) + 1) * width, -1, np.int32)
    for number, name in enumerate(("", *place.values)):
        here = used[(used // width == number) & (used % width > 0)]
        if len(here):
            found[here] = index.rows_of(name, some_of(texts, here % width - 1))
    rows: Int32 = found[pair]
    return rows


def waiting_reasons(batch: Batch, programs: Sequence[Program], cover: Cover, members: Members, reason: UInt8) -> None:
    """Mark claims inside the waiting months that their plan asks for, counted from the start of unbroken cover."""
    for number, program in enumerate(programs):
        if program.waiting is None:
            continue
        rows = np.flatnonzero((cover.program == number) & (cover.span >= 0) & (reason == 0))
        if not len(rows):
            continue
        months, state = evaluate(program.waiting, ClaimCodes(batch, program, rows))
        months = np.broadcast_to(months, rows.shape)
        state = np.broadcast_to(state, rows.shape)
        months = np.where(state == State.ABSENT, 0, months)
        day, start = batch.date(program.coverage_by)[rows], members.unbroken[cover.span[rows]]
        waits = (day < months_later(start, months)) & (start > EARLIEST)
        reason[rows[waits]] = ClaimReason.WAITING
        for held, why in _REASON_OF_STATE.items():
            reason[rows[state == held]] = why


def bounded(batch: Batch, reason: UInt8) -> None:
    """Mark claims whose bill is larger than the engine accepts."""
    amount, first = batch.lines.amount_fen, batch.lines.first
    largest = max(int(amount.max(initial=0)), -int(amount.min(initial=0)))
    if largest * int(np.diff(first).max(initial=0)) <= LARGEST_FEN:
        return
    running = np.append(0, np.cumsum(amount))
    total = running[first[1:]] - running[first[:-1]]
    reason[(np.abs(total) > LARGEST_FEN) & (reason == 0)] = ClaimReason.OUT_OF_BOUNDS

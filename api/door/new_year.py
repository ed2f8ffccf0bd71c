"""Stays over New Year where the plan splits them: one claim for each benefit year that has fee lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from adjudicator.columns import MISSING, Bool, Int32, Int64
from adjudicator.stay_parts import StayParts, crosses, parts_of
from api.door.buckets import given_buckets
from api.door.building import Setting
from api.door.claims import Claims, taken
from api.door.cover import find_cover
from api.door.dates import DAY_SECONDS
from api.door.members import Members
from api.door.programs import Asked
from api.door.required import PAID
from api.door.rows import Books, missing_of
from api.files.findings import Trouble, Troubles
from api.files.source import Source
from api.files.texts import column_of

PART_OF_ID = r"^(?P<stay>.*)#\d{4}$"
"""The id of a part: that of the stay and the benefit year. No other claim may have it."""


def years_begin(
    claims: Claims, dates: Mapping[str, Int64], members: Members | None, setting: Setting, books: Books
) -> Int64:
    """Give the start of the benefit year (month * 100 + day) for claims that are to be split, 0 for every other."""
    starts = {number: month * 100 + day for number, (month, day) in _splitting(setting).items()}
    begin = np.zeros(len(claims), np.int64)
    if not starts:
        return begin
    stays = np.flatnonzero(~claims.bad & (dates["admission"] < dates["discharge"]))
    over = np.zeros(len(stays), np.bool_)
    for start in set(starts.values()):
        over |= crosses(dates["admission"][stays], dates["discharge"][stays], np.full(len(stays), start))
    at = stays[over]
    if not len(at):
        return begin
    columns = {name: column[at] for name, column in claims.columns.items()}
    columns.setdefault("person_id", np.full(len(at), -1, np.int32))
    cover = find_cover(columns, {name: day[at] for name, day in dates.items()}, members, setting.finder, books)
    start_of = np.array([*(starts.get(number, 0) for number in range(len(setting.programs))), 0], np.int64)
    found = start_of[cover.program]
    safe = np.where(found > 0, found, 101)
    found[~crosses(dates["admission"][at], dates["discharge"][at], safe)] = 0
    begin[at] = found
    return begin


def _splitting(setting: Setting) -> dict[int, tuple[int, int]]:
    return {number: program.year_start for number, program in enumerate(setting.programs) if program.splits}


def refuse_undivided(
    claims: Claims, begin: Int64, source: Source, asked: Asked, books: Books, troubles: Troubles
) -> Claims:
    """Refuse stays that must be split and cannot be: totals, payments and lines without a day tell no year."""
    if not (begin > 0).any():
        return claims
    reasons = {
        "STAY_NOT_DIVIDED": (begin > 0) & _undivided(claims, asked),
        "PART_ID_TAKEN": (begin > 0) & _parts_have_namesakes(claims, books),
    }
    bad = claims.bad.copy()
    for code, where in reasons.items():
        at = np.flatnonzero(where & ~bad)
        troubles.add(Trouble(code, source.name, "", claims.head_row[at], None, claims.code[at]))
        bad |= where
    return replace(claims, bad=bad)


def _undivided(claims: Claims, asked: Asked) -> Bool:
    _, bucketed = given_buckets(claims)
    whole = np.zeros(len(claims), np.bool_) if bucketed is None else bucketed != 0
    for name, column in claims.columns.items():
        if name in asked.amounts or name.startswith(PAID):
            whole |= ~missing_of(column)
    service = claims.lines.columns.get("service_date", np.full(len(claims.lines), MISSING))
    whole[claims.line_claim[service == MISSING]] = True
    return whole


def _parts_have_namesakes(claims: Claims, books: Books) -> Bool:
    ids = column_of(books.values("claim_id"))
    stays = pc.struct_field(pc.extract_regex(ids, PART_OF_ID), "stay").drop_null()
    taken_by_code: Bool = pc.is_in(ids, stays).to_numpy(zero_copy_only=False).astype(np.bool_)
    found: Bool = taken_by_code[claims.code]
    return found


def divide(
    claims: Claims, dates: dict[str, Int64], begin: Int64, books: Books
) -> tuple[Claims, dict[str, Int64], Int32 | None]:
    """Split good claims at the start of benefit years; give claims, dates and the order of parts settled together.

    Part Y of the stay ID is the claim ID#Y. Its dates are cut to the year, its settlement is that of the stay; it
    knows its `stay_part` and an `episode`, the id of the stay unless the claim gives one. Everything else is as given.
    """
    split = begin > 0
    if not split.any():
        return claims, dates, None
    service = claims.lines.columns["service_date"] // DAY_SECONDS
    start = np.where(split, begin, 101)
    parts = parts_of(split, dates["admission"], dates["discharge"], start, claims.line_claim, service)
    columns = {name: column[parts.claim] for name, column in claims.columns.items()}
    whole_id = claims.code[parts.claim]
    code = _part_ids(whole_id, parts, books)
    columns |= _attributes(columns, whole_id, parts, books)
    for name, day in (("admission", parts.admission), ("discharge", parts.discharge)):
        if name in columns:  # a moment of another day orders no part
            columns[name] = np.where(day == dates[name][parts.claim], columns[name], MISSING)
    order = np.argsort(parts.line_part, kind="stable")
    number_of = np.full(len(books.values("claim_id")) + 1, -1, np.int64)
    number_of[code] = np.arange(len(code))
    divided = Claims(
        code,
        columns,
        claims.head_row[parts.claim],
        np.zeros(len(code), np.bool_),
        taken(claims.lines, order),
        parts.line_part[order],
        number_of,
    )
    days = {
        "admission": parts.admission,
        "discharge": parts.discharge,
        "settlement": dates["settlement"][parts.claim],
    }
    return divided, days, parts.number.astype(np.int32)


def _part_ids(whole: Int64, parts: StayParts, books: Books) -> Int64:
    code = whole.copy()
    at = np.flatnonzero(parts.count > 1)
    years = pa.array(parts.year[at]).cast(pa.string())
    code[at] = books.named("claim_id").keep(pc.binary_join_element_wise(_texts(whole[at], books), years, "#"))
    return code


def _attributes(
    columns: Mapping[str, NDArray[np.signedinteger]], whole: Int64, parts: StayParts, books: Books
) -> dict[str, NDArray[np.signedinteger]]:
    """Give the columns that differ between the parts of a stay: its episode, which part it is, its days."""
    none = np.full(len(whole), -1, np.int32)
    several = parts.count > 1
    episode = columns.get("episode", none).copy()
    own = np.flatnonzero(several & (episode < 0))
    episode[own] = books.named("episode").keep(_texts(whole[own], books))
    first, later = books.named("stay_part").keep(pa.array(["first", "later"]))
    part = np.where(several, np.where(parts.number == 0, first, later), columns.get("stay_part", none))
    given = columns.get("days", np.full(len(whole), MISSING))
    days = np.where(parts.days >= 0, parts.days, np.where(parts.year > 0, MISSING, given))
    return {"episode": episode, "stay_part": part.astype(np.int32), "days": days}


def _texts(codes: Int64, books: Books) -> pa.StringArray:
    return column_of(books.values("claim_id")).take(pa.array(codes))

"""Refusing: claims whose person is not known, claims without lines, and every row that goes with a refused claim."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adjudicator.batch import BUCKETS
from adjudicator.columns import MISSING, Bool, Int64
from api.door.claims import Claims, as_text, taken
from api.door.members import Members
from api.door.rows import Books
from api.files.findings import Trouble, Troubles
from api.files.source import Source


def check_persons(claims: Claims, source: Source, members: Members | None, books: Books, troubles: Troubles) -> Claims:
    """Refuse claims without a person, of a person no member row knows, or of one some of whose rows were refused."""
    person = claims.columns.get("person_id", np.full(len(claims), -1, np.int32))
    cases = {"CELL_EMPTY": person < 0}
    if members is not None:
        refused, known = (np.isin(person, codes) for codes in (members.refused, members.person))
        cases["MEMBER_REFUSED"] = refused & (person >= 0)
        cases["UNKNOWN_MEMBER"] = (person >= 0) & ~known & ~refused
    bad = claims.bad.copy()
    for code, where in cases.items():
        at = np.flatnonzero(where & ~claims.bad)
        values = as_text(person[at], books.values("person_id"))
        column = source.reading.shown("person_id")
        troubles.add(Trouble(code, source.name, column, claims.head_row[at], values, claims.code[at], private=True))
        bad |= where
    return replace(claims, bad=bad)


def check_contents(claims: Claims, source: Source, troubles: Troubles) -> Claims:
    """Refuse claims that have neither lines nor bucket totals."""
    empty = np.bincount(claims.line_claim, minlength=len(claims)) == 0
    for name in BUCKETS:
        if name in claims.columns:
            empty &= claims.columns[name] == MISSING
    at = np.flatnonzero(empty & ~claims.bad)
    troubles.add(Trouble("CLAIM_WITHOUT_LINES", source.name, "", claims.head_row[at], None, claims.code[at]))
    return replace(claims, bad=claims.bad | empty)


def set_apart(
    claims: Claims, dates: dict[str, Int64], claim_source: Source, line_source: Source | None, troubles: Troubles
) -> tuple[Claims, dict[str, Int64]]:
    """Keep the good claims; list every row of a refused one that is not listed for its own sake."""
    if not claims.bad.any():
        return claims, dates
    owner = claims.code[claims.line_claim]
    refused = np.flatnonzero(claims.bad[claims.line_claim])
    if line_source is not None:
        troubles.place(line_source.name, claims.lines.row, owner)
        _list_companions(line_source, claims.lines.row[refused], owner[refused], troubles)
    if line_source is not claim_source:
        at = np.flatnonzero(claims.bad)
        troubles.place(claim_source.name, claims.head_row, claims.code)
        _list_companions(claim_source, claims.head_row[at], claims.code[at], troubles)
    return _kept(claims, ~claims.bad), {name: day[~claims.bad] for name, day in dates.items()}


def _kept(claims: Claims, good: Bool) -> Claims:
    lines = np.flatnonzero(good[claims.line_claim])
    number = np.cumsum(good) - 1
    return Claims(
        claims.code[good],
        {name: column[good] for name, column in claims.columns.items()},
        claims.head_row[good],
        claims.bad[good],
        taken(claims.lines, lines),
        number[claims.line_claim[lines]],
        np.append(np.where(good, number, -1), -1)[claims.number_of],
    )


def _list_companions(source: Source, rows: Int64, codes: Int64, troubles: Troubles) -> None:
    listed = troubles.rows_of(source.name)
    alone = ~np.isin(rows, listed)
    troubles.add(Trouble("CLAIM_REFUSED", source.name, "", rows[alone], None, codes[alone]))

"""Refusing: claims whose person is not known, claims without lines, and every row that goes with a refused claim."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from adjudicator.batch import BUCKETS
from adjudicator.columns import MISSING, Bool, Int32, Int64
from api.door.claims import Claims, as_text, taken
from api.door.members import Members
from api.door.rows import Books, Rows
from api.files.findings import Trouble, Troubles
from api.files.source import UNPLACED, BrokenRow, Source


def refuse_broken_rows(claims: Claims, source: Source, position: int, books: Books, troubles: Troubles) -> Claims:
    """Refuse the claims that rows with a wrong number of cells name; say where a row names none."""
    book = {value: code for code, value in enumerate(books.values("claim_id"))} if source.broken else {}
    bad = claims.bad.copy()
    for code in sorted({row.code for row in source.broken}):
        rows = [row for row in source.broken if row.code == code]
        named = np.array(
            [book.get(row.cells[position].strip(), -1) if len(row.cells) > position else -1 for row in rows]
        )
        number = claims.number_of[named]
        bad[number[number >= 0]] = True
        swallowed = claims.number_of[
            np.array([book.get(text.strip(), -1) for row in rows for text in row.also], np.int64)
        ]
        bad[swallowed[swallowed >= 0]] = True
        for placed in (True, False):
            at = np.flatnonzero((number >= 0) == placed)
            troubles.add(
                Trouble(
                    code if placed else UNPLACED[code],
                    source.name,
                    "",
                    np.array([rows[i].row for i in at], np.int64),
                    pa.array([_cells_found(rows[i]) for i in at], pa.string()),
                    named[at].astype(np.int32),
                    fields={"expected": rows[0].expected},
                )
            )
    return Claims(claims.code, claims.columns, claims.head_row, bad, claims.lines, claims.line_claim, claims.number_of)


def _cells_found(row: BrokenRow) -> str:
    return f"{row.found} / {row.expected}" if row.found != row.expected else ""


def refuse_rows_without_claim(source: Source, rows: Rows, unclaimed: Bool, faulty: Bool, troubles: Troubles) -> None:
    """List the rows below one whose claim id is empty or faulty, that repeat it; the first one is listed already."""
    at = np.flatnonzero(unclaimed & ~np.isin(rows.row, troubles.rows_of(source.name)))
    column = source.reading.shown("claim_id")
    troubles.add(Trouble("CELL_EMPTY", source.name, column, rows.row[at[~faulty[at]]]))
    troubles.add(Trouble("CLAIM_REFUSED", source.name, column, rows.row[at[faulty[at]]]))


def check_persons(claims: Claims, source: Source, members: Members | None, books: Books, troubles: Troubles) -> Claims:
    """Refuse claims without a person, of a person no member row knows, or of one some of whose rows were refused."""
    person = claims.columns.get("person_id", np.full(len(claims), -1, np.int32))
    cases = {"CELL_EMPTY": person < 0}
    if members is not None:
        count = len(books.values("person_id"))
        refused, known = (_marked(codes, count)[person] for codes in (members.refused, members.person))
        cases["MEMBER_REFUSED"] = refused & (person >= 0)
        cases["UNKNOWN_MEMBER"] = (person >= 0) & ~known & ~refused
    bad = claims.bad.copy()
    for code, where in cases.items():
        if not where.any():
            continue
        at = np.flatnonzero(where & ~claims.bad)
        values = as_text(person[at], books.values("person_id"))
        column = source.reading.shown("person_id")
        troubles.add(Trouble(code, source.name, column, claims.head_row[at], values, claims.code[at], private=True))
        bad |= where
    return replace(claims, bad=bad)


def _marked(codes: Int32, count: int) -> Bool:
    """Say of every code of a book, and of -1, whether it is among some codes."""
    marked = np.zeros(count + 1, np.bool_)
    marked[codes] = True
    return marked


def check_contents(claims: Claims, source: Source, troubles: Troubles) -> Claims:
    """Refuse claims that have neither lines nor bucket totals."""
    empty = np.bincount(claims.line_claim, minlength=len(claims)) == 0
    for name in BUCKETS:
        if name in claims.columns:
            empty &= claims.columns[name] == MISSING
    if not empty.any():
        return claims
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

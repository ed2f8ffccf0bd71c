"""Heads and lines become claims: same ids joined, contradictions and duplicates found, bad claims set apart whole."""

from __future__ import annotations

import decimal
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from adjudicator.columns import Bool, Int64
from api.door.rows import Books, Rows, missing_of
from api.files.findings import Trouble, Troubles
from api.files.headings import Heading
from api.files.source import Source


@dataclass(frozen=True, slots=True)
class Claims:
    """Claims [n] in order of first appearance, and their lines sorted by claim.

    code: number of the claim id in its book. columns: claim columns, the first value given for each claim.
    head_row: row of the file where the claim first appears. lines: typed rows; line_claim rises. bad: refused.
    number_of: claim of each code of the book, -1 where it is no claim of this intake; one more for code -1.
    """

    code: Int64
    columns: dict[str, NDArray[np.signedinteger]]
    head_row: Int64
    bad: Bool
    lines: Rows
    line_claim: Int64
    number_of: Int64

    def __len__(self) -> int:
        return len(self.code)


def gather(
    source: Source, heads: Rows, headings: list[Heading], books: Books, troubles: Troubles, one_row_each: bool
) -> tuple[Claims, Int64]:
    """Join heads to claims (still without lines); give them and the claim of each head, -1 where its id is missing.

    `one_row_each`: a second row with the same id is a duplicate; otherwise it must only not contradict the first.
    """
    ids = heads.columns["claim_id"]
    _report_missing(source, heads, "claim_id", ids < 0, troubles)
    code, first = np.unique(ids, return_index=True)
    order = np.argsort(first[code >= 0], kind="stable")
    code, first = code[code >= 0][order].astype(np.int64), first[code >= 0][order]
    number_of = np.full(len(books.values("claim_id")) + 1, -1, np.int64)
    number_of[code] = np.arange(len(code))
    claim: Int64 = number_of[ids]
    known = np.flatnonzero(claim >= 0)
    bad = np.zeros(len(code), np.bool_)
    columns: dict[str, NDArray[np.signedinteger]] = {}
    repeated = known[first[claim[known]] != known]
    if one_row_each:
        _report(source, heads, "claim_id", repeated, books, troubles, "DUPLICATE_CLAIM")
        bad[claim[repeated]] = True
    for heading in headings:
        if heading.name == "claim_id" or heading.name not in heads.columns:
            continue
        values = heads.columns[heading.name]
        columns[heading.name] = column = _first_given(values, claim, known, len(code))
        differs = repeated[~missing_of(values[repeated]) & (values[repeated] != column[claim[repeated]])]
        if not one_row_each and len(differs):
            _report(source, heads, heading.name, differs, books, troubles, "CLAIM_CONTRADICTS_ITSELF")
            bad[claim[differs]] = True
    bad[claim[known][heads.bad[known]]] = True
    empty = Rows(np.empty(0, np.int64), {}, {}, np.empty(0, np.bool_))
    return Claims(code, columns, heads.row[first], bad, empty, np.empty(0, np.int64), number_of), claim


def _first_given(
    values: NDArray[np.signedinteger], claim: Int64, known: Int64, count: int
) -> NDArray[np.signedinteger]:
    """Give each claim the first value that one of its heads gives."""
    missing = -1 if values.dtype == np.int32 else np.iinfo(np.int64).min
    column = np.full(count, missing, values.dtype)
    given = known[~missing_of(values[known])][::-1]
    column[claim[given]] = values[given]  # the last assignment stays: the first head
    return column


def with_lines(claims: Claims, lines: Rows, claim: Int64) -> Claims:
    """Give the claims with their lines sorted by claim; lines without a claim are refused, bad ones refuse theirs."""
    bad = claims.bad.copy()
    wrong = claim[lines.bad]
    bad[wrong[wrong >= 0]] = True
    if len(claim) and (claim[0] < 0 or (claim[1:] < claim[:-1]).any()):  # else all have one, and they rise
        keep = np.flatnonzero(claim >= 0)
        keep = keep[np.argsort(claim[keep], kind="stable")]
        lines, claim = taken(lines, keep), claim[keep]
    return Claims(claims.code, claims.columns, claims.head_row, bad, lines, claim, claims.number_of)


def lines_of_other_file(claims: Claims, source: Source, lines: Rows, books: Books, troubles: Troubles) -> Int64:
    """Give the claim of each line of a file of lines, -1 where there is none (reported)."""
    ids = lines.columns["claim_id"]
    later = len(books.values("claim_id")) + 1 - len(claims.number_of)
    number_of = np.append(claims.number_of, np.full(later, -1))  # ids that only lines have
    claim: Int64 = number_of[ids]
    _report_missing(source, lines, "claim_id", ids < 0, troubles)
    _report(source, lines, "claim_id", np.flatnonzero((claim < 0) & (ids >= 0)), books, troubles, "LINE_WITHOUT_CLAIM")
    return claim


def taken(rows: Rows, at: Int64) -> Rows:
    """Give some rows, in the order named."""
    index = pa.array(at)
    return Rows(
        rows.row[at],
        {name: column[at] for name, column in rows.columns.items()},
        {name: column.take(index) for name, column in rows.texts.items()},
        rows.bad[at],
    )


def _report_missing(source: Source, rows: Rows, column: str, missing: Bool, troubles: Troubles) -> None:
    at = np.flatnonzero(missing & ~rows.bad)
    troubles.add(Trouble("CELL_EMPTY", source.name, source.reading.shown(column), rows.row[at]))


def _report(source: Source, rows: Rows, column: str, at: Int64, books: Books, troubles: Troubles, code: str) -> None:
    """Report rows by a coded or numeric column, with the value as text."""
    heading = source.reading.headings.get(column)
    troubles.add(
        Trouble(
            code,
            source.name,
            source.reading.shown(column),
            rows.row[at],
            as_text(rows.columns[column][at], books.values(column), heading.cell if heading else ""),
            rows.columns["claim_id"][at].astype(np.int32),
            private=heading is not None and heading.private,
        )
    )


def as_text(values: NDArray[np.signedinteger], book: Sequence[str], cell: str = "") -> pa.StringArray:
    """Give values of a column as text, for findings: words, days, yuan, or plain numbers."""
    if values.dtype == np.int32:
        used, place = np.unique(values, return_inverse=True)
        return pa.array(["" if v < 0 else book[v] for v in used.tolist()], pa.string()).take(
            pa.array(place.reshape(-1))
        )
    if cell in ("date", "moment"):
        days = values.astype("datetime64[s]").astype("datetime64[D]")
        return pa.array(np.datetime_as_string(days).tolist(), pa.string())
    if cell == "money":
        return pa.array([str(decimal.Decimal(v).scaleb(-2)) for v in values.tolist()], pa.string())
    return pa.array([str(v) for v in values.tolist()], pa.string())

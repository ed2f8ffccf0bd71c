"""The intake: files or tables of claims, lines and members go in, a `Batch` and all that was refused come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from adjudicator.batch import Batch
from adjudicator.columns import Category, Int64
from api.door.admitting import admit
from api.door.building import Setting
from api.door.claims import Claims, gather, lines_of_other_file, with_lines
from api.door.members import read_members
from api.door.programs import Asked, asked_by
from api.door.refusing import refuse_broken_rows, refuse_rows_without_claim
from api.door.required import check_headings, extra_headings
from api.door.rows import Books, read_heads_and_lines, read_rows
from api.door.warnings import warn, warn_of_sheets
from api.files.findings import Troubles
from api.files.headings import CLAIM, LINE
from api.files.source import Source
from catalogs.findings import Language

LINE_COLUMNS = ("amount", "price", "item_code", "quantity")
"""A file with any of these has lines."""

OF_LINES = tuple(heading for heading in LINE if heading.name != "claim_id")
PER_CLAIM = ("in_scope", "upfront", "over_limit", "self_funded")
"""Columns that mean a claim's total, and are not read from a file whose rows are lines."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each there were: claims_read = claims_kept + claims_refused.

    The batch has claims_kept + parts_added claims, because a stay split at New Year is one for each year.

    rows_read counts rows of the file that holds the lines (of the claims file, when there are no lines), blank ones
    left out; lines_kept are those in the batch. rows_refused counts over all files.
    """

    claims_read: int
    claims_kept: int
    claims_refused: int
    parts_added: int
    rows_read: int
    lines_kept: int
    rows_refused: int
    warnings: int


@dataclass(frozen=True, slots=True)
class Intake:
    """What came in.

    claim_rows: row of the claims file for each claim of the batch. line_rows, line_ids, item_codes: row and names of
    each line of the batch, in its order (None where the files have no such column). encodings: by file. ignored:
    columns of each file that nothing asked for.
    """

    batch: Batch
    counts: Counts
    claim_rows: Int64
    line_rows: Int64
    line_ids: pa.ChunkedArray | None
    item_codes: Category | None
    encodings: dict[str, str]
    ignored: dict[str, tuple[str, ...]]
    troubles: Troubles
    claim_ids: Sequence[str]

    def rejected(self, language: Language = "en") -> pa.Table:
        """Give all refused rows in the columns of `api.files.findings.SCHEMA`, by file and row."""
        return self.troubles.table("error", self.claim_ids, language)

    def warnings(self, language: Language = "en") -> pa.Table:
        """Give what is doubtful but settled, in the same columns."""
        return self.troubles.table("warning", self.claim_ids, language)


def take_in(claims: Source, lines: Source | None, members: Source | None, setting: Setting) -> Intake:
    """Read claims, their lines (from the same source, or their own) and members.

    Claims with any bad row are refused whole, with all their rows; everything else is in the batch. Raises InputError
    when a source as a whole cannot be read (a column is missing).
    """
    own_lines = lines is None and any(name in claims.reading.columns for name in LINE_COLUMNS)
    _check_all_headings(claims, lines, members, own_lines)
    books, troubles = Books(), Troubles()
    asked = asked_by(setting.programs)
    gathered, rows_read = _read(claims, lines, own_lines, asked, books, troubles)
    line_source = claims if own_lines else lines
    covered = None if members is None else read_members(members, books, troubles)
    admitted = admit(gathered, claims, line_source, covered, setting, asked, books, troubles)
    batch, good, kept = admitted.batch, admitted.claims, admitted.kept
    warn(batch, good, claims, line_source or claims, books, troubles, setting)
    for source in filter(None, (claims, lines, members)):
        warn_of_sheets(source, troubles)
    counts = Counts(
        claims_read=len(gathered),
        claims_kept=kept,
        claims_refused=len(gathered) - kept,
        parts_added=len(good) - kept,
        rows_read=rows_read,
        lines_kept=len(batch.lines),
        rows_refused=sum(len(troubles.rows_of(source.name)) for source in (claims, lines, members) if source),
        warnings=troubles.count("warning"),
    )
    codes = good.lines.columns.get("item_code")
    return Intake(
        batch=batch,
        counts=counts,
        claim_rows=good.head_row,
        line_rows=good.lines.row,
        line_ids=good.lines.texts.get("line_id"),
        item_codes=None if codes is None else books.category("item_code", codes),
        encodings={source.name: source.encoding for source in (claims, lines, members) if source is not None},
        ignored={source.name: tuple(source.unread) for source in (claims, lines, members) if source is not None},
        troubles=troubles,
        claim_ids=books.values("claim_id"),
    )


def _check_all_headings(claims: Source, lines: Source | None, members: Source | None, own_lines: bool) -> None:
    checks = [(claims, ("claim", "line") if own_lines else ("claim",))]
    checks += [(lines, ("line",))] if lines is not None else []
    checks += [(members, ("member",))] if members is not None else []
    check_headings(*checks)  # type: ignore[arg-type]


def _read(
    claims: Source, lines: Source | None, own_lines: bool, asked: Asked, books: Books, troubles: Troubles
) -> tuple[Claims, int]:
    """Read the rows of claims and lines and join them; give the claims and the number of rows read."""
    headings = [*CLAIM, *extra_headings(claims, asked)]
    position = claims.reading.columns["claim_id"]
    if own_lines:
        headings = [heading for heading in headings if heading.name not in PER_CLAIM]
        heads, rows, head_of = read_heads_and_lines(claims, headings, OF_LINES, books, troubles)
        gathered, claim_of_head = gather(claims, heads, headings, books, troubles, one_row_each=False)
        refuse_rows_without_claim(claims, rows, claim_of_head[head_of] < 0, heads.bad[head_of], troubles)
        gathered = with_lines(gathered, rows, claim_of_head[head_of])
        return refuse_broken_rows(gathered, claims, position, books, troubles), len(rows) + len(claims.broken)
    heads = read_rows(claims, headings, books, troubles)
    gathered, _ = gather(claims, heads, headings, books, troubles, one_row_each=True)
    gathered = refuse_broken_rows(gathered, claims, position, books, troubles)
    if lines is None:
        return gathered, len(heads) + len(claims.broken)
    rows = read_rows(lines, (CLAIM[0], *OF_LINES), books, troubles)
    gathered = with_lines(gathered, rows, lines_of_other_file(gathered, lines, rows, books, troubles))
    position = lines.reading.columns["claim_id"]
    return refuse_broken_rows(gathered, lines, position, books, troubles), len(rows) + len(lines.broken)


__all__ = ["Counts", "Intake", "Setting", "take_in"]

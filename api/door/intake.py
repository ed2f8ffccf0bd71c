"""The intake: files or tables of claims, lines and members go in, a `Batch` and all that was refused come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from adjudicator.batch import Batch
from adjudicator.columns import MISSING, Category, Int64
from adjudicator.reasons import ClaimReason
from api.door.building import (
    Builder,
    Setting,
    bounded,
    item_rows,
    lines_of,
    waiting_reasons,
)
from api.door.buckets import check_buckets, given_buckets
from api.door.claims import Claims, gather, lines_of_other_file, refuse_broken_rows, taken, with_lines
from api.door.cover import Cover, by_claims_alone, by_members
from api.door.dates import claim_dates
from api.door.line_checks import check_lines
from api.door.members import Members, read_members
from api.door.programs import Asked, PlanFinder, asked_by
from api.door.rows import Books, Rows, read_heads_and_lines, read_rows
from api.files.findings import InputError, Trouble, Troubles
from api.files.headings import CLAIM, LINE, REQUIRED, Heading, Part
from api.files.source import Source
from catalogs.findings import Finding, Language

LINE_AMOUNTS = ("amount", "price", "item_code", "quantity")
"""A file with any of these has lines."""

BUCKET_NAMES = ("in_scope", "upfront", "over_limit", "self_funded")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each there were. Every row of the files is in one of the row counts."""

    claims_read: int
    claims_kept: int
    claims_refused: int
    rows_read: int
    lines_kept: int
    rows_refused: int
    warnings: int


@dataclass(frozen=True, slots=True)
class Intake:
    """What came in.

    claim_rows: row of the claims file for each claim of the batch. line_rows, line_ids, item_codes: row and names of
    each line of the batch, in its order (names None where the file has no such column).
    """

    batch: Batch
    counts: Counts
    claim_rows: Int64
    line_rows: Int64
    line_ids: pa.ChunkedArray | None
    item_codes: Category | None
    troubles: Troubles
    claim_ids: list[str]

    def rejected(self, language: Language = "en") -> pa.Table:
        """Give all refused rows: file, row, column, value, code, reason, what to do, claim, severity."""
        return self.troubles.table("error", self.claim_ids, language)

    def warnings(self, language: Language = "en") -> pa.Table:
        """Give what is doubtful but settled, in the same columns."""
        return self.troubles.table("warning", self.claim_ids, language)


def take_in(claims: Source, lines: Source | None, members: Source | None, setting: Setting) -> Intake:
    """Read claims, their lines (from the same source, or their own) and members.

    Claims with any bad row are refused whole, with all their rows; everything else is in the batch. Raises InputError
    when a source as a whole cannot be read (a column is missing).
    """
    asked = asked_by(setting.programs)
    own_lines = lines is None and any(name in claims.reading.columns for name in LINE_AMOUNTS)
    check_headings(claims, ("claim", "line") if own_lines else ("claim",), lines)
    books, troubles = Books(), Troubles()
    gathered, line_source = _read(claims, lines, own_lines, asked, books, troubles)
    if line_source is not None:
        gathered = check_lines(gathered, line_source, books, troubles)
    gathered = check_buckets(gathered, claims, troubles)
    gathered = _with_any_lines(gathered, claims, troubles)
    covered = None if members is None else read_members(members, books, troubles)
    gathered = _check_persons(gathered, claims, covered, books, troubles)
    gathered, dates = claim_dates(gathered, claims, books, troubles)
    rows_read = len(gathered.lines) if line_source is not None else len(gathered)
    good, dates = _set_apart(gathered, dates, claims, line_source or claims, troubles)
    return _build(good, dates, covered, setting, asked, books, troubles, line_source or claims, gathered, rows_read)


def check_headings(source: Source, parts: tuple[Part, ...], lines: Source | None) -> None:
    """Refuse sources that lack a column nothing can do without, or have one twice."""
    findings = _heading_findings(source, parts)
    if lines is not None:
        findings += _heading_findings(lines, ("line",))
    if findings:
        raise InputError(findings)


def _heading_findings(source: Source, parts: tuple[Part, ...]) -> list[Finding]:
    columns = source.reading.columns
    missing = [name for part in parts for name in REQUIRED[part] if name not in columns]
    if "line" in parts and "amount" not in columns and not {"price", "quantity"} <= columns.keys():
        missing.append("amount")
    if "line" in parts and "item_code" not in columns and "class" not in columns:
        missing.append("item_code")
    if "claim" in parts and not {"admission", "discharge", "settlement", "service_date"} & columns.keys():
        missing.append("admission")
    shown = ", ".join(name for name in source.reading.written if name) or "-"
    aliases = {h.name: " / ".join(h.aliases[:3]) for part in parts for h in (CLAIM if part == "claim" else LINE)}
    found = [
        Finding("COLUMN_MISSING", source.name, 0, name, {"name": name, "aliases": aliases[name], "found": shown})
        for name in dict.fromkeys(missing)
    ]
    return found + [Finding("COLUMN_TWICE", source.name, 0, name, {"name": name}) for name in source.reading.repeated]


def _read(
    claims: Source, lines: Source | None, own_lines: bool, asked: Asked, books: Books, troubles: Troubles
) -> tuple[Claims, Source | None]:
    """Read the rows of all files and join them to claims."""
    headings = [h for h in CLAIM if not (own_lines and h.name in BUCKET_NAMES)] + extra_headings(claims, asked)
    of_lines = [h for h in LINE if h.name != "claim_id"]
    position = claims.reading.columns["claim_id"]
    if own_lines:
        heads, rows, head_of = read_heads_and_lines(claims, headings, of_lines, books, troubles)
        gathered, claim_of_head = gather(claims, heads, headings, books, troubles, one_row_each=False)
        claim = claim_of_head[head_of] if len(heads) else head_of
        gathered = with_lines(gathered, rows, claim)
        return refuse_broken_rows(gathered, claims, position, books, troubles), claims
    heads = read_rows(claims, headings, books, troubles)
    gathered, _ = gather(claims, heads, headings, books, troubles, one_row_each=True)
    gathered = refuse_broken_rows(gathered, claims, position, books, troubles)
    if lines is None:
        return gathered, None
    rows = read_rows(lines, [CLAIM[0], *of_lines], books, troubles)
    gathered = with_lines(gathered, rows, lines_of_other_file(gathered, lines, rows, books, troubles))
    position = lines.reading.columns["claim_id"]
    return refuse_broken_rows(gathered, lines, position, books, troubles), lines


def extra_headings(source: Source, asked: Asked) -> list[Heading]:
    """Give headings for columns that only some plan knows."""
    cells = [("word", asked.words), ("number", asked.numbers), ("money", asked.amounts)]
    return [
        Heading(name, cell, name)  # type: ignore[arg-type]
        for cell, names in cells
        for name in source.reading.extra
        if name in names
    ]


def _with_any_lines(claims: Claims, source: Source, troubles: Troubles) -> Claims:
    """Refuse claims that have neither lines nor bucket totals."""
    empty = np.bincount(claims.line_claim, minlength=len(claims)) == 0
    for name in BUCKET_NAMES:
        if name in claims.columns:
            empty &= claims.columns[name] == MISSING
    at = np.flatnonzero(empty & ~claims.bad)
    troubles.add(Trouble("CLAIM_WITHOUT_LINES", source.name, "", claims.head_row[at], None, claims.code[at]))
    return replace(claims, bad=claims.bad | empty)


def _check_persons(
    claims: Claims, source: Source, members: Members | None, books: Books, troubles: Troubles
) -> Claims:
    """Refuse claims without a person, of a person no member row knows, or one of whose rows was refused."""
    person = claims.columns.get("person_id", np.full(len(claims), -1, np.int32))
    bad = claims.bad.copy()
    column = source.reading.shown("person_id")
    cases = [("CELL_EMPTY", person < 0)]
    if members is not None:
        cases.append(("MEMBER_REFUSED", np.isin(person, members.refused) & (person >= 0)))
        known = np.isin(person, members.person) | np.isin(person, members.refused)
        cases.append(("UNKNOWN_MEMBER", (person >= 0) & ~known))
    names = books.values("person_id")
    for code, where in cases:
        at = np.flatnonzero(where & ~claims.bad)
        values = pa.array(["" if c < 0 else names[c] for c in person[at].tolist()], pa.string())
        troubles.add(
            Trouble(code, source.name, column, claims.head_row[at], values, claims.code[at], private=True)
        )
        bad |= where
    return replace(claims, bad=bad)


def _set_apart(
    claims: Claims, dates: dict[str, Int64], claim_source: Source, line_source: Source, troubles: Troubles
) -> tuple[Claims, dict[str, Int64]]:
    """Keep the good claims; list every row of a refused claim that is not listed for its own sake."""
    if not claims.bad.any():
        return claims, dates
    own_rows = claim_source is not line_source or not len(claims.lines)
    if own_rows:
        at = np.flatnonzero(claims.bad)
        _list_companions(claim_source, claims.head_row[at], claims.code[at], troubles)
    refused = np.flatnonzero(claims.bad[claims.line_claim])
    _list_companions(line_source, claims.lines.row[refused], claims.code[claims.line_claim[refused]], troubles)
    kept = np.flatnonzero(~claims.bad)
    number = np.cumsum(~claims.bad) - 1
    lines_kept = np.flatnonzero(~claims.bad[claims.line_claim])
    good = Claims(
        claims.code[kept],
        {name: column[kept] for name, column in claims.columns.items()},
        claims.head_row[kept],
        claims.bad[kept],
        taken(claims.lines, lines_kept),
        number[claims.line_claim[lines_kept]],
        np.where(claims.number_of >= 0, np.append(np.where(claims.bad, -1, number), -1)[claims.number_of], -1),
    )
    return good, {name: day[kept] for name, day in dates.items()}


def _list_companions(source: Source, rows: Int64, codes: Int64, troubles: Troubles) -> None:
    listed = [t.rows for t in troubles if t.file == source.name and t.severity == "error"]
    alone = ~np.isin(rows, np.concatenate(listed)) if listed else np.ones(len(rows), np.bool_)
    troubles.add(Trouble("CLAIM_REFUSED", source.name, "", rows[alone], None, codes[alone].astype(np.int32)))


def _build(
    claims: Claims,
    dates: dict[str, Int64],
    members: Members | None,
    setting: Setting,
    asked: Asked,
    books: Books,
    troubles: Troubles,
    line_source: Source,
    every: Claims,
    rows_read: int,
) -> Intake:
    builder = Builder(claims, dates, setting, books)
    person = builder.coded("person_id")
    finder = PlanFinder(setting.programs)
    if members is None:
        cover = by_claims_alone(claims.columns, dates["discharge"], finder, books)
    else:
        cover = by_members(members, person, claims.columns, dates, finder, books)
    reason = cover.reason.copy()
    builder.visit()
    builder.person(cover, members)
    place = builder.facility(cover, reason)
    builder.extra(sorted(asked.words), sorted(asked.numbers))
    has_lines = "amount" in claims.lines.columns
    lines = claims if has_lines else replace(claims, lines=_no_lines(), line_claim=np.empty(0, np.int64))
    item = item_rows(lines, builder.treated_at(place, cover), setting.index, books)
    buckets, bucketed = given_buckets(claims)
    amounts = {n: np.where(builder.number(n) == MISSING, 0, builder.number(n)) for n in asked.amounts if n in claims.columns}
    batch = Batch(
        claim_id=Category(claims.code.astype(np.int32), tuple(books.values("claim_id"))),
        person=Category(person, tuple(books.values("person_id"))),
        plan=Category(cover.program.astype(np.int32), tuple(p.name for p in setting.programs)),
        order_time=builder.order_time(cover),
        admission=dates["admission"].astype(np.int32),
        discharge=dates["discharge"].astype(np.int32),
        settlement=dates["settlement"].astype(np.int32),
        lines=lines_of(lines, item, dates, books),
        attributes=builder.attributes,
        amounts=amounts,
        given_buckets=buckets,
        bucketed=bucketed,
        reason=reason,
    )
    if members is not None:
        waiting_reasons(batch, setting.programs, cover, members, reason)
    bounded(batch, reason)
    batch.check()
    warn(batch, claims, lines, cover, builder, line_source, books, troubles)
    refused = len(troubles.table("error", books.values("claim_id"), "en").group_by(["file", "row"]).aggregate([]))
    counts = Counts(
        len(every), len(claims), len(every) - len(claims), rows_read + len(line_source.broken), len(lines.lines), refused,
        sum(len(t.rows) for t in troubles if t.severity == "warning"),
    )  # fmt: skip
    codes = lines.lines.columns.get("item_code")
    return Intake(
        batch, counts, claims.head_row, lines.lines.row, lines.lines.texts.get("line_id"),
        None if codes is None else Category(codes.astype(np.int32), tuple(books.values("item_code"))),
        troubles, books.values("claim_id"),
    )  # fmt: skip


def _no_lines() -> Rows:
    none = np.empty(0, np.int64)
    return Rows(none, {"amount": none}, {}, np.empty(0, np.bool_))


def warn(
    batch: Batch,
    claims: Claims,
    lines: Claims,
    cover: Cover,
    builder: Builder,
    source: Source,
    books: Books,
    troubles: Troubles,
) -> None:
    """Report what is doubtful but settled: codes that no catalog or facility table knows."""
    codes = lines.lines.columns.get("item_code")
    if builder.setting.index is not None and codes is not None:
        unknown = np.flatnonzero((batch.lines.item < 0) & (codes >= 0))
        names = books.values("item_code")
        values = pa.array([names[c] for c in codes[unknown].tolist()], pa.string())
        owner = claims.code[lines.line_claim[unknown]].astype(np.int32)
        column = source.reading.shown("item_code")
        rows = lines.lines.row[unknown]
        troubles.add(Trouble("UNKNOWN_ITEM", source.name, column, rows, values, owner, severity="warning"))
    assert batch.reason is not None
    strange = np.flatnonzero(batch.reason == ClaimReason.UNKNOWN_FACILITY)
    names = books.values("facility_code")
    values = pa.array([names[c] for c in builder.coded("facility_code")[strange].tolist()], pa.string())
    column = source.reading.shown("facility_code")
    troubles.add(
        Trouble("UNKNOWN_FACILITY", source.name, column, claims.head_row[strange], values, claims.code[strange],
                severity="warning")
    )  # fmt: skip


__all__: Sequence[str] = ["Counts", "Intake", "Setting", "check_headings", "take_in"]

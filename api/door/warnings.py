"""Warnings: what is settled, but looks like a mistake in the file or a gap in the tables."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from adjudicator.batch import Batch
from adjudicator.reasons import ClaimReason
from api.door.building import Setting
from api.door.claims import Claims, as_text
from api.door.rows import Books
from api.files.findings import Trouble, Troubles
from api.files.source import Source


def warn(
    batch: Batch,
    claims: Claims,
    claim_source: Source,
    line_source: Source,
    books: Books,
    troubles: Troubles,
    setting: Setting,
) -> None:
    """Report item codes that no catalog knows and facility codes that no table knows."""
    codes = claims.lines.columns.get("item_code")
    if setting.index is not None and codes is not None:
        at = np.flatnonzero((batch.lines.item < 0) & (codes >= 0))
        owner = claims.code[claims.line_claim[at]]
        values = as_text(codes[at], books.values("item_code"))
        column, rows = line_source.reading.shown("item_code"), claims.lines.row[at]
        troubles.add(Trouble("ITEM_NOT_IN_CATALOG", line_source.name, column, rows, values, owner, severity="warning"))
    if batch.reason is None or "facility_code" not in claims.columns:
        return
    at = np.flatnonzero(batch.reason == ClaimReason.UNKNOWN_FACILITY)
    values = as_text(claims.columns["facility_code"][at], books.values("facility_code"))
    column, rows = claim_source.reading.shown("facility_code"), claims.head_row[at]
    troubles.add(
        Trouble("FACILITY_NOT_IN_TABLE", claim_source.name, column, rows, values, claims.code[at], severity="warning")
    )


def warn_of_sheets(source: Source, troubles: Troubles) -> None:
    """Report sheets of a workbook that were not read although they have headings like the one that was."""
    for sheet in source.sheets[1:]:
        read: dict[str, object] = {"read": source.sheets[0]}
        row, told = np.zeros(1, np.int64), pa.array([sheet], pa.string())
        troubles.add(Trouble("SHEET_NOT_READ", source.name, "", row, told, severity="warning", fields=read))

"""The days of a claim: given ones, and by a stated rule those that were left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from adjudicator.columns import MISSING, Bool, Int64
from api.door.claims import Claims
from api.door.rows import Books
from api.files.findings import Trouble, Troubles
from api.files.source import Source

DAY_SECONDS = 86_400
STAYS = ("inpatient", "family_bed")
"""Visits whose discharge, when not given, is the day of settlement; of all others it is the day of the visit."""


def claim_dates(claims: Claims, source: Source, books: Books, troubles: Troubles) -> tuple[Claims, dict[str, Int64]]:
    """Give admission, discharge and settlement in days; claims whose days are missing or reversed are refused.

    Admission left out: the first service date of the lines, else discharge, else settlement. Discharge left out: see
    STAYS. Settlement left out: the day of discharge.
    """
    given = {n: _days(claims, n) for n in ("admission", "discharge", "settlement")}
    admission = given["admission"]
    if (admission == MISSING).any():
        admission = _first(admission, _first_service(claims), given["discharge"], given["settlement"])
    at_end = np.where(_stays(claims, books), given["settlement"], admission)
    discharge = _first(given["discharge"], at_end, admission)
    settlement = _first(given["settlement"], discharge)
    missing = admission == MISSING
    report(claims, source, "CELL_EMPTY", "admission", missing, None, troubles)
    reversed_ = ~missing & (discharge < admission)
    report(claims, source, "DATES_REVERSED", "discharge", reversed_, discharge, troubles)
    early = ~missing & ~reversed_ & (settlement < admission)
    report(claims, source, "SETTLED_BEFORE_ADMISSION", "settlement", early, settlement, troubles)
    bad = claims.bad | missing | reversed_ | early
    return replace(claims, bad=bad), {"admission": admission, "discharge": discharge, "settlement": settlement}


def order_seconds(claims: Claims, days: Int64, name: str) -> Int64:
    """Give the moments of a date of the claims in seconds: with the time of day where it was given."""
    moment = claims.columns.get(name, np.full(len(claims), MISSING))
    return np.where(moment == MISSING, days * DAY_SECONDS, moment)


def report(
    claims: Claims, source: Source, code: str, column: str, where: Bool, days: Int64 | None, troubles: Troubles
) -> None:
    """Report claims by one of their days."""
    if not where.any():
        return
    at = np.flatnonzero(where & ~claims.bad)
    values = None
    if days is not None:
        values = pa.array(np.datetime_as_string(days[at].astype("datetime64[D]")).tolist(), pa.string())
    troubles.add(Trouble(code, source.name, source.reading.shown(column), claims.head_row[at], values, claims.code[at]))


def _days(claims: Claims, name: str) -> Int64:
    moment = claims.columns.get(name, np.full(len(claims), MISSING))
    return np.where(moment == MISSING, MISSING, moment // DAY_SECONDS)


def _first(*choices: Int64) -> Int64:
    """Give the first of several columns that is given in each row."""
    found = choices[0]
    for other in choices[1:]:
        found = np.where(found == MISSING, other, found)
    return found


def _first_service(claims: Claims) -> Int64:
    first = np.full(len(claims), MISSING)
    service = claims.lines.columns.get("service_date")
    if service is None:
        return first
    given = np.flatnonzero(service != MISSING)
    latest = np.iinfo(np.int64).max
    earliest = np.full(len(claims), latest)
    np.minimum.at(earliest, claims.line_claim[given], service[given] // DAY_SECONDS)
    return np.where(earliest == latest, MISSING, earliest)


def _stays(claims: Claims, books: Books) -> Bool:
    words = np.array([*(word in STAYS for word in books.values("visit")), False])
    stays: Bool = words[claims.columns.get("visit", np.full(len(claims), -1, np.int32))]
    return stays

"""Bucket totals that come with claims: the door for bills that somebody judged already."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adjudicator.batch import BUCKETS
from adjudicator.columns import MISSING, Int64, UInt8
from api.door.claims import Claims
from api.files.findings import Trouble, Troubles
from api.files.source import Source


def given_buckets(claims: Claims) -> tuple[Int64 | None, UInt8 | None]:
    """Give fen [claims, 4] in order of BUCKETS, and which claims have totals; (None, None) where the file has none.

    A bucket left out is 0, but `self_funded` is what the others leave of the total where that is given.
    """
    columns = [claims.columns.get(name) for name in BUCKETS]
    if all(column is None for column in columns):
        return None, None
    given = np.stack([np.full(len(claims), MISSING) if c is None else c for c in columns], axis=1)
    bucketed = (given != MISSING).any(axis=1)
    amounts = np.where(given == MISSING, 0, given)
    total = claims.columns.get("total", np.full(len(claims), MISSING))
    rest = bucketed & (given[:, 3] == MISSING) & (total != MISSING)
    amounts[:, 3] = np.where(rest, total - amounts[:, :3].sum(axis=1), amounts[:, 3])
    return amounts, bucketed.astype(np.uint8)


def check_buckets(claims: Claims, source: Source, troubles: Troubles) -> Claims:
    """Refuse claims with a negative bucket, or with buckets that do not add up to their total."""
    amounts, bucketed = given_buckets(claims)
    if amounts is None or bucketed is None:
        return claims
    total = claims.columns.get("total", np.full(len(claims), MISSING))
    wrong = (amounts < 0).any(axis=1) | ((total != MISSING) & (amounts.sum(axis=1) != total))
    wrong &= bucketed != 0
    at = np.flatnonzero(wrong & ~claims.bad)
    name = source.reading.shown("total")
    troubles.add(Trouble("BUCKETS_DO_NOT_ADD_UP", source.name, name, claims.head_row[at], None, claims.code[at]))
    return replace(claims, bad=claims.bad | wrong)

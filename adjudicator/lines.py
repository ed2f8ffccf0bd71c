"""Judging lines (being written by the line-kernel author, who replaces this file): bucket totals only for now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adjudicator.batch import Batch
from adjudicator.catalog import Catalog
from adjudicator.columns import Bool, Int64, UInt8
from adjudicator.rulebook import Program
from adjudicator.tables import ClaimCodes


@dataclass(frozen=True, slots=True)
class Judged:
    """Lines of the claims of one plan: buckets and reason [lines], sums [claims, atoms, 4], pended [claims]."""

    in_scope: Int64
    upfront: Int64
    over_limit: Int64
    self_funded: Int64
    reason: UInt8
    atom_buckets: Int64
    pended: Bool
    line_rows: Int64


def judge(batch: Batch, program: Program, catalog: Catalog | None, codes: ClaimCodes) -> Judged:
    """Judge the lines of the claims `codes` is about."""
    sums = np.zeros((codes.count, program.lines.atoms, 4), np.int64)
    if batch.given_buckets is not None:
        sums[:, 0] = batch.given_buckets[codes.rows]
    none = np.zeros(len(batch.lines), np.int64)
    return Judged(
        none, none, none, none, np.zeros(len(none), np.uint8), sums, np.zeros(codes.count, np.bool_), np.arange(len(none))
    )

"""Part of a batch: the claims of everyone who shares a holder with one claim's person, in their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np

from adjudicator.batch import Batch, Lines
from adjudicator.columns import Category, Int64, Number
from adjudicator.rulebook import Rulebook

Columns = TypeVar("Columns", Batch, Lines)


def claims_together(batch: Batch, row: int, rulebook: Rulebook) -> Int64:
    """Give the rows, ascending, of all claims that can change the counters of a claim.

    These are the claims of its person, and, over holders other than the person (household ...), of everyone joined to
    them directly or through others.
    """
    holders = {rule.holder for program in rulebook.programs for rule in program.counters} - {"person"}
    keys = [batch.person.codes]
    for name in sorted(holders):
        column = batch.attributes.get(name)
        if isinstance(column, Category):
            keys.append(column.codes)
        elif isinstance(column, Number):
            keys.append(np.unique(column.values, return_inverse=True)[1].reshape(-1).astype(np.int32))
    chosen = np.zeros(len(batch), np.bool_)
    chosen[row] = True
    while True:
        before = int(chosen.sum())
        for codes in keys:
            chosen |= np.isin(codes, codes[chosen & (codes >= 0)])
        if int(chosen.sum()) == before:
            return np.flatnonzero(chosen)


def take(batch: Batch, rows: Int64) -> Batch:
    """Give some claims of a batch with their lines, with the same dictionaries."""
    lengths = np.diff(batch.lines.first)[rows]
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    starts = np.repeat(batch.lines.first[:-1][rows] - first[:-1], lengths)
    lines = _rows_of(batch.lines, np.arange(int(first[-1])) + starts, first=first)
    return _rows_of(batch, rows, lines=lines)


def _rows_of(columns: Columns, rows: Int64, **replaced: Any) -> Columns:
    """Give some rows of every column of a batch or of lines; the fields named are replaced."""
    taken = {f.name: _part(getattr(columns, f.name), rows) for f in fields(columns) if f.name not in replaced}
    return replace(columns, **taken, **replaced)


def _part(column: Any, rows: Int64) -> Any:
    if column is None:
        return None
    if isinstance(column, np.ndarray):
        return column[rows]
    if isinstance(column, Mapping):
        return {name: _part(inner, rows) for name, inner in column.items()}
    return column.take(rows)

"""Order of settlement: claims of one holder act on each other, so wave k settles everybody's k-th claim at once.

Holders are sorted by number of claims, descending; claims by (k, holder). Then a wave is a contiguous slice of the
claims, its holders are a prefix of all holders, and no gather is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adjudicator.batch import Batch
from adjudicator.columns import Category, Int64

BLOCK_HOLDERS = 16_384
"""Holders settled together: their state stays in the cache. Results do not depend on it."""

THREAD_HOLDERS = 65_536
"""Holders settled together where several threads work: each call then works long enough to let the others in."""


@dataclass(frozen=True, slots=True)
class Waves:
    """Claims of one block in order of settlement.

    rows [n]: rows of the batch. starts [waves + 1]: wave k is rows[starts[k]:starts[k + 1]], and its claims belong to
    holders 0 .. starts[k + 1] - starts[k] - 1 of the block.
    """

    rows: Int64
    starts: list[int]

    def __len__(self) -> int:
        return len(self.starts) - 1


def sequence(batch: Batch, rows: Int64, group: Int64) -> tuple[Int64, Int64]:
    """Sort claim rows by (group, order time, order type, claim id).

    Gives the sorted rows and the bounds of the groups in them ([groups + 1]).
    """
    if len(rows) == 1:
        return rows, np.array([0, 1], np.int64)
    time = batch.order_time[rows]
    risen = bool(np.all(time[1:] >= time[:-1]))
    order = np.argsort(group, kind="stable") if risen else np.lexsort((time, group))
    new_group = np.empty(len(rows), np.bool_)
    new_group[0] = True
    sorted_group = group[order]
    np.not_equal(sorted_group[1:], sorted_group[:-1], out=new_group[1:])
    sorted_time = time[order]
    tied = ~new_group[1:] & (sorted_time[1:] == sorted_time[:-1])
    if tied.any():
        order = _break_ties(batch, rows, group, time)
    return rows[order], np.append(np.flatnonzero(new_group), len(rows))


def _break_ties(batch: Batch, rows: Int64, group: Int64, time: Int64) -> Int64:
    """Order with type and claim id as well; only reached when two claims of a holder share a second."""
    names = np.array(batch.claim_id.values)
    rank = np.empty(len(names), np.int64)
    rank[np.argsort(names, kind="stable")] = np.arange(len(names))
    kind = np.zeros(len(rows), np.int32) if batch.order_type is None else batch.order_type[rows]
    return np.lexsort((rank[batch.claim_id.codes[rows]], kind, time, group))


def arrange_block(rows: Int64, bounds: Int64, start: int, holders: int) -> Waves:
    """Arrange the claims of so many holders from `start` on, out of all claims sorted by holder, in waves."""
    first = bounds[start : start + holders + 1]
    return arrange(rows[first[0] : first[-1]], first - first[0])


def arrange(rows: Int64, first: Int64) -> Waves:
    """Arrange claims sorted by holder (bounds in `first`) in waves."""
    sizes = np.diff(first)
    longest = int(sizes.max())
    if longest == 1:
        return Waves(rows, [0, len(rows)])
    width = len(sizes) - np.cumsum(np.bincount(sizes, minlength=longest + 1))[:-1]
    starts = np.zeros(longest + 1, np.int64)
    np.cumsum(width, out=starts[1:])
    place = np.empty(len(sizes), np.int64)
    place[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    nth = np.arange(len(rows)) - np.repeat(first[:-1], sizes)
    arranged = np.empty_like(rows)
    arranged[starts[nth] + np.repeat(place, sizes)] = rows
    return Waves(arranged, starts.tolist())


def groups_of(batch: Batch, rows: Int64, holders: tuple[str, ...]) -> Int64:
    """Give every claim the number of its group: persons who share a holder of one of the kinds named are one group."""
    person = batch.person.codes[rows].astype(np.int64)
    columns = [c for c in (batch.attributes.get(h) for h in holders) if isinstance(c, Category)]
    if not columns:
        return person
    label = np.arange(len(batch.person.values), dtype=np.int64)
    while True:
        before = label.copy()
        for column in columns:
            code = column.codes[rows]
            given = code >= 0
            lowest = np.full(len(column.values), len(label), np.int64)
            np.minimum.at(lowest, code[given], label[person[given]])
            np.minimum.at(label, person[given], lowest[code[given]])
        if np.array_equal(before, label):
            return label[person]

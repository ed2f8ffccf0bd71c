"""Order of settlement: claims of one holder act on each other, so wave k settles everybody's k-th claim at once.

Holders stand by number of claims, the most first. Then the holders of every wave are a prefix of all holders: a wave
is a contiguous slice of the claims and reads a prefix of the counters, without a gather.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from adjudicator.batch import Batch
from adjudicator.columns import Int64
from adjudicator.ordering import numbered, sorted_rows

BLOCK_CLAIMS = 131_072
"""Claims that a single worker settles together at most, more only where one group has more. So many in all are not
worth a second one. Several workers settle twice as many together: they wait for the interpreter's lock less often.
"""

_NUMBER = 63
"""Bits of an int64 above 0; times too far apart are numbered."""

_FIRST, _ALONE = np.zeros(1, np.int64), np.ones(1, np.int64)
"""Where the group of a single claim begins, and its size."""


@dataclass(frozen=True, slots=True)
class Order:
    """Claims in order of settlement, by group: the claims of one holder, or of all who share holders.

    rows [claims]: rows of the batch. Group i has rows[first[i]:first[i] + sizes[i]], by order time, order type and
    claim id. Groups stand by falling size; groups of one size in order of their numbers.
    """

    rows: Int64
    first: Int64
    sizes: Int64

    def __len__(self) -> int:
        return len(self.first)


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


def sequence(batch: Batch, rows: Int64, group: Int64) -> Order:
    """Put claim rows in order of settlement, `group` [rows] by `group`: group and time are one number to sort by."""
    if len(rows) == 1:
        return Order(rows, _FIRST, _ALONE)
    time = batch.order_time.take(rows)
    bits = (int(time.max()) - int(time.min())).bit_length()
    if bits + int(group.max()).bit_length() > _NUMBER:
        _, time = numbered(time)
        bits = int(time.max()).bit_length()
    moments = group << bits
    moments += time - time.min()
    moments, order = sorted_rows(moments)
    ordered = rows.take(order)
    of_group = moments >> bits
    together = of_group[1:] == of_group[:-1]
    tied = moments[1:] == moments[:-1]
    if tied.any():
        _break_ties(batch, ordered, np.flatnonzero(tied))
    first = np.append(0, np.flatnonzero(~together) + 1)
    sizes = np.diff(first, append=len(rows))
    _, by_size = sorted_rows(-sizes)
    return Order(ordered, first.take(by_size), sizes.take(by_size))


def _break_ties(batch: Batch, rows: Int64, tied: Int64) -> None:
    """Order claims of one holder and second by type and claim id; those at `tied` share both with the next."""
    places = np.union1d(tied, tied + 1)
    run = np.cumsum(~np.isin(places - 1, tied)).tolist()
    here = rows[places]
    kind = [0] * len(here) if batch.order_type is None else batch.order_type[here].tolist()
    names = [batch.claim_id.values[code] for code in batch.claim_id.codes[here].tolist()]
    order = sorted(range(len(here)), key=lambda i: (run[i], kind[i], names[i]))
    rows[places] = here[order]


def cut(order: Order, block_holders: int | None, workers: int = 1) -> list[tuple[int, int]]:
    """Cut groups into blocks: (first group, last + 1).

    A block has `block_holders` groups; by default the blocks have alike many claims, and are as many as keep
    all workers busy to the end.
    """
    claims, groups = len(order.rows), len(order)
    if block_holders is None:
        most = BLOCK_CLAIMS if workers == 1 else 2 * BLOCK_CLAIMS
        count = workers * -(-claims // (workers * most))
    else:
        count = -(-groups // block_holders)
    if count == 1:
        return [(0, groups)]
    if block_holders is None:
        lasts = np.cumsum(order.sizes).searchsorted(np.arange(1, count + 1) * claims // count) + 1
    else:
        lasts = np.minimum(np.arange(1, count + 1) * block_holders, groups)
    # a group with more claims than a block is a block alone
    return list(pairwise([0, *dict.fromkeys(lasts.tolist())]))


def arrange(order: Order, start: int, stop: int) -> Waves:
    """Arrange the claims of groups start .. stop - 1 in waves."""
    first, sizes = order.first[start:stop], order.sizes[start:stop]
    longest = int(sizes[0])
    if longest == 1:
        return Waves(order.rows.take(first), [0, len(first)])
    widths = len(sizes) - np.cumsum(np.bincount(sizes, minlength=longest))[:longest]
    starts = [0, *np.cumsum(widths).tolist()]
    at = np.empty(starts[-1], np.int64)
    for nth, low in enumerate(starts[:-1]):
        high = starts[nth + 1]
        np.add(first[: high - low], nth, out=at[low:high])
    return Waves(order.rows.take(at), starts)

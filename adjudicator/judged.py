"""What the line stage hands on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adjudicator.columns import Bool, Int64, UInt8
from adjudicator.tables import Rows


@dataclass(frozen=True, slots=True)
class JudgedLines:
    """What lines [n] were divided into.

    buckets [4, n]: fen, in order of batch.BUCKETS; they sum to the line's amount, and all have its sign. reason:
    LineReason.
    """

    buckets: Int64
    reason: UInt8

    @property
    def in_scope(self) -> Int64:
        """Give what is in the scope of the plan."""
        bucket: Int64 = self.buckets[0]
        return bucket

    @property
    def upfront(self) -> Int64:
        """Give what is borne upfront."""
        bucket: Int64 = self.buckets[1]
        return bucket

    @property
    def over_limit(self) -> Int64:
        """Give what is above a limit."""
        bucket: Int64 = self.buckets[2]
        return bucket

    @property
    def self_funded(self) -> Int64:
        """Give what is not payable at all."""
        bucket: Int64 = self.buckets[3]
        return bucket

    @staticmethod
    def blank(count: int, judged: bool = False) -> JudgedLines:
        """Give so many lines without an amount; those that will all be judged need not be cleared."""
        clear = np.empty if judged else np.zeros
        return JudgedLines(clear((4, count), np.int64), clear(count, np.uint8))

    def part(self, rows: Rows) -> JudgedLines:
        """Give some lines to be filled in place: a view of a slice, else blank ones that `put` takes back."""
        if not isinstance(rows, slice):
            return JudgedLines.blank(len(rows), judged=True)
        return JudgedLines(self.buckets[:, rows], self.reason[rows])

    def put(self, rows: Rows, part: JudgedLines) -> None:
        """Take back the part of these rows."""
        if isinstance(rows, slice):
            return
        self.buckets[:, rows] = part.buckets
        self.reason[rows] = part.reason


@dataclass(frozen=True, slots=True)
class Judged:
    """The lines of the batch, those of the chosen claims judged, and the sums of these claims, in their order.

    Lines of claims that came as bucket totals are 0 in all buckets, with reason GIVEN.
    atom_buckets [claims, atoms, 4] fen, buckets in order of batch.BUCKETS. bill [claims]: what they add up to.
    pended [claims]: a line waits for an answer. states [claims]: the worst State met in the plan's line tables; above
    ABSENT the claim is held. out_of_bounds [claims]: an amount is larger than the engine accepts; that line stands as
    self-funded.
    """

    lines: JudgedLines
    atom_buckets: Int64
    bill: Int64
    pended: Bool
    states: UInt8
    out_of_bounds: Bool


def bills(buckets: Int64) -> Int64:
    """Give what buckets [claims, ..., 4] add up to, column by column: NumPy is slow at summing short rows."""
    columns = buckets.reshape(len(buckets), -1).T
    bill: Int64 = columns[0] + columns[1]
    for column in columns[2:]:
        bill += column
    return bill

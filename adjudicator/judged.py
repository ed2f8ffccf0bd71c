"""What the line stage hands on."""

from __future__ import annotations

from dataclasses import dataclass

from adjudicator.columns import Bool, Int64, UInt8
from adjudicator.tables import Rows


@dataclass(frozen=True, slots=True)
class Judged:
    """Lines of the chosen claims, in their order, and their sums.

    in_scope, upfront, over_limit, self_funded [lines] fen: they sum to the line's amount, and all have its sign.
    reason [lines]: LineReason. line_rows: where these lines stand in the batch.
    atom_buckets [claims, atoms, 4] fen, buckets in order of batch.BUCKETS. pended [claims]: a line waits for an answer.
    states [claims]: the worst State met in the plan's line tables; above ABSENT the claim is held.
    out_of_bounds [claims]: an amount is larger than the engine accepts; that line stands as self-funded.
    Lines of claims that came as bucket totals are 0 in all buckets, with reason GIVEN.
    """

    in_scope: Int64
    upfront: Int64
    over_limit: Int64
    self_funded: Int64
    reason: UInt8
    line_rows: Rows
    atom_buckets: Int64
    pended: Bool
    states: UInt8
    out_of_bounds: Bool

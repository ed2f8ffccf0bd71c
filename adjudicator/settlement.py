"""Settlement: who pays what, in the order of the batch's claims and lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adjudicator.accounts import Accounts
from adjudicator.columns import Int64, UInt8


@dataclass(frozen=True, slots=True)
class LayerResult:
    """Result of one layer (by name, over all plans), fen [claims]; 0 where a claim's plan has no such layer."""

    base: Int64
    deductible: Int64
    first_pay: Int64
    paid: Int64


@dataclass(frozen=True, slots=True)
class Settlement:
    """Result of `settle`.

    buckets [lines]: the four buckets of every line, summing to its amount. claim_buckets [claims, 4] in order of
    batch.BUCKETS. paid by fund: `layers[name].paid`, its fund in `funds[(plan, name)]`. person_fen = total - all payments
    inside the bill, for SETTLED and NOT_PAYABLE claims; it includes what the personal account paid only when
    no layer paid from it: cash = person_fen. held_fen = total for HELD claims, else 0.
    total = sum of paid + person_fen + held_fen - beyond_bill.
    """

    in_scope: Int64
    upfront: Int64
    over_limit: Int64
    self_funded: Int64
    line_reason: UInt8
    claim_buckets: Int64
    total: Int64
    status: UInt8
    reason: UInt8
    layers: Mapping[str, LayerResult]
    funds: Mapping[tuple[str, str], str]
    person_fen: Int64
    held_fen: Int64
    beyond_bill_fen: Int64
    accounts: Accounts

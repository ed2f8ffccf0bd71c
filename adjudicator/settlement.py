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

    in_scope, upfront, over_limit, self_funded [lines]: the four buckets of every line, summing to its amount; 0 for
    lines of claims that came as bucket totals. claim_buckets [claims, 4] in order of batch.BUCKETS. layers: by name,
    over all plans; the fund of a layer is `funds[(plan, layer)]`. person_fen: what the funds other than the personal
    account do not pay; cash_fen: that less the account. held_fen: the bill of a HELD claim, which nobody pays yet.
    Law: total = sum of layers' paid - beyond_bill + cash + held.
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
    cash_fen: Int64
    held_fen: Int64
    beyond_bill_fen: Int64
    accounts: Accounts

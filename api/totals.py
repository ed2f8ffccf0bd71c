"""Totals of a run: by fund, by scheme, by level of facility. Integer sums; no amount becomes a float."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjudicator.batch import Batch
from adjudicator.columns import Category, Int64
from adjudicator.reasons import ClaimReason, ClaimStatus
from adjudicator.rulebook import Rulebook
from adjudicator.settlement import Settlement
from api.output.tables import ACCOUNT, FACILITY, paid_by_fund, program_words


@dataclass(frozen=True, slots=True)
class Share:
    """Sums over some claims, fen. pooled: what funds other than the personal account and the facility pay."""

    name: str
    claims: int
    total_fen: int
    in_scope_fen: int
    pooled_fen: int
    account_fen: int
    cash_fen: int
    held_fen: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of a run. reasons: claims that were not settled in the ordinary way, by reason."""

    claims: int
    lines: int
    statuses: dict[str, int]
    reasons: dict[str, int]
    total_fen: int
    funds: dict[str, int]
    cash_fen: int
    held_fen: int
    beyond_bill_fen: int
    schemes: tuple[Share, ...]
    levels: tuple[Share, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give the sums as a flat document: amounts are fen."""
        return {
            "claims": self.claims,
            "lines": self.lines,
            "statuses": self.statuses,
            "reasons": self.reasons,
            "total_fen": self.total_fen,
            "funds_fen": self.funds,
            "cash_fen": self.cash_fen,
            "held_fen": self.held_fen,
            "beyond_bill_fen": self.beyond_bill_fen,
            "schemes": [_share(share) for share in self.schemes],
            "levels": [_share(share) for share in self.levels],
        }


def _share(share: Share) -> dict[str, Any]:
    return {name: getattr(share, name) for name in Share.__slots__}


def totals_of(batch: Batch, settlement: Settlement, rulebook: Rulebook) -> Totals:
    """Sum a settlement."""
    paid = paid_by_fund(batch, settlement)
    level = batch.attributes.get("level")
    levels = level if isinstance(level, Category) else Category(np.full(len(batch), -1, np.int32), ())
    return Totals(
        claims=len(batch),
        lines=len(batch.lines),
        statuses=_count(settlement.status, [(status, status.name) for status in ClaimStatus]),
        reasons=_count(settlement.reason, [(reason, reason.name) for reason in ClaimReason if reason]),
        total_fen=int(settlement.total.sum()),
        funds={fund: int(fen.sum()) for fund, fen in paid.items()},
        cash_fen=int(settlement.cash_fen.sum()),
        held_fen=int(settlement.held_fen.sum()),
        beyond_bill_fen=int(settlement.beyond_bill_fen.sum()),
        schemes=_shares(program_words(batch, rulebook, "scheme"), settlement, paid),
        levels=_shares(levels, settlement, paid),
    )


def _count(codes: Any, kinds: Sequence[tuple[int, str]]) -> dict[str, int]:
    counts = np.bincount(codes, minlength=max(code for code, _ in kinds) + 1)
    return {name: int(counts[code]) for code, name in kinds if counts[code]}


def _shares(category: Category, settlement: Settlement, paid: dict[str, Int64]) -> tuple[Share, ...]:
    none = np.zeros(len(category), np.int64)
    account = paid.get(ACCOUNT, none)
    pooled = sum((fen for fund, fen in paid.items() if fund not in (ACCOUNT, FACILITY)), none)
    columns = (
        np.ones(len(category), np.int64),
        settlement.total,
        settlement.claim_buckets[:, 0],
        pooled,
        account,
        settlement.cash_fen,
        settlement.held_fen,
    )
    sums = np.zeros((len(category.values) + 1, len(columns)), np.int64)
    for place, column in enumerate(columns):
        np.add.at(sums[:, place], category.codes, column)
    names = (*category.values, "")
    found = [Share(name, *(int(value) for value in row)) for name, row in zip(names, sums, strict=True) if row[0]]
    return tuple(sorted(found, key=lambda share: -share.total_fen))

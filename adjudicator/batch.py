"""Batch: claims and their lines as columns, judged or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sized
from dataclasses import dataclass, field
from operator import attrgetter

import numpy as np

from adjudicator.columns import Category, Column, Int8, Int32, Int64, UInt8
from adjudicator.errors import ShapeError

LARGEST_FEN = 100_000_000_000
"""No amount of a claim or line may exceed one billion yuan: products with a rate then stay inside int64."""

BUCKETS = ("in_scope", "upfront", "over_limit", "self_funded")
"""政策范围内, 先行自付, 超限价, 全自费: every fen of a line is in exactly one."""

_CLAIM_COLUMNS = (
    "claim_id",
    "person",
    "plan",
    "admission",
    "discharge",
    "settlement",
    "order_type",
    "given_buckets",
    "bucketed",
    "reason",
)
_LINE_COLUMNS = (
    "item",
    "service_date",
    "quantity_e4",
    "price_e6",
    "class_code",
    "upfront_ppm",
    "group",
    "confirmed",
)
_claim_columns = attrgetter(*_CLAIM_COLUMNS)
_line_columns = attrgetter(*_LINE_COLUMNS)


@dataclass(frozen=True, slots=True)
class Lines:
    """Fee lines, in order of their claim: lines first[i]:first[i+1] belong to claim i.

    item: row of the catalog's items, -1 unknown. class_code / upfront_ppm / group: judged already, or -1.
    confirmed: the institution's answer on a restriction: 1 met, 0 not met, -1 not said (`lmt_used_flag`).
    amount_fen may be negative (a refund inside the claim).
    """

    first: Int64  # [claims + 1]
    item: Int32
    service_date: Int32
    amount_fen: Int64
    quantity_e4: Int64 | None = None
    price_e6: Int64 | None = None
    class_code: Int8 | None = None
    upfront_ppm: Int32 | None = None
    group: Category | None = None
    confirmed: Int8 | None = None
    line_id: Category | None = None

    def __len__(self) -> int:
        return len(self.amount_fen)


@dataclass(frozen=True, slots=True)
class Batch:
    """Claims [n] as columns.

    attributes: claim-level columns by name: of the person (group, age, sex, status), of the facility (level, tier,
    price_class, zone, facility_kind), of the visit (visit, filing, transfer, disease, days ...) and any other a plan
    declares. numbers in `attributes` are whole units; amounts in `amounts` are fen.
    given_buckets: fen [n, 4] in order of BUCKETS; used for claims where `bucketed` is 1 (their lines are ignored).
    given_paid: payments already made by a named layer, MISSING where the layer is to be computed.
    reason: a ClaimReason found at the door (cover, facility); 0 where the claim may be settled.
    """

    claim_id: Category
    person: Category
    plan: Category
    order_time: Int64  # seconds; order within a holder: order_time, order_type, claim id
    admission: Int32  # days
    discharge: Int32
    settlement: Int32
    lines: Lines
    attributes: Mapping[str, Column] = field(default_factory=dict)
    amounts: Mapping[str, Int64] = field(default_factory=dict)
    order_type: Int32 | None = None
    given_buckets: Int64 | None = None
    bucketed: UInt8 | None = None
    given_paid: Mapping[str, Int64] = field(default_factory=dict)
    reason: UInt8 | None = None

    def __len__(self) -> int:
        return len(self.order_time)

    def date(self, name: str) -> Int32:
        """Give the claim date of that name: admission, discharge or settlement."""
        dates: dict[str, Int32] = {
            "admission": self.admission,
            "discharge": self.discharge,
            "settlement": self.settlement,
        }
        return dates[name]

    def check(self) -> None:
        """Refuse a batch whose columns do not fit together, naming every misfit at once."""
        rows, lines, first = len(self), len(self.lines), self.lines.first
        rises = len(first) == rows + 1 and first[0] == 0 and first[-1] == lines
        rises = rises and not np.count_nonzero(first[1:] < first[:-1])
        given = (*self.attributes.values(), *self.amounts.values(), *self.given_paid.values())
        of_claims = {len(column) for column in (*_claim_columns(self), *given) if column is not None}
        of_lines = {len(column) for column in _line_columns(self.lines) if column is not None}
        if not rises or of_claims != {rows} or of_lines != {lines}:
            raise ShapeError("; ".join(self._misfits(rows, lines, rises)))

    def _misfits(self, rows: int, lines: int, rises: bool) -> Iterator[str]:
        of_claims: list[tuple[str, Sized | None]] = [*zip(_CLAIM_COLUMNS, _claim_columns(self), strict=True)]
        for given in (self.attributes, self.amounts, self.given_paid):
            of_claims += given.items()
        for name, column in of_claims:
            if column is not None and len(column) != rows:
                yield f"{name} has {len(column)} rows, expected {rows}"
        for name, column in zip(_LINE_COLUMNS, _line_columns(self.lines), strict=True):
            if column is not None and len(column) != lines:
                yield f"lines.{name} has {len(column)} rows, expected {lines}"
        if not rises:
            yield f"lines.first must rise from 0 to {lines} in {rows + 1} entries"

"""Daily reconciliation (对账): an institution's totals against the journal's (3201), then row against row (3202).

A refund is two rows: the settlement, and its reversal below zero on the day it was made. So the statement of a day that
is over never changes. What differs is answered as JSON, amounts as text in yuan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from api.ledger.database import Database
from api.ledger.statements import Span, StatementRow, statement
from api.service.answers import yuan
from api.service.requests import Principal
from api.wire.problems import refuse


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of a statement. total_fen: medfee_sumamt. fund_fen: fund_pay_sumamt. account_fen: acct_pay.

    count: fixmedins_setl_cnt; a reversal and an adjustment count as rows of their own.
    """

    total_fen: int
    fund_fen: int
    account_fen: int
    count: int

    def as_dict(self) -> dict[str, Any]:
        """Give them for a body."""
        return {**_amounts(self), "count": self.count}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Totals of the journal beside those of the institution. agreed: 平 (stmt_rslt)."""

    here: Totals
    there: Totals

    @property
    def agreed(self) -> bool:
        """Whether all are the same."""
        return self.here == self.there

    def body(self) -> bytes:
        """Write the answer."""
        return orjson.dumps({"agreed": self.agreed, "here": self.here.as_dict(), "there": self.there.as_dict()})


class Difference(StrEnum):
    """How a row of the two statements differs."""

    ONLY_HERE = "only_here"  # the journal has it: an answer was lost on its way
    ONLY_THERE = "only_there"  # the institution has it, or has it twice
    STATUS = "status"  # one takes for a refund, or of another visit, what the other does not
    AMOUNT = "amount"  # the same, at other amounts


@dataclass(frozen=True, slots=True)
class Differing:
    """One row that differs, as either side has it."""

    settlement_id: str
    difference: Difference
    here: StatementRow | None
    there: StatementRow | None

    def as_dict(self) -> dict[str, Any]:
        """Give it for a body; a side that lacks the row is left out."""
        sides = {"here": self.here, "there": self.there}
        rows = {side: _row(row) for side, row in sides.items() if row is not None}
        return {"settlement_id": self.settlement_id, "difference": self.difference.value, **rows}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a statement whose rows are put in order of their settlement ids; None: from its begin, to its end."""

    after: str | None = None
    through: str | None = None

    def __contains__(self, settlement_id: str) -> bool:
        return (self.after is None or settlement_id > self.after) and (
            self.through is None or settlement_id <= self.through
        )


class Reconciler:
    """Reconciles institutions with one ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def totals(self, principal: Principal, span: Span, there: Totals) -> Comparison:
        """Compare totals (3201). Raises RequestError for the span of another institution."""
        return Comparison(_totals(self._rows(principal, span)), there)

    def details(
        self, principal: Principal, span: Span, there: Sequence[StatementRow], stretch: Stretch | None = None
    ) -> list[Differing]:
        """Compare row by row (3202); give what differs, the journal's rows first, in order.

        stretch: the part of the statement that `there` is of, None for all of it. Raises RequestError for the span of
        another institution.
        """
        here = self._rows(principal, span)
        return differences([row for row in here if stretch is None or row.settlement_id in stretch], there)

    def _rows(self, principal: Principal, span: Span) -> list[StatementRow]:
        if principal.sees not in (None, span.institution):
            raise refuse("NOT_FOUND")
        with self._database.read() as connection:
            return statement(connection, span)


def details_body(found: Sequence[Differing]) -> bytes:
    """Write the answer to details."""
    return orjson.dumps({"agreed": not found, "differences": [differing.as_dict() for differing in found]})


def _row(row: StatementRow) -> dict[str, Any]:
    named = {"settlement_id": row.settlement_id, "visit_id": row.visit_id, "refund": row.refund}
    return {**named, **_amounts(row)}


def _amounts(of: Totals | StatementRow) -> dict[str, str]:
    return {"total": yuan(of.total_fen), "fund": yuan(of.fund_fen), "account": yuan(of.account_fen)}


def _totals(rows: Sequence[StatementRow]) -> Totals:
    return Totals(
        sum(row.total_fen for row in rows),
        sum(row.fund_fen for row in rows),
        sum(row.account_fen for row in rows),
        len(rows),
    )


def differences(here: Sequence[StatementRow], there: Sequence[StatementRow]) -> list[Differing]:
    """Compare two statements. What the institution has twice is there once too often."""
    said: dict[str, StatementRow] = {}
    found: list[Differing] = []
    known = {row.settlement_id for row in here}
    surplus = []
    for row in there:
        if row.settlement_id in said or row.settlement_id not in known:
            surplus.append(Differing(row.settlement_id, Difference.ONLY_THERE, None, row))
        else:
            said[row.settlement_id] = row
    for row in here:
        other = said.get(row.settlement_id)
        if row != other:
            found.append(Differing(row.settlement_id, _difference(row, other), row, other))
    return found + surplus


def _difference(here: StatementRow, there: StatementRow | None) -> Difference:
    if there is None:
        return Difference.ONLY_HERE
    same = (here.visit_id, here.refund) == (there.visit_id, there.refund)
    return Difference.AMOUNT if same else Difference.STATUS

"""Daily reconciliation (对账): an institution's totals against the journal's (3201), then row against row (3202).

A refund is two rows: the settlement, and its reversal below zero on the day it was made. So the statement of a day that
is over never changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from api.ledger.database import Database
from api.ledger.statements import Span, StatementRow, statement
from api.service.requests import Principal, Role
from api.wire.problems import refuse

READERS = (Role.OPERATOR, Role.REVIEWER, Role.AUDITOR)
"""Roles of the agency that may reconcile for any institution."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of a statement. total_fen: medfee_sumamt. fund_fen: fund_pay_sumamt. account_fen: acct_pay.

    count: fixmedins_setl_cnt; a reversal and an adjustment count as rows of their own.
    """

    total_fen: int
    fund_fen: int
    account_fen: int
    count: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Totals of the journal beside those of the institution. agreed: 平 (stmt_rslt)."""

    here: Totals
    there: Totals

    @property
    def agreed(self) -> bool:
        """Whether all are the same."""
        return self.here == self.there


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


class Reconciler:
    """Reconciles institutions with one ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def totals(self, principal: Principal, span: Span, there: Totals) -> Comparison:
        """Compare totals (3201). Raises RequestError for the span of another institution."""
        return Comparison(_totals(self._rows(principal, span)), there)

    def details(self, principal: Principal, span: Span, there: Sequence[StatementRow]) -> list[Differing]:
        """Compare row by row (3202); give what differs, the journal's rows first, in order.

        Raises RequestError for the span of another institution.
        """
        return differences(self._rows(principal, span), there)

    def _rows(self, principal: Principal, span: Span) -> list[StatementRow]:
        if principal.role not in READERS and principal.institution != span.institution:
            raise refuse("NOT_FOUND")
        with self._database.read() as connection:
            return statement(connection, span)


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

"""Statements: what the journal has for an institution in some days, a row for each settlement or reversal."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, case, func, select
from sqlalchemy.sql.elements import ColumnElement

from api.ledger.schema import entry, journal


@dataclass(frozen=True, slots=True)
class Span:
    """What a statement is about: all rows of an institution booked from `first` to `last`, both days included.

    scheme: 险种 (insutype). clearing: 清算类别 (clr_type), the kind of visit. first, last: stmt_begndate and
    stmt_enddate, YYYY-MM-DD in Asia/Shanghai.
    """

    institution: str
    scheme: str
    clearing: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One row of a statement. Below zero where something is taken back.

    settlement_id: setl_id, that of a reversal its own. visit_id: mdtrt_id. refund: refd_setl_flag. total_fen: medfee.
    fund_fen: what all funds pay. account_fen: what the personal account pays.
    """

    settlement_id: str
    visit_id: str
    refund: bool
    total_fen: int
    fund_fen: int
    account_fen: int


def _sum(accounts: str) -> ColumnElement[int]:
    return func.sum(case((entry.c.account.like(accounts), entry.c.amount), else_=0))


def statement(connection: Connection, span: Span) -> list[StatementRow]:
    """Give the rows of a statement, in order of the journal."""
    query = (
        select(
            journal.c.settlement_id,
            journal.c.visit_id,
            journal.c.kind,
            -_sum("institution:%"),
            _sum("fund:%"),
            _sum("account:person"),
        )
        .join_from(journal, entry, entry.c.seq == journal.c.seq)
        .where(
            journal.c.institution == span.institution,
            journal.c.book_date.between(span.first, span.last),
            journal.c.scheme == span.scheme,
            journal.c.clearing == span.clearing,
        )
        .group_by(journal.c.seq, journal.c.settlement_id, journal.c.visit_id, journal.c.kind)
        .order_by(journal.c.seq)
    )
    return [
        StatementRow(settlement_id, visit_id, kind == "REVERSE", int(total), int(fund), int(account))
        for settlement_id, visit_id, kind, total, fund, account in connection.execute(query)
    ]

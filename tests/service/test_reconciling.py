"""Daily reconciliation: totals are the journal's, and of two statements exactly what was planted differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjudicator.rulebook import Program
from api.ledger.rows import JournalRow
from api.ledger.statements import Span, StatementRow, statement
from api.service.reconciling import Difference, Reconciler, Totals
from api.service.requests import Message, Principal, ReverseRequest, Role
from api.wire.problems import RequestError
from tests.service.office import CLINIC, HOSPITAL, PERSON, RETIRED, THIRD, Office, bill, moment, open_office, said

AUDITOR = Principal("agency", "", Role.AUDITOR)
DAYS = ("2023-05-08", "2023-05-09", "2023-05-10")
SPAN = Span(HOSPITAL, "employee_basic", "outpatient", DAYS[0], DAYS[-1])


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Three days: settlements of two institutions and two kinds, a refund a day later, a cascade on the last."""
    opened = open_office(tmp_path_factory.mktemp("reconciling"), plan="undo-cascade")
    for number, on in enumerate(DAYS[:2]):
        opened.world.now = moment(f"{on}T09:00:00")
        for person in (PERSON, RETIRED, THIRD):
            opened.settle(bill(900, f"A{number}{person[-4:]}", person), f"A{number}{person[-4:]}")
            opened.settle(bill(1100, f"B{number}{person[-4:]}", person), f"B{number}{person[-4:]}", CLINIC)
            opened.settle(bill(700, f"C{number}{person[-4:]}", person, visit="inpatient", discharge=None))
    opened.world.now = moment(f"{DAYS[1]}T23:59:59.999")
    assert opened.reverse(original_message_id=f"B1{THIRD[-4:]}", institution=CLINIC).outcome == "refused"
    opened.world.now = moment(f"{DAYS[2]}T00:00:00")
    first = next(row for row in opened.journal() if row.receipt_id == f"A0{RETIRED[-4:]}")
    undone = opened.send(
        Message(Principal("agency", "", Role.OPERATOR), "U1", ReverseRequest(settlement_id=first.settlement_id))
    )
    assert len(said(undone)["adjusted"]) == 5
    yield opened
    opened.database.close()


def by_answers(office: Office, span: Span) -> list[StatementRow]:
    """Make the statement anew, from what was answered and from nothing else of the journal's figures."""
    rows = {row.seq: row for row in office.journal()}
    return [
        StatementRow(row.settlement_id, row.visit_id, row.kind == "REVERSE", *amounts(rows, row))
        for row in rows.values()
        if (row.institution, programs(office, row).scheme, orjson.loads(origin(rows, row).input)["claim"]["visit"])
        == (span.institution, span.scheme, span.clearing)
        and span.first <= orjson.loads(row.answer)["book_date"] <= span.last
    ]


def programs(office: Office, row: JournalRow) -> Program:
    return next(p for p in office.tools.adjudicator.rulebook.programs if p.name == row.plan)


def origin(rows: dict[int, JournalRow], row: JournalRow) -> JournalRow:
    return rows[row.origin_seq]


def amounts(rows: dict[int, JournalRow], row: JournalRow) -> tuple[int, int, int]:
    if row.kind == "REVERSE":
        assert row.refers_seq is not None
        total, fund, account = amounts(rows, rows[row.refers_seq])
        return -total, -fund, -account
    body = orjson.loads(row.answer)
    paid = {fund["fund"]: fen(fund["paid"]) for fund in body["funds"]}
    account = paid.pop("account", 0)
    return fen(body["total"]), sum(paid.values()), account


def fen(text: str) -> int:
    return int(Decimal(text) * 100)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from([HOSPITAL, CLINIC]),
    st.sampled_from(["outpatient", "inpatient"]),
    st.lists(st.sampled_from(DAYS), min_size=2, max_size=2).map(sorted),
)
def test_totals_are_those_of_the_journal(office: Office, institution: str, clearing: str, days: list[str]) -> None:
    span = Span(institution, "employee_basic", clearing, *days)
    expected = by_answers(office, span)
    with office.database.read() as connection:
        assert statement(connection, span) == expected
    sums = Totals(
        sum(row.total_fen for row in expected),
        sum(row.fund_fen for row in expected),
        sum(row.account_fen for row in expected),
        len(expected),
    )
    compared = Reconciler(office.database).totals(AUDITOR, span, sums)
    assert compared.agreed and compared.here == sums
    assert not Reconciler(office.database).totals(AUDITOR, span, replace(sums, fund_fen=sums.fund_fen + 1)).agreed


def test_a_refund_is_two_rows_each_of_its_own_day(office: Office) -> None:
    last = replace(SPAN, first=DAYS[2])
    rows = by_answers(office, last)
    receipt = f"V-A0{RETIRED[-4:]}"
    refund = next(row for row in rows if row.visit_id == receipt)
    (settled,) = (row for row in by_answers(office, replace(SPAN, last=DAYS[0])) if row.visit_id == receipt)
    assert refund.refund and not settled.refund
    assert (settled.total_fen, refund.total_fen) == (90_000, -90_000)
    assert sum(row.total_fen for row in by_answers(office, SPAN)) == 5 * 90_000


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_exactly_what_was_planted_is_reported(office: Office, data: st.DataObject) -> None:
    here = by_answers(office, SPAN)
    faults = data.draw(st.dictionaries(st.integers(0, len(here) - 1), st.sampled_from(list(Difference))))
    there, planted = [], []
    for place, row in enumerate(here):
        fault = faults.get(place)
        if fault is Difference.ONLY_THERE:  # a row of its own beside the true one: invented, or said twice
            name = data.draw(st.sampled_from([row.settlement_id, f"X{place}"]))
            there += [row, replace(row, settlement_id=name)]
            planted.append((name, fault))
            continue
        if fault is not None:
            planted.append((row.settlement_id, fault))
        if fault is Difference.AMOUNT:
            column = data.draw(st.sampled_from(["total_fen", "fund_fen", "account_fen"]))
            row = replace(row, **{column: getattr(row, column) + data.draw(st.sampled_from([-1, 1, 100]))})
        if fault is Difference.STATUS:
            row = replace(row, refund=not row.refund, total_fen=-row.total_fen)
        if fault is not Difference.ONLY_HERE:
            there.append(row)
    there = data.draw(st.permutations(there))
    found = Reconciler(office.database).details(Principal("key", HOSPITAL, Role.INSTITUTION), SPAN, there)
    assert sorted((one.settlement_id, one.difference) for one in found) == sorted(planted)


def test_another_institution_is_not_reconciled(office: Office) -> None:
    with pytest.raises(RequestError):
        Reconciler(office.database).totals(Principal("key", CLINIC, Role.INSTITUTION), SPAN, Totals(0, 0, 0, 0))

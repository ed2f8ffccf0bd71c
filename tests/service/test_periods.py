"""Clearing months: closed once, when nothing of them is in flight, and never written to again."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from api.ledger import periods
from api.ledger.database import sqlite
from api.ledger.periods import clearing_month, following
from api.service.clearing import Closed, close_period, read_period
from api.wire.problems import Mistake
from tests.conftest import NewOffice
from tests.ledger.test_verify import by_hand
from tests.service.office import MEMBERS, THIRD, Office, bill, moment, said
from tests.service.test_readjudicating import change_cover, run


def close(office: Office, month: str) -> Closed:
    closed = close_period(office.database, office.world, month)
    assert isinstance(closed, Closed)
    assert read_period(office.database, month) == closed
    return closed


def refused(office: Office, month: str) -> str:
    before = office.table("period")
    found = close_period(office.database, office.world, month)
    assert office.table("period") == before
    assert isinstance(found, Mistake)
    return found.code


def months(office: Office) -> list[tuple[str, str, str]]:
    return [(row.kind, row.book_date, row.period) for row in office.journal()]


@pytest.fixture
def spring(office: Office) -> Office:
    """A settlement in April and one in May; it is June."""
    office.world.now = moment("2023-04-30T23:59:59.999")
    office.settle(bill(3000, "A", on="2023-04-01"), "M1")
    office.world.now = moment("2023-05-01T00:00:00")
    office.settle(bill(1000, "B", THIRD, on="2023-04-01"), "M2")
    office.world.now = moment("2023-06-01T00:00:00")
    return office


def test_a_month_is_closed_with_what_it_comes_to(spring: Office) -> None:
    april = close(spring, "2023-04")
    assert april.period.count == 1
    assert april.sums == {"cash:person": 216_000, "fund:large_amount": 84_000, "institution:H11000000001": -300_000}
    assert close(spring, "2023-05").sums == {"cash:person": 100_000, "institution:H11000000001": -100_000}
    report = spring.verify()
    assert (report.findings, report.counts["period"]) == ([], 2)


def test_months_are_closed_in_order_once_and_when_they_are_over(spring: Office) -> None:
    assert refused(spring, "2023-06") == "PERIOD_NOT_OVER"
    assert refused(spring, "2023-05") == "PERIOD_EARLIER_OPEN"
    close(spring, "2023-04")
    assert refused(spring, "2023-04") == "PERIOD_CLOSED"
    assert refused(spring, "2023-03") == "PERIOD_CLOSED"
    close(spring, "2023-05")


def test_what_is_taken_back_after_the_close_is_of_its_own_day_and_month(spring: Office) -> None:
    close(spring, "2023-04")
    assert said(spring.reverse(original_message_id="M1"))["book_date"] == "2023-06-01"
    assert spring.settle(bill(3000, "A", on="2023-04-01"), "M1").replayed, (
        "message keys outlive the close of their month"
    )
    assert months(spring)[2:] == [("REVERSE", "2023-06-01", "2023-06")]
    assert spring.verify().findings == []


def test_what_is_settled_anew_after_the_close_is_posted_to_an_open_month(spring: Office) -> None:
    close(spring, "2023-04")
    change_cover(spring, MEMBERS.replace("in_service", "retired"))
    assert sum(found.posted for found in run(spring)) == 1
    assert set(months(spring)[2:]) == {
        ("REVERSE", "2023-06-01", "2023-06"),
        ("ADJUST", "2023-06-01", "2023-06"),
    }
    assert spring.verify().findings == []


def test_a_clock_behind_posts_to_the_first_open_month(spring: Office) -> None:
    close(spring, "2023-04")
    spring.world.now = moment("2023-04-30T23:00:00")
    spring.settle(bill(10, "C", THIRD, on="2023-04-01"))
    assert months(spring)[2:] == [("SETTLE", "2023-04-30", "2023-05")]
    assert spring.verify().findings == []


def test_a_month_is_not_closed_while_an_earlier_transaction_is_in_flight(
    new_office: NewOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_MS", 100)
    office = new_office()
    office.settle(bill(100))
    key = office.journal()[0].person_key
    office.world.now = moment("2023-06-01T00:00:00")
    with office.database.write() as connection:
        connection.execute(text("UPDATE holder SET head = head WHERE holder_key = :key"), {"key": key})
        assert refused(office, "2023-05") == "PERIOD_IN_FLIGHT"
    close(office, "2023-05")


def test_what_is_settled_while_the_journal_is_read_is_closed_with_it(
    spring: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    close(spring, "2023-04")
    read = periods.hashes_of

    def others_settle(*asked: Any) -> list[str]:
        hashes = read(*asked)
        monkeypatch.undo()
        spring.world.now = moment("2023-05-31T23:59:59")
        spring.settle(bill(10, "C", THIRD, on="2023-04-01"))
        spring.world.now = moment("2023-06-01T00:00:01")
        return hashes

    monkeypatch.setattr(periods, "hashes_of", others_settle)
    assert close(spring, "2023-05").period.count == 2
    assert spring.verify().findings == []


def test_an_earlier_month_that_is_settled_in_meanwhile_comes_first(
    spring: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    spring.world.now = moment("2023-07-01T00:00:00")
    for month in ("2023-04", "2023-05"):
        close(spring, month)
    read = periods.hashes_of

    def others_settle(*asked: Any) -> list[str]:
        hashes = read(*asked)
        monkeypatch.undo()
        spring.world.now = moment("2023-06-30T23:59:59")
        spring.settle(bill(10, "C", THIRD, on="2023-04-01"))
        spring.world.now = moment("2023-08-01T00:00:00")
        return hashes

    spring.world.now = moment("2023-08-01T00:00:00")
    monkeypatch.setattr(periods, "hashes_of", others_settle)
    assert refused(spring, "2023-07") == "PERIOD_EARLIER_OPEN"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE journal SET period = '2023-05' WHERE seq = 1", "LEDGER_PERIOD_WRONG"),
        ("UPDATE period SET count = 2", "LEDGER_PERIOD_CHANGED"),
        ("UPDATE period SET closed_at = 0", "LEDGER_PERIOD_WRONG"),
        ("DELETE FROM journal WHERE seq = 1", "LEDGER_PERIOD_CHANGED"),
    ],
)
def test_a_closed_month_moved_by_hand_is_named(statement: str, code: str, spring: Office) -> None:
    close(spring, "2023-04")
    by_hand(spring, statement)
    assert code in {finding.code for finding in spring.verify().findings}


def test_without_looking_at_closed_months_verify_notices(spring: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: the month is that of the clock."""
    close(spring, "2023-04")
    spring.world.now = moment("2023-04-30T23:00:00")
    with monkeypatch.context() as planted:
        planted.setattr("api.service.recording.clearing_month", lambda day, closed: day[:7])
        spring.settle(bill(10, "C", THIRD, on="2023-04-01"))
    assert {finding.code for finding in spring.verify().findings} == {"LEDGER_PERIOD_WRONG"}


def test_months_follow_each_other() -> None:
    assert [following(month) for month in ("2023-01", "2023-11", "2023-12", "1999-12")] == [
        "2023-02", "2023-12", "2024-01", "2000-01",
    ]  # fmt: skip
    assert clearing_month("2023-05-08", "") == "2023-05" == clearing_month("2023-05-08", "2023-04")
    assert clearing_month("2023-05-08", "2023-07") == "2023-08"

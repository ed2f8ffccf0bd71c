"""What the agency reads is written down before it is answered: who, what, when, and how it ended."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from api.http.site import SignedBy
from api.ledger.audit import read_audit
from api.ledger.rows import AuditRow
from api.service.requests import Role
from tests.http.client import Hospital, bill
from tests.service.office import PERSON


def deeds(hospital: Hospital) -> list[AuditRow]:
    with hospital.office.database.read() as connection:
        return list(read_audit(connection, 0, 2**62))


def test_the_agency_leaves_a_row_for_everything_it_asks(hospital: Hospital) -> None:
    settlement = hospital.settle(bill()).json()["settlement_id"]
    assert deeds(hospital) == [], "an institution's own requests stand in the journal"
    own, route = f"/v1/settlements/{settlement}", "/v1/settlements/{settlement_id}"
    number, unknown = {"person_id": PERSON}, {"person_id": "unknown"}
    asked = [
        ("auditor", "GET", own, None, route, settlement, "done"),
        ("reviewer", "GET", "/v1/settlements/none", None, route, "none", "refused"),
        ("admin", "GET", own, None, route, settlement, "refused"),
        ("operator", "POST", "/v1/accounts", number, "/v1/accounts", "", "done"),
        ("operator", "POST", "/v1/accounts", unknown, "/v1/accounts", "", "refused"),
    ]
    answers = []
    for role, method, target, body, *_ in asked:
        hospital.office.world.now += 1
        answers.append(hospital.send(method, target, body, f"sandbox-{role}"))
    rows = deeds(hospital)
    assert [(row.actor, row.role, row.deed, row.outcome) for row in rows] == [
        (f"sandbox-{role}", role, f"{method} {route}", outcome) for role, method, _, _, route, _, outcome in asked
    ]
    assert [row.subject for row in rows[:3]] == [subject for *_, subject, _ in asked[:3]]
    (identity,) = [row for row in hospital.office.table("person_identity") if row[0] == rows[3].subject]
    assert identity[0] != PERSON, "the person is named by the keyed digest of the number"
    assert rows[4].subject not in ("", rows[3].subject)
    assert answers[1].json()["instance"].endswith(rows[1].request_id)
    assert rows[0].at == rows[-1].at - 4


def test_an_institution_leaves_one_where_it_may_not_ask(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.http.routes.by_reader", SignedBy((Role.AUDITOR,)))
    assert hospital.send("GET", "/v1/settlements/x").status_code == 403
    (row,) = deeds(hospital)
    assert (row.actor, row.role, row.outcome) == ("sandbox", "institution", "refused")


def test_nothing_is_answered_that_could_not_be_audited(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    settlement = hospital.settle(bill()).json()["settlement_id"]

    def broken(*_: object) -> None:
        raise OperationalError("", {}, Exception())

    monkeypatch.setattr("api.http.site.write_audit", broken)
    answer = hospital.send("GET", f"/v1/settlements/{settlement}", key="sandbox-auditor")
    assert (answer.status_code, answer.json()["code"]) == (500, "DEFECT")
    assert "cash" not in answer.text
    assert hospital.send("GET", f"/v1/settlements/{settlement}").status_code == 200


def test_an_identity_number_in_an_address_is_not_written_down(hospital: Hospital) -> None:
    hospital.send("GET", "/v1/settlements/11010519491231002X", key="sandbox-auditor")
    (row,) = deeds(hospital)
    assert row.subject == "110105********002X"

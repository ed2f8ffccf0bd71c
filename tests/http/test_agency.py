"""The agency's own work over HTTP: clearing months, balances, re-adjudication as a job; each once, each audited."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from api.ledger.audit import read_audit
from api.service.clearing import IN_FLIGHT
from api.wire.agency import BalancesAnswer, JobAnswer, JobsAnswer, PeriodAnswer
from api.wire.answers import ProblemBody
from tests.http.client import Hospital, bill, of_type
from tests.http.test_books import SPAN
from tests.service.office import NUMBERS, PERSON, RETIRED, moment

BEIJING = "cn.beijing.employees.2023"


def ask(hospital: Hospital, path: str, body: Any = None) -> Any:
    return hospital.send("GET" if body is None else "POST", f"/v1/{path}", body, "sandbox-operator")


def refused(answer: Any) -> tuple[int, str, list[tuple[str, str]]]:
    said = of_type(ProblemBody, answer.json())
    return answer.status_code, said["code"], [(error["code"], error["pointer"]) for error in said.get("errors", ())]


def subjects(hospital: Hospital) -> list[tuple[str, str]]:
    with hospital.office.database.read() as connection:
        return [(row.deed, row.subject) for row in read_audit(connection, 0, 2**62)]


def test_a_month_is_closed_once_and_read(hospital: Hospital) -> None:
    hospital.settle(bill())
    assert refused(ask(hospital, "periods", {"period": "2023-05"}))[1:] == (
        "PERIOD_NOT_CLOSED",
        [("PERIOD_NOT_OVER", "/period")],
    )
    assert refused(ask(hospital, "periods/2023-05"))[:2] == (404, "NOT_FOUND")
    hospital.office.world.now = moment("2023-06-01T00:00:00")
    closed = of_type(PeriodAnswer, ask(hospital, "periods", {"period": "2023-05"}).json())
    assert (closed["rows"], closed["closed_at"]) == (1, "2023-06-01T00:00:00.000+08:00")
    assert closed["sums"] == [
        {"account": "cash:person", "amount": "2160.00"},
        {"account": "fund:large_amount", "amount": "840.00"},
        {"account": "institution:H11000000001", "amount": "-3000.00"},
    ]
    assert ask(hospital, "periods/2023-05").json() == closed
    assert refused(ask(hospital, "periods", {"period": "2023-05"}))[2] == [("PERIOD_CLOSED", "/period")]
    assert subjects(hospital)[0] == ("POST /v1/periods", "2023-05")
    assert hospital.office.verify().findings == []


def test_a_month_that_somebody_still_settles_in_is_asked_for_again(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise OperationalError("", {}, Exception("database is locked"))

    hospital.office.world.now = moment("2023-06-01T00:00:00")
    with monkeypatch.context() as planted:
        planted.setattr("api.service.clearing.wait_for_writers", busy)
        answer = ask(hospital, "periods", {"period": "2023-05"})
    assert refused(answer) == (503, "NOT_DONE", [(IN_FLIGHT, "/period")])
    assert answer.headers["retry-after"] == "1"
    assert ask(hospital, "periods", {"period": "2023-05"}).status_code == 200


def credited(hospital: Hospital, *amounts: tuple[str, str], name: str = "2023-05", plan: str = BEIJING) -> Any:
    listed = [{"person_id": person, "plan": plan, "amount": amount} for person, amount in amounts]
    return ask(hospital, "deposits", {"name": name, "deposits": listed})


def test_accounts_are_credited_once_under_a_name(hospital: Hospital) -> None:
    first = credited(hospital, (PERSON, "1000.00"), (RETIRED, "20.5"))
    assert of_type(BalancesAnswer, first.json()) == {"name": "2023-05", "posted": 2, "before": 0, "refused": []}
    again = credited(hospital, (PERSON, "1000"), (RETIRED, "20.6")).json()
    assert (again["posted"], again["before"]) == (0, 1)
    assert again["refused"] == [{"pointer": "/deposits/1", "reason": "name_used"}]
    back = credited(hospital, (RETIRED, "-20.51"), (PERSON, "-1.00"), name="back").json()
    assert (back["posted"], back["refused"]) == (1, [{"pointer": "/deposits/0", "reason": "below_zero"}])
    # (3,000 - 1,800) x 70 % = 840; 999 of 2,160 from the account
    assert hospital.settle(bill()).json()["cash"] == "1161.00"
    assert subjects(hospital)[0] == ("POST /v1/deposits", "2023-05")
    assert hospital.office.verify().findings == []


def test_counters_are_carried_in(hospital: Hospital) -> None:
    counter = {"plan": BEIJING, "counter": "outpatient_deductible", "period": 2023, "value": 180_000}
    spending = counter | {"counter": "outpatient_spending"}
    body = {"name": "old-system", "openings": [{"holder": PERSON, "counters": [counter, spending]}]}
    said = ask(hospital, "openings", body).json()
    assert of_type(BalancesAnswer, said) == {"name": "old-system", "posted": 1, "before": 0, "refused": []}
    assert ask(hospital, "openings", body).json()["before"] == 1
    assert hospital.settle(bill()).json()["cash"] == "900.00", "the deductible is met: 3,000 x 30 %"
    late = ask(hospital, "openings", body | {"name": "corrected"}).json()
    assert late["refused"] == [{"pointer": "/openings/0", "reason": "built_on"}]
    assert hospital.office.verify().findings == []


def test_all_that_is_unknown_is_told_at_once_and_nothing_is_posted(hospital: Hospital) -> None:
    before = hospital.office.everything()
    nobody = NUMBERS[0][:-1] + "Z"
    answer = credited(hospital, (PERSON, "1.00"), (nobody, "1.00"), ("P7", "1.00"))
    assert refused(answer)[2] == [("PERSON_UNKNOWN", f"/deposits/{place}/person_id") for place in (1, 2)]
    assert nobody not in answer.text
    assert refused(credited(hospital, (PERSON, "1.00"), plan="elsewhere"))[2] == [
        ("COUNTER_UNKNOWN", "/deposits/0/plan")
    ]
    assert refused(credited(hospital, (PERSON, "1.00"), (PERSON, "2.00")))[2] == [("BALANCE_TWICE", "/deposits/1")]
    counter = {"plan": BEIJING, "counter": "acount", "period": 0, "value": 1}
    body = {"name": "x", "openings": [{"holder": "P7", "counters": [counter | {"counter": "account"}, counter]}]}
    assert refused(ask(hospital, "openings", body))[2] == [
        ("PERSON_UNKNOWN", "/openings/0/holder"),
        ("COUNTER_UNKNOWN", "/openings/0/counters/1"),
    ]
    twice = {"name": "x", "openings": [{"holder": PERSON, "counters": [counter, counter]}] * 2}
    assert refused(ask(hospital, "openings", twice))[2] == [
        ("BALANCE_TWICE", "/openings/1"),
        ("BALANCE_TWICE", "/openings/0/counters/1"),
        ("BALANCE_TWICE", "/openings/1/counters/1"),
    ]
    assert hospital.office.everything() == before


def ended(hospital: Hospital, name: str) -> dict[str, Any]:
    """A job, when it has ended."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        said: dict[str, Any] = of_type(JobAnswer, ask(hospital, f"readjudications/{name}").json())
        if said["state"] != "running":
            return said
        time.sleep(0.02)
    raise AssertionError("the job goes on and on")


def test_a_year_is_settled_anew_as_a_job(hospital: Hospital) -> None:
    settled = hospital.settle(bill()).json()
    span = SPAN | {"person_id": PERSON}
    assert hospital.send("PUT", "/v1/cover", {"spans": [span]}, "sandbox-operator").status_code == 200
    look = {"name": "look", "year": 2023, "everyone": True, "post": False}
    assert of_type(JobAnswer, ask(hospital, "readjudications", look).json())["name"] == "look"
    # retired, over 70: (3,000 - 1,300) x 90 % = 1,530 instead of 840
    sums = {"cash:person": "-690.00", "fund:large_amount": "690.00"}
    said = ended(hospital, "look")
    assert (said["state"], said["settlements"], said["sums"]) == ("done", 1, sums)
    assert said["adjusted"][0]["settlement"] == settled["settlement_id"]
    post = {"name": "late", "year": 2023, "persons": [PERSON, RETIRED], "post": True}
    assert ask(hospital, "readjudications", post).status_code == 200
    assert (ended(hospital, "late")["sums"], ended(hospital, "late")["everyone"]) == (sums, False)
    again = ask(hospital, "readjudications", post).json()
    assert (again["state"], again["settlements"]) == ("done", 1)
    history = hospital.send("GET", f"/v1/settlements/{settled['settlement_id']}/history").json()
    assert [row["kind"] for row in history["rows"]] == ["SETTLE", "REVERSE", "ADJUST"]
    listed = of_type(JobsAnswer, ask(hospital, "readjudications").json())["jobs"]
    assert {job["name"] for job in listed} == {"look", "late"}
    assert ("POST /v1/readjudications", "late") in subjects(hospital)
    assert hospital.office.verify().findings == []


def test_a_job_that_cannot_be_begun_says_why(hospital: Hospital) -> None:
    job = {"name": "j", "year": 2023, "everyone": True, "post": False}
    ask(hospital, "readjudications", job)
    ended(hospital, "j")
    assert refused(ask(hospital, "readjudications", job | {"year": 2022}))[1:] == (
        "NOT_STARTED",
        [("JOB_NAME_USED", "/name")],
    )
    nobody = {"name": "k", "year": 2023, "persons": ["nobody"], "post": True}
    assert refused(ask(hospital, "readjudications", nobody))[2] == [("PERSON_UNKNOWN", "/persons/0")]
    assert refused(ask(hospital, "readjudications/k"))[:2] == (404, "NOT_FOUND")
    assert refused(ask(hospital, "readjudications", job | {"persons": ["x"]}))[2] == [("PERSONS_OR_EVERYONE", "")]


def test_one_job_at_a_time_and_none_holds_up_the_end(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    def long(_self: object, _row: object, ends: Any) -> None:
        while not ends():
            time.sleep(0.01)

    monkeypatch.setattr("api.service.jobs.Jobs.run", long)
    job = {"name": "j", "year": 2023, "everyone": True, "post": False}
    assert ask(hospital, "readjudications", job).json()["state"] == "running"
    assert ask(hospital, "readjudications", job).json()["state"] == "running"
    assert refused(ask(hospital, "readjudications", job | {"name": "k"}))[1:] == ("NOT_STARTED", [("JOB_RUNNING", "")])
    assert hospital.settle(bill()).status_code == 200, "requests are answered meanwhile"


def test_a_job_that_fails_is_logged(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError("planted")

    monkeypatch.setattr("api.service.readjudicating.Readjudication.persons", fails)
    ask(hospital, "readjudications", {"name": "j", "year": 2023, "everyone": True, "post": False})
    assert ended(hospital, "j")["state"] == "failed"
    assert '"job"' in hospital.log.getvalue().decode()

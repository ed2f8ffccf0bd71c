"""Settling over HTTP: what a hospital is promised, said as a hospital would see it."""

from __future__ import annotations

import concurrent.futures

import pytest

from api.wire.answers import (
    AccountsAnswer,
    ExplanationAnswer,
    PreviewAnswer,
    ProblemBody,
    ReversalAnswer,
    SettlementAnswer,
)
from tests.http.client import ITEM, Hospital, bill, of_type
from tests.service.office import NUMBERS, PERSON, RETIRED


def test_a_claim_is_settled_and_the_same_message_gets_the_same_bytes(hospital: Hospital) -> None:
    # outpatient, in service, tertiary: (3,000 - 1,800) x 70 % = 840
    first = hospital.settle(bill())
    assert first.status_code == 200
    body = of_type(SettlementAnswer, first.json())
    assert (body["funds"], body["cash"]) == ([{"fund": "large_amount", "paid": "840.00"}], "2160.00")
    spelled_otherwise = bill(total="3000.0", visit="普通门诊")
    again = hospital.settle(spelled_otherwise)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["Adjudicator-Replayed"] == "true"
    assert "Adjudicator-Replayed" not in first.headers
    assert len(hospital.office.table("journal")) == 1


def test_a_preview_changes_nothing_and_says_what_a_settlement_says(hospital: Hospital) -> None:
    before = hospital.office.everything()
    preview = of_type(PreviewAnswer, hospital.send("POST", "/v1/previews", bill(message_id=None)).json())
    assert hospital.office.everything() == before
    settled = hospital.settle(bill()).json()
    assert {name: settled[name] for name in preview if name in settled} == {
        name: value for name, value in preview.items() if name != "previewed_at_person_seq"
    }


def test_another_request_under_the_same_message_id_is_refused(hospital: Hospital) -> None:
    hospital.settle(bill())
    refused = hospital.settle(bill(3001))
    assert (refused.status_code, of_type(ProblemBody, refused.json())["code"]) == (422, "MESSAGE_ID_REUSED")
    reversal = hospital.send("POST", "/v1/reversals", {"message_id": "M1", "original_message_id": "M0"})
    assert reversal.json()["code"] == "MESSAGE_ID_REUSED"


def test_a_second_message_for_the_receipt_is_refused_and_the_refusal_is_kept(hospital: Hospital) -> None:
    hospital.settle(bill())
    refused = hospital.settle(bill(message_id="M2"))
    body = of_type(ProblemBody, refused.json())
    assert (refused.status_code, body["code"], body["errors"][0]["code"]) == (422, "NOT_SETTLED", "DUPLICATE_RECEIPT")
    assert refused.headers["content-type"] == "application/problem+json"
    again = hospital.settle(bill(message_id="M2"))
    assert (again.status_code, again.content, again.headers["Adjudicator-Replayed"]) == (422, refused.content, "true")


def test_a_mistake_uses_no_message_id_up(hospital: Hospital) -> None:
    before = hospital.office.everything()
    refused = hospital.settle(bill(total="1"))
    assert (refused.status_code, refused.json()["code"]) == (422, "REQUEST_NOT_VALID")
    assert hospital.office.everything() == before
    assert hospital.settle(bill()).status_code == 200


def test_after_a_time_out_the_answer_is_found_by_message_id(hospital: Hospital) -> None:
    assert hospital.send("GET", "/v1/messages/M1").status_code == 404
    settled = hospital.settle(bill())
    found = hospital.send("GET", "/v1/messages/M1")
    assert (found.status_code, found.content) == (200, settled.content)
    refused = hospital.settle(bill(message_id="M2"))
    found = hospital.send("GET", "/v1/messages/M2")
    assert (found.status_code, found.content) == (422, refused.content)


def test_a_message_id_with_slashes_is_found_however_the_address_is_written(hospital: Hospital) -> None:
    settled = hospital.settle(bill(message_id="2023/05/17"))
    for address in ("/v1/messages/2023/05/17", "/v1/messages/2023%2F05%2F17"):
        assert hospital.send("GET", address).content == settled.content
    assert hospital.send("GET", "/v1/messages/2023/05").json()["code"] == "NOT_FOUND"
    assert 'route="/v1/messages/{message_id}"' in hospital.http.get("/metrics").text


def test_a_settlement_is_read_by_its_own_institution_and_the_agency(hospital: Hospital) -> None:
    settled = hospital.settle(bill())
    address = f"/v1/settlements/{settled.json()['settlement_id']}"
    for key in ("sandbox", "sandbox-sm3", "sandbox-auditor", "sandbox-operator", "sandbox-reviewer"):
        assert hospital.send("GET", address, key=key).content == settled.content


@pytest.mark.parametrize("missing", ["nothing", "a" * 64, "a" * 65, "%00", "%F0%9F%99%82", "..", "x'--"])
def test_what_is_not_there_is_said_to_be_missing(hospital: Hospital, missing: str) -> None:
    for part in ("settlements", "messages"):
        answer = hospital.send("GET", f"/v1/{part}/{missing}")
        assert (answer.status_code, answer.json()["code"] in ("NOT_FOUND", "NO_SUCH_ADDRESS")) == (404, True)


def test_a_settlement_is_undone_by_message_and_lives_again(hospital: Hospital) -> None:
    settled = hospital.settle(bill()).json()
    undone = hospital.send("POST", "/v1/reversals", {"message_id": "R1", "original_message_id": "M1"})
    body = of_type(ReversalAnswer, undone.json())
    assert (undone.status_code, body["settlement"], body["in_force"]) == (200, settled["settlement_id"], False)
    assert body["reversed"] is True
    again = of_type(
        ReversalAnswer, hospital.send("POST", "/v1/reversals", {"message_id": "R2", "original_message_id": "R1"}).json()
    )
    assert again["in_force"] is True
    third = hospital.send("POST", "/v1/reversals", {"message_id": "R3", "settlement_id": settled["settlement_id"]})
    assert third.json()["in_force"] is False


def test_a_message_reversed_before_it_came_never_succeeds(hospital: Hospital) -> None:
    undone = hospital.send("POST", "/v1/reversals", {"message_id": "R1", "original_message_id": "M1"})
    assert (undone.status_code, of_type(ReversalAnswer, undone.json())["reversed"]) == (200, False)
    late = hospital.settle(bill())
    assert (late.status_code, late.json()["errors"][0]["code"]) == (422, "REVERSED_BEFORE_ARRIVAL")


def test_a_settlement_is_explained_from_its_own_row(hospital: Hospital) -> None:
    first = hospital.settle(bill(1000)).json()
    second = hospital.settle(bill(3000, "M2", "R2")).json()
    hospital.settle(bill(500, "M3", "R3"))
    address = f"/v1/settlements/{second['settlement_id']}/explanation"
    answer = hospital.send("GET", address)
    explained = of_type(ExplanationAnswer, answer.json())
    (part,) = explained["parts"]
    assert (part["total"], part["cash"]) == (second["total"], second["cash"])
    # of the deductible of 1,800 the first bill has borne 1,000
    assert {"counter": "outpatient_deductible", "unit": "fen", "before": 100000, "after": 180000} in part["counters"]
    layer = part["layers"][0]
    assert layer["paid"] == "1540.00"
    assert any("1,540.00" in step["text"] or step.get("amount") == "1540.00" for step in layer["steps"])
    assert any(step["sources"] for step in layer["steps"])
    (line,) = part["lines"]
    assert (line["line_id"], line["entry"]["code"], line["in_scope"]) == ("1", ITEM, "3000.00")
    assert line["entry"]["source"]["title"] and line["entry"]["source"]["path"].endswith(".csv")
    assert [(step["code"], step["amount"]) for step in line["steps"]] == [("LINE_IN_SCOPE", "3000.00")]
    assert PERSON not in answer.text
    assert hospital.send("GET", f"/v1/settlements/{first['settlement_id']}/explanation").status_code == 200
    undone = hospital.send("POST", "/v1/reversals", {"message_id": "U1", "original_message_id": "M3"}).json()
    assert hospital.send("GET", f"/v1/settlements/{undone['settlement_id']}/explanation").status_code == 404


def test_accounts_of_a_person_are_told_and_the_number_stands_nowhere(hospital: Hospital) -> None:
    hospital.settle(bill())
    told = hospital.send("POST", "/v1/accounts", {"person_id": PERSON})
    assert of_type(AccountsAnswer, told.json())["person_seq"] == 1
    assert hospital.send("POST", "/v1/accounts", {"person_id": RETIRED}).json()["counters"] == []
    missing = hospital.send("POST", "/v1/accounts", {"person_id": "nobody"})
    assert (missing.status_code, missing.json()["code"]) == (404, "NOT_FOUND")
    assert PERSON.encode() not in hospital.log.getvalue()


def test_persons_settle_at_once_and_one_message_many_times_counts_once(hospital: Hospital) -> None:
    bills = [bill(message_id=f"M{n % 5}", receipt=f"R{n % 5}", person_id=NUMBERS[n % 5 % 3]) for n in range(40)]
    with concurrent.futures.ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(hospital.settle, bills))
    assert {answer.status_code for answer in answers} == {200}
    assert len({(n % 5, answer.content) for n, answer in enumerate(answers)}) == 5
    assert len(hospital.office.table("journal")) == 5


def test_the_ledger_verifies_afterwards(hospital: Hospital) -> None:
    for number in range(4):
        hospital.settle(bill(message_id=f"M{number}", receipt=f"R{number}"))
    hospital.send("POST", "/v1/reversals", {"message_id": "U1", "original_message_id": "M3"})
    assert not hospital.office.verify().findings


def test_figures_and_logs_tell_what_happened(hospital: Hospital) -> None:
    hospital.settle(bill())
    hospital.settle(bill())
    hospital.http.get("/nowhere")
    text = hospital.http.get("/metrics").text
    assert 'adjudicator_requests_total{method="POST",route="/v1/settlements",status="200"} 2.0' in text
    assert 'adjudicator_messages_total{outcome="done"} 1.0' in text
    assert 'adjudicator_messages_total{outcome="replayed"} 1.0' in text
    assert "nowhere" not in text
    log = hospital.log.getvalue().decode()
    assert '"institution":"H11000000001"' in log
    assert "nowhere" not in log
    assert PERSON not in log


def test_those_who_operate_it_need_no_signature(hospital: Hospital) -> None:
    assert hospital.http.get("/health").json() == {"healthy": True}
    assert hospital.http.get("/ready").json() == {"ready": True}
    version = hospital.http.get("/version").json()
    assert {"version", "engine", "rules", "tables", "plans"} == version.keys()
    assert "cn.beijing.employees.2023" in version["plans"]
    page = hospital.http.get("/docs").text
    assert "//cdn" not in page
    assert "https://" not in page

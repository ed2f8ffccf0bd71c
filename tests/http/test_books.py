"""The books over HTTP: cover and institutions, whole or not at all, all mistakes at once."""

from __future__ import annotations

from typing import Any

import pytest

from api.wire.answers import ProblemBody
from api.wire.books import CoverAnswer, InstitutionAnswer
from tests.http.client import Hospital, bill, of_type
from tests.service.office import PERSON

SPAN = {
    "person_id": "P9",
    "scheme": "职工",
    "place": "110000",
    "cover": "normal",
    "group": "retired",
    "birth_date": "1950-05-17",
    "valid_from": "2020-01-01",
}


def put(hospital: Hospital, *spans: dict[str, Any]) -> Any:
    return hospital.send("PUT", "/v1/cover", {"spans": list(spans)}, "sandbox-operator")


def test_a_person_is_insured_from_the_next_request_on(hospital: Hospital) -> None:
    claim = bill(message_id=None, person_id="P9")
    assert hospital.send("POST", "/v1/previews", claim).json()["errors"][0]["code"] == "PERSON_UNKNOWN"
    assert of_type(CoverAnswer, put(hospital, SPAN).json()) == {"new": 1, "changed": 0, "unchanged": 0}
    # retired, over 70: (3,000 - 1,300) x 90 % = 1,530
    assert hospital.send("POST", "/v1/previews", claim).json()["cash"] == "1470.00"
    assert put(hospital, SPAN).json() == {"new": 0, "changed": 0, "unchanged": 1}
    assert put(hospital, SPAN | {"cover": "suspended"}).json() == {"new": 0, "changed": 1, "unchanged": 0}
    assert hospital.send("POST", "/v1/previews", claim).json()["cash"] == "3000.00"


def test_what_was_settled_keeps_its_cover_and_others_keep_theirs(hospital: Hospital) -> None:
    settled = hospital.settle(bill())
    put(hospital, SPAN | {"person_id": PERSON, "cover": "suspended"})
    assert hospital.settle(bill()).content == settled.content
    assert hospital.office.verify().sound


def test_all_mistakes_are_told_at_once_and_nothing_is_taken(hospital: Hospital) -> None:
    people = hospital.office.table("person")
    form = of_type(
        ProblemBody, put(hospital, SPAN | {"valid_from": "2020-02-30"}, SPAN | {"cover": None, "x": 1}).json()
    )
    assert {(error["pointer"], error["code"]) for error in form["errors"]} == {
        ("/spans/0/valid_from", "DATE_IMPOSSIBLE"),
        ("/spans/1/cover", "NULL_NOT_ALLOWED"),
        ("/spans/1/x", "FIELD_UNKNOWN"),
    }
    number = "110101195005170029"
    wrong = SPAN | {"person_id": number, "cover": "perhaps"}
    answer = put(hospital, SPAN, wrong, SPAN | {"person_id": "P8", "sex": "3"})
    assert answer.status_code == 422
    said = of_type(ProblemBody, answer.json())
    assert {error["pointer"] for error in said["errors"]} == {"/spans/1/cover", "/spans/2/sex"}
    assert number not in answer.text
    assert hospital.office.table("person") == people


def test_an_institution_is_added_and_renamed(hospital: Hospital) -> None:
    for name in ("示例医院", "示例第二医院"):
        body = {"institutions": [{"code": "H11000000099", "name": name, "place": "110000"}]}
        answer = hospital.send("PUT", "/v1/institutions", body, "sandbox-admin")
        assert of_type(InstitutionAnswer, answer.json()) == {"institutions": 1}
        assert ("H11000000099", name, "110000") in hospital.office.table("institution")


def test_a_request_is_bounded(hospital: Hospital) -> None:
    too_many = [SPAN | {"person_id": f"P{number}"} for number in range(301)]
    assert put(hospital, *too_many).json()["errors"][0]["code"] == "SIZE_OUT_OF_BOUNDS"
    assert put(hospital).json()["errors"][0]["code"] == "SIZE_OUT_OF_BOUNDS"


@pytest.mark.parametrize(("name", "expected"), [("", ">= 1"), ("医" * 201, "<= 200")])
def test_a_name_is_neither_empty_nor_without_end(hospital: Hospital, name: str, expected: str) -> None:
    body = {"institutions": [{"code": "H11000000099", "name": name, "place": "110000"}]}
    answer = hospital.send("PUT", "/v1/institutions", body, "sandbox-admin")
    (error,) = of_type(ProblemBody, answer.json())["errors"]
    assert (answer.status_code, error["code"], error["pointer"]) == (422, "SIZE_OUT_OF_BOUNDS", "/institutions/0/name")
    assert (error["found"], error["expected"]) == (str(len(name)), expected)

"""Who may ask what: every operation of the OpenAPI document with every role, and every other institution's things."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from api.http.describing import ANYONE, ROLES
from api.http.settings import SANDBOX_KEYS
from api.service.requests import Role
from tests.http.client import Hospital, bill
from tests.service.office import CLINIC, PERSON

KEY_OF = {Role.INSTITUTION: "sandbox", **{role: f"sandbox-{role.value}" for role in Role if role != Role.INSTITUTION}}

GRANTED = {
    "preview": {"institution"},
    "settle": {"institution"},
    "reverse": {"institution"},
    "findMessage": {"institution"},
    "readSettlement": {"institution", "operator", "reviewer", "auditor"},
    "explainSettlement": {"institution", "operator", "reviewer", "auditor"},
    "readAccounts": {"institution", "operator", "reviewer", "auditor"},
    "health": {ANYONE},
    "ready": {ANYONE},
    "version": {ANYONE},
    "metrics": {ANYONE},
}
"""Who may ask what, written down once more, by hand: a new operation fails until it stands here."""

BODIES: dict[str, Any] = {
    "preview": bill(message_id=None, receipt="R8"),
    "settle": bill(message_id="M9", receipt="R9"),
    "reverse": {"message_id": "U9", "original_message_id": "M0"},
    "readAccounts": {"person_id": PERSON},
}


def operations(hospital: Hospital) -> list[tuple[str, str, dict[str, Any]]]:
    paths = hospital.http.get("/openapi.json").json()["paths"]
    return [(method.upper(), path, said) for path, methods in paths.items() for method, said in methods.items()]


def test_the_document_grants_what_is_written_here(hospital: Hospital) -> None:
    assert {said["operationId"]: set(said[ROLES]) for _, _, said in operations(hospital)} == GRANTED


def test_every_role_may_ask_what_it_is_granted_and_nothing_else(hospital: Hospital) -> None:
    settlement = hospital.settle(bill()).json()["settlement_id"]
    for method, path, said in operations(hospital):
        granted, name = GRANTED[said["operationId"]], said["operationId"]
        target = path.format(settlement_id=settlement, message_id="M1")
        if granted == {ANYONE}:
            assert hospital.http.request(method, target).status_code == 200
            continue
        assert hospital.http.request(method, target).status_code == 401
        for role, key in KEY_OF.items():
            before = hospital.office.everything()
            answer = hospital.send(method, target, BODIES.get(name), key)
            if role.value in granted:
                assert answer.status_code == 200, (name, role)
            else:
                assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED"), (name, role)
                assert hospital.office.everything() == before


def test_another_institutions_things_are_answered_as_missing_ones(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    settlement = hospital.settle(bill()).json()["settlement_id"]
    own = SANDBOX_KEYS.credentials["sandbox-sm3"]
    other = replace(own, principal=replace(own.principal, institution=CLINIC))
    monkeypatch.setitem(SANDBOX_KEYS.credentials, "sandbox-sm3", other)  # type: ignore[arg-type]

    def ask(method: str, target: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        answer = hospital.send(method, target, body, "sandbox-sm3")
        said = answer.json()
        said.pop("instance", None)
        return answer.status_code, said

    for address in ("/v1/settlements/{}", "/v1/settlements/{}/explanation", "/v1/messages/{}"):
        known = settlement if "settlements" in address else "M1"
        assert ask("GET", address.format(known)) == ask("GET", address.format("nothing"))
    foreign = ask("POST", "/v1/reversals", {"message_id": "A1", "settlement_id": settlement})
    missing = ask("POST", "/v1/reversals", {"message_id": "A2", "settlement_id": "nothing"})
    assert foreign == missing
    assert foreign[0] == 422
    unseen = ask("POST", "/v1/reversals", {"message_id": "A3", "original_message_id": "M1"})
    assert unseen[1]["reversed"] is False, "M1 of another institution is a message that never came"
    assert hospital.send("GET", "/v1/messages/M1").status_code == 200

"""Who may ask what: every operation of the OpenAPI document with every role, and every other institution's things."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import event

from api.http.describing import ANYONE, ROLES
from api.http.settings import SANDBOX_KEYS
from api.service.requests import Role
from tests.http.client import Hospital, bill
from tests.service.office import CLINIC, HOSPITAL, PERSON

KEY_OF = {Role.INSTITUTION: "sandbox", **{role: f"sandbox-{role.value}" for role in Role if role != Role.INSTITUTION}}

GRANTED = {
    "preview": {"institution"},
    "settle": {"institution"},
    "reverse": {"institution", "operator"},
    "findMessage": {"institution", "operator"},
    "readSettlement": {"institution", "operator", "reviewer", "auditor"},
    "explainSettlement": {"institution", "operator", "reviewer", "auditor"},
    "readHistory": {"institution", "operator", "reviewer", "auditor"},
    "readAccounts": {"institution", "operator", "reviewer", "auditor"},
    "compareTotals": {"institution", "operator", "reviewer", "auditor"},
    "compareDetails": {"institution", "operator", "reviewer", "auditor"},
    "putCover": {"operator"},
    "putInstitutions": {"admin"},
    "closePeriod": {"operator"},
    "readPeriod": {"operator", "reviewer", "auditor"},
    "deposit": {"operator"},
    "openCounters": {"operator"},
    "startReadjudication": {"operator"},
    "readReadjudication": {"operator", "reviewer", "auditor"},
    "listReadjudications": {"operator", "reviewer", "auditor"},
    "health": {ANYONE},
    "ready": {ANYONE},
    "version": {ANYONE},
    "metrics": {ANYONE},
}
"""Who may ask what, written down once more, by hand: a new operation fails until it stands here."""

BEIJING = "cn.beijing.employees.2023"
SPAN = {
    "scheme": "310",
    "clearing": "11",
    "first": "2023-05-08",
    "last": "2023-05-08",
    "institution": "H11000000001",
}
BODIES: dict[str, Any] = {
    "preview": bill(message_id=None, receipt="R8"),
    "settle": bill(message_id="M9", receipt="R9"),
    "reverse": {"message_id": "U9", "original_message_id": "M0"},
    "readAccounts": {"person_id": PERSON},
    "compareTotals": {**SPAN, "total": "0", "fund": "0", "account": "0", "count": 0},
    "compareDetails": {**SPAN, "rows": []},
    "putCover": {"spans": [{"person_id": PERSON, "scheme": "310", "place": "110000", "cover": "1"}]},
    "putInstitutions": {"institutions": [{"code": "H11000000099", "name": "示例医院", "place": "110000"}]},
    "closePeriod": {"period": "2023-04"},
    "deposit": {"name": "2023-05", "deposits": [{"person_id": PERSON, "plan": BEIJING, "amount": "100.00"}]},
    "openCounters": {
        "name": "old-system",
        "openings": [
            {"holder": PERSON, "counters": [{"plan": BEIJING, "counter": "account", "period": 0, "value": 1}]}
        ],
    },
    "startReadjudication": {"name": "J1", "year": 2023, "everyone": True, "post": False},
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
        target = path.format(settlement_id=settlement, message_id="U9", period="2023-04", name="J1")
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


def foreign_and_missing(settlement: str) -> dict[str, tuple[tuple[str, Any], tuple[str, Any]] | None]:
    """By operation: how another institution's thing is asked for, and one that is not there; None: it names none."""
    own, none = f"/v1/settlements/{settlement}", "/v1/settlements/nothing"
    span = {**SPAN, "institution": HOSPITAL}
    nowhere = {**SPAN, "institution": "H99999999999"}
    sums = {"total": "0", "fund": "0", "account": "0", "count": 0}
    return {
        "preview": None,
        "settle": None,
        "readAccounts": None,  # a person goes to any institution, which must know what is left of the limits
        "reverse": (
            ("/v1/reversals", {"message_id": "A1", "settlement_id": settlement}),
            ("/v1/reversals", {"message_id": "A2", "settlement_id": "nothing"}),
        ),
        "findMessage": (("/v1/messages/M1", None), ("/v1/messages/M0", None)),
        "readSettlement": ((own, None), (none, None)),
        "explainSettlement": ((f"{own}/explanation", None), (f"{none}/explanation", None)),
        "readHistory": ((f"{own}/history", None), (f"{none}/history", None)),
        "compareTotals": (("/v1/statements/totals", span | sums), ("/v1/statements/totals", nowhere | sums)),
        "compareDetails": (
            ("/v1/statements/details", span | {"rows": []}),
            ("/v1/statements/details", nowhere | {"rows": []}),
        ),
    }


@contextmanager
def questions(hospital: Hospital) -> Iterator[list[str]]:
    """What the database is asked meanwhile, statement by statement."""
    asked: list[str] = []

    def hears(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "nonce" not in statement:
            asked.append(statement)

    event.listen(hospital.office.database.engine, "before_cursor_execute", hears)
    yield asked
    event.remove(hospital.office.database.engine, "before_cursor_execute", hears)


def test_another_institutions_things_are_answered_as_missing_ones(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same status, body and headers, after the same questions to the database: so in the same time, too."""
    settlement = hospital.settle(bill()).json()["settlement_id"]
    own = SANDBOX_KEYS.credentials["sandbox-sm3"]
    other = replace(own, principal=replace(own.principal, institution=CLINIC))
    monkeypatch.setitem(SANDBOX_KEYS.credentials, "sandbox-sm3", other)  # type: ignore[arg-type]
    things = foreign_and_missing(settlement)
    assert things.keys() == {name for name, roles in GRANTED.items() if "institution" in roles}
    methods = {said["operationId"]: method for method, _, said in operations(hospital)}

    def ask(name: str, target: str, body: Any) -> tuple[int, dict[str, Any], dict[str, str], list[str]]:
        with questions(hospital) as asked:
            answer = hospital.send(methods[name], target, body, "sandbox-sm3")
        headers = dict(answer.headers) | {"content-length": ""}  # ids of requests grow longer
        return answer.status_code, answer.json() | {"instance": ""}, headers, asked

    for name, pair in things.items():
        if pair is not None:
            foreign, missing = (ask(name, *asked_for) for asked_for in pair)
            assert foreign == missing, name
            assert foreign[0] in (404, 422), name
    unseen = ask("reverse", "/v1/reversals", {"message_id": "A3", "original_message_id": "M1"})
    assert unseen[1]["reversed"] is False, "M1 of another institution is a message that never came"
    assert hospital.send("GET", "/v1/messages/M1").status_code == 200
    assert hospital.send("GET", f"/v1/settlements/{settlement}").status_code == 200


def test_an_administrator_sees_no_row(hospital: Hospital) -> None:
    settlement = hospital.settle(bill()).json()["settlement_id"]
    admin = SANDBOX_KEYS.credentials["sandbox-admin"].principal
    assert hospital.app.state.site.service.settlement(admin, settlement) is None
    assert hospital.app.state.site.explainer.explain(admin, settlement) is None


def test_the_page_says_who_may_ask_what(hospital: Hospital) -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z]+) (/v1/\S+)` \|.*?\| ([a-z, ]+) \| [0-9, ]+\|$", page, re.MULTILINE)
    told = {(method, path): set(roles.split(", ")) for method, path, roles in rows}
    assert told == {
        (method, path): GRANTED[said["operationId"]]
        for method, path, said in operations(hospital)
        if path.startswith("/v1/")
    }


def test_no_route_is_left_out_of_the_document(hospital: Hospital) -> None:
    """What the document does not name is not in the matrix: only the pages of the document itself are."""
    named = {path for _, path, _ in operations(hospital)}
    routes = {str(route.path).replace(":path}", "}") for route in iter_route_contexts(hospital.app.routes)}
    assert named < routes
    assert routes - named == {"/openapi.json", "/docs", "/docs/oauth2-redirect", "/static-offline-docs"}

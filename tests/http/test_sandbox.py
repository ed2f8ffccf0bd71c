"""The sandbox: every person of it comes to what is told, and the end of a year can be tried."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from api.http import sandbox
from api.http.app import create_app
from api.http.clock import MovedClock
from api.http.serving import make_site
from api.http.settings import SANDBOX_KEYS
from api.http.situations import SITUATIONS
from api.ledger.database import open_database
from api.ledger.migrating import migrate
from api.rules import load_rules
from api.run import setting_of
from api.service.adjudication import Adjudicator
from api.service.group import Tools
from api.service.loading import load_institutions
from api.service.provenance import deciding, keep_deciding
from api.wire.logs import logger_to
from api.wire.sandbox import SandboxPersons
from tests.http.client import Hospital
from tests.http.client_rules import faults
from tests.service.office import Office, StandingClock, moment

TODAY = moment("2026-03-02T10:00:00")


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """A sandbox in this process, with every shipped plan."""
    folder, log, world = tmp_path_factory.mktemp("sandbox"), io.BytesIO(), StandingClock(TODAY)
    database, rules = open_database(f"sqlite:///{folder / 'ledger.db'}"), load_rules()
    migrate(database)
    load_institutions(database, rules.tables)
    sandbox.fill(database, folder, SANDBOX_KEYS.identity, world)
    failures: list[Exception] = []
    site = make_site(database, rules, SANDBOX_KEYS, logger_to(log), failures.append, world, clock=MovedClock(world))
    decided = keep_deciding(database, deciding(rules))
    tools = Tools(Adjudicator(setting_of(rules), rules.rulebook), decided, SANDBOX_KEYS.identity, world)
    office = Office(database, site.service, tools, world, folder)
    for _ in range(2):  # as when it is started again
        sandbox.settle_histories(site)
    app = create_app(site)
    with TestClient(app) as http:
        yield Hospital(app, http, office, log)
    assert office.verify().sound
    database.close()
    assert failures == []


def test_the_persons_are_told_with_what_they_come_to(box: Hospital) -> None:
    said = box.send("GET", "/v1/sandbox/persons").json()
    TypeAdapter(SandboxPersons).validate_python(said)
    assert [person["person_id"] for person in said["persons"]] == [person.person_id for person in SITUATIONS]
    for person in said["persons"]:
        answer = box.send("POST", "/v1/previews", person["claim"])
        body = answer.json()
        if "cash" not in person:
            assert (answer.status_code, [error["code"] for error in body["errors"]]) == (422, [person["reason"]])
            continue
        assert {"cash": body["cash"], "funds": body["funds"]} == {"cash": person["cash"], "funds": person["funds"]}
        assert body["parts"][0]["reason"] == person.get("reason", "NONE")


def test_a_settlement_comes_to_the_same_as_is_told(box: Hospital) -> None:
    for number, person in enumerate(SITUATIONS):
        settled = box.settle(person.claim | {"message_id": f"try-{number}"}).json()
        if person.cash:
            assert (settled["cash"], {share["fund"]: share["paid"] for share in settled["funds"]}) == (
                person.cash,
                person.funds,
            )
            undone = box.send(
                "POST", "/v1/reversals", {"message_id": f"undo-{number}", "original_message_id": f"try-{number}"}
            )
            assert undone.json()["reversed"] is True


def visit(name: str) -> dict[str, Any]:
    """A visit on the day it is settled."""
    claim = {key: value for key, value in SITUATIONS[0].claim.items() if key not in ("admission", "discharge")}
    return claim | {"visit_id": name, "message_id": name, "lines": [claim["lines"][0]]}


def test_a_new_year_begins_when_the_clock_is_set(box: Hospital) -> None:
    real = box.send("GET", "/v1/sandbox/clock").json()
    assert real == {"day": "2026-03-02"}
    assert box.send("PUT", "/v1/sandbox/clock", {"day": "2024-12-31"}).json() == {"day": "2024-12-31"}
    settled = [box.settle(visit(name)).json() for name in ("Y1", "Y2")]
    assert [(body["book_date"], body["cash"]) for body in settled] == [
        ("2024-12-31", "2160.00"),
        ("2024-12-31", "900.00"),
    ]
    box.send("PUT", "/v1/sandbox/clock", {"day": "2025-01-01"})
    after = box.settle(visit("Y3")).json()
    assert (after["book_date"], after["cash"]) == ("2025-01-01", "2160.00"), "the deductible begins anew"
    assert box.send("PUT", "/v1/sandbox/clock", real).json() == real


@pytest.mark.parametrize("body", [{}, {"day": "2024-02-30"}, {"day": 20240101}, {"day": "2024-01-01", "hour": 1}])
def test_the_clock_is_set_to_a_day(box: Hospital, body: dict[str, Any]) -> None:
    refused = box.send("PUT", "/v1/sandbox/clock", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "REQUEST_NOT_VALID")


def test_its_routes_are_signed_and_described(box: Hospital) -> None:
    assert box.http.get("/v1/sandbox/persons").status_code == 401
    assert box.http.put("/v1/sandbox/clock").status_code == 401
    document = box.http.get("/openapi.json").json()
    assert {"/v1/sandbox/persons", "/v1/sandbox/clock"} < document["paths"].keys()
    assert faults(document) == []


def test_elsewhere_its_routes_are_not_there(hospital: Hospital) -> None:
    for method, path in (("GET", "/v1/sandbox/persons"), ("GET", "/v1/sandbox/clock"), ("PUT", "/v1/sandbox/clock")):
        assert hospital.send(method, path).json()["code"] == "NO_SUCH_ADDRESS"
    assert "/v1/sandbox/clock" not in hospital.http.get("/openapi.json").json()["paths"]


def test_the_persons_are_in_the_files_that_serve_writes(box: Hospital) -> None:
    folder: Path = box.office.folder
    assert {path.stem for path in folder.glob("S*.json")} == {person.person_id for person in SITUATIONS}

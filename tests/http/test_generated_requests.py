"""2,000 requests that schemathesis makes from the OpenAPI document, signed and sent: good ones, bad ones, and most by
somebody who knows the ledger's persons, messages and codes. None makes the service fail, every answer is one that the
document announces; more than a third are accepted, nothing wrong is, and what is refused has changed nothing."""

from __future__ import annotations

import itertools
import json
import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.http.describing import ROLES
from api.service.requests import Role
from tests.conftest import Show
from tests.http.client import Hospital, bill, served
from tests.http.knowing import BOOKS, CLOSED, JOBS, MESSAGES, SETTLED, WRONG, agree, known
from tests.http.openapi_page import PAGE
from tests.http.test_hostile import dump
from tests.http.test_roles import KEY_OF
from tests.service.office import open_office

pytestmark = pytest.mark.slow


def unsigned(document: dict[str, Any]) -> dict[str, Any]:
    """The document without its signatures: whatever is made from it is signed here, as it is sent."""
    document.pop("security", None)
    document["components"].pop("securitySchemes")
    for said in (said for methods in document["paths"].values() for said in methods.values()):
        said.pop("security", None)
    return document


DOCUMENT = unsigned(json.loads(PAGE.read_text(encoding="utf-8")))


def operations(document: dict[str, Any]) -> dict[str, Any]:
    """Operations by name, as schemathesis has them."""
    schema = schemathesis.openapi.from_dict(document)
    return {found.ok().definition.raw["operationId"]: found.ok() for found in schema.get_all_operations()}


WELL_FORMED = operations(DOCUMENT)
NAMES = [name for name, operation in WELL_FORMED.items() if operation.body or operation.path_parameters]
"""Operations that take something."""

REQUESTS = 2_000
KNOWING = 0.7
"""Share of the requests that know the ledger; the others are half as the document says, half otherwise."""

WRONG_IN = 8
"""One in so many of those is wrong in one thing."""

ACCEPTED = 0.5
"""Of those at least; so more than a third of all."""

KEPT = {"NOT_SETTLED", "NOT_REVERSED"}
"""Refusals that were decided: the message keeps its answer."""

EFFECTS = {
    *("settle", "reverse", "putCover", "putInstitutions"),
    *("closePeriod", "deposit", "openCounters", "startReadjudication"),
}
"""Operations that may change the ledger."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@dataclass
class Target:
    """A service whose ledger has settlements; those who know it make requests from `operations`."""

    hospital: Hospital
    operations: dict[str, Any]
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(len(CLOSED)))

    def ask(self, name: str, case: Any, checks: Sequence[Any]) -> int:
        """Sign a request as one who may ask it, send it, look at the answer and what has changed; give the status."""
        whole = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
        parts = urlsplit(str(whole.url))
        address = quote(parts.path, safe="/%") + ("?" + parts.query if parts.query else "")
        body = whole.body.encode() if isinstance(whole.body, str) else whole.body or b""
        before = dump(self.hospital.office)
        key = KEY_OF[Role(case.operation.definition.raw[ROLES][0])]
        answer = self.hospital.send(case.method, address, body if isinstance(body, bytes) else orjson.dumps(body), key)
        case.validate_response(answer, checks=list(checks))
        if name == "startReadjudication" and answer.status_code == 200:
            come_to_rest(self.hospital)
        after = dump(self.hospital.office)
        changed = {table for table in after if after[table] != before[table]}
        if answer.status_code >= 400:
            assert changed <= ({"request"} if answer.json().get("code") in KEPT else set())
        else:
            assert not changed or name in EFFECTS
        return int(answer.status_code)


def come_to_rest(hospital: Hospital) -> None:
    """Wait until no job is under way."""
    while True:
        jobs = hospital.send("GET", "/v1/readjudications", key="sandbox-operator").json()["jobs"]
        if all(job["state"] != "running" for job in jobs):
            return
        time.sleep(0.01)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with open_target(tmp_path_factory.mktemp("generated")) as opened:
        yield opened


@pytest.fixture(scope="module")
def known_target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Another ledger: a month that a request made up has closed refuses all months before it."""
    with open_target(tmp_path_factory.mktemp("known")) as opened:
        yield opened


@contextmanager
def open_target(folder: Path) -> Iterator[Target]:
    """Open a service with settlements, closed months and done jobs; at the end its ledger is proved."""
    with served(open_office(folder, members=BOOKS)) as hospital:
        hospital.app.state.site.rates._per_second = hospital.app.state.site.rates._most = 1e9
        bills = [
            bill(3_000, message_id, f"R-{message_id}", person_id=person)
            for message_id, person in zip(MESSAGES, SETTLED, strict=True)
        ]
        settled = [hospital.settle(said).json()["settlement_id"] for said in bills]
        for month in CLOSED:
            assert hospital.send("POST", "/v1/periods", {"period": month}, "sandbox-operator").status_code == 200
        for name in JOBS:
            job = {"name": name, "year": 2023, "persons": SETTLED[:1], "post": False}
            assert hospital.send("POST", "/v1/readjudications", job, "sandbox-operator").status_code == 200
            come_to_rest(hospital)
        yield Target(hospital, operations(known(DOCUMENT, settled)))
        assert hospital.office.verify().findings == []
        assert '"defect"' not in hospital.log.getvalue().decode()


def generated(share: float) -> settings:
    """So many requests of each operation, the same in every run."""
    return settings(
        max_examples=math.ceil(REQUESTS * share / len(NAMES)),
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
def test_requests_made_from_the_document_are_answered_as_it_says(
    target: Target, name: str, mode: GenerationMode, show: Show
) -> None:
    checks = [*CHECKS, negative_data_rejection] if mode is GenerationMode.NEGATIVE else CHECKS
    answered: Counter[int] = Counter()

    @generated((1 - KNOWING) / 2)
    @given(case=WELL_FORMED[name].as_strategy(generation_mode=mode))
    def asks(case: Any) -> None:
        answered[target.ask(name, case, checks)] += 1

    asks()
    show(f"{name}, {mode.value}: {told(answered)}")
    assert answered.total() >= REQUESTS * (1 - KNOWING) / 2 / len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_requests_that_know_the_ledger_are_mostly_accepted(known_target: Target, name: str, show: Show) -> None:
    answered: Counter[int] = Counter()

    @generated(KNOWING)
    @given(known_target.operations[name].as_strategy(generation_mode=GenerationMode.POSITIVE), st.integers(1, WRONG_IN))
    def asks(case: Any, wrong: int) -> None:
        if case.operation.body:
            agree(case.body, next(known_target.numbers))
        if wrong == WRONG_IN:
            (case.body if case.operation.body else case.path_parameters).update(WRONG[name])
        status = known_target.ask(name, case, CHECKS)
        assert status >= 400 or wrong < WRONG_IN, "accepted, though it is wrong"
        answered[status] += 1

    asks()
    show(f"{name}, knowing: {told(answered)}")
    assert answered.total() >= REQUESTS * KNOWING / len(NAMES)
    assert answered[200] >= ACCEPTED * answered.total()


def told(answered: Counter[int]) -> str:
    return ", ".join(f"{count} x {status}" for status, count in sorted(answered.items()))

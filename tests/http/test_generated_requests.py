"""2,000 requests that schemathesis makes from the OpenAPI document, good and bad, signed and sent: none makes the
service fail, every answer is one that the document announces, and what is refused has changed nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.http.client import Hospital, bill, served
from tests.http.openapi_page import PAGE
from tests.http.test_hostile import dump
from tests.service.office import open_office

pytestmark = pytest.mark.slow


def unsigned(document: dict[str, Any]) -> dict[str, Any]:
    """The document without its signatures: whatever is made from it is signed here, as it is sent."""
    document.pop("security", None)
    document["components"].pop("securitySchemes")
    for said in (said for methods in document["paths"].values() for said in methods.values()):
        said.pop("security", None)
    return document


SCHEMA = schemathesis.openapi.from_dict(unsigned(json.loads(PAGE.read_text(encoding="utf-8"))))
OPERATIONS = {found.ok().definition.raw["operationId"]: found.ok() for found in SCHEMA.get_all_operations()}
WAYS = [
    (name, mode)
    for name, operation in OPERATIONS.items()
    if operation.body or operation.path_parameters
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
]
"""Operations that take something, asked as the document says and otherwise."""

REQUESTS = 2_000
"""Of all operations and ways together."""

KEPT = {"NOT_SETTLED", "NOT_REVERSED"}
"""Refusals that were decided: the message keeps its answer."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    with served(open_office(tmp_path_factory.mktemp("generated"))) as hospital:
        hospital.app.state.site.rates._per_second = hospital.app.state.site.rates._most = 1e9
        assert hospital.settle(bill()).status_code == 200
        yield hospital
        assert hospital.office.verify().findings == []
        assert '"defect"' not in hospital.log.getvalue().decode()


def sent(hospital: Hospital, case: Any) -> Any:
    """Sign a request and send it."""
    whole = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    parts = urlsplit(str(whole.url))
    target = quote(parts.path, safe="/%") + ("?" + parts.query if parts.query else "")
    body = whole.body.encode() if isinstance(whole.body, str) else whole.body or b""
    return hospital.send(case.method, target, body if isinstance(body, bytes) else orjson.dumps(body))


@pytest.mark.parametrize(("name", "mode"), WAYS, ids=lambda part: str(getattr(part, "value", part)))
def test_requests_made_from_the_document_are_answered_as_it_says(
    target: Hospital, name: str, mode: GenerationMode
) -> None:
    operation = OPERATIONS[name]
    checks = [*CHECKS, negative_data_rejection] if mode is GenerationMode.NEGATIVE else CHECKS
    answered: Counter[int] = Counter()

    @settings(
        max_examples=REQUESTS // len(WAYS) + 10,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def asks(case: Any) -> None:
        before = dump(target.office)
        answer = sent(target, case)
        answered[answer.status_code] += 1
        case.validate_response(answer, checks=checks)
        if answer.status_code >= 400 and answer.json().get("code") not in KEPT:
            assert dump(target.office) == before

    asks()
    print(f"{name} {mode.value}: {dict(answered)}")
    assert answered.total() >= REQUESTS / len(WAYS)

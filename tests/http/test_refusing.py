"""What is refused over HTTP: always with a problem body, never with a failure of the program, and nothing changes."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from pydantic import TypeAdapter

from api.http import site
from api.wire.answers import ProblemBody
from api.wire.decoding import LARGEST_BODY
from api.wire.problems import RequestError
from api.wire.signing import NONCE_HEADER, SIGNATURE_HEADER
from tests.http.client import Hospital, bill, signature

ADDRESSES = ("/v1/settlements", "/v1/previews", "/v1/reversals", "/v1/accounts")


def code(answer: Any) -> str:
    """The code of a problem, whose body must be of its type and say its status."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = TypeAdapter(ProblemBody).validate_python(answer.json())
    assert body["status"] == answer.status_code
    return body["code"]


def test_what_is_not_declared_as_json_is_refused(hospital: Hospital) -> None:
    body = orjson.dumps(bill())
    for kind in ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = hospital.send("POST", "/v1/settlements", body, **{"Content-Type": kind})
        assert (answer.status_code, code(answer)) == (415, "BODY_OF_OTHER_TYPE")
    declared = {"Content-Type": "application/json; charset=utf-8"}
    assert hospital.send("POST", "/v1/settlements", body, **declared).status_code == 200


def test_a_body_that_is_too_large_is_not_read_to_its_end(hospital: Hospital) -> None:
    answer = hospital.send("POST", "/v1/settlements", b"x" * (LARGEST_BODY + 1))
    assert (answer.status_code, code(answer)) == (413, "BODY_TOO_LARGE")
    at = hospital.office.world.now_ms() // 1000
    read = 0

    def chunks() -> Any:
        nonlocal read
        for _ in range(64):
            read += 1
            yield b"x" * (LARGEST_BODY // 8)

    headers = signature("sandbox", "POST", "/v1/settlements", b"", at) | {"Content-Type": "application/json"}
    answer = hospital.http.post("/v1/settlements", content=chunks(), headers=headers)
    assert (answer.status_code, code(answer)) == (413, "BODY_TOO_LARGE")


def test_a_packed_body_is_not_unpacked(hospital: Hospital) -> None:
    packed = gzip.compress(b" " * 100_000_000)
    answer = hospital.send("POST", "/v1/settlements", packed, **{"Content-Encoding": "gzip"})
    assert code(answer) == "BODY_NOT_READ"


def test_unsigned_and_wrongly_signed_requests_are_refused_before_anything_is_read(hospital: Hospital) -> None:
    body = orjson.dumps(bill())
    for address in (*ADDRESSES, "/v1/settlements/x", "/v1/messages/x"):
        method = "POST" if address in ADDRESSES else "GET"
        answer = hospital.http.request(method, address, content=b"{" if method == "POST" else b"")
        assert (answer.status_code, code(answer)) == (401, "SIGNATURE_MISSING")
    wrong = hospital.send("POST", "/v1/settlements", body, **{SIGNATURE_HEADER: "0" * 64})
    assert (wrong.status_code, code(wrong)) == (401, "SIGNATURE_REFUSED")
    assert hospital.office.table("request") == []


def test_an_attempt_counts_once_and_not_for_ever(hospital: Hospital) -> None:
    body, kind = orjson.dumps(bill()), {"Content-Type": "application/json"}
    at = hospital.office.world.now_ms() // 1000
    headers = signature("sandbox", "POST", "/v1/settlements", body, at) | kind
    assert hospital.http.post("/v1/settlements", content=body, headers=headers).status_code == 200
    again = hospital.http.post("/v1/settlements", content=body, headers=headers)
    assert (again.status_code, code(again)) == (401, "NONCE_USED")
    late = hospital.http.post(
        "/v1/settlements", content=body, headers=signature("sandbox", "POST", "/v1/settlements", body, at - 301) | kind
    )
    assert (late.status_code, code(late)) == (401, "SIGNED_OUTSIDE_WINDOW")
    twice = [*signature("sandbox", "POST", "/v1/settlements", body, at).items(), (NONCE_HEADER, "n" * 16)]
    answer = hospital.http.post("/v1/settlements", content=body, headers=[*twice, *kind.items()])
    assert (answer.status_code, code(answer)) == (401, "SIGNATURE_MISSING")


@pytest.mark.parametrize(
    ("method", "address", "status", "told"),
    [
        ("GET", "/", 404, "NO_SUCH_ADDRESS"),
        ("GET", "/v1/settlements/", 404, "NO_SUCH_ADDRESS"),
        ("POST", "/v2/settlements", 404, "NO_SUCH_ADDRESS"),
        ("GET", "/v1/settlements", 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", "/v1/settlements/x", 405, "METHOD_NOT_ALLOWED"),
        ("TRACE", "/v1/settlements", 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_other_addresses_and_methods_are_told(
    hospital: Hospital, method: str, address: str, status: int, told: str
) -> None:
    answer = hospital.http.request(method, address, follow_redirects=False)
    assert (answer.status_code, code(answer)) == (status, told)
    assert (status == 405) == ("allow" in answer.headers)


def test_a_defect_is_answered_and_logged_without_what_caused_it(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("11010519491231002X")

    monkeypatch.setattr("api.http.routes.read_claim", broken)
    answer = hospital.send("POST", "/v1/previews", bill(message_id=None))
    assert (answer.status_code, code(answer)) == (500, "DEFECT")
    assert b"11010519491231002X" not in answer.content + hospital.log.getvalue()
    logged = [json.loads(text) for text in hospital.log.getvalue().splitlines()]
    (defect,) = [said for said in logged if said["event"] == "defect"]
    assert defect["error"] == "RuntimeError"
    assert answer.json()["instance"].endswith(defect["request_id"])


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "BODY_SECONDS", 0.02)

    async def trickle() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.005)

    with pytest.raises(RequestError, match="BODY_TOO_SLOW"):
        asyncio.run(site.whole_body(trickle(), "", int))
    for declared in ("9" * 30, str(LARGEST_BODY + 1)):
        with pytest.raises(RequestError, match="BODY_TOO_LARGE"):
            asyncio.run(site.whole_body(trickle(), declared, int))

"""A hospital's side of the wire: requests that are signed and sent to an application in this process."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
import orjson
from fastapi import FastAPI
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from api.http.app import create_app
from api.http.serving import make_site
from api.http.settings import SANDBOX_KEYS
from api.wire.logs import logger_to
from api.wire.signing import ALGORITHMS, KEY_HEADER, NONCE_HEADER, SIGNATURE_HEADER, TIME_HEADER, string_to_sign
from tests.persons import names_a_person
from tests.service.office import ITEM, KEYRING, PERSON, Office, rules_of

NONCES = itertools.count(1)


def signature(key_id: str, method: str, target: str, body: bytes, at: int) -> dict[str, str]:
    """The headers of one signed attempt."""
    credential = SANDBOX_KEYS.credentials[key_id]
    algorithm, nonce = ALGORITHMS[credential.algorithm], f"nonce-{next(NONCES):016}"
    path, _, query = target.partition("?")
    text = string_to_sign(method, path, query, algorithm.digest(body), str(at), nonce, key_id)
    signed = algorithm.sign(credential.secret, text)
    return {KEY_HEADER: key_id, TIME_HEADER: str(at), NONCE_HEADER: nonce, SIGNATURE_HEADER: signed}


@dataclass
class Hospital:
    """Sends signed requests; `log` is what the service has logged."""

    app: FastAPI
    http: TestClient
    office: Office
    log: io.BytesIO
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def send(self, method: str, target: str, body: Any = None, key: str = "sandbox", **headers: str) -> httpx2.Response:
        content = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        signed = signature(key, method, target, content, self.office.world.now_ms() // 1000)
        kind = {"Content-Type": "application/json"} if content else {}
        answer = self.http.request(method, target, content=content, headers={**signed, **kind, **headers})
        assert not names_a_person(answer.text)
        return answer

    def settle(self, said: dict[str, Any], key: str = "sandbox") -> httpx2.Response:
        return self.send("POST", "/v1/settlements", said, key)


@contextmanager
def served(office: Office, plan: str = "beijing") -> Iterator[Hospital]:
    """Serve an office's ledger by a plan, and close it at the end; no request may have made the writer fail."""
    log, failures = io.BytesIO(), list[Exception]()
    rules, _, _ = rules_of(plan)
    keys = replace(SANDBOX_KEYS, identity=KEYRING)
    app = create_app(make_site(office.database, rules, keys, logger_to(log), failures.append, office.world))
    with TestClient(app, raise_server_exceptions=False) as http:
        yield Hospital(app, http, office, log)
    office.database.close()
    assert failures == []
    assert not names_a_person(log.getvalue().decode())


def of_type(kind: type, body: Any) -> Any:
    """A body, which must be of the type that the OpenAPI document promises."""
    return TypeAdapter(kind).validate_python(body)


def bill(yuan: int = 3000, message_id: str | None = "M1", receipt: str = "R1", **changes: Any) -> dict[str, Any]:
    """A bill of one line that is wholly in scope; without a message id, one to preview."""
    line = {"line_id": "1", "item_code": ITEM, "amount": f"{yuan}.00", "quantity": "1", "price": str(yuan)}
    said = {
        "message_id": message_id,
        "visit_id": f"V-{receipt}",
        "receipt_id": receipt,
        "person_id": PERSON,
        "visit": "11",
        "admission": "2023-05-08",
        "total": str(yuan),
        "lines": [line],
    }
    return {name: value for name, value in (said | changes).items() if value is not None}

"""A hospital's messages over HTTP: as signed requests to a service that may die before it answers."""

from __future__ import annotations

import http.client
import itertools
import secrets
import time
from dataclasses import dataclass
from typing import Any

import orjson

from api.service.answers import Answer, Outcome
from api.service.days import day_text
from api.service.requests import ClaimRequest, LineRequest, Message, ReverseRequest
from api.wire.signing import (
    ALGORITHMS,
    KEY_HEADER,
    NONCE_HEADER,
    SIGNATURE_HEADER,
    TIME_HEADER,
    Credential,
    string_to_sign,
)

TIMEOUT_SECONDS = 15
ATTEMPTS = itertools.count(1)


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


def body_of(message: Message) -> tuple[str, dict[str, Any]]:
    """Give the address and the body of a message."""
    request = message.request
    if isinstance(request, ReverseRequest):
        named = {"original_message_id": request.original_message_id, "settlement_id": request.settlement_id}
        return "/v1/reversals", {"message_id": message.message_id, **{k: v for k, v in named.items() if v is not None}}
    return "/v1/settlements", {"message_id": message.message_id, **_claim(request)}


def _claim(claim: ClaimRequest) -> dict[str, Any]:
    assert claim.admission is not None
    return {
        "visit_id": claim.visit_id,
        "receipt_id": claim.receipt_id,
        "person_id": claim.person_id,
        "visit": claim.visit,
        "total": yuan(claim.total_fen),
        "admission": day_text(claim.admission),
        "lines": [_line(line) for line in claim.lines],
    }


def _line(line: LineRequest) -> dict[str, str]:
    assert line.service_day is not None
    amount = yuan(line.amount_fen)
    said = {"line_id": line.line_id, "item_code": line.item_code, "amount": amount, "quantity": "1", "price": amount}
    return {**said, "service_date": day_text(line.service_day)}


class NoAnswerError(Exception):
    """Nobody knows what became of the message."""


@dataclass
class Wire:
    """Sends the messages of one institution to a port of this machine, over one connection while it lives."""

    port: int
    credential: Credential
    connection: http.client.HTTPConnection | None = None

    def send(self, message: Message) -> Answer:
        """Send a message. Raises ConnectionRefusedError when nobody listens, NoAnswerError when no answer came."""
        address, said = body_of(message)
        content = orjson.dumps(said)
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        try:
            self.connection.request("POST", address, content, _headers(self.credential, address, content))
            response = self.connection.getresponse()
            body = response.read()
        except ConnectionRefusedError:
            self.close()
            raise
        except (OSError, http.client.HTTPException) as failure:
            self.close()
            raise NoAnswerError from failure
        return Answer(_outcome(response.status, body), body, response.headers["Adjudicator-Replayed"] == "true")

    def close(self) -> None:
        """Hang up."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def _headers(credential: Credential, path: str, content: bytes) -> dict[str, str]:
    key, algorithm = credential.principal.key_id, ALGORITHMS[credential.algorithm]
    at, nonce = str(int(time.time())), f"{secrets.token_hex(12)}-{next(ATTEMPTS)}"
    text = string_to_sign("POST", path, "", algorithm.digest(content), at, nonce, key)
    signed = {
        SIGNATURE_HEADER: algorithm.sign(credential.secret, text),
        TIME_HEADER: at,
        NONCE_HEADER: nonce,
        KEY_HEADER: key,
    }
    return {**signed, "Content-Type": "application/json"}


def _outcome(status: int, body: bytes) -> Outcome:
    said = orjson.loads(body)
    match status, said.get("code"):
        case 200, _:
            return "done" if said.get("reversed", True) else "nothing"
        case 422, "NOT_SETTLED" | "NOT_REVERSED":
            return "refused"
        case 422, "MESSAGE_ID_REUSED":
            return "conflict"
        case 503, "NOT_DONE" | "BUSY":
            return "failed"
        case 504, _:
            raise NoAnswerError
    raise AssertionError(f"unexpected answer: {status} {body!r}")

"""How a hospital's system settles: preview, settle, find the answer after a time-out, see mistakes, reverse.

    python client.py

Python's standard library is enough. It asks the sandbox of `adjudicator serve`, unless ADJUDICATOR_ADDRESS,
ADJUDICATOR_KEY and ADJUDICATOR_SECRET (hexadecimal digits) say another service and key. Formats: docs/api.md.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import secrets
import sys
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

ADDRESS = os.environ.get("ADJUDICATOR_ADDRESS", "http://127.0.0.1:8765")
KEY = os.environ.get("ADJUDICATOR_KEY", "sandbox")
SECRET = bytes.fromhex(os.environ.get("ADJUDICATOR_SECRET", bytes(range(32)).hex()))
SECONDS = float(os.environ.get("ADJUDICATOR_SECONDS", "15"))
"""How long an answer is waited for: longer than the 10 seconds within which the service answers."""

PAUSES = (0, 1, 2, 4, 8)
"""Seconds before each attempt."""


@dataclass(frozen=True)
class Answer:
    """What one attempt was answered."""

    status: int
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        """The body. Amounts are strings of yuan: read them as decimal.Decimal, never as float."""
        said: dict[str, Any] = json.loads(self.body)
        return said


def ask(method: str, path: str, body: bytes = b"") -> Answer:
    """Sign and send one attempt. Raises OSError or HTTPException where no answer comes: that says nothing."""
    at, nonce = str(int(time.time())), secrets.token_hex(16)  # a new nonce for every attempt
    digest = hashlib.sha256(body).hexdigest()
    to_sign = "\n".join((method, path, "", digest, at, nonce, KEY))
    headers = {
        "Adjudicator-Key": KEY,
        "Adjudicator-Time": at,
        "Adjudicator-Nonce": nonce,
        "Adjudicator-Signature": hmac.new(SECRET, to_sign.encode(), hashlib.sha256).hexdigest(),
        "Content-Type": "application/json",
    }
    address = urlsplit(ADDRESS)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.netloc, timeout=SECONDS)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return Answer(response.status, response.read())
    finally:
        connection.close()


def submit(path: str, message: dict[str, Any]) -> Answer:
    """Send a message until its outcome is known. It takes effect once, however often it is sent.

    Keep the message with its id on your own disk before the first attempt: after a power cut you ask for it again.
    """
    body, found = json.dumps(message).encode(), f"/v1/messages/{message['message_id']}"
    for pause in PAUSES:
        time.sleep(pause)
        for method, target, content in (("POST", path, body), ("GET", found, b"")):
            try:
                answer = ask(method, target, content)
            except (OSError, http.client.HTTPException) as failure:
                print(f"{method:<8} no answer: {type(failure).__name__}")
                continue  # it may have arrived: ask what became of it
            if answer.status < 500 and not (method == "GET" and answer.status == 404):
                return answer
            print(f"{method:<8} {answer.status}")
    raise TimeoutError(f"no outcome of message {message['message_id']} yet: ask again later")


def main() -> int:
    """Settle a bill of the sandbox and reverse it."""
    run = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}"
    claim: dict[str, Any] = {
        "visit_id": run,
        "receipt_id": "1",
        "person_id": "S0000001",
        "visit": "outpatient",
        "admission": "2023-05-06",
        "total": "3000.00",
        "lines": [{"line_id": "1", "item_code": "XA02BC-01P", "amount": "3000.00", "quantity": "2", "price": "1500"}],
    }
    preview = ask("POST", "/v1/previews", json.dumps(claim).encode())
    print(f"preview  {preview.status} cash {preview.said['cash']}")

    message = {**claim, "message_id": f"{run}-settle"}
    settled = submit("/v1/settlements", message)
    print(f"settle   {settled.status} cash {settled.said['cash']}")
    found = ask("GET", f"/v1/messages/{message['message_id']}")
    print(f"find     {found.status} {'the same bytes' if found.body == settled.body else 'ANOTHER ANSWER'}")

    wrong = ask("POST", "/v1/settlements", json.dumps({**message, "total": "3000.01", "visit": None}).encode())
    print(f"mistakes {wrong.status} {wrong.said['code']}")
    for mistake in wrong.said["errors"]:
        print(f"         {mistake['pointer']} {mistake['code']}: {mistake['message']} {mistake['message_zh']}")

    reversal = {
        "message_id": f"{run}-reverse",
        "settlement_id": settled.said["settlement_id"],
        "reason": "mistake",
    }
    undone = submit("/v1/reversals", reversal)
    print(f"reverse  {undone.status} reversed {json.dumps(undone.said['reversed'])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

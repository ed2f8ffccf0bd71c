"""Bodies of requests for tests: a good claim, and ways of saying it."""

from __future__ import annotations

from typing import Any

import orjson

from api.wire.problems import RequestError
from api.wire.reading import read_claim_message


def claim(**changes: Any) -> dict[str, Any]:
    """A claim with two lines; changes replace fields, None takes one away."""
    said: dict[str, Any] = {
        "message_id": "H11010500001-20230506-0001",
        "visit_id": "V1",
        "receipt_id": "1",
        "person_id": "11000000000000000001",
        "visit": "21",
        "admission": "2023-05-01",
        "discharge": "2023-05-06",
        "total": "112.50",
        "lines": [
            {"line_id": "1", "item_code": "XA02BC", "amount": "100", "quantity": "4", "price": "25"},
            {"line_id": "2", "item_code": "001", "amount": "12.5", "service_date": "2023-05-02", "confirmed": True},
        ],
    }
    return {name: value for name, value in (said | changes).items() if value is not None}


def line(**changes: Any) -> dict[str, Any]:
    """A claim of one line of 10 yuan with changes in it."""
    said = {"line_id": "1", "item_code": "X", "amount": "10.00"} | changes
    return claim(lines=[{name: value for name, value in said.items() if value is not None}], total="10.00")


def mistakes(body: bytes | dict[str, Any]) -> list[tuple[str, str]]:
    """Codes and places of what is wrong with a claim to settle; a mistake in the body itself has line:column."""
    try:
        read_claim_message(body if isinstance(body, bytes) else orjson.dumps(body))
    except RequestError as error:
        return [
            (mistake.code, f"{mistake.line}:{mistake.column}" if mistake.line else mistake.pointer)
            for mistake in error.problem.mistakes
        ] or [(error.problem.code, "")]
    return []

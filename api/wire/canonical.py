"""One spelling of a typed request, and its hash: two requests with one message id are the same if these bytes are.

The form: JSON in UTF-8 without spaces, keys sorted; whole numbers of fen, 1e-4 units, 1e-6 yuan, and days since
1970-01-01; what is not given left out, so that a field which is added later changes no hash. Transport (when and how
it was sent, how its numbers were written, the message id) is not in it.
"""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import Any

import orjson

from api.service.requests import (
    ClaimRequest,
    DepositRequest,
    LineRequest,
    OpenRequest,
    ReadjudicateRequest,
    Request,
    ReverseRequest,
    UndoReason,
)

FORMAT = 1
"""Version of the form. Hashes are kept and compared, so another form has another number."""

KINDS: dict[type, str] = {
    ClaimRequest: "claim",
    ReverseRequest: "reverse",
    ReadjudicateRequest: "readjudicate",
    OpenRequest: "open",
    DepositRequest: "deposit",
}

_NAMES = {kind: tuple(field.name for field in fields(kind)) for kind in KINDS}
_READERS = {kind: (names, attrgetter(*names)) for kind, names in _NAMES.items()}

PAIRS = ("words", "numbers", "amounts")
"""Fields of a claim that hold pairs of name and value."""


def canonical(request: Request) -> bytes:
    """Give the canonical bytes of a request."""
    return orjson.dumps({"format": FORMAT, KINDS[type(request)]: _given(request)}, option=orjson.OPT_SORT_KEYS)


def from_canonical(written: bytes) -> Request:
    """Read a request back from its canonical bytes, which must be of this format."""
    document = orjson.loads(written)
    assert document.pop("format") == FORMAT, "the format is kept with the bytes"
    ((kind, said),) = document.items()
    if kind == "reverse":
        return ReverseRequest(**{**said, "reason": UndoReason(said["reason"])})
    if kind == "readjudicate":
        return ReadjudicateRequest(**said)
    if kind == "open":
        return OpenRequest(said["holder"], tuple(tuple(entry) for entry in said["counters"]))
    if kind == "deposit":
        return DepositRequest(**said)
    pairs = {name: tuple((key, value) for key, value in said[name]) for name in PAIRS if name in said}
    return ClaimRequest(**{**said, **pairs, "lines": tuple(LineRequest(**line) for line in said["lines"])})


def _given(value: Request) -> dict[str, Any]:
    names, values = _READERS[type(value)]
    found = {name: given for name, given in zip(names, values(value), strict=True) if given is not None and given != ()}
    if isinstance(value, ClaimRequest):
        found["lines"] = [_line(line) for line in value.lines]
    return found


def _line(line: LineRequest) -> dict[str, Any]:
    return {name: given for name, given in zip(line._fields, line, strict=True) if given is not None}

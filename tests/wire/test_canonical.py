"""One spelling for each request: the published vectors, what makes no difference, what does."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.service.requests import ClaimRequest, LineRequest, ReverseRequest, UndoReason
from api.wire.canonical import canonical, from_canonical
from api.wire.reading import read_claim_message, read_reverse_message
from tests.wire.bodies import claim

VECTORS = json.loads((Path(__file__).parents[2] / "docs" / "vectors" / "canonical.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_published_vectors_hold(vector: dict[str, Any]) -> None:
    read = {"claim": read_claim_message, "reverse": read_reverse_message}[vector["kind"]]
    for body in vector["bodies"]:
        _, request = read(body.encode())
        assert canonical(request).decode() == vector["canonical"]
        assert hashlib.sha256(canonical(request)).hexdigest() == vector["sha256"]


def test_spelling_and_transport_make_no_difference() -> None:
    one = claim()
    other = dict(reversed(claim(message_id="another", total="112.5", visit="住院").items()))
    spaced = json.dumps(other, indent=3, ensure_ascii=True).encode()
    assert canonical(read_claim_message(orjson.dumps(one))[1]) == canonical(read_claim_message(spaced)[1])


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(ClaimRequest)])
def test_every_field_makes_a_difference(name: str) -> None:
    _, request = read_claim_message(orjson.dumps(claim()))
    other: dict[str, Any] = {name: 7 if "fen" in name or name in ("days", "children", "units") else "other"}
    if name in ("words", "numbers", "amounts"):
        other = {name: (("a", 1),)}
    if name in ("admission", "discharge"):
        other = {name: 1}
    if name == "lines":
        other = {name: request.lines[:1]}
    assert canonical(dataclasses.replace(request, **other)) != canonical(request)


IDS = st.from_regex(r"[0-9A-Za-z_.:/-]{1,6}", fullmatch=True)
WHOLE = st.integers(-(10**11), 10**11)
DAYS = st.none() | st.integers(-20000, 80000)
OPTIONAL = st.none() | IDS
PAIRS = st.dictionaries(IDS, WHOLE, max_size=3).map(lambda found: tuple(sorted(found.items())))
LINES = st.builds(LineRequest, IDS, IDS, WHOLE, DAYS, st.none() | WHOLE, st.none() | WHOLE, st.none() | st.booleans())
CLAIMS = st.builds(
    ClaimRequest, IDS, IDS, IDS, IDS, WHOLE, st.lists(LINES, min_size=1, max_size=3).map(tuple),
    scheme=OPTIONAL, admission=DAYS, discharge=DAYS, disease=OPTIONAL, days=st.none() | st.integers(0, 9),
    numbers=PAIRS, amounts=PAIRS,
)  # fmt: skip
REVERSALS = st.builds(ReverseRequest, OPTIONAL, OPTIONAL, st.sampled_from(UndoReason))


@given(CLAIMS | REVERSALS)
def test_what_is_written_is_read_again(request: ClaimRequest | ReverseRequest) -> None:
    written = canonical(request)
    assert from_canonical(written) == request
    assert (
        json.dumps(json.loads(written), sort_keys=True, separators=(",", ":"), ensure_ascii=False) == written.decode()
    )


@given(CLAIMS | REVERSALS, CLAIMS | REVERSALS)
def test_different_requests_are_written_differently(
    one: ClaimRequest | ReverseRequest, other: ClaimRequest | ReverseRequest
) -> None:
    assert (canonical(one) == canonical(other)) == (one == other)

"""Signatures: the published vectors, also by the standard library; any change is found."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.service.requests import Principal, Role
from api.wire.problems import RequestError
from api.wire.signing import (
    ALGORITHMS,
    FORMS,
    HMAC_SM3,
    KEY_HEADER,
    NONCE_HEADER,
    SIGNATURE_HEADER,
    TIME_HEADER,
    WINDOW_SECONDS,
    Attempt,
    Authentication,
    Credential,
    string_to_sign,
)

VECTORS = json.loads((Path(__file__).parents[2] / "docs" / "vectors" / "signing.json").read_text(encoding="utf-8"))
NOW = 1_683_345_600
HOSPITAL = Principal("hospital", "H11010500001", Role.INSTITUTION)
SECRET = bytes(range(32))
KEYS = {
    name: Credential(dataclasses.replace(HOSPITAL, key_id=name), algorithm, SECRET)
    for name, algorithm in (("hospital", "hmac-sha256"), ("hospital-sm3", "hmac-sm3"))
}


def authentication() -> Authentication:
    return Authentication(KEYS.get)


def signed(key_id: str = "hospital", at: int = NOW, nonce: str = "0123456789abcdef", **changes: Any) -> Attempt:
    """A signed attempt; changes are made after signing."""
    algorithm = ALGORITHMS[KEYS[key_id].algorithm] if key_id in KEYS else ALGORITHMS["hmac-sha256"]
    parts = {"method": "POST", "path": "/v1/settlements", "query": "a=1", "body": b"{}"}
    text = string_to_sign(
        parts["method"], parts["path"], parts["query"], algorithm.digest(parts["body"]), str(at), nonce, key_id
    )  # type: ignore[arg-type]
    said = {KEY_HEADER: key_id, TIME_HEADER: str(at), NONCE_HEADER: nonce}
    said[SIGNATURE_HEADER] = algorithm.sign(SECRET, text)
    said |= changes.pop("headers", {})
    headers = tuple((name.encode(), value.encode()) for name, value in said.items() if value is not None)
    return Attempt(**(parts | {"headers": headers} | changes))  # type: ignore[arg-type]


def refused(attempt: Attempt, now: int = NOW) -> str:
    with pytest.raises(RequestError) as caught:
        authentication().sender(attempt, now)
    return caught.value.problem.code


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_published_vectors_hold(vector: dict[str, Any]) -> None:
    algorithm = ALGORITHMS[vector["algorithm"]]
    secret, body = bytes.fromhex(vector["secret_hex"]), vector["body"].encode()
    assert algorithm.digest(body) == vector["body_digest"]
    text = string_to_sign(
        *(vector[name] for name in ("method", "path", "query", "body_digest", "timestamp", "nonce", "key_id"))
    )
    assert text.decode() == vector["string_to_sign"]
    assert algorithm.sign(secret, text) == vector["signature"]
    assert algorithm.verify(secret, text, vector["signature"])


def test_the_vectors_of_sha256_hold_for_the_standard_library() -> None:
    for vector in VECTORS["vectors"]:
        if vector["algorithm"] == "hmac-sha256":
            assert hashlib.sha256(vector["body"].encode()).hexdigest() == vector["body_digest"]
            mac = hmac.new(bytes.fromhex(vector["secret_hex"]), vector["string_to_sign"].encode(), "sha256")
            assert mac.hexdigest() == vector["signature"]


def test_sm3_is_that_of_the_standard() -> None:
    """GB/T 32905, examples 1 and 2."""
    assert HMAC_SM3.digest(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert HMAC_SM3.digest(b"abcd" * 16) == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"


def test_hmac_sm3_is_hmac_over_sm3() -> None:
    """RFC 2104, written out."""
    for secret in (b"k", bytes(64), b"x" * 100):
        key = (bytes.fromhex(HMAC_SM3.digest(secret)) if len(secret) > 64 else secret).ljust(64, b"\0")
        inner = bytes.fromhex(HMAC_SM3.digest(bytes(byte ^ 0x36 for byte in key) + b"text"))
        assert HMAC_SM3.sign(secret, b"text") == HMAC_SM3.digest(bytes(byte ^ 0x5C for byte in key) + inner)


@pytest.mark.parametrize("key_id", sorted(KEYS))
def test_who_signs_is_known_by_the_key(key_id: str) -> None:
    assert authentication().sender(signed(key_id), NOW).principal.institution == "H11010500001"


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "GET"},
        {"path": "/v1/settlements/"},
        {"path": "/v1/previews"},
        {"query": ""},
        {"query": "a=2"},
        {"body": b"{ }"},
        {"body": b""},
        {"headers": {NONCE_HEADER: "0123456789abcdee"}},
        {"headers": {TIME_HEADER: str(NOW + 1)}},
        {"headers": {KEY_HEADER: "hospital-sm3"}},
        {"headers": {KEY_HEADER: "nobody"}},
        {"headers": {SIGNATURE_HEADER: "0" * 64}},
        {"headers": {SIGNATURE_HEADER: "A"}},
    ],
)
def test_any_change_is_refused_alike(changes: dict[str, Any]) -> None:
    assert refused(signed(**changes)) == "SIGNATURE_REFUSED"


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("value", [None, "", " ", "a b", "é", "x" * 600, "1\n2"])
def test_a_header_that_is_missing_or_badly_written_is_named(name: str, value: str | None) -> None:
    with pytest.raises(RequestError) as caught:
        authentication().sender(signed(headers={name: value}), NOW)
    assert (caught.value.problem.code, caught.value.problem.fields) == ("SIGNATURE_MISSING", {"name": name})


def test_a_header_stands_once() -> None:
    attempt = signed()
    assert refused(dataclasses.replace(attempt, headers=(*attempt.headers, attempt.headers[0]))) == "SIGNATURE_MISSING"


def test_the_window_has_two_ends() -> None:
    for late in (-WINDOW_SECONDS, WINDOW_SECONDS):
        authentication().sender(signed(), NOW + late)
    for late in (-WINDOW_SECONDS - 1, WINDOW_SECONDS + 1):
        assert refused(signed(), NOW + late) == "SIGNED_OUTSIDE_WINDOW"


def test_a_nonce_is_named_by_its_key_and_itself() -> None:
    first = authentication().sender(signed(), NOW).nonce
    assert first == authentication().sender(signed(at=NOW + 1), NOW).nonce, "whenever it is signed"
    others = [signed("hospital-sm3"), signed(nonce="0123456789abcdeg")]
    assert first not in {authentication().sender(attempt, NOW).nonce for attempt in others}


@given(st.lists(st.tuples(st.binary(max_size=30), st.binary(max_size=30)), max_size=8), st.binary(max_size=30))
def test_any_headers_are_refused(headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    assert refused(Attempt("POST", "/", "", body, headers)) == "SIGNATURE_MISSING"


def test_another_algorithm_can_be_connected() -> None:
    """As a site does with SM2: a verifier that asks its device."""

    class Device:
        def digest(self, body: bytes) -> str:
            return HMAC_SM3.digest(body)

        def verify(self, secret: bytes, text: bytes, signature: str) -> bool:
            return secret == b"public key" and signature == "c2lnbmVk"

    key = Credential(HOSPITAL, "sm2-sm3", b"public key")
    watch = Authentication({"hospital": key}.get, {**ALGORITHMS, "sm2-sm3": Device()})
    assert watch.sender(signed(headers={SIGNATURE_HEADER: "c2lnbmVk"}), NOW).principal == HOSPITAL
    with pytest.raises(RequestError, match="SIGNATURE_REFUSED"):
        Authentication({"hospital": key}.get).sender(signed(), NOW)

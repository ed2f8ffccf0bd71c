"""Signed requests: who sends one, that nothing in it was changed, that it is recent, and that it comes once.

The string to sign is seven lines joined by line feeds, in UTF-8: method, path and query as they are sent, digest of the
body, time in whole seconds since 1970, nonce, key id. The signature is its HMAC under the secret of the key, by SHA-256
or by SM3 (GM/T 0004), whichever the key is for; the digest of the body is by the same hash.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac as keyed

from api.service.requests import Principal
from api.wire.problems import refuse

KEY_HEADER = "Adjudicator-Key"
TIME_HEADER = "Adjudicator-Time"
NONCE_HEADER = "Adjudicator-Nonce"
SIGNATURE_HEADER = "Adjudicator-Signature"

FORMS = {
    KEY_HEADER: re.compile(r"[0-9A-Za-z_.:/-]{1,64}"),
    TIME_HEADER: re.compile(r"[1-9][0-9]{9,10}"),
    NONCE_HEADER: re.compile(r"[0-9A-Za-z_-]{16,64}"),
    SIGNATURE_HEADER: re.compile(r"[0-9A-Za-z+/=_-]{1,512}"),
}
"""The headers of a signed request, and how each is written. Each stands once."""

WINDOW_SECONDS = 300
"""A request is taken so long before and after the time it was signed at; its nonce is remembered twice as long."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A key: whose it is, the algorithm it is for, and the secret (or public key) that verifies it."""

    principal: Principal
    algorithm: str
    secret: bytes


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request as it arrived. path: as sent, without the query; query: what follows the question mark, or ""."""

    method: str
    path: str
    query: str
    body: bytes
    headers: Sequence[tuple[bytes, bytes]]

    def header(self, name: str) -> str:
        """Give a header of a signed request. Raises RequestError unless it stands once and is well written."""
        wanted = name.lower().encode()
        values = [value.decode("latin-1") for key, value in self.headers if key.lower() == wanted]
        if len(values) != 1 or not FORMS[name].fullmatch(values[0]):
            raise refuse("SIGNATURE_MISSING", name=name)
        return values[0]


class Verifier(Protocol):
    """One algorithm. A site installs its own beside the service (`api.service.verifiers`), such as SM2 by a device.

    Every request waits for it, so it answers within a millisecond or two.
    """

    def digest(self, body: bytes) -> str:
        """Give the digest of a body as it stands in the string to sign."""

    def verify(self, secret: bytes, text: bytes, signature: str) -> bool:
        """Say whether a signature is that of a text under a key: a shared secret, or what `key add` was given as the
        public key. Takes the same time whatever is wrong with it."""


@dataclass(frozen=True, slots=True)
class Hmac:
    """HMAC by one hash function; digests and signatures are written in lower-case hexadecimal digits."""

    hashed: Callable[[bytes], bytes]
    authenticated: Callable[[bytes, bytes], bytes]

    def digest(self, body: bytes) -> str:
        """Give the digest of a body."""
        return self.hashed(body).hex()

    def sign(self, secret: bytes, text: bytes) -> str:
        """Give the signature of a text."""
        return self.authenticated(secret, text).hex()

    def verify(self, secret: bytes, text: bytes, signature: str) -> bool:
        """Say whether a signature is that of a text, in constant time."""
        return hmac.compare_digest(self.sign(secret, text), signature)


def _sm3(body: bytes) -> bytes:
    hashed = hashes.Hash(hashes.SM3())
    hashed.update(body)
    return hashed.finalize()


def _hmac_sm3(secret: bytes, text: bytes) -> bytes:
    authenticated = keyed.HMAC(secret, hashes.SM3())
    authenticated.update(text)
    return authenticated.finalize()


HMAC_SHA256 = Hmac(lambda body: hashlib.sha256(body).digest(), lambda secret, text: hmac.digest(secret, text, "sha256"))
HMAC_SM3 = Hmac(_sm3, _hmac_sm3)
ALGORITHMS: Mapping[str, Hmac] = {"hmac-sha256": HMAC_SHA256, "hmac-sm3": HMAC_SM3}
"""The algorithms that need nothing but a shared secret."""

NO_SECRET = bytes(32)
"""Stands for the secret of a key that is not known, so that the answer to it takes as long."""


def string_to_sign(
    method: str, path: str, query: str, body_digest: str, timestamp: str, nonce: str, key_id: str
) -> bytes:
    """Give the bytes that are signed."""
    return "\n".join((method.upper(), path, query, body_digest, timestamp, nonce, key_id)).encode()


@dataclass(frozen=True, slots=True)
class Sender:
    """Who signed a request. nonce: 12 bytes of the key and its nonce; it comes once in twice the window."""

    principal: Principal
    nonce: bytes


class Authentication:
    """Decides who sent a request.

    credentials: finds the credential of a key id. verifiers: by name of algorithm; ALGORITHMS and what the site adds.
    """

    def __init__(
        self, credentials: Callable[[str], Credential | None], verifiers: Mapping[str, Verifier] = ALGORITHMS
    ) -> None:
        self._credentials, self._verifiers = credentials, verifiers

    def sender(self, attempt: Attempt, now: int) -> Sender:
        """Give who signed a request that arrived at a time (seconds since 1970). Raises RequestError.

        A key that is not known is answered as a wrong signature is. Whether the nonce was there before is asked
        afterwards, so that only who holds a key can use one up.
        """
        key_id, timestamp, nonce, signature = (attempt.header(name) for name in FORMS)
        credential = self._credentials(key_id)
        if credential is not None and credential.algorithm not in self._verifiers:
            credential = None
        verifier = self._verifiers[credential.algorithm if credential else "hmac-sha256"]
        digest = verifier.digest(attempt.body)
        text = string_to_sign(attempt.method, attempt.path, attempt.query, digest, timestamp, nonce, key_id)
        fits = verifier.verify(credential.secret if credential else NO_SECRET, text, signature)
        if credential is None or not fits:
            raise refuse("SIGNATURE_REFUSED")
        if abs(now - int(timestamp)) > WINDOW_SECONDS:
            raise refuse("SIGNED_OUTSIDE_WINDOW", seconds=WINDOW_SECONDS)
        return Sender(credential.principal, hashlib.blake2b(f"{key_id}\n{nonce}".encode(), digest_size=12).digest())

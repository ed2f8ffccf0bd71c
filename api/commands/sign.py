"""`adjudicator sign`: a signed request as a configuration of curl: `adjudicator sign POST URL FILE | curl -sK -`."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from urllib.parse import urlsplit

from api.failures import CannotRunError
from api.http.settings import SANDBOX_CREDENTIALS, Settings
from api.service.handover import read_credentials
from api.wire.signing import (
    ALGORITHMS,
    KEY_HEADER,
    NONCE_HEADER,
    SIGNATURE_HEADER,
    TIME_HEADER,
    string_to_sign,
)


def run(method: str, address: str, body: Path | None, key_id: str, settings: Settings) -> int:
    """Print the configuration for one attempt; it holds for some minutes, once."""
    print("\n".join(f"{name} = {_quoted(value)}" for name, value in options(method, address, body, key_id, settings)))
    return 0


def options(method: str, address: str, body: Path | None, key_id: str, settings: Settings) -> list[tuple[str, str]]:
    """Give options of curl for one signed attempt. Raises CannotRunError for a key or an address that is none."""
    if not address.startswith(("http://", "https://")) or not urlsplit(address).netloc:
        raise CannotRunError("SIGN_NO_ADDRESS", found=address)
    credentials = read_credentials(settings.credentials) if settings.credentials else SANDBOX_CREDENTIALS
    credential = credentials.get(key_id)
    if credential is None:
        raise CannotRunError("SIGN_NO_KEY", key=key_id)
    algorithm, parts = ALGORITHMS[credential.algorithm], urlsplit(address)
    at, nonce = str(int(time.time())), secrets.token_hex(16)
    digest = algorithm.digest(body.read_bytes() if body else b"")
    text = string_to_sign(method, parts.path or "/", parts.query, digest, at, nonce, key_id)
    headers = {
        KEY_HEADER: key_id,
        TIME_HEADER: at,
        NONCE_HEADER: nonce,
        SIGNATURE_HEADER: algorithm.sign(credential.secret, text),
    }
    found = [("url", address), ("request", method.upper())]
    found += [("header", f"{name}: {value}") for name, value in headers.items()]
    if body:
        found += [("header", "Content-Type: application/json"), ("data-binary", f"@{body}")]
    return found


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

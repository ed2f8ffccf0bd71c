"""The file of keys for identity data: made once, readable by its owner alone, not to be kept beside the ledger."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import orjson

from api.failures import CannotRunError
from api.wire.identity import KEY_BYTES, IdentityError, Keyring


def make_keys(path: Path) -> None:
    """Make a file with new keys. Raises FileExistsError where there is one."""
    document = {
        "current": "1",
        "keys": {"1": secrets.token_hex(KEY_BYTES)},
        "index_key": secrets.token_hex(KEY_BYTES),
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def read_keys(path: Path) -> Keyring:
    """Read a file of keys. Raises CannotRunError when it has another form."""
    try:
        document = orjson.loads(path.read_bytes())
        keys = {str(key_id): bytes.fromhex(key) for key_id, key in document["keys"].items()}
        return Keyring(keys, document["current"], bytes.fromhex(document["index_key"]))
    except (ValueError, KeyError, TypeError, AttributeError, IdentityError):
        raise CannotRunError("KEYS_NOT_READ", path=path) from None

"""A digest of what is payable: the same on every machine and however the tables were cut into files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

import numpy as np


def content_digest(*parts: object) -> str:
    """Give the SHA-256 (hex) of arrays, words and records of them; fields that begin with _ are left out."""
    digest = hashlib.sha256()
    for part in parts:
        _feed(digest, part)
    return digest.hexdigest()


def _feed(digest: hashlib._Hash, part: object) -> None:
    if isinstance(part, str):
        text = part.encode()
        digest.update(b"s%d:" % len(text) + text)
    elif isinstance(part, np.ndarray):
        ordered = np.ascontiguousarray(part, part.dtype.newbyteorder("<"))
        digest.update(f"a{ordered.dtype.str}{ordered.shape}".encode())
        digest.update(ordered.tobytes())
    elif isinstance(part, tuple):
        digest.update(b"t%d:" % len(part))
        if part and isinstance(part[0], str) and isinstance(part[-1], str):
            _feed(digest, "\x1f".join(part))
        else:
            for entry in part:
                _feed(digest, entry)
    elif isinstance(part, Mapping):
        _feed(digest, tuple(part.items()))
    else:
        assert is_dataclass(part), f"no digest of {type(part).__name__}"
        for entry in fields(part):
            if not entry.name.startswith("_"):
                _feed(digest, entry.name)
                _feed(digest, getattr(part, entry.name))

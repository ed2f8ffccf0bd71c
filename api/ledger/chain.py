"""Hashes of rows: each journal row holds that of the person's row before it, a row of the audit that of the one before
it; each block of rows seals them all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import fields
from operator import attrgetter

from api.ledger.rows import AuditRow, EntryRow, JournalRow, RequestRow


def sha256(body: bytes) -> str:
    """Give the hash of some bytes, in hexadecimal."""
    return hashlib.sha256(body).hexdigest()


def journal_hash(row: JournalRow, entries: Sequence[EntryRow]) -> str:
    """Give the hash of a journal row with its entries; `row.row_hash` is not part of it."""
    digest = hashlib.sha256(_written(row[:-1]))
    for entry in entries:
        digest.update(_written(entry))
    return digest.hexdigest()


def row_hash(row: RequestRow | AuditRow) -> str:
    """Give the hash of a remembered answer, or of a deed; `row.row_hash` is not part of it."""
    return sha256(_written(row[:-1] if isinstance(row, RequestRow) else _HASHED(row)))


def sealed(previous: str, hashes: Iterable[str]) -> str:
    """Give the root of a block: the hash of the root before it and of its rows, in order."""
    digest = hashlib.sha256(previous.encode())
    for row in hashes:
        digest.update(row.encode())
    return digest.hexdigest()


_HASHED = attrgetter(*(field.name for field in fields(AuditRow) if field.name != "row_hash"))


def _written(values: Iterable[object]) -> bytes:
    """Write every value with its length, so that no two rows read the same."""
    parts = []
    for value in values:
        if value is None:
            parts.append(b"-1:")
        else:
            body = value if isinstance(value, bytes) else str(value).encode()
            parts += (b"%d:" % len(body), body)
    return b"".join(parts)

"""Nonces of signed requests, as digests, each until it could not be sent again."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, delete, select

from api.ledger.database.statements import insert_and_tell
from api.ledger.schema import nonce


def keep_nonces(connection: Connection, ends: Mapping[bytes, int]) -> set[bytes]:
    """Keep digests until their ends (seconds since 1970); give those that were not kept before.

    They are added in order. A transaction that locks holders too keeps its nonces first, so that no two transactions
    wait for each other.
    """
    return set(insert_and_tell(connection, nonce, nonce.c.digest, sorted(ends.items())))


def kept_nonces(connection: Connection) -> dict[bytes, int]:
    """Give all digests with their ends."""
    return {row.digest: row.kept_until for row in connection.execute(select(nonce))}


def forget_nonces(connection: Connection, before: int) -> None:
    """Drop digests that ended before a time (seconds since 1970)."""
    connection.execute(delete(nonce).where(nonce.c.kept_until < before))

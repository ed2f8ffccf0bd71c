"""What the agency read and did, and who: rows that are only ever added, each with the hash of the one before it.

There is one chain: who adds a row has locked its end, which stands among the holders. A seal takes the chain in, so the
anchor of a ledger proves its audit too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, replace

from sqlalchemy import Connection, select
from sqlalchemy.sql.elements import ColumnElement

from api.ledger.books import lock_holders, move_heads
from api.ledger.chain import row_hash
from api.ledger.database.statements import insert_all
from api.ledger.rows import AuditRow, Head
from api.ledger.schema import audit

CHAIN = "audit"
"""Name of the chain among the holders."""

ROWS_AT_ONCE = 1_000


def write_audit(connection: Connection, row: AuditRow) -> None:
    """Add a row at the end of the chain; nobody else adds one before this transaction ends."""
    head = lock_holders(connection, [CHAIN])[CHAIN]
    row = replace(row, seq=head.person_seq + 1, prev_hash=head.row_hash)
    row = replace(row, row_hash=row_hash(row))
    insert_all(connection, audit, [astuple(row)])
    move_heads(connection, {CHAIN: Head(row.seq, row.row_hash)})


def read_audit(connection: Connection, first_ms: int, last_ms: int) -> Iterator[AuditRow]:
    """Give the rows from one time to another, both included, in order."""
    return _rows(connection, audit.c.at.between(first_ms, last_ms))


def whole_audit(connection: Connection) -> Iterator[AuditRow]:
    """Give all rows, in order."""
    return _rows(connection, audit.c.seq > 0)


def audit_head(connection: Connection, seq: int | None = None) -> Head:
    """Give the end of the chain, or of what it was up to a row; empty where there is no such row."""
    wanted = select(audit.c.seq, audit.c.row_hash).order_by(audit.c.seq.desc()).limit(1)
    found = connection.execute(wanted if seq is None else wanted.where(audit.c.seq == seq)).first()
    return Head(*found) if found else Head()


def _rows(connection: Connection, where: ColumnElement[bool]) -> Iterator[AuditRow]:
    wanted = select(audit).where(where).order_by(audit.c.seq).execution_options(yield_per=ROWS_AT_ONCE)
    return (AuditRow(**row._mapping) for row in connection.execute(wanted))

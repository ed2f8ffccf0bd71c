"""Sealing: committed rows, and the audit so far, are closed off in numbered blocks, whose roots are kept outside the
database as anchors."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from api.ledger.audit import audit_head
from api.ledger.chain import sealed
from api.ledger.database.statements import wait_for_writers
from api.ledger.rows import GENESIS
from api.ledger.schema import holder, journal, seal


@dataclass(frozen=True, slots=True)
class Seal:
    """One block: rows from_seq to to_seq of the journal, all of them, and the audit up to audit_seq.

    count: rows of the journal. root: hash of the root before it, of these rows, and of the last one of the audit.
    """

    block: int
    from_seq: int
    to_seq: int
    count: int
    audit_seq: int
    sealed_at: int
    root: str


def last_seal(connection: Connection) -> Seal | None:
    """Give the last block."""
    row = connection.execute(select(seal).order_by(seal.c.block.desc()).limit(1)).first()
    return None if row is None else Seal(*row)


def seal_rows(connection: Connection, now_ms: int) -> Seal | None:
    """Seal everything since the last block as one; give the block that is last now, None where there is none.

    Rows that others have numbered and not yet committed belong in the block: they are waited for. A block without rows
    of the journal seals what was added to the audit.
    """
    wait_for_writers(connection, holder)
    last = last_seal(connection)
    after, audited, root = (last.to_seq, last.audit_seq, last.root) if last else (0, 0, GENESIS)
    statement = select(journal.c.seq, journal.c.row_hash).where(journal.c.seq > after).order_by(journal.c.seq)
    rows = connection.execute(statement).all()
    audit = audit_head(connection)
    if not rows and audit.person_seq == audited:
        return last
    made = Seal(
        block=last.block + 1 if last else 1,
        from_seq=after + 1,
        to_seq=rows[-1].seq if rows else after,
        count=len(rows),
        audit_seq=audit.person_seq,
        sealed_at=now_ms,
        root=sealed(root, [*(row.row_hash for row in rows), audit.row_hash]),
    )
    connection.execute(insert(seal).values(**{column.name: getattr(made, column.name) for column in seal.c}))
    return made

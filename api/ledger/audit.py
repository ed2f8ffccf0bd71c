"""What the agency read and did, and who: rows that are only ever added."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select

from api.ledger.schema import audit


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One deed. request_id: that of the answer, and of the log. at: milliseconds since 1970.

    actor: id of the key, or `command:` and the user of the machine. deed: method and route, or the command. subject:
    the id that was asked for; of a person, the keyed digest of the number. outcome: `done`, `refused` or `failed`.
    """

    request_id: str
    at: int
    actor: str
    role: str
    deed: str
    subject: str
    outcome: str


def write_audit(connection: Connection, row: AuditRow) -> None:
    """Add a row."""
    connection.execute(insert(audit), asdict(row))


def read_audit(connection: Connection, first_ms: int, last_ms: int) -> Iterator[AuditRow]:
    """Give the rows from one time to another, both included, in order."""
    wanted = select(audit).where(audit.c.at.between(first_ms, last_ms)).order_by(audit.c.at, audit.c.request_id)
    return (AuditRow(*row) for row in connection.execute(wanted))

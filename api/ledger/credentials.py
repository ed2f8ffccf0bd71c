"""Keys that sign requests, as the ledger keeps them: their secrets only as ciphers. None is ever deleted."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select, update

from api.ledger.schema import credential


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """One key. Times are milliseconds since 1970.

    institution: fixmedins_code, empty for the agency. concealed: cipher of the secret. valid_until: None for no end;
    disabled_at: since when it is taken away for ever, else None. changed_at: when the row was written last.
    """

    key_id: str
    role: str
    institution: str
    algorithm: str
    concealed: bytes
    valid_from: int
    valid_until: int | None
    disabled_at: int | None
    changed_at: int


def add_credential(connection: Connection, row: CredentialRow) -> None:
    """Add a key. Raises IntegrityError where its id was ever used."""
    connection.execute(insert(credential), asdict(row))


def disable_credential(connection: Connection, key_id: str, now_ms: int) -> bool:
    """Take a key away; False where there is none that could be taken."""
    own = (credential.c.key_id == key_id) & credential.c.disabled_at.is_(None)
    changed = connection.execute(update(credential).where(own).values(disabled_at=now_ms, changed_at=now_ms))
    return bool(changed.rowcount)


def credentials_changed(connection: Connection, since_ms: int) -> list[CredentialRow]:
    """Give the keys that were added or taken away since a time, in order of their ids."""
    wanted = select(credential).where(credential.c.changed_at >= since_ms).order_by(credential.c.key_id)
    return [CredentialRow(*row) for row in connection.execute(wanted)]

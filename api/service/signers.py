"""Who may sign: keys are made here, kept in the ledger with their secrets as ciphers, and known to a running service.

What a row says of a key (whose it is, its role, from when until when) is bound to the cipher: a row that was changed by
hand is not read, so nobody becomes an administrator by writing to the database.
"""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass

from api.failures import CannotRunError
from api.ledger.audit import write_audit
from api.ledger.books import institutions_known
from api.ledger.credentials import CredentialRow, add_credential, credentials_changed, disable_credential
from api.ledger.database import Database
from api.ledger.rows import AuditRow
from api.service.requests import Principal, Role
from api.service.world import World
from api.wire.identity import IdentityError, Keyring
from api.wire.problems import refuse
from api.wire.signing import ALGORITHMS, Credential

SECRET_BYTES = 32
"""Bytes of a secret that is made here, and the least of one that is brought."""

DISTINCT_LEAST = 16
"""Fewer different bytes, or steps between them, are not among 32 that chance has chosen."""

STALE_SECONDS = 60.0
"""A service that could not read the keys for so long knows nobody: one of them may have been taken away."""

OVERLAP_MS = 60_000
"""What was written so long before the last look is read again: it is seen when its transaction has ended."""


def is_weak(secret: bytes) -> bool:
    """Say whether a secret is too short, or was typed, counted or repeated by somebody."""
    steps = {after - before & 255 for before, after in itertools.pairwise(secret)}
    typed = all(32 <= byte < 127 for byte in secret)
    return len(secret) < SECRET_BYTES or min(len(set(secret)), len(steps)) < DISTINCT_LEAST or typed


@dataclass(frozen=True, slots=True)
class NewKey:
    """What somebody asks for. Times are milliseconds since 1970; until None: no end.

    public_key: for an algorithm that is not built in, as its verifier reads it; None where a secret is made.
    """

    principal: Principal
    algorithm: str
    valid_from: int
    valid_until: int | None = None
    public_key: bytes | None = None


def add_key(database: Database, keyring: Keyring, world: World, actor: str, new: NewKey) -> Credential:
    """Keep a key, with a new secret unless it has a public one. Raises CannotRunError: its id was used, no such
    institution."""
    principal, now = new.principal, world.now_ms()
    if new.valid_until is not None and new.valid_until <= max(now, new.valid_from):
        raise CannotRunError("KEY_ENDS_BEFORE_IT_BEGINS")
    secret = secrets.token_bytes(SECRET_BYTES) if new.public_key is None else new.public_key
    place = _place(principal, new.algorithm, new.valid_from, new.valid_until)
    row = CredentialRow(
        key_id=principal.key_id,
        role=principal.role.value,
        institution=principal.institution,
        algorithm=new.algorithm,
        concealed=keyring.encrypt(secret.hex(), place),
        valid_from=new.valid_from,
        valid_until=new.valid_until,
        disabled_at=None,
        changed_at=now,
    )
    with database.write(patient=True) as connection:
        if principal.institution and not institutions_known(connection, [principal.institution]):
            raise CannotRunError("KEY_INSTITUTION_UNKNOWN", institution=principal.institution)
        if principal.key_id in {known.key_id for known in credentials_changed(connection, 0)}:
            raise CannotRunError("KEY_ID_USED", key=principal.key_id)
        add_credential(connection, row)
        write_audit(connection, _deed(world, actor, "key add", principal.key_id))
    return Credential(principal, new.algorithm, secret)


def disable_key(database: Database, world: World, actor: str, key_id: str) -> None:
    """Take a key away for ever. Raises CannotRunError where there is none that could be taken."""
    with database.write(patient=True) as connection:
        if not disable_credential(connection, key_id, world.now_ms()):
            raise CannotRunError("KEY_NOT_THERE", key=key_id)
        write_audit(connection, _deed(world, actor, "key disable", key_id))


def list_keys(database: Database) -> list[CredentialRow]:
    """Give all keys that there ever were, in order of their ids."""
    with database.read() as connection:
        return credentials_changed(connection, 0)


def standing(row: CredentialRow, now_ms: int) -> str:
    """Say how a key stands at a time: `disabled`, `expired`, `not_yet` or `valid`."""
    if row.disabled_at is not None:
        return "disabled"
    if row.valid_until is not None and row.valid_until <= now_ms:
        return "expired"
    return "not_yet" if now_ms < row.valid_from else "valid"


def _deed(world: World, actor: str, deed: str, subject: str) -> AuditRow:
    return AuditRow(
        request_id=world.new_id(), at=world.now_ms(), actor=actor, role="", deed=deed, subject=subject, outcome="done"
    )


def _place(principal: Principal, algorithm: str, valid_from: int, valid_until: int | None) -> str:
    whose = (principal.key_id, principal.role.value, principal.institution, algorithm, valid_from, valid_until)
    return "\n".join(("credential", *map(str, whose)))


class KnownKeys:
    """The keys of a ledger as a running service knows them: read whole at the start, then what has changed.

    A request costs no question to the database, whether its key is known or not; what is changed by command is known
    after the next look, some seconds later.
    """

    def __init__(
        self, database: Database, keyring: Keyring, world: World, algorithms: Collection[str] = ALGORITHMS
    ) -> None:
        self._database, self._keyring, self._world, self._algorithms = database, keyring, world, algorithms
        self._rows: dict[str, tuple[CredentialRow, Credential]] = {}
        self._seen_ms, self._looked = 0, 0.0

    def look(self) -> list[str]:
        """Read what has changed since the last look; give the ids of keys that cannot be read or verified by, or could
        be guessed."""
        now, wrong = self._world.now_ms(), list[str]()
        with self._database.read() as connection:
            changed = credentials_changed(connection, self._seen_ms - OVERLAP_MS)
        for row in changed:
            opened = self._open(row)
            self._rows.pop(row.key_id, None)
            if opened is not None:
                self._rows[row.key_id] = (row, opened)
            elif standing(row, now) in ("valid", "not_yet"):
                wrong.append(row.key_id)
        self._seen_ms, self._looked = now, time.monotonic()
        return wrong

    def find(self, key_id: str) -> Credential | None:
        """Give the credential of a key that may sign now. Raises RequestError after a long time without a look."""
        if time.monotonic() - self._looked > STALE_SECONDS:
            raise refuse("NOT_READY")
        found = self._rows.get(key_id)
        return found[1] if found and standing(found[0], self._world.now_ms()) == "valid" else None

    def _open(self, row: CredentialRow) -> Credential | None:
        if row.role not in [role.value for role in Role] or row.algorithm not in self._algorithms:
            return None
        principal = Principal(row.key_id, row.institution, Role(row.role))
        place = _place(principal, row.algorithm, row.valid_from, row.valid_until)
        try:
            secret = bytes.fromhex(self._keyring.decrypt(row.concealed, place))
        except IdentityError:
            return None
        guessed = row.algorithm in ALGORITHMS and is_weak(secret)  # a public key is no secret
        return None if guessed else Credential(principal, row.algorithm, secret)

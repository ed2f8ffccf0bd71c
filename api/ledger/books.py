"""Who is insured and who may settle: persons, their cover, institutions, and content kept by its hash."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select

from api.ledger.chain import sha256
from api.ledger.database.statements import insert_all, insert_new, insert_or_set, padded
from api.ledger.rows import GENESIS, Head, Person
from api.ledger.schema import content, holder, institution, person, person_identity

KEYS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person as it is kept when first seen. blind: keyed digest of the number, concealed: its cipher."""

    person_key: str
    blind: str
    concealed: bytes


_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
"""Statements of every transaction are built once; only the keys asked for differ."""

_PERSONS = (
    select(person_identity.c.blind, person.c.person_key, person.c.cover, content.c.body)
    .join_from(person_identity, person)
    .join(content, content.c.sha256 == person.c.cover)
    .where(person_identity.c.blind.in_(_KEYS))
)
_INSTITUTIONS = select(institution.c.code).where(institution.c.code.in_(_KEYS))
_LOCKED = select(holder).where(holder.c.holder_key.in_(_KEYS)).order_by(holder.c.holder_key).with_for_update()


def keep_content(connection: Connection, kind: str, bodies: Sequence[bytes]) -> list[str]:
    """Keep bytes under their hash, once; give the hashes in order."""
    hashes = [sha256(body) for body in bodies]
    insert_new(connection, content, [(key, kind, body) for key, body in zip(hashes, bodies, strict=True)])
    return hashes


def content_of(connection: Connection, hashes: Collection[str]) -> dict[str, bytes]:
    """Give content by hash."""
    rows = connection.execute(select(content.c.sha256, content.c.body).where(content.c.sha256.in_(sorted(hashes))))
    return {row.sha256: row.body for row in rows}


def persons(connection: Connection, blinds: Collection[str]) -> dict[str, Person]:
    """Give persons, with their cover, by the keyed digest of their number."""
    found = connection.execute(_PERSONS, {"keys": padded(blinds)}) if blinds else ()
    return {blind: Person(key, cover, body) for blind, key, cover, body in found}


def known_persons(connection: Connection, blinds: Sequence[str]) -> dict[str, str]:
    """Give the keys of persons by the keyed digest of their number."""
    found: dict[str, str] = {}
    for first in range(0, len(blinds), KEYS_AT_ONCE):
        part = blinds[first : first + KEYS_AT_ONCE]
        statement = select(person_identity).where(person_identity.c.blind.in_(part))
        found |= {row.blind: row.person_key for row in connection.execute(statement)}
    return found


def any_identity(connection: Connection) -> NewPerson | None:
    """Give the identity of some person; None where there are none."""
    row = connection.execute(select(person_identity).limit(1)).first()
    return None if row is None else NewPerson(row.person_key, row.blind, row.concealed)


def covers_of(connection: Connection, keys: Sequence[str]) -> dict[str, str]:
    """Give the hash of the cover of some persons, by key."""
    found: dict[str, str] = {}
    for first in range(0, len(keys), KEYS_AT_ONCE):
        statement = select(person).where(person.c.person_key.in_(keys[first : first + KEYS_AT_ONCE]))
        found |= {row.person_key: row.cover for row in connection.execute(statement)}
    return found


def put_persons(connection: Connection, new: Sequence[NewPerson], covers: Mapping[str, str]) -> None:
    """Add persons, and set the cover (a hash) of persons by key. Who is new can be locked from now on."""
    insert_or_set(connection, person, list(covers.items()))
    insert_all(connection, person_identity, [(n.blind, n.person_key, n.concealed) for n in new])
    insert_all(connection, holder, [(n.person_key, 0, GENESIS) for n in new])


def put_institutions(connection: Connection, rows: Sequence[Mapping[str, str]]) -> None:
    """Add institutions, or change their names and places; `rows` have code, name and place."""
    latest = {row["code"]: (row["code"], row["name"], row["place"]) for row in rows}
    insert_or_set(connection, institution, list(latest.values()))


def institutions_known(connection: Connection, codes: Collection[str]) -> set[str]:
    """Give, of some codes, those of institutions."""
    return set(connection.execute(_INSTITUTIONS, {"keys": padded(codes)}).scalars())


def lock_holders(connection: Connection, keys: Collection[str]) -> dict[str, Head]:
    """Lock holders in the order of their keys, adding those that are new; give where each one's chain stands."""
    heads = _lock(connection, keys)
    new = sorted(set(keys) - heads.keys())
    if new:
        insert_new(connection, holder, [(key, 0, GENESIS) for key in new])
        heads |= _lock(connection, new)  # another transaction may have added one first, and gone on
    return heads


def _lock(connection: Connection, keys: Collection[str]) -> dict[str, Head]:
    rows = connection.execute(_LOCKED, {"keys": padded(keys)}) if keys else ()
    return {row.holder_key: Head(row.person_seq, row.head) for row in rows}


def heads_of(connection: Connection, keys: Collection[str]) -> dict[str, Head]:
    """Give where the chains of holders stand, without locking them."""
    rows = connection.execute(select(holder).where(holder.c.holder_key.in_(sorted(keys))))
    return {key: Head() for key in keys} | {row.holder_key: Head(row.person_seq, row.head) for row in rows}


def move_heads(connection: Connection, heads: Mapping[str, Head]) -> None:
    """Set where the chains of holders stand."""
    insert_or_set(connection, holder, [(key, head.person_seq, head.row_hash) for key, head in heads.items()])

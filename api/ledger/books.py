"""Who is insured and who may settle: persons, their cover, institutions, and content kept by its hash."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from api.ledger.chain import sha256
from api.ledger.rows import GENESIS, Head, Person
from api.ledger.schema import content, holder, institution, person, person_identity

KEYS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person seen for the first time. blind: keyed digest of the number, concealed: its cipher."""

    person_key: str
    blind: str
    concealed: bytes


def keep_content(connection: Connection, kind: str, bodies: Sequence[bytes]) -> list[str]:
    """Keep bytes under their hash, once; give the hashes in order."""
    hashes = [sha256(body) for body in bodies]
    rows = [{"sha256": key, "kind": kind, "body": body} for key, body in zip(hashes, bodies, strict=True)]
    if rows:
        connection.execute(insert(content).on_conflict_do_nothing(), rows)
    return hashes


def content_of(connection: Connection, hashes: Collection[str]) -> dict[str, bytes]:
    """Give content by hash."""
    rows = connection.execute(select(content.c.sha256, content.c.body).where(content.c.sha256.in_(sorted(hashes))))
    return {row.sha256: row.body for row in rows}


def persons(connection: Connection, blinds: Collection[str]) -> dict[str, Person]:
    """Give persons, with their cover, by the keyed digest of their number."""
    statement = (
        select(person_identity.c.blind, person.c.person_key, person.c.cover, content.c.body)
        .join_from(person_identity, person)
        .join(content, content.c.sha256 == person.c.cover)
        .where(person_identity.c.blind.in_(sorted(blinds)))
    )
    return {blind: Person(key, cover, body) for blind, key, cover, body in connection.execute(statement)}


def known_persons(connection: Connection, blinds: Sequence[str]) -> dict[str, str]:
    """Give the keys of persons by the keyed digest of their number."""
    found: dict[str, str] = {}
    for first in range(0, len(blinds), KEYS_AT_ONCE):
        part = blinds[first : first + KEYS_AT_ONCE]
        statement = select(person_identity).where(person_identity.c.blind.in_(part))
        found |= {row.blind: row.person_key for row in connection.execute(statement)}
    return found


def covers_of(connection: Connection, keys: Sequence[str]) -> dict[str, str]:
    """Give the hash of the cover of some persons, by key."""
    found: dict[str, str] = {}
    for first in range(0, len(keys), KEYS_AT_ONCE):
        statement = select(person).where(person.c.person_key.in_(keys[first : first + KEYS_AT_ONCE]))
        found |= {row.person_key: row.cover for row in connection.execute(statement)}
    return found


def put_persons(connection: Connection, new: Sequence[NewPerson], covers: Mapping[str, str]) -> None:
    """Add persons, and set the cover (a hash) of persons by key."""
    rows = [{"person_key": key, "cover": cover} for key, cover in covers.items()]
    if rows:
        statement = insert(person)
        statement = statement.on_conflict_do_update(
            index_elements=[person.c.person_key], set_={"cover": statement.excluded.cover}
        )
        connection.execute(statement, rows)
    identities = [{"person_key": n.person_key, "blind": n.blind, "concealed": n.concealed} for n in new]
    if identities:
        connection.execute(insert(person_identity), identities)


def put_institutions(connection: Connection, rows: Sequence[Mapping[str, str]]) -> None:
    """Add institutions, or change their names and places; `rows` have code, name and place."""
    if rows:
        statement = insert(institution)
        changed = {"name": statement.excluded.name, "place": statement.excluded.place}
        statement = statement.on_conflict_do_update(index_elements=[institution.c.code], set_=changed)
        connection.execute(statement, list(rows))


def institutions_known(connection: Connection, codes: Collection[str]) -> set[str]:
    """Give, of some codes, those of institutions."""
    found = connection.execute(select(institution.c.code).where(institution.c.code.in_(sorted(codes))))
    return set(found.scalars())


def lock_holders(connection: Connection, keys: Collection[str]) -> dict[str, Head]:
    """Lock holders in the order of their keys, adding those that are new; give where each one's chain stands."""
    ordered = sorted(keys)
    if not ordered:
        return {}
    statement = select(holder).where(holder.c.holder_key.in_(ordered)).order_by(holder.c.holder_key)
    found = {row.holder_key: Head(row.person_seq, row.head) for row in connection.execute(statement.with_for_update())}
    new = [key for key in ordered if key not in found]
    if new:
        rows = [{"holder_key": key, "person_seq": 0, "head": GENESIS} for key in new]
        connection.execute(insert(holder).on_conflict_do_nothing(), rows)
    return found | {key: Head() for key in new}


def heads_of(connection: Connection, keys: Collection[str]) -> dict[str, Head]:
    """Give where the chains of holders stand, without locking them."""
    rows = connection.execute(select(holder).where(holder.c.holder_key.in_(sorted(keys))))
    return {key: Head() for key in keys} | {row.holder_key: Head(row.person_seq, row.head) for row in rows}


def move_heads(connection: Connection, heads: Mapping[str, Head]) -> None:
    """Set where the chains of holders stand."""
    if heads:
        statement = insert(holder)
        statement = statement.on_conflict_do_update(
            index_elements=[holder.c.holder_key],
            set_={"person_seq": statement.excluded.person_seq, "head": statement.excluded.head},
        )
        rows = [
            {"holder_key": key, "person_seq": head.person_seq, "head": head.row_hash} for key, head in heads.items()
        ]
        connection.execute(statement, rows)

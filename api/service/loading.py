"""Filling the books: persons and their cover from a members file, institutions from the table of facilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from api.door.members import read_members
from api.door.required import check_headings
from api.door.rows import Books
from api.failures import CannotRunError
from api.files.columnar import table_source
from api.files.findings import Troubles
from api.files.opening import open_source
from api.files.source import Source
from api.ledger import books as ledger_books
from api.ledger.books import NewPerson
from api.ledger.database import Database
from api.service.spans import pack_spans, spans_by_person
from api.service.work import blind_of
from api.service.world import World
from api.wire.identity import IdentityError, Keyring
from api.wire.problems import Mistake, refuse
from catalogs.findings import Language
from catalogs.tables import Catalogs

PLACE = "person_identity/{}"
"""Where the number of a person is encrypted: it cannot be read in another person's row."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a members file brought. changed: persons known before whose cover is another now."""

    new: int
    changed: int
    unchanged: int
    troubles: Troubles

    def rejected(self, language: Language = "en") -> pa.Table:
        """Give the rows that could not be read; a person with such a row is left as it was."""
        return self.troubles.table("error", [], language)


def load_members(database: Database, path: Path, keyring: Keyring, world: World) -> Loaded:
    """Add the persons of a members file and put their cover in the place of what was known; whole or not at all."""
    packed, troubles = _read(open_source(path, ("member",)))
    return _keep(database, packed, troubles, keyring, world)


def put_cover(database: Database, rows: Sequence[Mapping[str, str]], keyring: Keyring, world: World) -> Loaded:
    """Do the same with rows as of a members file. Raises RequestError for all that is wrong in them at once."""
    names = sorted({name for row in rows for name in row})
    columns = {name: pa.array([row.get(name, "") for row in rows], pa.string()) for name in names}
    packed, troubles = _read(table_source("spans", pa.table(columns), ("member",)))
    if mistakes := _mistakes(troubles):
        raise refuse("REQUEST_NOT_VALID", mistakes)
    return _keep(database, packed, troubles, keyring, world)


def _mistakes(troubles: Troubles) -> list[Mistake]:
    """Give what is wrong in rows of a table, which are counted from 1, as mistakes of a request."""
    return [
        Mistake(
            trouble.code,
            f"/spans/{row - 1}/{trouble.column}",
            found=found,
            fields={"column": trouble.column, **trouble.fields},
        )
        for trouble in troubles
        if trouble.severity == "error"
        for row, found in zip(trouble.rows.tolist(), trouble.table([], "en")["value"].to_pylist(), strict=True)
    ]


def _read(source: Source) -> tuple[dict[str, bytes], Troubles]:
    """Give the cover of every person whose rows can all be read, by number, and what is wrong in the others."""
    check_headings((source, ("member",)))
    read, troubles = Books(), Troubles()
    members = read_members(source, read, troubles)
    refused = {read.values("person_id")[code] for code in members.refused.tolist()}
    spans = spans_by_person(members, read)
    return {number: pack_spans(found) for number, found in spans if number not in refused}, troubles


def _keep(
    database: Database, packed: Mapping[str, bytes], troubles: Troubles, keyring: Keyring, world: World
) -> Loaded:
    blinds = {number: blind_of(keyring, number) for number in packed}
    with database.write(patient=True) as connection:
        known = ledger_books.known_persons(connection, list(blinds.values()))
        before = ledger_books.covers_of(connection, list(known.values()))
        new = [
            NewPerson(key, blind, keyring.encrypt(number, PLACE.format(key)))
            for number, blind in blinds.items()
            if blind not in known
            for key in [world.new_id()]
        ]
        keys = known | {person.blind: person.person_key for person in new}
        hashes = ledger_books.keep_content(connection, "cover", list(packed.values()))
        covers = {keys[blinds[number]]: key for number, key in zip(packed, hashes, strict=True)}
        changed = {key: cover for key, cover in covers.items() if before.get(key) != cover}
        ledger_books.put_persons(connection, new, changed)
    return Loaded(len(new), len(changed) - len(new), len(covers) - len(changed), troubles)


def check_keys(database: Database, keyring: Keyring, path: Path | None) -> None:
    """Refuse keys (of the file `path`, None for those of a sandbox) that cannot read the persons of a ledger, and
    would not find them: each would be taken for a new one."""
    with database.read() as connection:
        one = ledger_books.any_identity(connection)
    if one is None:
        return
    try:
        number = keyring.decrypt(one.concealed, PLACE.format(one.person_key))
    except IdentityError:
        number = ""
    if blind_of(keyring, number) != one.blind:
        raise CannotRunError("KEYS_OF_ANOTHER_LEDGER", path=path or "--keys", url=database.address)


def load_institutions(database: Database, tables: Catalogs | None) -> int:
    """Add every facility of the tables as an institution, with its latest name and place; give how many there are."""
    facilities = tables.facilities if tables else None
    if facilities is None:
        return 0
    latest = facilities.first[1:] - np.int32(1)
    columns = {name: facilities.attribute(name, latest).decode() for name in ("name", "place")}
    rows = [
        {"code": code, "name": name or "", "place": place or ""}
        for code, name, place in zip(facilities.codes, columns["name"], columns["place"], strict=True)
    ]
    with database.write(patient=True) as connection:
        ledger_books.put_institutions(connection, rows)
    return len(rows)

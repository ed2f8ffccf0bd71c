"""What decides a settlement, by its content: the program, the plan documents, the tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson

from api.ledger.books import keep_content
from api.ledger.chain import sha256
from api.ledger.database import Database
from api.rules import Rules

ROOT = Path(__file__).parent.parent.parent
ENGINE = ("adjudicator", "catalogs/plans", "catalogs/tables", "api/door", "api/service")
"""Folders whose modules decide what is paid."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Hashes under which the ledger keeps what decides."""

    engine: str
    rules: str


@dataclass(frozen=True, slots=True)
class Deciding:
    """What decides, as content: the files of the rules, a list of them, a list of the program's modules."""

    files: tuple[bytes, ...]
    rules: bytes
    engine: bytes

    @property
    def provenance(self) -> Provenance:
        """The hashes of it."""
        return Provenance(sha256(self.engine), sha256(self.rules))


def deciding(rules: Rules) -> Deciding:
    """Read what decides by some rules."""
    paths = rules.files(program.name for program in rules.programs)
    bodies = tuple(path.read_bytes() for path in paths)
    manifest = {
        "plans": {program.name: program.digest for program in rules.programs},
        "tables": rules.tables.digest if rules.tables else "",
        "files": sorted([path.name, sha256(body)] for path, body in zip(paths, bodies, strict=True)),
    }
    return Deciding(bodies, _sorted(manifest), _sorted(engine_modules()))


def keep_deciding(database: Database, what: Deciding) -> Provenance:
    """Keep what decides in the ledger, once."""
    with database.write() as connection:
        keep_content(connection, "file", what.files)
        keep_content(connection, "rules", [what.rules])
        keep_content(connection, "engine", [what.engine])
    return what.provenance


def engine_modules() -> dict[str, str]:
    """Give the hash of every module that decides what is paid."""
    modules = (path for folder in ENGINE for path in sorted((ROOT / folder).rglob("*.py")))
    return {path.relative_to(ROOT).as_posix(): sha256(path.read_bytes()) for path in modules}


def _sorted(document: object) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)

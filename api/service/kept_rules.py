"""Rules as the ledger keeps them: rows that were decided long ago are judged by the documents and tables of then."""

from __future__ import annotations

import tempfile
from pathlib import Path

import orjson
from sqlalchemy import Connection

from adjudicator.errors import AdjudicatorError
from api.ledger.books import content_of
from api.rules import load_kept
from api.run import setting_of
from api.service.adjudication import Adjudicator
from api.service.provenance import deciding


def kept_adjudicator(connection: Connection, rules: str) -> Adjudicator | None:
    """Give what judges by the rules with a hash; None where this program does not make the same of their files."""
    body = content_of(connection, [rules]).get(rules)
    if body is None:
        return None
    manifest = orjson.loads(body)
    bodies = content_of(connection, [key for _, key in manifest["files"]])
    with tempfile.TemporaryDirectory() as folder:
        plans, tables = Path(folder) / "plans", Path(folder) / "tables"
        for number, (name, key) in enumerate(manifest["files"]):
            # documents of several folders may have one name; the name of a table says what it holds
            own = tables if name.endswith(".csv") else plans / str(number)
            own.mkdir(parents=True, exist_ok=True)
            (own / name).write_bytes(bodies.get(key, b""))
        try:
            found = load_kept(plans, list(manifest["plans"]), tables if manifest["tables"] else None)
        except AdjudicatorError:
            return None
        same = deciding(found).provenance.rules == rules
    return Adjudicator(setting_of(found), found.rulebook) if same else None

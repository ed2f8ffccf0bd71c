"""`verify`: the whole proof of a ledger, in one reading of one state of it."""

from __future__ import annotations

from api.ledger.database import Database
from api.ledger.verify.records import verify_records
from api.ledger.verify.replay import Replayer
from api.ledger.verify.report import Report
from api.service.adjudication import Adjudicator
from api.service.provenance import Provenance


def verify(
    database: Database, adjudicator: Adjudicator, provenance: Provenance, anchor: tuple[int, str] | None = None
) -> Report:
    """Prove a ledger with the rules at hand; an anchor (block and root, kept elsewhere) proves that nothing is lost."""
    report = Report()
    with database.read(patient=True) as connection:
        verify_records(connection, report, anchor)
        Replayer(connection, adjudicator, provenance, report).run()
    return report

"""`verify`: the whole proof of a ledger, in one reading of one state of it."""

from __future__ import annotations

from sqlalchemy import Connection, select

from api.ledger.database import Database
from api.ledger.schema import journal
from api.ledger.verify.limits import verify_limits
from api.ledger.verify.records import verify_records
from api.ledger.verify.replay import Replayer
from api.ledger.verify.report import Report
from api.service.adjudication import Adjudicator
from api.service.kept_rules import kept_adjudicator
from api.service.provenance import Provenance


def verify(
    database: Database, adjudicator: Adjudicator, provenance: Provenance, anchor: tuple[int, str] | None = None
) -> Report:
    """Prove a ledger with the rules at hand, and with those it keeps for rows of others.

    An anchor (block and root, kept elsewhere) proves that nothing is lost.
    """
    report = Report()
    with database.read(patient=True) as connection:
        verify_records(connection, report, anchor)
        judges = {provenance.rules: adjudicator} | _kept_judges(connection, provenance.rules)
        for rules, judge in judges.items():
            verify_limits(connection, judge.rulebook.programs, rules, report)
        Replayer(connection, judges, provenance.engine, report).run()
    return report


def _kept_judges(connection: Connection, at_hand: str) -> dict[str, Adjudicator]:
    """Make every other set of rules, by which a row was decided, from what the ledger keeps of it."""
    others = connection.execute(select(journal.c.rules).where(journal.c.rules != at_hand).distinct()).scalars()
    found = {rules: kept_adjudicator(connection, rules) for rules in others}
    return {rules: judge for rules, judge in found.items() if judge is not None}

"""`adjudicator ledger audit`: what the agency read and did."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict

from api.commands.ledger import open_ledger
from api.failures import CannotRunError
from api.ledger.audit import read_audit
from api.service.days import DAY_MS, book_day, day_start, day_text, moment_text
from api.service.world import SystemWorld
from api.terminal import Terminal


def run(url: str, first: str, last: str, terminal: Terminal) -> int:
    """Print the audit of some days of Shanghai, both included."""
    today = day_text(book_day(SystemWorld().now_ms()))
    begin, end = day_start(first or today), day_start(last or today) + DAY_MS - 1
    if end < begin:
        raise CannotRunError("AUDIT_DAYS_REVERSED", first=first or today, last=last or today)
    with closing(open_ledger(url)) as database, database.read() as connection:
        deeds = [asdict(row) | {"at": moment_text(row.at)} for row in read_audit(connection, begin, end)]
    for deed in deeds:
        shown = ("at", "actor", "role", "deed", "subject", "outcome")
        terminal.print("  ".join(deed[name] for name in shown if deed[name]), markup=False, soft_wrap=True)
    terminal.write_json({"audit": deeds})
    return 0

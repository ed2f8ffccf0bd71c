"""`adjudicator verify`: proves a ledger, and names everything that is wrong."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from api.commands.ledger import open_ledger
from api.failures import CannotRunError
from api.ledger.verify.verifying import verify
from api.rules import load_rules
from api.run import setting_of
from api.service.adjudication import Adjudicator
from api.service.provenance import deciding
from api.terminal import Terminal

FINE, FINDINGS = 0, 1

COUNTED = {
    "journal": "COUNT_JOURNAL",
    "entry": "COUNT_ENTRY",
    "counter": "COUNT_COUNTER",
    "request": "COUNT_REQUEST",
    "content": "COUNT_CONTENT",
    "seal": "COUNT_SEAL",
    "period": "COUNT_PERIOD",
    "audit": "COUNT_AUDIT",
    "reproduced": "COUNT_REPRODUCED",
    "from_zero": "COUNT_FROM_ZERO",
    "bounded": "COUNT_BOUNDED",
}
"""How each thing that was looked at is called."""


def run(url: str, plans: tuple[Path, ...], catalogs: Path | None, anchor: str, terminal: Terminal) -> int:
    """Prove a ledger with the rules given, else the shipped ones. Gives 1 when anything is wrong."""
    return prove(url, plans, catalogs, anchor_of(anchor), terminal)


def prove(
    url: str, plans: tuple[Path, ...], catalogs: Path | None, kept: tuple[int, str] | None, terminal: Terminal
) -> int:
    """Prove a ledger up to an anchor, and tell what is wrong."""
    say = terminal.say
    with closing(open_ledger(url)) as database, terminal.progress() as progress:
        progress("STAGE_RULES")
        rules = load_rules(plans, catalogs)
        progress("STAGE_LEDGER")
        adjudicator = Adjudicator(setting_of(rules), rules.rulebook)
        report = verify(database, adjudicator, deciding(rules).provenance, kept)
    for finding in report.findings:
        terminal.print(finding.render(say.language), markup=False, soft_wrap=True)
    counted = ", ".join(f"{say(COUNTED[name])} {number:,}" for name, number in report.counts.items())
    terminal.print(counted, soft_wrap=True)
    terminal.print(say("VERIFY_SOUND" if report.sound else "VERIFY_WRONG", count=len(report.findings)))
    terminal.write_json(
        {
            "sound": report.sound,
            "counts": report.counts,
            "findings": [finding.as_dict(say.language) for finding in report.findings],
        }
    )
    return FINE if report.sound else FINDINGS


def anchor_of(text: str) -> tuple[int, str] | None:
    """Read an anchor as `ledger seal` prints it; None where there is none."""
    if not text:
        return None
    block, _, root = text.partition(":")
    if not block.isdecimal() or not root:
        raise CannotRunError("ANCHOR_NOT_READ", found=text)
    return int(block), root

"""`adjudicator ledger load --openings | --deposits`: balances that no settlement made."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from api.commands.ledger import SHOWN_ROWS, open_ledger
from api.rules import load_rules
from api.run import setting_of
from api.service.adjudication import Adjudicator
from api.service.balance_files import deposit_file, open_file
from api.service.balances import Balances, Outcome
from api.service.keys import read_keys
from api.service.loading import check_keys
from api.service.provenance import deciding, keep_deciding
from api.service.world import SystemWorld
from api.terminal import Terminal

FINE, FINDINGS = 0, 1

REASONS = {
    Outcome.NAME_USED: "BALANCE_NAME_USED",
    Outcome.BELOW_ZERO: "BALANCE_BELOW_ZERO",
    Outcome.BUILT_ON: "BALANCE_BUILT_ON",
}
"""How it is said why a row cannot be posted."""


def load_balances(
    url: str, keys: Path, openings: Path | None, deposits: Path | None, name: str,
    plans: tuple[Path, ...], catalogs: Path | None, terminal: Terminal,
) -> int:  # fmt: skip
    """Post a file of opening counters, else one of credits. Gives 1 where rows cannot be posted."""
    keyring, say = read_keys(keys), terminal.say
    with closing(open_ledger(url)) as database, terminal.progress() as progress:
        check_keys(database, keyring, keys)
        progress("STAGE_RULES")
        rules = load_rules(plans, catalogs)
        adjudicator = Adjudicator(setting_of(rules), rules.rulebook)
        balances = Balances(database, adjudicator, keep_deciding(database, deciding(rules)), keyring, SystemWorld())
        if openings is not None:
            done = open_file(balances, openings, name)
        else:
            assert deposits is not None, "one of the two is given"
            done = deposit_file(balances, deposits, name)
    counts = {"posted": done.posted, "before": done.before, "refused": len(done.refused)}
    terminal.print(say("BALANCES_POSTED", name=name, **counts), soft_wrap=True)
    for line, outcome in done.refused[:SHOWN_ROWS]:
        terminal.print(say("BALANCES_ROW", line=line, reason=say(REASONS[outcome])), markup=False, soft_wrap=True)
    terminal.write_json(
        {"name": name, **counts, "reasons": [{"line": line, "reason": outcome.value} for line, outcome in done.refused]}
    )
    return FINDINGS if done.refused else FINE

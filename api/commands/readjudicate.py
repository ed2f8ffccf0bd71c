"""`adjudicator ledger readjudicate`: a year settled anew after a retroactive change; posts only when told to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from api.commands.ledger import open_ledger
from api.failures import CannotRunError
from api.ledger import books
from api.ledger.database import Database
from api.rules import load_rules
from api.run import setting_of
from api.service.adjudication import Adjudicator
from api.service.answers import Adjustment, yuan
from api.service.differences import Differences, Readjudicated
from api.service.keys import read_keys
from api.service.loading import check_keys
from api.service.provenance import deciding, keep_deciding
from api.service.readjudicating import Readjudication
from api.service.work import blind_of
from api.service.world import SystemWorld
from api.terminal import Terminal

FINE, FINDINGS = 0, 1


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked. persons: file with a number on each line, for which keys are needed; None: everyone."""

    name: str
    year: int
    persons: Path | None
    keys: Path | None
    post: bool


def readjudicate(url: str, job: Job, plans: tuple[Path, ...], catalogs: Path | None, terminal: Terminal) -> int:
    """Settle the year of some persons, or of all, anew. Gives 1 where something that should be cannot be decided."""
    with closing(open_ledger(url)) as database, terminal.progress() as progress:
        only = _keys_of(database, job)
        progress("STAGE_RULES")
        rules = load_rules(plans, catalogs)
        decides = deciding(rules)
        provenance = keep_deciding(database, decides) if job.post else decides.provenance
        adjudicator = Adjudicator(setting_of(rules), rules.rulebook)
        asked = Readjudication(database, adjudicator, provenance, SystemWorld())
        progress("STAGE_READJUDICATION")
        persons = asked.persons(job.year, only)
        found = [
            asked.post(person, job.year, job.name) if job.post else asked.preview(person, job.year)
            for person in persons
        ]
    _show(found, job, terminal)
    return FINDINGS if any(one.undecided for one in found) else FINE


def _keys_of(database: Database, job: Job) -> list[str] | None:
    """Give the ledger's keys of the persons of the job. Raises CannotRunError for one that is not known."""
    if job.persons is None:
        return None
    if job.keys is None:
        raise CannotRunError("JOB_WITHOUT_KEYS")
    keyring = read_keys(job.keys)
    check_keys(database, keyring, job.keys)
    # what is no UTF-8 is nobody's number, and is told by its line
    rows = enumerate(job.persons.read_text(encoding="utf-8-sig", errors="replace").splitlines(), 1)
    blinds = {line: blind_of(keyring, number) for line, number in rows if number.strip()}
    with database.read() as connection:
        known = books.known_persons(connection, list(blinds.values()))
    for line, blind in blinds.items():
        if blind not in known:
            raise CannotRunError("JOB_PERSON_UNKNOWN", path=job.persons, line=line)
    return [known[blind] for blind in dict.fromkeys(blinds.values())]


def _show(found: Sequence[Readjudicated], job: Job, terminal: Terminal) -> None:
    """Print what differs, settlement by settlement, and the sums."""
    whole = Differences()
    for person in found:
        whole.add(person)
    for adjustment in (adjustment for person in found for adjustment in person.adjustments):
        terminal.print(_line(adjustment), markup=False, soft_wrap=True)
    for mistake in (person.undecided for person in found if person.undecided):
        terminal.print(terminal.say(mistake.code, **mistake.fields), markup=False, soft_wrap=True)
    said = "JOB_POSTED" if job.post else "JOB_WOULD_POST"
    counts = {name: getattr(whole, name) for name in ("persons", "settlements", "undecided", "before")}
    terminal.print(terminal.say(said, job=job.name, **counts), soft_wrap=True)
    terminal.print(_amounts(whole.sums), markup=False, soft_wrap=True)
    terminal.write_json({"job": job.name, "year": job.year, "posted": job.post, **whole.as_dict()})


def _line(adjustment: Adjustment) -> str:
    return f"{adjustment.settlement} {adjustment.institution}  {_amounts(dict(adjustment.differences)) or '='}"


def _amounts(amounts: Mapping[str, int]) -> str:
    return ", ".join(f"{account} {yuan(amount)}" for account, amount in sorted(amounts.items()) if amount)

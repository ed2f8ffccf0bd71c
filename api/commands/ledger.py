"""`adjudicator ledger init | load | seal | close`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from api.failures import CannotRunError
from api.ledger.database import Database, new_database, open_database
from api.ledger.migrating import check_schema, migrate
from api.ledger.seals import seal_rows
from api.rules import load_tables
from api.service.answers import yuan
from api.service.clearing import close_period
from api.service.keys import make_keys, read_keys
from api.service.loading import check_keys, load_institutions, load_members
from api.service.world import SystemWorld
from api.terminal import Terminal
from api.wire.problems import Mistake
from api.wire.values import MONTH_FORM

FINE, FINDINGS = 0, 1


def init(url: str, keys: Path, terminal: Terminal) -> int:
    """Make a ledger and its keys, or bring them to this version."""
    say, made = terminal.say, not keys.exists()
    with new_database(url) as database:
        if database.notice:
            terminal.print(say(database.notice), soft_wrap=True)
        if made:
            make_keys(keys)
        try:
            keyring = read_keys(keys)
            migrate(database)
            check_keys(database, keyring, keys)
        except BaseException:
            if made:
                keys.unlink()  # nothing was kept under them
            raise
    terminal.print(say("LEDGER_MADE", url=database.address, keys=keys), soft_wrap=True)
    terminal.write_json({"database_url": database.address, "keys": str(keys), "keys_made": made})
    return FINE


def load(url: str, keys: Path, members: Path, catalogs: Path | None, terminal: Terminal) -> int:
    """Fill the books. Gives 1 when rows of the members file were refused."""
    members.open("rb").close()
    keyring, say = read_keys(keys), terminal.say
    with closing(open_ledger(url)) as database:
        check_keys(database, keyring, keys)
        institutions = load_institutions(database, load_tables(catalogs))
        loaded = load_members(database, members, keyring, SystemWorld())
    rejected = loaded.rejected(say.language)
    counts = {"institutions": institutions, "new": loaded.new, "changed": loaded.changed, "unchanged": loaded.unchanged}
    terminal.print(say("LEDGER_LOADED", **counts), soft_wrap=True)
    for row in rejected.slice(0, SHOWN_ROWS).to_pylist():
        place = f"{row['file']}:{row['row']}:{row['column']}"
        terminal.print(f"{place} {row['code']} {row['reason']}", markup=False, soft_wrap=True)
    terminal.write_json({**counts, "rejected": rejected.num_rows})
    return FINDINGS if rejected.num_rows else FINE


SHOWN_ROWS = 20
"""Refused rows that are printed."""


def seal(url: str, terminal: Terminal) -> int:
    """Seal the journal and print the anchor."""
    with closing(open_ledger(url)) as database, database.write(patient=True) as connection:
        last = seal_rows(connection, SystemWorld().now_ms())
    if last is None:
        terminal.print(terminal.say("LEDGER_NOTHING_TO_SEAL"))
        terminal.write_json({"anchor": None})
        return FINE
    anchor = f"{last.block}:{last.root}"
    terminal.print(anchor, markup=False, soft_wrap=True)
    terminal.write_json({"anchor": anchor, "block": last.block, "rows_to": last.to_seq, "root": last.root})
    return FINE


def close(url: str, month: str, terminal: Terminal) -> int:
    """Close a clearing month and print what it comes to."""
    if not MONTH_FORM.matches(month):
        raise CannotRunError("PERIOD_NOT_READ", found=month)
    with closing(open_ledger(url)) as database:
        closed = close_period(database, SystemWorld(), month)
    if isinstance(closed, Mistake):
        raise CannotRunError(closed.code, **closed.fields)
    owed = {account: fen for account, fen in closed.sums.items() if account.startswith("institution:")}
    terminal.print(
        terminal.say("PERIOD_MADE", period=month, count=closed.period.count, institutions=len(owed)), soft_wrap=True
    )
    for account, fen in closed.sums.items():
        if account not in owed:
            terminal.print(f"{account} {yuan(fen)}", markup=False)
    sums = {account: yuan(fen) for account, fen in closed.sums.items()}
    terminal.write_json({"period": month, "rows": closed.period.count, "root": closed.period.root, "sums": sums})
    return FINE


def open_ledger(url: str) -> Database:
    """Open a ledger that is there and of this version's schema."""
    database = open_database(url, there=True)
    try:
        check_schema(database)
    except BaseException:
        database.close()
        raise
    return database

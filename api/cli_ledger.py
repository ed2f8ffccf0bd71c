"""The command line of a ledger: `adjudicator ledger init | load | seal | audit | close | readjudicate | key ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from api.cli_keys import key_app
from api.cli_options import Catalogs, DatabaseUrl, Json, Keys, Lang, Plans, terminal_of

ledger_app = typer.Typer(help="CLI_LEDGER", rich_markup_mode=None, no_args_is_help=True)
ledger_app.add_typer(key_app, name="key")


@ledger_app.command("init", help="CLI_LEDGER_INIT")
def _init(database_url: DatabaseUrl, keys: Keys, json: Json = False, lang: Lang = None) -> int:
    from api.commands.ledger import init

    return init(database_url, keys, terminal_of(json, lang))


@ledger_app.command("load", help="CLI_LEDGER_LOAD")
def _load(
    database_url: DatabaseUrl,
    keys: Keys,
    members: Annotated[Optional[Path], typer.Option("--members", "-m", help="CLI_OPTION_MEMBERS")] = None,  # noqa: UP045
    openings: Annotated[Optional[Path], typer.Option("--openings", help="CLI_OPTION_OPENINGS")] = None,  # noqa: UP045
    deposits: Annotated[Optional[Path], typer.Option("--deposits", help="CLI_OPTION_DEPOSITS")] = None,  # noqa: UP045
    name: Annotated[str, typer.Option("--name", help="CLI_OPTION_BALANCES_NAME")] = "",
    plans: Plans = None,
    catalogs: Catalogs = None,
    json: Json = False,
    lang: Lang = None,
) -> int:
    from api.failures import CannotRunError

    if sum(file is not None for file in (members, openings, deposits)) != 1 or (members is None) != bool(name):
        raise CannotRunError("BALANCE_WHICH")
    if members is None:
        from api.commands.balances import load_balances

        chosen = tuple(plans or ())
        return load_balances(database_url, keys, openings, deposits, name, chosen, catalogs, terminal_of(json, lang))
    from api.commands.ledger import load

    return load(database_url, keys, members, catalogs, terminal_of(json, lang))


@ledger_app.command("seal", help="CLI_LEDGER_SEAL")
def _seal(database_url: DatabaseUrl, json: Json = False, lang: Lang = None) -> int:
    from api.commands.ledger import seal

    return seal(database_url, terminal_of(json, lang))


@ledger_app.command("audit", help="CLI_LEDGER_AUDIT")
def _audit(
    database_url: DatabaseUrl,
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="CLI_OPTION_AUDIT_FROM")] = "",
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="CLI_OPTION_AUDIT_TO")] = "",
    json: Json = False,
    lang: Lang = None,
) -> int:
    from api.commands.audit import run

    return run(database_url, first, last, terminal_of(json, lang))


@ledger_app.command("close", help="CLI_LEDGER_CLOSE")
def _close(
    database_url: DatabaseUrl,
    period: Annotated[str, typer.Option("--period", metavar="YYYY-MM", help="CLI_OPTION_PERIOD")],
    json: Json = False,
    lang: Lang = None,
) -> int:
    from api.commands.ledger import close

    return close(database_url, period, terminal_of(json, lang))


@ledger_app.command("readjudicate", help="CLI_LEDGER_READJUDICATE")
def _readjudicate(
    database_url: DatabaseUrl,
    name: Annotated[str, typer.Option("--name", metavar="JOB", help="CLI_OPTION_JOB")],
    year: Annotated[int, typer.Option("--year", help="CLI_OPTION_YEAR")],
    persons: Annotated[Optional[Path], typer.Option("--persons", metavar="FILE", help="CLI_OPTION_PERSONS")] = None,  # noqa: UP045
    everyone: Annotated[bool, typer.Option("--all", help="CLI_OPTION_ALL")] = False,
    keys: Annotated[Optional[Path], typer.Option("--keys", metavar="FILE", help="CLI_OPTION_KEYS")] = None,  # noqa: UP045
    post: Annotated[bool, typer.Option("--post", help="CLI_OPTION_POST")] = False,
    plans: Plans = None,
    catalogs: Catalogs = None,
    json: Json = False,
    lang: Lang = None,
) -> int:
    from api.commands.readjudicate import Job, readjudicate
    from api.failures import CannotRunError

    if everyone == (persons is not None):
        raise CannotRunError("JOB_FOR_WHOM")
    job = Job(name, year, persons, keys, post)
    return readjudicate(database_url, job, tuple(plans or ()), catalogs, terminal_of(json, lang))

"""The command line: `adjudicator settle | explain | serve | sign | verify | backup | plan | catalog | ledger ...`.

This module only declares the commands and turns failures into exit codes; what a command does stands in `api.commands`
and is imported when it is run, so that `--help` needs neither NumPy nor Arrow nor rich. Texts are codes of
`catalogs/messages/cli.toml`, put into the language chosen just before the arguments are read.

Exit codes: 0 fine; 1 findings, or rows that were rejected; 2 could not run (usage, missing files ...).
"""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from api.cli_ledger import ledger_app
from api.cli_options import Catalogs, Credentials, DatabaseUrl, Json, Lang, Plans, terminal_of
from api.messages import Language, Messages, language_of

FINE, FINDINGS, COULD_NOT_RUN, INTERRUPTED = 0, 1, 2, 130

app = typer.Typer(name="adjudicator", help="CLI_APP", rich_markup_mode=None, no_args_is_help=True, add_completion=False)
plan_app = typer.Typer(help="CLI_PLAN", rich_markup_mode=None, no_args_is_help=True)
catalog_app = typer.Typer(help="CLI_CATALOG", rich_markup_mode=None, no_args_is_help=True)
app.add_typer(plan_app, name="plan")
app.add_typer(catalog_app, name="catalog")
app.add_typer(ledger_app, name="ledger")


class Format(StrEnum):
    """File formats of results."""

    csv = "csv"
    parquet = "parquet"
    jsonl = "jsonl"


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="CLI_OPTION_VERSION")] = False, lang: Lang = None
) -> None:
    if version:
        from importlib.metadata import version as installed

        print(installed("adjudicator"))
        raise typer.Exit(FINE)


@app.command("settle", help="CLI_SETTLE")
def _settle(
    claims: Annotated[Path, typer.Argument(metavar="CLAIMS", help="CLI_ARGUMENT_CLAIMS")],
    members: Annotated[Path, typer.Option("--members", "-m", help="CLI_OPTION_MEMBERS")],
    lines: Annotated[Optional[Path], typer.Option("--lines", help="CLI_OPTION_LINES")] = None,  # noqa: UP045
    accounts: Annotated[Optional[Path], typer.Option("--accounts", help="CLI_OPTION_ACCOUNTS")] = None,  # noqa: UP045
    plans: Plans = None,
    catalogs: Catalogs = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="CLI_OPTION_OUT")] = Path("out"),
    formats: Annotated[Optional[list[Format]], typer.Option("--format", "-f", help="CLI_OPTION_FORMAT")] = None,  # noqa: UP045
    workers: Annotated[Optional[int], typer.Option("--workers", min=1, help="CLI_OPTION_WORKERS")] = None,  # noqa: UP045
    parts: Annotated[int, typer.Option("--parts", min=1, help="CLI_OPTION_PARTS")] = 1,
    json: Json = False,
    lang: Lang = None,
) -> int:
    from api.commands.settle import run
    from api.run import Sources

    sources = Sources(claims, members, lines, accounts, tuple(plans or ()), catalogs)
    written = tuple(str(f) for f in formats or ("csv", "parquet"))
    return run(sources, out, written, workers, parts, terminal_of(json, lang))


@app.command("explain", help="CLI_EXPLAIN")
def _explain(
    claim: Annotated[str, typer.Argument(metavar="CLAIM_ID", help="CLI_ARGUMENT_CLAIM")],
    folder: Annotated[Path, typer.Option("--run", "-r", help="CLI_OPTION_RUN")] = Path("out"),
    json: Json = False,
    lang: Lang = None,
) -> int:
    from api.commands.explain import run

    return run(claim.strip(), folder, terminal_of(json, lang))


@app.command("serve", help="CLI_SERVE")
def _serve(
    database_url: Annotated[Optional[str], typer.Option("--database-url", help="CLI_OPTION_DATABASE_URL")] = None,  # noqa: UP045
    keys: Annotated[Optional[Path], typer.Option("--keys", metavar="FILE", help="CLI_OPTION_KEYS")] = None,  # noqa: UP045
    folder: Annotated[Optional[Path], typer.Option("--folder", help="CLI_OPTION_FOLDER")] = None,  # noqa: UP045
    host: Annotated[Optional[str], typer.Option("--host", help="CLI_OPTION_HOST")] = None,  # noqa: UP045
    port: Annotated[Optional[int], typer.Option("--port", help="CLI_OPTION_PORT")] = None,  # noqa: UP045
    lang: Lang = None,
) -> int:
    from api.commands.serve import run
    from api.http.settings import settings_from

    settings = settings_from(database_url=database_url, keys=keys, folder=folder, host=host, port=port)
    return run(settings, terminal_of(False, lang))


@app.command("sign", help="CLI_SIGN")
def _sign(
    method: Annotated[str, typer.Argument(metavar="METHOD", help="CLI_ARGUMENT_METHOD")],
    address: Annotated[str, typer.Argument(metavar="URL", help="CLI_ARGUMENT_URL")],
    body: Annotated[Optional[Path], typer.Argument(metavar="FILE", help="CLI_ARGUMENT_BODY")] = None,  # noqa: UP045
    key: Annotated[str, typer.Option("--key", help="CLI_OPTION_KEY")] = "sandbox",
    credentials: Credentials = None,
) -> int:
    from api.commands.sign import run
    from api.http.settings import settings_from

    return run(method, address, body, key, settings_from(credentials=credentials))


@plan_app.command("lint", help="CLI_PLAN_LINT")
def _lint(
    paths: Annotated[Optional[list[Path]], typer.Argument(metavar="PLAN", help="CLI_ARGUMENT_PLANS")] = None,  # noqa: UP045
    json: Json = False,
    lang: Lang = None,
) -> int:
    from api.commands.plan import lint

    return lint(tuple(paths or ()), terminal_of(json, lang))


@plan_app.command("test", help="CLI_PLAN_TEST")
def _test(
    paths: Annotated[Optional[list[Path]], typer.Argument(metavar="PLAN", help="CLI_ARGUMENT_PLANS")] = None,  # noqa: UP045
    json: Json = False,
    lang: Lang = None,
) -> int:
    from api.commands.plan import test

    return test(tuple(paths or ()), terminal_of(json, lang))


@plan_app.command("show", help="CLI_PLAN_SHOW")
def _show(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="CLI_ARGUMENT_PLAN")],
    json: Json = False,
    lang: Lang = None,
) -> int:
    from api.commands.plan import show

    return show(plan, terminal_of(json, lang))


@plan_app.command("diff", help="CLI_PLAN_DIFF")
def _diff(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="CLI_ARGUMENT_PLAN")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="CLI_ARGUMENT_PLAN")],
    json: Json = False,
    lang: Lang = None,
) -> int:
    from api.commands.plan import diff

    return diff(before, after, terminal_of(json, lang))


@catalog_app.command("check", help="CLI_CATALOG_CHECK")
def _check(
    folder: Annotated[Optional[Path], typer.Argument(metavar="FOLDER", help="CLI_ARGUMENT_CATALOGS")] = None,  # noqa: UP045
    json: Json = False,
    lang: Lang = None,
) -> int:
    from api.commands.catalog import check

    return check(folder, terminal_of(json, lang))


@catalog_app.command("import", help="CLI_CATALOG_IMPORT")
def _import(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="CLI_ARGUMENT_SOURCE")],
    out: Annotated[Path, typer.Option("--out", "-o", help="CLI_OPTION_IMPORT_OUT")],
    mapping: Annotated[Optional[Path], typer.Option("--mapping", help="CLI_OPTION_MAPPING")] = None,  # noqa: UP045
    start: Annotated[Optional[str], typer.Option("--from", metavar="DATE", help="CLI_OPTION_IMPORT_FROM")] = None,  # noqa: UP045
    partial: Annotated[bool, typer.Option("--partial", help="CLI_OPTION_PARTIAL")] = False,
    json: Json = False,
    lang: Lang = None,
) -> int:
    from api.commands.catalog import import_table

    return import_table(source, out, mapping, start, partial, terminal_of(json, lang))


@app.command("verify", help="CLI_VERIFY")
def _verify(
    database_url: DatabaseUrl,
    plans: Plans = None,
    catalogs: Catalogs = None,
    anchor: Annotated[str, typer.Option("--anchor", metavar="BLOCK:ROOT", help="CLI_OPTION_ANCHOR")] = "",
    json: Json = False,
    lang: Lang = None,
) -> int:
    from api.commands.verify import run

    return run(database_url, tuple(plans or ()), catalogs, anchor, terminal_of(json, lang))


@app.command("backup", help="CLI_BACKUP")
def _backup(
    database_url: DatabaseUrl,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="CLI_OPTION_BACKUP_OUT")],
    copy: Annotated[bool, typer.Option("--copy", help="CLI_OPTION_BACKUP_COPY")] = False,
    json: Json = False,
    lang: Lang = None,
) -> int:
    from api.commands.backup import back_up

    return back_up(database_url, out, copy, terminal_of(json, lang))


@app.command("restore", help="CLI_RESTORE")
def _restore(
    archive: Annotated[Path, typer.Argument(metavar="ARCHIVE", help="CLI_ARGUMENT_ARCHIVE")],
    database_url: DatabaseUrl,
    anchor: Annotated[str, typer.Option("--anchor", metavar="BLOCK:ROOT", help="CLI_OPTION_ANCHOR")] = "",
    plans: Plans = None,
    catalogs: Catalogs = None,
    json: Json = False,
    lang: Lang = None,
) -> int:
    from api.commands.backup import restore

    return restore(archive, database_url, anchor, tuple(plans or ()), catalogs, terminal_of(json, lang))


def main(arguments: list[str] | None = None) -> int:
    """Run a command and give its exit code. A failure a person can mend is one message, never a traceback."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal of another encoding lacks some signs
    say = Messages(language_of(os.environ, _language_asked(argv)))
    command = typer.main.get_command(app)
    _translate(command, say)
    if "--help" in argv:
        print(_help(command, argv))
        return FINE
    try:
        return int(command.main(argv, prog_name="adjudicator", standalone_mode=False) or FINE)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    except (KeyboardInterrupt, typer.Abort):
        print(say("CLI_INTERRUPTED"), file=sys.stderr)
        return INTERRUPTED
    except Exception as failure:
        from api.failures import report

        return report(failure, say, as_json="--json" in argv)


def _help(command: Any, argv: list[str]) -> str:
    """Give the help of the command that the words name. Typer's own way loads pydantic first."""
    context = command.context_class(command, info_name="adjudicator")
    for word in argv:
        nested = getattr(command, "commands", {}).get(word)
        if nested is not None:
            command = nested
            context = command.context_class(command, info_name=word, parent=context)
    return str(command.get_help(context))


def _language_asked(arguments: list[str]) -> Language | None:
    """Find `--lang zh` or `--lang=zh` before the arguments are read in earnest: usage errors need the language too."""
    for position, word in enumerate(arguments):
        if word.startswith("--lang="):
            return language_of({}, word.partition("=")[2])
        if word == "--lang" and position + 1 < len(arguments):
            return language_of({}, arguments[position + 1])
    return None


def _translate(command: Any, say: Messages) -> None:
    """Replace the message codes in the help of a command, of its parameters and of its commands by their texts."""
    if command.help and command.help.startswith("CLI_"):
        command.help = say(command.help)
    for parameter in command.params:
        text = getattr(parameter, "help", None)
        if text and text.startswith("CLI_"):
            parameter.help = say(text)
    help_option = command.get_help_option(command.context_class(command))
    if help_option is not None:
        help_option.help = say("CLI_OPTION_HELP")
    for nested in getattr(command, "commands", {}).values():
        _translate(nested, say)


if __name__ == "__main__":
    sys.exit(main())

"""The command line of the keys that sign requests: `adjudicator ledger key add | disable | list`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Optional

import typer

from api.cli_options import DatabaseUrl, Json, Keys, Lang, terminal_of

key_app = typer.Typer(help="CLI_LEDGER_KEY", rich_markup_mode=None, no_args_is_help=True)


class RoleName(StrEnum):
    """Roles of keys."""

    institution = "institution"
    operator = "operator"
    reviewer = "reviewer"
    auditor = "auditor"
    admin = "admin"


KeyId = Annotated[str, typer.Argument(metavar="KEY_ID", help="CLI_ARGUMENT_KEY")]


@key_app.command("add", help="CLI_KEY_ADD")
def _add(
    key_id: KeyId,
    database_url: DatabaseUrl,
    keys: Keys,
    role: Annotated[RoleName, typer.Option("--role", help="CLI_OPTION_ROLE")],
    out: Annotated[Optional[Path], typer.Option("--out", "-o", metavar="FILE", help="CLI_OPTION_KEY_OUT")] = None,  # noqa: UP045
    public_key: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--public-key", metavar="FILE", help="CLI_OPTION_PUBLIC_KEY"),
    ] = None,
    institution: Annotated[str, typer.Option("--institution", metavar="CODE", help="CLI_OPTION_INSTITUTION")] = "",
    algorithm: Annotated[str, typer.Option("--algorithm", metavar="NAME", help="CLI_OPTION_ALGORITHM")] = "hmac-sha256",
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="CLI_OPTION_KEY_FROM")] = "",
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="CLI_OPTION_KEY_UNTIL")] = "",
    json: Json = False,
    lang: Lang = None,
) -> int:
    from api.commands.keys import Asked, add

    asked = Asked(key_id, role.value, institution, algorithm, first, until, out, public_key)
    return add(database_url, keys, asked, terminal_of(json, lang))


@key_app.command("disable", help="CLI_KEY_DISABLE")
def _disable(key_id: KeyId, database_url: DatabaseUrl, json: Json = False, lang: Lang = None) -> int:
    from api.commands.keys import disable

    return disable(database_url, key_id, terminal_of(json, lang))


@key_app.command("list", help="CLI_KEY_LIST")
def _list(database_url: DatabaseUrl, json: Json = False, lang: Lang = None) -> int:
    from api.commands.keys import list_all

    return list_all(database_url, terminal_of(json, lang))

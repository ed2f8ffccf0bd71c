"""Options that several commands have, and the terminal of a command in the language asked for."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from api.messages import Messages, language_of


class Tongue(StrEnum):
    """Languages of messages."""

    en = "en"
    zh = "zh"


Lang = Annotated[Optional[Tongue], typer.Option("--lang", help="CLI_OPTION_LANG")]  # noqa: UP045 (typer reads it)
Json = Annotated[bool, typer.Option("--json", help="CLI_OPTION_JSON")]
Plans = Annotated[Optional[list[Path]], typer.Option("--plans", help="CLI_OPTION_PLANS")]  # noqa: UP045
Catalogs = Annotated[Optional[Path], typer.Option("--catalogs", help="CLI_OPTION_CATALOGS")]  # noqa: UP045
DatabaseUrl = Annotated[str, typer.Option("--database-url", metavar="URL", help="CLI_OPTION_DATABASE_URL")]
Keys = Annotated[Path, typer.Option("--keys", metavar="FILE", help="CLI_OPTION_KEYS")]
Credentials = Annotated[Optional[Path], typer.Option("--credentials", metavar="FILE", help="CLI_OPTION_CREDENTIALS")]  # noqa: UP045


def terminal_of(json: bool, lang: Tongue | None) -> Any:
    """Give what a command writes to."""
    from api.terminal import Terminal

    return Terminal(Messages(language_of(os.environ, lang)), json)

"""Texts for people, by language: looked up by stable code in `catalogs/messages/*.toml`.

English is the default; Chinese where the locale says so. The language is decided once, in the command line, and handed
down; nothing else reads the environment for it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

Language = Literal["en", "zh"]
OWN = Path(__file__).parent.parent / "catalogs" / "messages" / "cli.toml"

LOCALE_NAMES = ("ADJUDICATOR_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
"""Environment variables that choose the language; the first that is set decides."""


def language_of(environment: Mapping[str, str], asked: str | None = None) -> Language:
    """Give the language asked for by name (`--lang`), else the locale's: "zh" for any Chinese locale, else "en"."""
    chosen = asked or next((environment[name] for name in LOCALE_NAMES if environment.get(name)), "en")
    return "zh" if chosen.lower().startswith(("zh", "chinese")) else "en"


@cache
def own_texts() -> Mapping[str, Mapping[str, str]]:
    """Read the texts of the command line alone: `--help` then reads no other file."""
    return tomllib.loads(OWN.read_text(encoding="utf-8"))


def entry(code: str) -> Mapping[str, str]:
    """Find a code: code -> {en, zh, help_en, help_zh}. Raises KeyError when no room has it."""
    if code in own_texts():
        return own_texts()[code]
    from catalogs.findings import texts

    return texts()[code]


class Messages:
    """The catalogue in one language."""

    def __init__(self, language: Language = "en") -> None:
        self.language: Language = language

    def __call__(self, code: str, **fields: object) -> str:
        """Give the text of a code with its {named} places filled. Raises KeyError on an unknown code or field."""
        return self._fill(entry(code)[self.language], fields)

    def help(self, code: str, **fields: object) -> str:
        """Give the sentence that says what to do; empty where the text says it all."""
        return self._fill(entry(code).get(f"help_{self.language}", ""), fields)

    def name(self, kind: str, value: str) -> str:
        """Give the word of the field for a value such as ("level", "tertiary"); the value itself when it has none."""
        from catalogs.findings import texts

        known = texts().get(f"{kind}.{value}")
        return known[self.language] if known else value

    def title(self, titles: Mapping[str, str], otherwise: str) -> str:
        """Choose from `{en, zh}` titles of a document; the other language, or the fallback, when there is none."""
        return titles.get(self.language) or next(iter(titles.values()), otherwise)

    @staticmethod
    def _fill(text: str, fields: Mapping[str, object]) -> str:
        return text.format_map(fields) if fields else text.replace("{{", "{").replace("}}", "}")

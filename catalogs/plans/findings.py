"""Findings: what is wrong with a plan document, each with its place, a stable code and texts in two languages.

A finding names its fields; the sentence itself stands in `catalogs/messages/plan.toml` under its code.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path

from adjudicator.errors import AdjudicatorError

MESSAGES = Path(__file__).parent.parent / "messages" / "plan.toml"


class Severity(StrEnum):
    """An error keeps a plan from being compiled, a warning does not, a note only informs."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a document: file as given, line and column from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@cache
def messages() -> Mapping[str, Mapping[str, str]]:
    """Give the catalogue of messages: code -> {en, zh, help_en, help_zh, severity}."""
    with MESSAGES.open("rb") as file:
        return tomllib.load(file)


def locale_language() -> str:
    """Give "zh" where the locale is Chinese, else "en"."""
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next((name for name in names if name), "").startswith("zh") else "en"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong at one place. `line_text` is the line of the document, shown below the message."""

    place: Place
    code: str
    severity: Severity
    fields: Mapping[str, object] = field(default_factory=dict)
    line_text: str = ""

    def message(self, language: str = "en") -> str:
        """Give the sentence in "en" or "zh"."""
        return messages()[self.code][language].format_map(self.fields)

    def help(self, language: str = "en") -> str:
        """Give the sentence that says what to do; empty where the message says it all."""
        return messages()[self.code].get(f"help_{language}", "").format_map(self.fields)

    def render(self, language: str = "en") -> str:
        """Give `file:line:col CODE message`, the line with a caret below the column, and the help."""
        shown = [f"{self.place} {self.code} {self.message(language)}"]
        if self.line_text:
            column = min(self.place.column, len(self.line_text) + 1)
            wide = sum(2 if ord(letter) > 0x2E7F else 1 for letter in self.line_text[: column - 1])
            shown += [f"    {self.line_text}", "    " + " " * wide + "^"]
        if self.help(language):
            shown.append(f"    {'帮助' if language == 'zh' else 'help'}: {self.help(language)}")
        return "\n".join(shown)


class PlanError(AdjudicatorError):
    """A plan that cannot be used. `findings` holds everything that is wrong with it."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(finding.render(locale_language()) for finding in self.findings))


class Findings:
    """Collects findings of one or more documents and knows their texts."""

    def __init__(self) -> None:
        self._found: dict[tuple[Place, str, str], Finding] = {}
        self._texts: dict[str, list[str]] = {}

    def add_text(self, file: str, text: str) -> None:
        """Remember the text of a file, so that findings can show its lines."""
        self._texts[file] = text.splitlines()

    def add(self, code: str, place: Place, severity: Severity | None = None, **fields: object) -> None:
        """Add a finding; the severity is that of the catalogue unless given. The same finding counts once."""
        chosen = severity or Severity(messages()[code].get("severity", "error"))
        lines = self._texts.get(place.file, [])
        shown = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
        key = (place, code, repr(sorted(fields.items())))
        self._found.setdefault(key, Finding(place, code, chosen, fields, shown))

    def extend(self, other: Iterable[Finding]) -> None:
        """Take over the findings of another collection."""
        for finding in other:
            self._found.setdefault((finding.place, finding.code, repr(sorted(finding.fields.items()))), finding)

    def __iter__(self) -> Iterator[Finding]:
        return iter(sorted(self._found.values(), key=lambda f: (f.place, f.code)))

    def __len__(self) -> int:
        return len(self._found)

    @property
    def errors(self) -> list[Finding]:
        """Findings that keep the plan from being compiled."""
        return [finding for finding in self if finding.severity is Severity.ERROR]

"""Findings: what is wrong in a document or table, with its place, all at once, in English and Chinese.

The texts live in `catalogs/messages/*.toml`, one file a room, keyed by a stable code.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Literal

Severity = Literal["error", "warning"]
Language = Literal["en", "zh"]

_HELP: Mapping[Language, str] = {"en": "help", "zh": "帮助"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or doubtful, at one place.

    `line` counts from 1 (0: the file as a whole); `column` is a character position in a document or the name of a
    column in a table. `fields` fill the {named} places of the text. `shown` is the line as it stands in the file.
    """

    code: str
    path: str = ""
    line: int = 0
    column: int | str = ""
    fields: Mapping[str, object] = field(default_factory=dict)
    severity: Severity = "error"
    shown: str = ""

    @property
    def place(self) -> str:
        """Give `file:line:column`, leaving out what is not known."""
        return ":".join(part for part in (self.path, str(self.line or ""), str(self.column)) if part)

    def message(self, language: Language = "en") -> str:
        """Give the sentence for a person."""
        return _text(self.code, language, self.fields)

    def help(self, language: Language = "en") -> str:
        """Give the sentence that says what to do, empty when there is none."""
        return _text(self.code, f"help_{language}", self.fields)

    def render(self, language: Language = "en") -> str:
        """Give `place CODE message`, the line shown and the help, each on its own line."""
        lines = [f"{self.place} {self.code} {self.message(language)}".strip()]
        if self.shown:
            lines.append(f"    {self.shown}")
        if advice := self.help(language):
            lines.append(f"    {_HELP[language]}: {advice}")
        return "\n".join(lines)

    def as_dict(self, language: Language = "en") -> dict[str, object]:
        """Give the finding for a program (`--json`)."""
        return {
            "code": self.code,
            "severity": self.severity,
            "path": self.path,
            "line": self.line,
            "column": self.column,
            "message": self.message(language),
            "help": self.help(language),
        }


def has_errors(findings: Iterable[Finding]) -> bool:
    """Say whether any finding is more than a warning."""
    return any(finding.severity == "error" for finding in findings)


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """Read every message file once: code -> {en, zh, help_en, help_zh}."""
    found: dict[str, Mapping[str, str]] = {}
    for entry in sorted(files("catalogs.messages").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            room = tomllib.loads(entry.read_text(encoding="utf-8"))
            found.update(room)
    return found


def _text(code: str, key: str, fields: Mapping[str, object]) -> str:
    pattern = texts().get(code, {}).get(key, "")
    if not pattern:
        return code if key in ("en", "zh") else ""
    if "{meant}" in pattern and fields.get("meant") == "":
        return ""  # nothing is near: there is no advice
    return pattern.format_map(fields)

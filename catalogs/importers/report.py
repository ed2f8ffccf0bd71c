"""What an import tells: findings, and tables of counts that a person can check against the published list."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from catalogs.findings import Finding, Language, has_errors, texts

MOST_SHOWN = 40
"""Findings shown in the text; the file of findings holds all."""


@dataclass(frozen=True, slots=True)
class CountTable:
    """One table of the report. Title and headings are codes of messages; `words` of a row too, or plain data."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]

    def render(self, language: Language) -> str:
        """Give the table as aligned text."""
        lines = [[said(cell, language) for cell in row] for row in (self.headings, *self.rows)]
        widths = [max(_width(line[i]) for line in lines) for i in range(len(self.headings))]
        right = [all(isinstance(row[i], int) for row in self.rows) for i in range(len(self.headings))]
        body = ["  ".join(map(_padded, line, widths, right)).rstrip() for line in lines]
        rule = "  ".join("-" * width for width in widths)
        return "\n".join([said(self.title, language), body[0], rule, *body[1:]])


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Outcome of an import. `written` is None when errors kept everything from being written."""

    source: str
    written: Path | None
    files: tuple[str, ...]
    rows: int  # rows of the published list that became rows of a table
    left_out: int  # rows left out by a rule of the mapping
    rejected: int  # rows with an error
    tables: tuple[CountTable, ...]
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Say whether the import is complete: written, and no row rejected."""
        return self.written is not None and not self.rejected and not has_errors(self.findings)

    def render(self, language: Language = "en") -> str:
        """Give the report for a person: outcome, tables of counts, findings."""
        outcome = "IMPORT_WRITTEN" if self.written else "IMPORT_NOT_WRITTEN"
        fields = {"source": self.source, "rows": self.rows, "left_out": self.left_out, "rejected": self.rejected}
        parts = [said(outcome, language).format_map(fields), *(table.render(language) for table in self.tables)]
        shown = [finding.render(language) for finding in self.findings[:MOST_SHOWN]]
        if more := len(self.findings) - len(shown):
            shown.append(said("IMPORT_MORE_FINDINGS", language).format_map({"count": more}))
        if shown:
            parts.append("\n".join([said("IMPORT_FINDINGS", language), *shown]))
        return "\n\n".join(parts) + "\n"

    def as_dict(self, language: Language = "en") -> dict[str, object]:
        """Give the report for a program (`--json`)."""
        return {
            "source": self.source,
            "written": str(self.written) if self.written else None,
            "files": list(self.files),
            "rows": self.rows,
            "left_out": self.left_out,
            "rejected": self.rejected,
            "tables": [
                {
                    "code": table.title,
                    "title": said(table.title, language),
                    "headings": [said(cell, language) for cell in table.headings],
                    "rows": [[c if isinstance(c, int) else said(c, language) for c in row] for row in table.rows],
                }
                for table in self.tables
            ],
            "findings": [finding.as_dict(language) for finding in self.findings],
        }


def said(cell: object, language: Language) -> str:
    """Give a word of the catalogue in the language; anything else as it is."""
    entry = texts().get(cell) if isinstance(cell, str) else None
    return entry[language] if entry else str(cell)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, width: int, right: bool) -> str:
    blank = " " * (width - _width(text))
    return blank + text if right else text + blank


def findings_rows(findings: Sequence[Finding]) -> list[list[object]]:
    """Give findings as rows: place, severity, code, what was found, message and advice in both languages."""
    return [
        [
            *(f.path, f.line or "", f.column, f.severity, f.code, f.shown),
            *(f.message("en"), f.help("en"), f.message("zh"), f.help("zh")),
        ]
        for f in findings
    ]


FINDINGS_HEADER = ("file", "row", "column", "severity", "code", "found", "message", "advice", "问题", "处理")

"""Findings of plan documents: places in a document, and a collector that knows the texts of the documents.

A finding names its fields; the sentence itself stands in `catalogs/messages/plan.toml` under its code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from adjudicator.errors import AdjudicatorError
from catalogs.findings import Finding, Severity, texts


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a document: file as given, line and column from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class PlanError(AdjudicatorError):
    """A plan that cannot be used. `findings` holds everything that is wrong with it."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(finding.render() for finding in self.findings))


class Findings:
    """Collects findings of one or more documents; the same finding counts once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, int, int | str, str], Finding] = {}
        self._lines: dict[str, list[str]] = {}

    def add_text(self, file: str, text: str) -> None:
        """Remember the text of a file, so that findings can show its lines."""
        self._lines[file] = text.splitlines()

    def add(self, code: str, place: Place, **fields: object) -> None:
        """Add a finding; it is an error unless the catalogue of messages says otherwise."""
        self.add_as("warning" if texts()[code].get("severity") == "warning" else "error", code, place, **fields)

    def add_as(self, severity: Severity, code: str, place: Place, **fields: object) -> None:
        """Add a finding of that severity."""
        self._keep(Finding(code, place.file, place.line, place.column, fields, severity))

    def extend(self, other: Iterable[Finding]) -> None:
        """Take over the findings of another collection."""
        for finding in other:
            self._keep(finding)

    def _keep(self, finding: Finding) -> None:
        fields = repr(sorted(finding.fields.items()))
        key = (finding.code, finding.path, finding.line, finding.column, fields)
        self._found.setdefault(key, finding)

    def __iter__(self) -> Iterator[Finding]:
        for finding in sorted(self._found.values(), key=lambda f: (f.path, f.line, int(f.column or 0), f.code)):
            lines = self._lines.get(finding.path, [])
            known = 0 < finding.line <= len(lines) and not finding.shown
            yield replace(finding, shown=lines[finding.line - 1].strip()) if known else finding

    def __len__(self) -> int:
        return len(self._found)

    @property
    def errors(self) -> list[Finding]:
        """Findings that keep the plan from being compiled."""
        return [finding for finding in self if finding.severity == "error"]

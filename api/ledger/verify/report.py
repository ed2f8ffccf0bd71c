"""What verifying finds: each wrong value with its table, row and column, what stands there and what should."""

from __future__ import annotations

from dataclasses import dataclass, field

from catalogs.findings import Finding, Severity, has_errors

SHOWN_CHARACTERS = 200
MOST_FINDINGS = 10_000
"""Findings kept; a ledger with more is wrong beyond listing."""


@dataclass(slots=True)
class Report:
    """All that was found, and how much was looked at."""

    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong; warnings may stand."""
        return not has_errors(self.findings)

    def count(self, what: str, number: int = 1) -> None:
        """Add to how many of something were looked at."""
        self.counts[what] = self.counts.get(what, 0) + number

    def wrong(
        self, code: str, table: str, row: int | str, column: str = "", found: object = "", expected: object = "",
        severity: Severity = "error",
    ) -> None:  # fmt: skip
        """Note one wrong value. `row`: the number of a journal row, or the key of a row of another table."""
        place, line = (table, row) if isinstance(row, int) else (f"{table} {row}", 0)
        fields = {"found": _short(found), "expected": _short(expected)}
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(code, place, line, column, fields, severity))


def _short(value: object) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "..."

"""`adjudicator catalog check | import`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from api.failures import CannotRunError
from api.rules import SHIPPED_TABLES, missing_file
from api.terminal import Terminal
from catalogs.importers import MAPPINGS, import_mapped, import_national
from catalogs.tables import check as check_tables

FINE, FINDINGS = 0, 1


def check(folder: Path | None, terminal: Terminal) -> int:
    """Check tables and print all findings. Gives 1 on any error."""
    place = folder or SHIPPED_TABLES
    if not place.exists():
        raise missing_file(place)
    result = check_tables(place)
    say = terminal.say
    for finding in result.findings:
        terminal.print(finding.render(say.language), markup=False, soft_wrap=True)
    errors = sum(finding.severity == "error" for finding in result.findings)
    for name, rows in result.rows.items():
        terminal.print(f"  {name}: {rows:,}")
    terminal.print(
        say("CHECK_DONE", folder=place, errors=errors, warnings=len(result.findings) - errors), soft_wrap=True
    )
    terminal.write_json(
        {
            "folder": str(place),
            "rows": result.rows,
            "digest": result.digest,
            "findings": [finding.as_dict(say.language) for finding in result.findings],
        }
    )
    return FINE if result.passed else FINDINGS


def import_table(
    source: Path, out: Path, mapping: Path | None, start: str | None, partial: bool, terminal: Terminal
) -> int:
    """Import a published list: the national drug catalog without a mapping, any other list with one.

    `start` is the first day of rows that do not say theirs; `partial` writes the good rows of a list with bad ones.
    """
    if not source.exists():
        raise missing_file(source)
    day = _day(start) if start else None
    if mapping is None:
        if partial:
            raise CannotRunError("IMPORT_PARTIAL_NEEDS_MAPPING")
        report = import_national(source, out, valid_from=day)
    else:
        report = import_mapped(source, _mapping(mapping), out, valid_from=day, partial=partial)
    terminal.print(report.render(terminal.say.language), markup=False, soft_wrap=True)
    terminal.write_json(report.as_dict(terminal.say.language))
    return FINE if report.passed else FINDINGS


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CannotRunError("IMPORT_FROM_NO_DATE", found=text) from error


def _mapping(mapping: Path) -> Path:
    """Give the mapping file named, or the one of that name that comes with the package."""
    if mapping.exists():
        return mapping
    shipped = next((path for path in sorted(MAPPINGS.iterdir()) if path.stem == str(mapping)), None)
    if shipped is None:
        raise missing_file(mapping)
    return shipped

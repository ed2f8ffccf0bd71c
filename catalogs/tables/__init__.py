"""Catalog tables: drugs, services, consumables, beds and facilities, from files to the arrays of the kernel.

catalogs = load(Path("catalogs/data"))
catalogs.catalog        # adjudicator.catalog.Catalog
catalogs.index.rows_of("340300", ["B-01"])
check(Path("catalogs/data"))   # findings, nothing raised
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from adjudicator.catalog import Catalog
from adjudicator.errors import AdjudicatorError
from catalogs.findings import Finding, has_errors
from catalogs.tables.checking import CheckedTables, check_cells
from catalogs.tables.compiling import CompiledItems, compile_items
from catalogs.tables.consistency import check_rows
from catalogs.tables.digest import content_digest
from catalogs.tables.facilities import Facilities, compile_facilities
from catalogs.tables.lookup import CatalogIndex
from catalogs.tables.reading import RawTables, read_tables
from catalogs.tables.reporting import Report
from catalogs.tables.schema import TABLES

OWN_DATA = Path(__file__).parent.parent / "data"
"""The project's own small catalogs, for demonstration and tests."""

__all__ = [
    "OWN_DATA",
    "CatalogCheck",
    "CatalogError",
    "CatalogIndex",
    "CatalogSource",
    "Catalogs",
    "CheckedTables",
    "CompiledItems",
    "Facilities",
    "RawTables",
    "check",
    "load",
]


class CatalogError(AdjudicatorError):
    """Tables that cannot be used. `findings` names everything that is wrong with them, with places."""

    def __init__(self, findings: list[Finding]) -> None:
        errors = [f for f in findings if f.severity == "error"]
        super().__init__(f"{len(errors)} errors in the catalog tables, first: {errors[0].render()}")
        self.findings = findings


@dataclass(frozen=True, slots=True)
class CatalogSource:
    """One row of sources.csv."""

    key: str
    title: str
    address: str
    grade: str


@dataclass(frozen=True, slots=True)
class Catalogs:
    """Everything compiled from a set of tables. `digest` changes when what is payable changes."""

    items: CompiledItems
    index: CatalogIndex
    facilities: Facilities
    sources: dict[str, CatalogSource]
    findings: tuple[Finding, ...]  # warnings only
    digest: str

    @property
    def catalog(self) -> Catalog:
        """The arrays that the kernel reads."""
        return self.items.catalog

    def source_of(self, version: int) -> CatalogSource | None:
        """Give the source of a version of an item; None for one chosen by the author of the table."""
        return self.sources.get(self.items.sources[int(self.items.source[version])])

    def file_of(self, version: int) -> str:
        """Give `file:line` of the most local row that a version of an item comes from."""
        files, file, line = self.items.rows_in_files
        return f"{files[file[version]]}:{line[version]}"

    def restriction_text(self, version: int) -> str:
        """Give the condition in words of a version of an item, empty when it has none."""
        row = int(self.catalog.restriction[version])
        return self.items.restriction_texts[row] if row >= 0 else ""


@dataclass(frozen=True, slots=True)
class CatalogCheck:
    """What `catalog check` tells: findings, how many rows each table has, and the digest when there is no error."""

    findings: tuple[Finding, ...]
    rows: dict[str, int]
    digest: str = ""

    @property
    def passed(self) -> bool:
        """Say whether the tables can be used (warnings do not stop them)."""
        return not has_errors(self.findings)


def check(*paths: Path) -> CatalogCheck:
    """Check tables completely, cells, rows and composition, and give all findings at once."""
    findings, rows, catalogs = _build(paths)
    return CatalogCheck(tuple(findings), rows, catalogs.digest if catalogs else "")


def load(*paths: Path) -> Catalogs:
    """Read, check, compose and compile tables; raise `CatalogError` when any finding is an error."""
    findings, _, catalogs = _build(paths)
    if catalogs is None:
        raise CatalogError(findings)
    return catalogs


def _build(paths: tuple[Path, ...]) -> tuple[list[Finding], dict[str, int], Catalogs | None]:
    raw, findings = read_tables(*paths)
    rows = {name: len(raw[name]) for name in TABLES}
    report = Report(findings)
    tables = check_cells(raw, report)
    check_rows(tables, report)
    if has_errors(report.findings()):
        return report.findings(), rows, None
    items = compile_items(tables, report)
    findings = report.findings()
    if items is None:
        return findings, rows, None
    facilities = compile_facilities(tables["facilities"])
    digest = content_digest(items.catalog.digest, facilities)
    index = CatalogIndex(items.catalog)
    return findings, rows, Catalogs(items, index, facilities, _sources(tables), tuple(findings), digest)


def _sources(tables: CheckedTables) -> dict[str, CatalogSource]:
    raw = tables["sources"].raw
    return {
        raw.cell(row, "key"): CatalogSource(*(raw.cell(row, name) for name in ("key", "title", "address", "grade")))
        for row in range(len(raw))
    }

"""Importers: published lists of drugs, services and facilities into the catalog tables.

report = import_national(Path("list.xlsx"), Path("out/national"))
report = import_mapped(Path("local.csv"), Path("local.toml"), Path("out/local"))
print(report.render("zh"))
"""

from __future__ import annotations

from pathlib import Path

from catalogs.importers.mapped_tables import import_mapped
from catalogs.importers.national_tables import ListSource, import_national
from catalogs.importers.report import CountTable, ImportReport

MAPPINGS = Path(__file__).parent / "mappings"
"""Mapping files that come with the package."""

__all__ = ["MAPPINGS", "CountTable", "ImportReport", "ListSource", "import_mapped", "import_national"]

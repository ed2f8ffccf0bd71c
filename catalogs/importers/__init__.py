"""Importers: published lists of drugs, services and facilities into the catalog tables.

report = import_national(Path("list.xlsx"), Path("out/national"))
print(report.render("zh"))
"""

from __future__ import annotations

from catalogs.importers.national_tables import ListSource, import_national
from catalogs.importers.report import CountTable, ImportReport

__all__ = ["CountTable", "ImportReport", "ListSource", "import_national"]

"""Collect findings about rows of tables: every kind of mistake is shown, a flood of one kind is cut and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalogs.findings import Finding
from catalogs.tables.reading import RawTable

MOST_OF_ONE_KIND = 50
"""Findings shown of one code in one column of one kind of table."""

Rows = NDArray[np.integer[Any]]


def named(name: str) -> Callable[[int], Mapping[str, object]]:
    """Give the fields of a message that only names the column."""
    return lambda _: {"name": name}


class Report:
    """Findings in the order they were met."""

    def __init__(self, findings: list[Finding] | None = None) -> None:
        self._findings = findings or []
        self._seen: Counter[tuple[str, str, str]] = Counter()

    def rows(
        self,
        raw: RawTable,
        rows: Rows,
        column: str,
        code: str,
        fields: Callable[[int], Mapping[str, object]] | None = None,
        *,
        warning: bool = False,
    ) -> None:
        """Add one finding a row; `fields` gives the named places of its message (default: the cell as `given`)."""
        key = (raw.schema.name, column, code)
        room = max(0, MOST_OF_ONE_KIND - self._seen[key])
        self._seen[key] += len(rows)
        for row in rows[:room].tolist():
            named = {"given": raw.cell(row, column)} if fields is None else fields(row)
            self._findings.append(raw.finding(row, column, code, named, warning=warning))

    def add(self, finding: Finding) -> None:
        """Add one finding that belongs to no row."""
        self._findings.append(finding)

    def findings(self) -> list[Finding]:
        """Give all findings, with one more for each kind that was cut."""
        cut = [
            Finding("CATALOG_MORE", table, 0, column, {"count": count - MOST_OF_ONE_KIND, "code": code}, "warning")
            for (table, column, code), count in self._seen.items()
            if count > MOST_OF_ONE_KIND
        ]
        return [*self._findings, *cut]

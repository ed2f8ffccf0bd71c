"""Write small tables and check them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from catalogs.tables import CatalogCheck, check

ITEM_COLUMNS = (
    "place,code,name,kind,form,class,group,marks,upfront,schedule,ceiling,restriction,valid_from,valid_until,source"
)

Checker = Callable[[Mapping[str, str | bytes]], CatalogCheck]


@pytest.fixture
def checked(tmp_path: Path) -> Checker:
    """Write tables by name (a name without ending is a .csv; text without header gets that of items) and check them."""

    def run(tables: Mapping[str, str | bytes]) -> CatalogCheck:
        for name, content in tables.items():
            path = tmp_path / (name if "." in name else f"{name}.csv")
            if isinstance(content, str):
                if name.startswith("items") and not content.startswith("place"):
                    content = f"{ITEM_COLUMNS}\n{content}"
                content = content.encode()
            path.write_bytes(content)
        return check(tmp_path)

    return run

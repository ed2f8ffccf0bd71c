"""docs/catalog-tables.md agrees with the schema, the messages and the engine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from adjudicator.catalog import CLASSES, Catalog, days
from catalogs.tables import Catalogs, load
from catalogs.tables.documentation import CELLS, reference

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/catalog-tables.md").read_text(encoding="utf-8")


def test_the_reference_is_that_of_the_schema() -> None:
    assert DOCUMENT.endswith(reference())


def test_every_kind_of_cell_is_explained() -> None:
    for cell, meaning in CELLS.items():
        assert f"| {cell} | {meaning} |" in DOCUMENT


def test_every_finding_is_listed() -> None:
    messages = tomllib.loads((ROOT / "catalogs/messages/catalog.toml").read_text(encoding="utf-8"))
    listed = dict(re.findall(r"^\| `(CATALOG_\w+)` \| (.+) \|$", DOCUMENT, re.MULTILINE))
    assert listed == {code: entry["en"] for code, entry in messages.items()}


@pytest.fixture
def example(tmp_path: Path) -> Catalogs:
    blocks = re.findall(r"`(\w+\.csv)`\n\n```csv\n(.*?)```", DOCUMENT, re.DOTALL)
    assert [name for name, _ in blocks] == ["items.csv", "restrictions.csv"]
    for name, text in blocks:
        (tmp_path / name).write_text(text, encoding="utf-8")
    return load(tmp_path)


def in_force(catalog: Catalog, row: int, day: str) -> int:
    rows = range(catalog.first[row], catalog.first[row + 1])
    return next(v for v in rows if catalog.valid_from[v] <= days(day) < catalog.valid_until[v])


def test_the_example_does_what_the_text_says(example: Catalogs) -> None:
    catalog = example.catalog
    assert example.findings == ()
    tablets, injection = example.index.rows_of("340300", ["D1", "D2"]).tolist()
    before, after = in_force(catalog, tablets, "2022-03-01"), in_force(catalog, tablets, "2024-03-01")
    assert [CLASSES[catalog.item_class[v]] for v in (before, after)] == ["B", "A"]
    assert catalog.upfront_ppm[before] == 150_000
    before, after = in_force(catalog, injection, "2022-06-30"), in_force(catalog, injection, "2022-07-01")
    assert [int(catalog.restriction[v]) for v in (before, after)] == [0, -1]
    assert catalog.ceilings_e6[catalog.ceiling[after], -1] == 9_500_000
    assert CLASSES[catalog.item_class[after]] == "B"
    assert catalog.upfront_ppm[after] == 100_000

"""Every block of the cookbook is a plan that lints and whose cases pass, in the oracle too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from catalogs.plans import load_library
from catalogs.plans.library import SHIPPED
from tests.oracle.cases import differences
from tests.oracle.document import library

COOKBOOK = Path(__file__).parents[2] / "docs" / "cookbook.md"
HEAD = """plan: cookbook.recipe
title: {en: Recipe, zh: 示例}
scheme: resident_basic
place: null
inherits: cn.national
valid: {from: 2023-01-01}
sources:
  BOOK: {title: Cookbook, grade: D}
source: BOOK
"""
BLOCKS = re.findall(r"^#+ ([^\n]+)\n(?:(?!#|```)[^\n]*\n)*```yaml\n(.*?)^```", COOKBOOK.read_text("utf-8"), re.M | re.S)


def test_the_cookbook_is_found_whole() -> None:
    assert len(BLOCKS) == COOKBOOK.read_text("utf-8").count("```yaml") >= 20


@pytest.mark.parametrize(("title", "text"), BLOCKS, ids=[title for title, _ in BLOCKS])
def test_recipe_works(title: str, text: str) -> None:
    library = load_library()
    library.add_text(HEAD + text, f"docs/cookbook.md ({title})")
    checked = library.check("cookbook.recipe")
    assert checked.program is not None, "\n".join(str(finding) for finding in checked.findings.errors)
    assert checked.cases
    assert all(case.passed for case in checked.cases)


@pytest.mark.parametrize(("title", "text"), BLOCKS, ids=[title for title, _ in BLOCKS])
def test_recipe_works_in_the_oracle(title: str, text: str) -> None:
    """The oracle, which reads the document on its own, finds the same."""
    documents = library([HEAD + text, *(path.read_text("utf-8") for path in SHIPPED.rglob("*.yaml"))])
    cases = documents["cookbook.recipe"]["cases"]
    wrong = {case["name"]: found for case in cases if (found := differences("cookbook.recipe", documents, case))}
    assert wrong == {}

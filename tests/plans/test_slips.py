"""Plans that are right make no slips: the worked examples and the recipes are free of those warnings."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from catalogs.plans.findings import Findings
from catalogs.plans.library import Library
from catalogs.plans.slips import check_slips
from tests.docs.test_cookbook import BLOCKS, HEAD

DOCUMENTS = sorted((Path(__file__).parents[1] / "cases" / "plans").glob("*.yaml"))


@cache
def examples() -> Library:
    """Give the worked examples, read once."""
    return Library([DOCUMENTS[0].parent])


def slips(library: Library, plan_id: str) -> list[str]:
    """Give what is found, as text."""
    checked = library.check(plan_id, run_cases=False)
    assert checked.plan is not None and checked.program is not None
    findings = Findings()
    check_slips(checked.plan, checked.program, findings)
    return [finding.render() for finding in findings]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_worked_examples_make_none(path: Path) -> None:
    plan = re.search(r"^plan: (\S+)", path.read_text("utf-8"), re.M)
    assert plan is not None
    assert slips(examples(), plan[1]) == []


@pytest.mark.parametrize(("title", "text"), BLOCKS, ids=[title for title, _ in BLOCKS])
def test_recipes_make_none(title: str, text: str) -> None:
    library = Library()
    library.add_text(HEAD + text, f"docs/cookbook.md ({title})")
    assert slips(library, "cookbook.recipe") == []

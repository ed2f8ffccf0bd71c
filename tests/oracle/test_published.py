"""The oracle against published worked examples, read from the shared folder beside the checkout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .cases import differences
from .published import case_of, plan_document, understood

CASES = Path(__file__).parents[2].parent / "shared" / "cases" / "worked_cases.json"


def examples() -> list[dict[str, Any]]:
    if not CASES.exists():
        return []
    return [example for example in json.loads(CASES.read_text("utf-8")) if understood(example)]


@pytest.mark.shared
@pytest.mark.parametrize("example", examples(), ids=lambda example: example["id"])
def test_published_example(example: dict[str, Any]) -> None:
    documents = {"published": plan_document(example)}
    assert differences("published", documents, case_of(example)) == []


@pytest.mark.shared
def test_most_plain_examples_are_understood() -> None:
    if not CASES.exists():
        pytest.skip("the published worked cases are not beside the checkout")
    assert len(examples()) >= 20

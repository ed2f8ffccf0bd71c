"""The worked cases of every plan document of this repository, by the oracle alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from .cases import differences
from .document import Node, identity, read

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "catalogs" / "documents", ROOT / "tests" / "cases" / "plans")
FILES = [path for folder in FOLDERS for path in sorted(folder.rglob("*.yaml"))]


def documents() -> dict[str, Node]:
    found = [read(path.read_text("utf-8")) for path in FILES]
    return {identity(document): document for document in found}


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_worked_cases(path: Path) -> None:
    document = read(path.read_text("utf-8"))
    wrong = {
        case["name"]: found
        for case in document.get("cases", [])
        if (found := differences(identity(document), documents(), case))
    }
    assert wrong == {}

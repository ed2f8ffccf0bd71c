"""The worked tables of docs/undo.md, read as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "undo.md"

Step = dict[str, str]


def tables(heading: str) -> list[list[Step]]:
    """Give the tables under a heading, a row each a dictionary by column."""
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.M)
    (section,) = (text for text in sections if text.startswith(f"{heading}\n"))
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", section, flags=re.M):
        heads, _, *rows = ([cell.strip() for cell in line.strip("|\n").split("|")] for line in block.splitlines())
        found.append([dict(zip(heads, row, strict=True)) for row in rows])
    return found

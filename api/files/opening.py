"""Open a file of any accepted kind; what it holds decides, not its name."""

from __future__ import annotations

from pathlib import Path

from api.files.delimited import open_delimited
from api.files.headings import Part
from api.files.source import Source


def open_source(path: Path | str, parts: tuple[Part, ...]) -> Source:
    """Open a file of claims, lines or members as a source. Raises InputError when it cannot be read at all."""
    return open_delimited(Path(path), parts)

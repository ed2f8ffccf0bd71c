"""Columns that nothing can do without, and columns that only some plan knows."""

from __future__ import annotations

from typing import cast

from api.door.programs import Asked
from api.files.findings import InputError
from api.files.headings import PARTS, REQUIRED, Cell, Heading, Part
from api.files.source import Source
from api.files.stream import REPLACED
from catalogs.findings import Finding

SHOWN_ALIASES = 4
PAID = "paid."
"""Begins the name of a column with what a layer has paid already."""

DATES = frozenset({"admission", "discharge", "settlement", "service_date"})


def check_headings(*sources: tuple[Source, tuple[Part, ...]]) -> None:
    """Refuse sources that lack a column nothing can do without, or have one twice; all of them at once.

    Lines need an amount, or a price and a quantity, and an item code or a class. Claims need one date.
    """
    findings = [finding for source, parts in sources for finding in _findings(source, parts)]
    if findings:
        raise InputError(findings)


def _findings(source: Source, parts: tuple[Part, ...]) -> list[Finding]:
    columns = source.reading.columns.keys()
    missing = [name for part in parts for name in REQUIRED[part] if name not in columns]
    if "line" in parts and "amount" not in columns and not {"price", "quantity"} <= columns:
        missing.append("amount")
    if "line" in parts and not {"item_code", "class"} & columns:
        missing.append("item_code")
    if "claim" in parts and not DATES & columns:
        missing.append("admission")
    shown = ", ".join(name for name in source.reading.written if name) or "-"
    aliases = {h.name: ", ".join(h.aliases[:SHOWN_ALIASES]) for part in parts for h in PARTS[part]}
    found = [
        Finding("COLUMN_MISSING", source.name, 0, name, {"name": name, "aliases": aliases[name], "found": shown[:300]})
        for name in dict.fromkeys(missing)
    ]
    if missing and (REPLACED in shown or "\x00" in shown):
        found.append(Finding("ENCODING_UNKNOWN", source.name))
    twice = [Finding("COLUMN_TWICE", source.name, 0, name, {"name": name}) for name in source.reading.repeated]
    return found + twice


def extra_headings(source: Source, asked: Asked) -> list[Heading]:
    """Give headings for columns of a file that no table of names knows but some plan does, and payments by layer."""
    kinds = {"word": asked.words, "number": asked.numbers, "money": asked.amounts}
    return [
        Heading(name, cast(Cell, cell), name)
        for cell, names in kinds.items()
        for name in source.reading.extra
        if name in names or (cell == "money" and name.startswith(PAID))
    ]

"""Cells of an xlsx sheet in which a formula fails (#DIV/0!, #N/A): the reader of workbooks gives them as if empty."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

CHUNK = 1 << 20
LONGEST_CELL = 1 << 15
"""Bytes of XML of one cell: a formula has 8,192 characters at most."""

_FAILED = re.compile(
    rb"<(?:\w+:)?c\s(?=[^>]*\bt=[\"']e[\"'])([^>]*?)(?:/>|>(.{0,%d}?)</(?:\w+:)?c>)" % LONGEST_CELL, re.DOTALL
)
_MARK = re.compile(rb"\bt=[\"']e[\"']")
_PLACE = re.compile(rb"\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)</")


def error_cells(path: Path, sheet: str) -> list[tuple[int, int, str]]:
    """Give the cells of a sheet whose value is an error: row from 1, column from 0, and what is shown there.

    Workbooks of other kinds have none here. Raises ValueError for a failed cell that does not say its place.
    """
    if not zipfile.is_zipfile(path):
        return []
    with zipfile.ZipFile(path) as archive:
        name = _part_of(archive, sheet)
        return list(_failed(archive, name)) if name else []


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """Find the part of the archive that holds a sheet; empty for a workbook of another kind."""
    present = set(archive.namelist())
    book, links = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
    if not {book, links} <= present:
        return ""
    targets = {link.get("Id"): link.get("Target", "") for link in ElementTree.fromstring(archive.read(links))}
    for element in ElementTree.fromstring(archive.read(book)).iter():
        if element.tag.endswith("}sheet") and element.get("name") == sheet:
            link = next((value for name, value in element.items() if name.endswith("}id")), "")
            part = posixpath.normpath(posixpath.join("/xl", targets.get(link, ""))).lstrip("/")
            return part if part in present else ""
    return ""


def _failed(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[int, int, str]]:
    rest = b""
    with archive.open(part) as file:
        while chunk := file.read(CHUNK):
            text, end = rest + chunk, 0
            if _MARK.search(text):
                for cell in _FAILED.finditer(text):
                    yield _cell(cell[1], cell[2] or b"")
                    end = cell.end()
            rest = text[max(end, len(text) - 2 * LONGEST_CELL) :]


def _cell(attributes: bytes, content: bytes) -> tuple[int, int, str]:
    place, value = _PLACE.search(attributes), _VALUE.search(content)
    if place is None:
        raise ValueError("a cell with an error does not say its place")
    column = 0
    for letter in place[1]:
        column = column * 26 + letter - ord("A") + 1
    return int(place[2]), column - 1, value[1].decode("utf-8", "replace") if value else "#"

"""Check the cells of tables against the schema, and read those that are numbers.

Each distinct text of a column is looked at once; findings then point at every row that holds it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from adjudicator.columns import PPM, Bool, Int64
from catalogs.tables.cells import NONE, WRONG, Reader, count, day, flag, numbers, price, quantity, rate
from catalogs.tables.reading import RawTable, RawTables, near_text
from catalogs.tables.reporting import Report, named
from catalogs.tables.schema import NATION, NONE_WORD, OWN_SOURCE, SPECIAL_WORDS, Field

_WORD = re.compile(r"[a-z][a-z0-9_]*")
_SPOILED = re.compile(r"\d(\.\d+)?[eE]\+\d+")
_PLACE = re.compile(r"CN|[1-9]\d{5}")
_READERS: Mapping[str, Reader] = {"date": day, "rate": rate, "price": price, "count": count, "flag": flag}
_UNREADABLE = {
    "date": "CATALOG_WRONG_DATE",
    "rate": "CATALOG_WRONG_RATE",
    "price": "CATALOG_WRONG_PRICE",
    "count": "CATALOG_WRONG_COUNT",
    "flag": "CATALOG_WRONG_FLAG",
}


@dataclass(frozen=True, slots=True)
class CheckedTable:
    """A table with its number columns read: EMPTY where the cell is empty, WRONG where a finding says so."""

    raw: RawTable
    numbers: Mapping[str, Int64]

    def __len__(self) -> int:
        return len(self.raw)


@dataclass(frozen=True, slots=True)
class CheckedTables:
    """Every table of the schema, its cells checked one by one."""

    tables: Mapping[str, CheckedTable]

    def __getitem__(self, name: str) -> CheckedTable:
        return self.tables[name]


def check_cells(tables: RawTables, report: Report) -> CheckedTables:
    """Check every cell by itself and every reference against the table it names."""
    ids = {name: _ids(tables[name]) for name in ("schedules", "ceilings", "restrictions", "sources")}
    ids["sources"].add(OWN_SOURCE)
    return CheckedTables({name: _check_table(raw, ids, report) for name, raw in tables.tables.items()})


def _ids(raw: RawTable) -> set[str]:
    return set(raw.columns[raw.schema.key[0] if raw.schema.key else "id"].values)


def _check_table(raw: RawTable, ids: Mapping[str, set[str]], report: Report) -> CheckedTable:
    read: dict[str, Int64] = {}
    for field in raw.schema.fields:
        column = raw.columns[field.name]
        if field.required:
            code = "CATALOG_MISSING_SOURCE" if field.name == "source" else "CATALOG_MISSING_CELL"
            report.rows(raw, np.flatnonzero(column.codes < 0), field.name, code, named(field.name))
        if field.cell in _READERS:
            read[field.name] = _numbers(raw, field, report)
        elif field.cell == "reference":
            _values(raw, field, report, "CATALOG_UNKNOWN_REFERENCE", _refers(ids[field.refers], field))
        elif field.cell in ("word", "words"):
            _words(raw, field, report)
        elif field.name == "place":
            _values(raw, field, report, "CATALOG_WRONG_PLACE", lambda text: bool(_PLACE.fullmatch(text)))
        elif field.cell == "code":
            _values(raw, field, report, "CATALOG_WRONG_CODE", lambda text: not re.search(r"\s", text))
            _values(raw, field, report, "CATALOG_CODE_AS_NUMBER", lambda text: not _SPOILED.fullmatch(text))
    return CheckedTable(raw, read)


def _numbers(raw: RawTable, field: Field, report: Report) -> Int64:
    reader = quantity if field.name == "max_quantity" else _READERS[field.cell]
    column = raw.columns[field.name]
    may_be_none = field.name == "price" and field.required

    def read(text: str) -> int | None:
        return NONE if text == NONE_WORD and may_be_none else reader(text)

    values = numbers(column, read)
    report.rows(raw, np.flatnonzero(values == WRONG), field.name, _UNREADABLE[field.cell])
    if field.cell == "rate":
        report.rows(raw, np.flatnonzero(values > PPM), field.name, "CATALOG_RATE_OVER_ONE")
        values[values > PPM] = WRONG
    return values


def _refers(allowed: set[str], field: Field) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        if text in allowed or (text == NONE_WORD and field.refers != "sources"):
            return True
        return field.refers == "ceilings" and price(text) is not None

    return fits


def _words(raw: RawTable, field: Field, report: Report) -> None:
    def split(text: str) -> list[str]:
        return text.split() if field.cell == "words" else [text]

    def worded(text: str) -> bool:
        return text in field.special or all(
            _WORD.fullmatch(word) or (field.name == "group" and word not in SPECIAL_WORDS) for word in split(text)
        )

    def known(text: str) -> bool:
        return not field.known or text in field.special or all(word in field.known for word in split(text))

    if field.values:
        _values(raw, field, report, "CATALOG_UNKNOWN_WORD", lambda text: all(w in field.values for w in split(text)))
        return
    _values(raw, field, report, "CATALOG_WRONG_WORD", worded)
    _values(raw, field, report, "CATALOG_NEW_WORD", known, warning=True)


def _values(
    raw: RawTable, field: Field, report: Report, code: str, fits: Callable[[str], bool], *, warning: bool = False
) -> None:
    """Report the rows whose text does not fit, each with the nearest known word."""
    column = raw.columns[field.name]
    misfits: Bool = np.array([not fits(text) for text in column.values] + [False])
    if not misfits.any():
        return
    words = field.values or field.known

    def fields(row: int) -> dict[str, object]:
        given = raw.cell(row, field.name)
        near = near_text(difflib.get_close_matches(given.split()[-1], words, 1)) if words else ""
        return {"given": given, "table": field.refers, "near": near, "words": ", ".join(words)}

    report.rows(raw, np.flatnonzero(misfits[column.codes]), field.name, code, fields, warning=warning)


def place_chain(place: str) -> tuple[str, ...]:
    """Give a place and the larger ones it inherits from: county, city, province, nation."""
    if place == NATION:
        return (NATION,)
    chain = [place]
    for larger in (f"{place[:4]}00", f"{place[:2]}0000"):
        if larger not in chain:
            chain.append(larger)
    return (*chain, NATION)

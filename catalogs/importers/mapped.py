"""Rows of a place's own list, through a mapping: read, normalise, translate, check.

Order in a row: cells of the columns, constants; normalised; values translated; rules; text taken out; defaults; dates
and rates brought to the form of the tables; code made. Every step that finds a value it does not know says so at its
cell.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections import Counter
from collections.abc import Mapping as Fields
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from catalogs.findings import Finding, Severity
from catalogs.importers.mapping import ANY_VALUE, AS_IT_STANDS, ASIDE, Mapping, Setting
from catalogs.importers.national import join_names
from catalogs.importers.sheets import Sheet
from catalogs.importers.text import lost_character, normalise
from catalogs.tables.cells import Reader, count, price, rate
from catalogs.tables.schema import NONE_WORD, TABLES, TableSchema

DEEPEST_HEADER = 12
_READERS: Fields[str, Reader] = {"rate": rate, "price": price, "count": count}
_ROUNDED = re.compile(r"\d(?:\.\d+)?E\+\d+")
_LAST_DAYS = ("valid_until", "agreement_until")


@dataclass(slots=True)
class MappedRow:
    """One row: its fields, and where it stands (from 0)."""

    row: int
    fields: dict[str, str]


@dataclass(slots=True)
class MappedList:
    """Everything read from a list, with what was left out and why, and what every published value became."""

    rows: list[MappedRow] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    translated: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    normalised: Counter[str] = field(default_factory=Counter)
    rejected: int = 0


def read_mapped(sheet: Sheet, mapping: Mapping) -> MappedList:
    """Read all rows below the header; rows with an error are counted, not kept."""
    reader = _Reader(sheet, mapping)
    columns = reader.find_columns()
    if columns is None:
        return reader.found
    header, places = columns
    width = len(sheet.rows[header])
    for row in range(header + 1, len(sheet.rows)):
        cells = sheet.rows[row]
        if not any(text.strip() for text in cells):
            continue
        if not sheet.name and len(cells) != width:
            reader.wrong("IMPORT_CELL_COUNT", row, -1, given=len(cells), expected=width)
            reader.found.rejected += 1
            continue
        reader.read_row(row, places)
    _drop_twins(sheet, mapping, places, reader.found)
    return reader.found


class _Reader:
    def __init__(self, sheet: Sheet, mapping: Mapping) -> None:
        self.sheet, self.mapping = sheet, mapping
        self.schema: TableSchema = TABLES[mapping.table]
        self.found = MappedList()

    def wrong(self, code: str, row: int, column: int, /, *, severity: Severity = "error", **fields: object) -> None:
        """Remember a finding at a cell."""
        self.found.findings.append(self.sheet.finding(code, row, column, severity=severity, **fields))

    def find_columns(self) -> tuple[int, dict[str, int]] | None:
        """Give the header row and the column of every field; None, with findings, when a label is not there."""
        labels = {field: normalise(label) for field, label in self.mapping.columns.items()}
        if not self.sheet.rows:
            self.wrong("IMPORT_NO_HEADER", -1, -1, labels="、".join(labels.values()))
            return None
        last = min(DEEPEST_HEADER, len(self.sheet.rows))
        given = self.mapping.read.header_row - 1
        if given >= len(self.sheet.rows):
            self.wrong("IMPORT_NO_HEADER", -1, -1, labels="、".join(labels.values()))
            return None
        header = given if given >= 0 else max(range(last), key=lambda r: self._labels_in(r, labels))
        present = [normalise(text) for text in self.sheet.rows[header]]
        places: dict[str, int] = {}
        for field_name, label in labels.items():
            if present.count(label) == 1:
                places[field_name] = present.index(label)
            elif label in present:
                self.wrong("IMPORT_LABEL_TWICE", header, present.index(label), label=label)
            else:
                near = difflib.get_close_matches(label, present, 1)
                found = "、".join(p for p in present if p) + (f" ({near[0]}?)" if near else "")
                self.wrong("IMPORT_NO_LABEL", header, -1, label=label, found=found)
        return (header, places) if len(places) == len(labels) else None

    def _labels_in(self, row: int, labels: dict[str, str]) -> int:
        present = {normalise(text) for text in self.sheet.rows[row]}
        return sum(label in present for label in labels.values())

    def read_row(self, row: int, places: dict[str, int]) -> None:
        """Read one row into a MappedRow, or leave it out, or reject it."""
        before = len(self.found.findings)
        fields = dict(self.mapping.constants)
        for name, column in places.items():
            raw = self.sheet.cell(row, column)
            if lost_character(raw):
                self.wrong("IMPORT_LOST_CHARACTER", row, column, severity="warning")
            several = name == "name"
            fields[name] = join_names(raw, self.found.normalised) if several else normalise(raw, self.found.normalised)
        skipped = next((s for s in self.mapping.skip if _fits(s.when, fields)), None)
        if skipped:
            self.found.left_out[skipped.why] += 1
            return
        self._translate(fields, row, places)
        for rule in self.mapping.rules:
            if _fits(rule.when, fields):
                fields.update(rule.set)
        for name, pattern in self.mapping.remove.items():
            fields[name] = re.sub(pattern, "", fields.get(name, ""))
        for name, value in self.mapping.defaults.items():
            fields[name] = fields.get(name) or value
        self._make_code(fields)
        fields.setdefault("source", self.mapping.source.key)
        self._check(fields, row, places)
        if any(finding.severity == "error" for finding in self.found.findings[before:]):
            self.found.rejected += 1
            return
        kept = {name: value for name, value in fields.items() if not name.startswith(ASIDE)}
        self.found.rows.append(MappedRow(row, kept))

    def _translate(self, fields: dict[str, str], row: int, places: dict[str, int]) -> None:
        settings: Setting = {}
        for name, words in self.mapping.values.items():
            published = fields.get(name, "")
            value = words.get(published, words.get(ANY_VALUE) if published else None)
            if value is None:
                if published:
                    known = "、".join(word for word in words if word)
                    self.wrong("IMPORT_VALUE", row, places.get(name, -1), field=name, found=published, known=known)
                continue
            setting = value if isinstance(value, dict) else {name: value}
            setting = {key: published if text == AS_IT_STANDS else text for key, text in setting.items()}
            settings |= setting
            became = " ".join(f"{key}={text}" for key, text in setting.items())
            self.found.translated[name, published, became] += 1
        fields.update(settings)

    def _make_code(self, fields: dict[str, str]) -> None:
        code = self.mapping.code
        if code and not fields.get("code"):
            text = "|".join(fields.get(name, "") for name in code.made_from)
            fields["code"] = f"{code.prefix}{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    def _check(self, fields: dict[str, str], row: int, places: dict[str, int]) -> None:
        """Bring every field to the form of the table, and report what does not fit at its cell."""
        for schema_field in self.schema.fields:
            name, column = schema_field.name, places.get(schema_field.name, -1)
            text = fields.get(name, "")
            if not text:
                if schema_field.required:
                    self.wrong("IMPORT_EMPTY_CELL", row, column, label=self.mapping.columns.get(name, name))
                continue
            if schema_field.cell == "code" and _ROUNDED.fullmatch(text):
                self.wrong("IMPORT_CODE_ROUNDED", row, column, found=text)
            elif schema_field.cell == "date":
                fields[name] = self._date(name, text, row, column)
            elif schema_field.values and not all(word in schema_field.values for word in text.split()):
                known = "、".join(schema_field.values)
                self.wrong("IMPORT_VALUE", row, column, field=name, found=text, known=known)
            elif reader := _READERS.get(schema_field.cell):
                fields[name] = self._number(schema_field.cell, reader, text, row, column)
        for name, pattern in self.mapping.expect.items():
            if not re.fullmatch(pattern, fields.get(name, "")):
                found = fields.get(name, "")
                column = places.get(name, -1)
                self.wrong("IMPORT_UNEXPECTED", row, column, severity="warning", found=found, pattern=pattern)

    def _number(self, kind: str, reader: Reader, text: str, row: int, column: int) -> str:
        if text == NONE_WORD:
            return text
        if kind == "rate" and self.mapping.rates == "percent" and not text.endswith("%"):
            text += "%"
        value = reader(text)
        if value is None or (kind == "rate" and value > 1_000_000):
            self.wrong("IMPORT_NO_NUMBER", row, column, found=text, kind=kind)
        return text

    def _date(self, name: str, text: str, row: int, column: int) -> str:
        day = next((d for form in self.mapping.date_formats if (d := _day(text, form))), None)
        if day is None:
            self.wrong("IMPORT_DATE", row, column, found=text, formats="、".join(self.mapping.date_formats))
            return text
        published = name in self.mapping.columns
        if name in _LAST_DAYS and published and self.mapping.until_inclusive:
            day += timedelta(days=1)
        return day.isoformat()


def _day(text: str, form: str) -> date | None:
    try:
        return datetime.strptime(text, form).date()
    except ValueError:
        return None


def _fits(when: Fields[str, str], fields: dict[str, str]) -> bool:
    return all(re.search(pattern, fields.get(name, "")) for name, pattern in when.items())


def _drop_twins(sheet: Sheet, mapping: Mapping, places: dict[str, int], found: MappedList) -> None:
    """Keep one row for each key of the table and first day; a second one is dropped, or an error."""
    key_fields = (*TABLES[mapping.table].key, "valid_from", "agreement_from")
    first: dict[tuple[str, ...], MappedRow] = {}
    kept: list[MappedRow] = []
    for row in found.rows:
        key = tuple(row.fields.get(name, "") for name in key_fields)
        twin = first.setdefault(key, row)
        if twin is row:
            kept.append(row)
            continue
        same = twin.fields == row.fields
        severity: Severity = "warning" if same or mapping.duplicates == "keep_first" else "error"
        code = "IMPORT_ROW_TWICE" if same else "IMPORT_KEY_TWICE"
        told: dict[str, Any] = {"code": row.fields.get("code", ""), "first": twin.row + 1}
        found.findings.append(sheet.finding(code, row.row, places.get("code", -1), severity=severity, **told))
        found.rejected += severity == "error"
        if severity == "warning":
            found.left_out["IMPORT_LEFT_TWIN" if same else "IMPORT_LEFT_SAME_CODE"] += 1
    found.rows = kept

"""The national drug catalog (国家医保药品目录) in its published spreadsheet layout.

One row with a number is one entry: a name in one or several forms, its class, its remark. A number with a star,
`★(8)`, is entry 8 of the same sheet again, in another form or category. Numbers start anew on every sheet, so what is
distinct is the pair of sheet and number. The class belongs to name and form together.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from catalogs.findings import Finding, Severity
from catalogs.importers.forms import forms_in_name
from catalogs.importers.layout import LABELS, NEGOTIATED, ORDINARY, Layout, area_findings, find_layout
from catalogs.importers.sheets import Sheet, read_workbook
from catalogs.importers.standards import Standard, parse_standards
from catalogs.importers.text import balanced, lost_character, normalise

CLASS_MARKS = {"甲": "A", "乙": "B", "甲类": "A", "乙类": "B"}

COLLECTIVE = "◇"
"""Remark: the name stands for a group of drugs of like composition. It restricts nothing."""


@dataclass(frozen=True, slots=True)
class Part:
    """One sheet of the list: its names, layout, family (X western, Z Chinese patent medicine) and marks."""

    names: tuple[str, ...]
    family: str
    fields: tuple[str, ...]
    group: str
    marks: tuple[str, ...]


PARTS = (
    Part(("西药部分",), "X", ORDINARY, "western", ()),
    Part(("中成药部分",), "Z", ORDINARY, "chinese_patent", ("tcm",)),
    Part(("协议西药", "协议期内谈判西药部分"), "X", NEGOTIATED, "western", ("negotiated",)),
    Part(("协议中成药", "协议期内谈判中成药部分"), "Z", NEGOTIATED, "chinese_patent", ("tcm", "negotiated")),
    Part(("竞价药品部分", "竞价药品"), "X", NEGOTIATED, "western", ("price_bid",)),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the list. `row` counts from 1, as the sheet shows it."""

    code: str
    sheet: str
    row: int
    category: str
    category_name: str
    number: int
    star: bool
    name: str
    raw_name: str
    forms: tuple[str, ...]
    form_given: bool
    item_class: str
    group: str
    marks: tuple[str, ...]
    restriction: str
    standards: tuple[Standard, ...]
    valid_from: date | None
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class Numbered:
    """The number of a row (from 0), of good entries and of those with errors."""

    row: int
    number: int
    star: bool


@dataclass(frozen=True, slots=True)
class NationalList:
    """All entries in order, with what was normalised on the way."""

    entries: tuple[Entry, ...]
    normalised: Counter[tuple[str, str]]  # (sheet, kind) -> characters


def read_national(path: Path) -> tuple[NationalList, list[Finding]]:
    """Read the list. Every part must be there; a sheet of another name is left out with a warning."""
    sheets, findings = read_workbook(path)
    if not sheets:
        return NationalList((), Counter()), findings
    by_name = {normalise(name): sheet for name, sheet in sheets.items()}
    entries: list[Entry] = []
    normalised: Counter[tuple[str, str]] = Counter()
    known: set[str] = set()
    for part in PARTS:
        name = next((n for n in part.names if n in by_name), None)
        if name is None:
            fields = {"sheet": part.names[0], "found": "、".join(sheets)}
            findings.append(Finding("IMPORT_NO_SHEET", path.name, fields=fields))
            continue
        known.add(name)
        reader = _PartReader(by_name[name], part)
        entries += reader.read()
        findings += reader.findings
        normalised.update({(name, kind): count for kind, count in reader.normalised.items()})
    for name in by_name.keys() - known:
        findings.append(by_name[name].finding("IMPORT_SHEET_LEFT_OUT", severity="warning"))
    findings += _across_sheets(path.name, entries)
    return NationalList(tuple(entries), normalised), findings


def item_code(category: str, name: str, forms: Iterable[str]) -> str:
    """Give the code of an item: its category and eight characters of a hash of name and forms.

    The list has no codes of its own, and its numbers are given anew in each edition. This code changes only when
    category, name or form do; it does not depend on row, number, class or price.
    """
    digest = hashlib.sha256("|".join((name, *forms)).encode()).hexdigest()
    return f"{category}-{digest[:8]}"


class _PartReader:
    """Walks down one sheet, keeping the category it is in."""

    def __init__(self, sheet: Sheet, part: Part) -> None:
        self.sheet, self.part = sheet, part
        self.findings: list[Finding] = []
        self.normalised: Counter[str] = Counter()
        self.category = self.category_name = ""
        self.layout: Layout | None = None
        self.numbered: list[Numbered] = []

    def read(self) -> list[Entry]:
        """Give the entries of the sheet; findings hold what is wrong, at its cell."""
        self.layout, found = find_layout(self.sheet, self.part.fields)
        self.findings += found
        if self.layout is None:
            return []
        entries: list[Entry] = []
        for row in range(self.layout.header + 1, len(self.sheet.rows)):
            if not any(self.sheet.rows[row]):
                continue
            if self._value(row, "number")[0]:
                entry = self._entry(row)
                entries += [entry] if entry else []
            else:
                self._category(row)
        self.findings += area_findings(self.sheet, self.layout, {n.row for n in self.numbered})
        self.findings += _number_findings(self.sheet, self.layout, self.numbered)
        return entries

    def _value(self, row: int, field: str) -> tuple[str, int]:
        assert self.layout is not None
        return self.layout.value(self.sheet, row, field)

    def _category(self, row: int) -> None:
        code, column = self._value(row, "code")
        name, name_column = self._value(row, "category")
        code = normalise(code, self.normalised)
        if not re.fullmatch(rf"{self.part.family}[A-Z](?:\d\d[A-Z]{{0,2}})?", code):
            self._wrong("IMPORT_NOT_A_ROW", row, column, found=code or normalise(name), family=self.part.family)
            return
        if not name:
            self._wrong("IMPORT_EMPTY_CELL", row, name_column, label=LABELS["category"][0])
        self.category, self.category_name = code, normalise(name, self.normalised)

    def _entry(self, row: int) -> Entry | None:
        before = len(self.findings)
        number, star = self._number(row)
        item_class = self._class(row)
        raw_name, column = self._value(row, "name")
        if not raw_name:
            self._wrong("IMPORT_EMPTY_CELL", row, column, label=LABELS["name"][0])
        if not self.category:
            self._wrong("IMPORT_NO_CATEGORY", row, column)
        name = join_names(raw_name, self.normalised)
        form = normalise(self._value(row, "form")[0], self.normalised)
        forms = (form,) if form else forms_in_name(name)
        remark = normalise(self._value(row, "remark")[0], self.normalised)
        start, until = self._validity(row)
        standards = self._standards(row)
        for field in ("name", "form", "remark"):
            text, place = self._value(row, field)
            if lost_character(text):
                self._wrong("IMPORT_LOST_CHARACTER", row, place, severity="warning")
        if len(self.findings) > before and any(f.severity == "error" for f in self.findings[before:]):
            return None
        collective = remark == COLLECTIVE
        return Entry(
            code=item_code(self.category, name, (form,) if form else ()),
            sheet=self.sheet.name,
            row=row + 1,
            category=self.category,
            category_name=self.category_name,
            number=number,
            star=star,
            name=name,
            raw_name=raw_name,
            forms=forms,
            form_given=bool(form),
            item_class=item_class,
            group=self.part.group,
            marks=(*self.part.marks, *(("collective",) if collective else ())),
            restriction="" if collective else remark,
            standards=standards,
            valid_from=start,
            valid_until=until,
        )

    def _number(self, row: int) -> tuple[int, bool]:
        text, column = self._value(row, "number")
        match = re.fullmatch(r"(?:(★)\((\d+)\)|(\d+))", normalise(text, self.normalised))
        if match is None:
            self._wrong("IMPORT_NUMBER", row, column, found=text)
            return 0, False
        self.numbered.append(Numbered(row, int(match[2] or match[3]), bool(match[1])))
        return self.numbered[-1].number, self.numbered[-1].star

    def _class(self, row: int) -> str:
        assert self.layout is not None
        span = self.layout.spans["category"]
        marks = [(normalise(t), c) for c in span if (t := self.sheet.cell(row, c))]
        if len(marks) == 1 and marks[0][0] in CLASS_MARKS:
            return CLASS_MARKS[marks[0][0]]
        if marks:
            found = "、".join(text for text, _ in marks)
            self._wrong("IMPORT_CLASS", row, marks[-1][1], found=found, known="甲、乙")
        else:
            self._wrong("IMPORT_EMPTY_CELL", row, span.stop - 1, label="甲/乙")
        return ""

    def _validity(self, row: int) -> tuple[date | None, date | None]:
        text, column = self._value(row, "validity")
        if not text:
            if "validity" in self.part.fields:
                self._wrong("IMPORT_EMPTY_CELL", row, column, label=LABELS["validity"][0])
            return None, None
        dates = re.fullmatch(r"(\d{4})年(\d+)月(\d+)日至(\d{4})年(\d+)月(\d+)日", normalise(text, self.normalised))
        try:
            assert dates is not None
            numbers = [int(n) for n in dates.groups()]
            start, last = date(*numbers[:3]), date(*numbers[3:])
        except (AssertionError, ValueError):
            self._wrong("IMPORT_PERIOD", row, column, found=text)
            return None, None
        if last < start:
            self._wrong("IMPORT_PERIOD", row, column, found=text)
        return start, last + timedelta(days=1)

    def _standards(self, row: int) -> tuple[Standard, ...]:
        text, column = self._value(row, "standard")
        if not text:
            if "standard" in self.part.fields:
                self._wrong("IMPORT_EMPTY_CELL", row, column, label=LABELS["standard"][0], severity="warning")
            return ()
        plain = normalise(text, self.normalised)
        if not balanced(plain):
            self._wrong("IMPORT_BRACKETS", row, column, severity="warning")
        if re.search(r"\d\s*\.\s+\d|\d\s+\.\d", text):
            self._wrong("IMPORT_BLANK_IN_NUMBER", row, column, severity="warning")
        standards = tuple(parse_standards(plain))
        if any(s.kind == "unreadable" for s in standards):
            self._wrong("IMPORT_STANDARD", row, column, severity="warning")
        return standards

    def _wrong(self, code: str, row: int, column: int, *, severity: Severity = "error", **fields: object) -> None:
        self.findings.append(self.sheet.finding(code, row, column, severity=severity, **fields))


def join_names(raw: str, counts: Counter[str] | None = None) -> str:
    """Give the name of an entry. Several names in one cell, one a line, are joined with `；`.

    A line break is also made where the column was full. It parts two names only when both have their brackets
    closed and begin alike: 二甲双胍 / 二甲双胍Ⅱ, 双黄连注射液 / 注射用双黄连(冻干).
    """
    lines = [normalise(line, counts) for line in raw.split("\n")]
    names = [lines[0]]
    for line in lines[1:]:
        core, first = line.removeprefix("注射用"), names[0].removeprefix("注射用")
        if line and balanced(names[-1]) and balanced(line) and core[:2] == first[:2] and len(core) > 2:
            names.append(line)
        else:
            names[-1] += line
    return "；".join(names)


def _number_findings(sheet: Sheet, layout: Layout, numbered: list[Numbered]) -> list[Finding]:
    """Check the numbers of a sheet: each given once without a star, none left out, every star has its entry."""
    column = layout.spans["number"].start
    first: dict[int, Numbered] = {}
    for given in numbered:
        if not given.star:
            first.setdefault(given.number, given)
    findings = [
        sheet.finding("IMPORT_NUMBER_TWICE", n.row, column, number=n.number, first=first[n.number].row + 1)
        for n in numbered
        if not n.star and first[n.number] is not n
    ]
    findings += [
        sheet.finding("IMPORT_STAR_ALONE", n.row, column, number=n.number)
        for n in numbered
        if n.star and n.number not in first
    ]
    gaps = sorted(set(range(1, max(first, default=0) + 1)) - first.keys())
    findings += [sheet.finding("IMPORT_NUMBER_MISSING", severity="warning", number=number) for number in gaps]
    return findings


def _across_sheets(file: str, entries: list[Entry]) -> list[Finding]:
    """Check that a code names one entry, and that a name and form has one class."""
    findings: list[Finding] = []
    codes: dict[str, Entry] = {}
    classes: defaultdict[tuple[str, tuple[str, ...]], dict[str, Entry]] = defaultdict(dict)
    for entry in entries:
        path = f"{file}!{entry.sheet}"
        if (twin := codes.setdefault(entry.code, entry)) is not entry:
            fields = {"name": entry.name, "form": "、".join(entry.forms), "first": f"{twin.sheet}:{twin.row}"}
            findings.append(Finding("IMPORT_ENTRY_TWICE", path, entry.row, fields=fields))
        seen = classes[entry.name, entry.forms]
        seen.setdefault(entry.item_class, entry)
        if len(seen) > 1 and seen[entry.item_class] is entry:
            other = next(e for e in seen.values() if e is not entry)
            fields = {"name": entry.name, "form": "、".join(entry.forms), "first": f"{other.sheet}:{other.row}"}
            findings.append(Finding("IMPORT_TWO_CLASSES", path, entry.row, fields=fields, severity="warning"))
    return findings

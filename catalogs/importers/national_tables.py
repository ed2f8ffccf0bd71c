"""From the national list to the table format, the files beside it, and the report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from catalogs.findings import Finding, has_errors
from catalogs.importers.conditions import RestrictionBook
from catalogs.importers.national import Entry, NationalList, read_national
from catalogs.importers.report import FINDINGS_HEADER, CountTable, ImportReport, findings_rows
from catalogs.importers.writing import OutputFile, refused, table_file, write_import
from catalogs.tables.schema import ITEMS, NATION, SOURCES


@dataclass(frozen=True, slots=True)
class ListSource:
    """Where a list comes from: one row of sources.csv. `grade`: A agency, B hospital or newspaper, C mirror, D code."""

    key: str = "national_drug_catalog"
    title: str = "国家基本医疗保险、工伤保险和生育保险药品目录"
    address: str = ""
    grade: str = "C"


def import_national(
    path: Path,
    out_dir: Path,
    *,
    valid_from: date | None = None,
    valid_until: date | None = None,
    source: ListSource | None = None,
) -> ImportReport:
    """Read the national drug catalog and write it as tables to `out_dir`; with any error nothing is written.

    `valid_from` is the day the list takes effect, which the list itself does not say: left out, it is the latest
    first day of an agreement in it, with a warning. `valid_until` (exclusive) is for a list that was replaced.
    Negotiated and price-bid drugs are valid in the period of their agreement.
    """
    found, findings = read_national(path)
    findings = [*findings, *refused(out_dir)]
    book = RestrictionBook("nrdl")
    source = source or ListSource()
    start = valid_from or _first_day(found.entries)
    if found.entries and start is None:
        findings.append(Finding("IMPORT_NO_FIRST_DAY", path.name))
    if valid_from is None and start:
        findings.append(Finding("IMPORT_FIRST_DAY", path.name, fields={"day": start}, severity="warning"))
    items = [_item(entry, book, source, start, valid_until) for entry in found.entries]
    tables = (*_counts(found), *book.tables(), _standards_count(found), _normalised_count(found))
    failed = has_errors(findings)
    rejected = len({(f.path, f.line) for f in findings if f.severity == "error" and f.line})
    report = ImportReport(path.name, None if failed else out_dir, (), len(items), 0, rejected, tables, tuple(findings))
    if failed:
        return report
    files = [
        table_file("items", ITEMS.names, items),
        *book.files(),
        table_file("sources", SOURCES.names, [_source_row(source)]),
        _entries_file(found),
        _standards_file(found),
        OutputFile("findings.csv", FINDINGS_HEADER, findings_rows(findings), mark=True),
    ]
    texts = {"report.en.txt": report.render("en"), "report.zh.txt": report.render("zh")}
    names = write_import(out_dir, files, texts, {"made_by": "adjudicator", "import": "national", "source": path.name})
    return ImportReport(path.name, out_dir, tuple(names), len(items), 0, 0, tables, tuple(findings))


def _first_day(entries: tuple[Entry, ...]) -> date | None:
    return max((entry.valid_from for entry in entries if entry.valid_from), default=None)


def _item(
    entry: Entry, book: RestrictionBook, source: ListSource, start: date | None, until: date | None
) -> dict[str, object]:
    """Give a row of items.csv. Class A bears no upfront share by definition; that of class B is each place's own."""
    return {
        "place": NATION,
        "code": entry.code,
        "name": entry.name,
        "kind": "drug",
        "form": "、".join(entry.forms),
        "class": entry.item_class,
        "group": entry.group,
        "marks": " ".join(entry.marks),
        "upfront": "0%" if entry.item_class == "A" else "",
        "restriction": book.id_of(entry.restriction),
        "valid_from": entry.valid_from or start or "",
        "valid_until": entry.valid_until or until or "",
        "source": source.key,
    }


def _source_row(source: ListSource) -> dict[str, object]:
    return {"key": source.key, "title": source.title, "address": source.address, "grade": source.grade}


def _entries_file(found: NationalList) -> OutputFile:
    """Give entries.csv: where each code stands in the published list."""
    header = (
        "code",
        "sheet",
        "row",
        "category",
        "category_name",
        "number",
        "star",
        "class",
        "name",
        "form",
        "published",
    )
    rows = [
        (
            *(e.code, e.sheet, e.row, e.category, e.category_name, e.number, "★" if e.star else "", e.item_class),
            *(e.name, "、".join(e.forms), e.raw_name.replace("\n", "⏎")),
        )
        for e in found.entries
    ]
    return OutputFile("entries.csv", header, rows, mark=True)


def _standards_file(found: NationalList) -> OutputFile:
    header = ("code", "position", "kind", "price", "unit", "specification", "note", "published")
    rows = [
        (e.code, i, s.kind, s.price, s.unit, s.specification, s.note, s.raw)
        for e in found.entries
        for i, s in enumerate(e.standards, 1)
    ]
    return OutputFile("payment_standards.csv", header, rows, mark=True)


def _counts(found: NationalList) -> list[CountTable]:
    """Count rows by sheet and class, and distinct entries (sheet and number) by family."""
    sheets = dict.fromkeys(e.sheet for e in found.entries)
    rows: list[tuple[object, ...]] = [(sheet, *_of([e for e in found.entries if e.sheet == sheet])) for sheet in sheets]
    rows.append(("IMPORT_TOTAL", *_of(list(found.entries))))
    headings = ("IMPORT_SHEET", "IMPORT_ROWS", "IMPORT_CLASS_A", "IMPORT_CLASS_B", "IMPORT_ENTRIES", "IMPORT_STARS")
    families = tuple(
        (label, *_of([e for e in found.entries if e.group == group]))
        for group, label in (("western", "IMPORT_WESTERN"), ("chinese_patent", "IMPORT_CHINESE_PATENT"))
    )
    return [
        CountTable("IMPORT_TITLE_SHEETS", headings, tuple(rows)),
        CountTable("IMPORT_TITLE_FAMILIES", ("IMPORT_FAMILY", *headings[1:]), families),
    ]


def _of(entries: list[Entry]) -> tuple[int, int, int, int, int]:
    classes = Counter(e.item_class for e in entries)
    distinct = len({(e.sheet, e.number) for e in entries})
    return len(entries), classes["A"], classes["B"], distinct, sum(e.star for e in entries)


def _standards_count(found: NationalList) -> CountTable:
    kinds = Counter(s.kind for e in found.entries for s in e.standards)
    rows = [
        ("IMPORT_STANDARD_PRICE", kinds["price"]),
        ("IMPORT_STANDARD_CONFIDENTIAL", kinds["confidential"]),
        ("IMPORT_STANDARD_ELSEWHERE", kinds["elsewhere"]),
        ("IMPORT_STANDARD_UNREADABLE", kinds["unreadable"]),
    ]
    return CountTable("IMPORT_TITLE_STANDARDS", ("IMPORT_STANDARD_KIND", "IMPORT_COUNT"), tuple(rows))


def _normalised_count(found: NationalList) -> CountTable:
    labels = {
        "radicals": "IMPORT_RADICALS",
        "full_width": "IMPORT_FULL_WIDTH",
        "compatibility": "IMPORT_COMPATIBILITY",
        "line_breaks": "IMPORT_LINE_BREAKS",
    }
    rows: list[tuple[object, ...]] = [
        (sheet, labels[kind], count) for (sheet, kind), count in found.normalised.items() if count
    ]
    rows.append(("IMPORT_TOTAL", "IMPORT_NAMES_IN_ONE_CELL", sum("；" in e.name for e in found.entries)))
    from_name = sum(bool(e.forms) and not e.form_given for e in found.entries)
    rows.append(("IMPORT_TOTAL", "IMPORT_FORMS_FROM_NAME", from_name))
    rows.append(("IMPORT_TOTAL", "IMPORT_FORMS_UNKNOWN", sum(not e.forms for e in found.entries)))
    return CountTable("IMPORT_TITLE_NORMALISED", ("IMPORT_SHEET", "IMPORT_WHAT", "IMPORT_COUNT"), tuple(rows))

"""From a place's own list to the table format, with a report."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

from catalogs.findings import Finding, has_errors
from catalogs.importers.conditions import RestrictionBook
from catalogs.importers.mapped import MappedList, read_mapped
from catalogs.importers.mapping import Mapping, Reading, load_mapping
from catalogs.importers.report import FINDINGS_HEADER, CountTable, ImportReport, findings_rows
from catalogs.importers.sheets import WORKBOOKS, Sheet, read_delimited, read_workbook
from catalogs.importers.writing import OutputFile, refused, table_file, write_import
from catalogs.tables.schema import FACILITIES, ITEMS, SOURCES, TABLES

_COUNTED = {"items": ("kind", "class"), "facilities": ("facility_kind", "level")}


def import_mapped(
    path: Path, mapping_path: Path, out_dir: Path, *, valid_from: date | None = None, partial: bool = False
) -> ImportReport:
    """Read a list (CSV or workbook) through a mapping and write it as tables to `out_dir`.

    With any error nothing is written; with `partial` the rows without error are, and the report names the others.
    `valid_from` takes the place of the first day that the mapping gives for rows without one.
    """
    mapping, findings = load_mapping(mapping_path)
    if mapping is None:
        return _failed(path, findings)
    if valid_from:
        mapping = mapping.starting(valid_from)
    sheet, reading = _sheet(path, mapping.read)
    findings += [*reading, *refused(out_dir)]
    if sheet is None or has_errors(findings):
        return _failed(path, findings)
    found = read_mapped(sheet, mapping)
    if partial and found.rows:
        found.findings = [_as_rejected(finding) for finding in found.findings]
    findings += found.findings
    book = RestrictionBook(mapping.source.key, understand=mapping.understand_restrictions)
    rows = _rows(found, mapping, book)
    tables = _tables(found, mapping, book, rows)
    left_out = found.left_out.total()
    if has_errors(findings):
        return ImportReport(path.name, None, (), len(rows), left_out, found.rejected, tables, tuple(findings))
    report = ImportReport(path.name, out_dir, (), len(rows), left_out, found.rejected, tables, tuple(findings))
    schema = TABLES[mapping.table]
    files = [
        table_file(schema.name, schema.names, rows),
        table_file("sources", SOURCES.names, [mapping.source.model_dump()]),
        *(book.files() if mapping.table == ITEMS.name else []),
        OutputFile("findings.csv", FINDINGS_HEADER, findings_rows(findings), mark=True),
    ]
    texts = {"report.en.txt": report.render("en"), "report.zh.txt": report.render("zh")}
    manifest = {"made_by": "adjudicator", "import": "mapped", "source": path.name, "mapping": mapping_path.name}
    names = write_import(out_dir, files, texts, manifest)
    return ImportReport(path.name, out_dir, tuple(names), len(rows), left_out, found.rejected, tables, tuple(findings))


def _failed(path: Path, findings: list[Finding]) -> ImportReport:
    return ImportReport(path.name, None, (), 0, 0, 0, (), tuple(findings))


def _as_rejected(finding: Finding) -> Finding:
    """Give a finding of a rejected row the weight it has when the other rows are written: a warning."""
    if not finding.line or finding.severity == "warning":
        return finding
    return Finding(finding.code, finding.path, finding.line, finding.column, finding.fields, "warning", finding.shown)


def _sheet(path: Path, reading: Reading) -> tuple[Sheet | None, list[Finding]]:
    if path.suffix.lower() not in WORKBOOKS:
        return read_delimited(path, reading.encoding, reading.delimiter)
    sheets, findings = read_workbook(path)
    if not sheets:
        return None, findings
    name = reading.sheet or next(iter(sheets))
    if name not in sheets:
        fields = {"sheet": name, "found": "、".join(sheets)}
        return None, [*findings, Finding("IMPORT_NO_SHEET", path.name, fields=fields)]
    wanted = [f for f in findings if f.path in (sheets[name].path, path.name)]
    return (sheets[name].filled() if reading.fill_merged else sheets[name]), wanted


def _rows(found: MappedList, mapping: Mapping, book: RestrictionBook) -> list[dict[str, object]]:
    if mapping.table == FACILITIES.name:
        return [dict(row.fields) for row in found.rows]
    rows: list[dict[str, object]] = []
    for row in found.rows:
        fields: dict[str, object] = dict(row.fields)
        if identity := book.id_of(row.fields.get("restriction_text", ""), row.fields.get("pending", "")):
            fields["restriction"] = identity
        rows.append(fields)
    return rows


def _tables(
    found: MappedList, mapping: Mapping, book: RestrictionBook, rows: list[dict[str, object]]
) -> tuple[CountTable, ...]:
    first, second = _COUNTED[mapping.table]
    counted = Counter((str(row.get(first, "")), str(row.get(second, ""))) for row in rows)
    tables = [_counter("IMPORT_TITLE_ROWS", (first, second, "IMPORT_ROWS"), counted)]
    tables.append(
        _counter(
            "IMPORT_TITLE_VALUES",
            ("IMPORT_FIELD", "IMPORT_PUBLISHED", "IMPORT_BECAME", "IMPORT_ROWS"),
            found.translated,
        )
    )
    left_out: Counter[tuple[str, ...]] = Counter({(why,): count for why, count in found.left_out.items()})
    tables.append(_counter("IMPORT_TITLE_LEFT_OUT", ("IMPORT_WHY", "IMPORT_ROWS"), left_out))
    if mapping.table == ITEMS.name:
        tables += book.tables()
    labels = {
        "radicals": "IMPORT_RADICALS",
        "full_width": "IMPORT_FULL_WIDTH",
        "compatibility": "IMPORT_COMPATIBILITY",
        "line_breaks": "IMPORT_LINE_BREAKS",
    }
    characters = Counter({(labels[kind],): count for kind, count in found.normalised.items() if count})
    tables.append(_counter("IMPORT_TITLE_NORMALISED", ("IMPORT_WHAT", "IMPORT_COUNT"), characters))
    return tuple(table for table in tables if table.rows)


def _counter(
    title: str,
    headings: tuple[str, ...],
    counts: Counter[tuple[str, str, str]] | Counter[tuple[str, str]] | Counter[tuple[str, ...]] | Counter[tuple[str]],
) -> CountTable:
    return CountTable(title, headings, tuple((*key, count) for key, count in counts.most_common()))

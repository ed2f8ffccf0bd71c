"""Where things stand on a sheet of the national list: its header, the span of columns of every field, its areas.

The list has two layouts. Sheets of the ordinary part give number, name, form and remark; sheets of negotiated and
price-bid drugs give number, name, payment standard, remark and validity. Both put categories and the class mark into
one block of narrow merged columns. Columns are found by their labels, so a sheet with moved columns is read as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catalogs.findings import Finding
from catalogs.importers.sheets import Area, Sheet, column_letters
from catalogs.importers.text import normalise

LABELS = {
    "code": ("药品分类代码",),
    "category": ("药品分类",),
    "number": ("编号",),
    "name": ("药品名称",),
    "form": ("剂型",),
    "standard": ("医保支付标准", "支付标准"),
    "remark": ("备注",),
    "validity": ("协议有效期", "支付标准有效期"),
}
"""Labels of the header by field."""

ORDINARY = ("code", "category", "number", "name", "remark")
NEGOTIATED = ("code", "category", "number", "name", "standard", "remark", "validity")

DEEPEST_HEADER = 12
"""The header is looked for in so many rows."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Header row and, per field, its columns (from 0, end exclusive) on one sheet."""

    header: int
    spans: dict[str, range]

    def value(self, sheet: Sheet, row: int, field: str) -> tuple[str, int]:
        """Give the first text in the field's columns and its column, or '' and the field's first column."""
        span = self.spans.get(field)
        if span is None:
            return "", -1
        return next(((text, c) for c in span if (text := sheet.cell(row, c))), ("", span.start))

    def field_at(self, column: int) -> str:
        """Give the field a column belongs to, or ''."""
        return next((name for name, span in self.spans.items() if column in span), "")


def find_layout(sheet: Sheet, fields: tuple[str, ...]) -> tuple[Layout | None, list[Finding]]:
    """Find the header. Every field asked for must have its label exactly once; `form` is optional."""
    header = max(range(min(DEEPEST_HEADER, len(sheet.rows))), key=lambda r: _labels_in(sheet, r), default=-1)
    if header < 0 or _labels_in(sheet, header) < 3:
        return None, [sheet.finding("IMPORT_NO_HEADER", labels="、".join(LABELS[f][0] for f in fields))]
    findings: list[Finding] = []
    spans: dict[str, range] = {}
    for field in (*fields, "form"):
        columns = [c for c, text in enumerate(sheet.rows[header]) if normalise(text) in LABELS[field]]
        if len(columns) == 1:
            spans[field] = range(columns[0], columns[0] + 1)
        elif columns:
            findings.append(sheet.finding("IMPORT_LABEL_TWICE", header, columns[1], label=LABELS[field][0]))
        elif field != "form":
            found = "、".join(normalise(text) for text in sheet.rows[header] if text)
            findings.append(sheet.finding("IMPORT_NO_LABEL", header, label=LABELS[field][0], found=found))
    if findings:
        return None, findings
    return Layout(header, _widen(sheet, spans)), []


def _labels_in(sheet: Sheet, row: int) -> int:
    known = {label for labels in LABELS.values() for label in labels}
    return sum(normalise(text) in known for text in sheet.rows[row])


def _widen(sheet: Sheet, spans: dict[str, range]) -> dict[str, range]:
    """Let a field reach to the next one: the class mark stands under no label, right after the categories."""
    width = max(*(len(row) for row in sheet.rows), *(area.right + 1 for area in sheet.merged), 0)
    starts = sorted((span.start, field) for field, span in spans.items())
    ends = [start for start, _ in starts[1:]] + [width]
    return {field: range(start, end) for (start, field), end in zip(starts, ends, strict=True)}


def area_findings(sheet: Sheet, layout: Layout, entries: set[int]) -> Iterator[Finding]:
    """Report merged areas that hide or mix values. `entries`: rows that begin one.

    An area may span the rows of one entry (a long remark) and the columns of one field. Category rows may be merged
    across anything.
    """
    for area in sheet.merged:
        if area.top <= layout.header:
            continue
        for row, column in _covered(area):
            if sheet.cell(row, column):
                yield sheet.finding("IMPORT_HIDDEN_VALUE", row, column, area=_shown(area))
        if area.bottom > area.top and any(row in entries for row in range(area.top + 1, area.bottom + 1)):
            yield sheet.finding("IMPORT_AREA_TWO_ENTRIES", area.top, area.left, area=_shown(area))
        left, right = layout.field_at(area.left), layout.field_at(area.right)
        if area.top in entries and left != right:
            yield sheet.finding(
                "IMPORT_AREA_TWO_FIELDS",
                area.top,
                area.left,
                area=_shown(area),
                left=LABELS[left][0] if left else "",
                right=LABELS[right][0] if right else "",
            )


def _covered(area: Area) -> Iterator[tuple[int, int]]:
    for row in range(area.top, area.bottom + 1):
        for column in range(area.left, area.right + 1):
            if (row, column) != (area.top, area.left):
                yield row, column


def _shown(area: Area) -> str:
    return f"{column_letters(area.left)}{area.top + 1}:{column_letters(area.right)}{area.bottom + 1}"

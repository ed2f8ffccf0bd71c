"""Check rows of tables against each other: overlaps, duplicates, gaps in bands, periods turned round."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from adjudicator.columns import Int64
from catalogs.findings import Finding
from catalogs.tables.cells import EMPTY, OPEN, WRONG
from catalogs.tables.checking import CheckedTable, CheckedTables
from catalogs.tables.dictionaries import DICTIONARIES, MOST_BITS, dictionary
from catalogs.tables.reporting import Report, named
from catalogs.tables.schema import ANY_WORD

HIGHEST = 1 << 62


def check_rows(tables: CheckedTables, report: Report) -> None:
    """Run every check that needs more than one cell."""
    _check_periods(tables["items"], ("place", "code"), "valid_from", "valid_until", report)
    _check_periods(tables["facilities"], ("code",), "agreement_from", "agreement_until", report)
    _check_reversed(tables["usual_rates"], "valid_from", "valid_until", report)
    for name in ("restrictions", "sources"):
        _check_unique(tables[name], tables[name].raw.schema.key, report)
    _check_unique(tables["ceilings"], ("id", "level"), report)
    _check_rates(tables, report)
    _check_schedules(tables["schedules"], report)
    _check_ceilings(tables["ceilings"], report)
    _check_restrictions(tables["restrictions"], report)
    _check_dictionaries(tables, report)


def key_of(table: CheckedTable, columns: tuple[str, ...]) -> Int64:
    """Give one number a row that is equal where the columns are equal."""
    key = np.zeros(len(table), np.int64)
    for name in columns:
        column = table.raw.columns[name]
        key = key * (len(column.values) + 1) + column.codes + 1
    return key


def until_of(values: Int64) -> Int64:
    """Give the end of each period, OPEN where the cell is empty."""
    return np.where(values == EMPTY, OPEN, values)


def _check_reversed(table: CheckedTable, start: str, end: str, report: Report) -> None:
    begin, until = table.numbers[start], until_of(table.numbers[end])
    reversed_ = (until <= begin) & (until != WRONG)
    report.rows(table.raw, np.flatnonzero(reversed_), end, "CATALOG_DATES_REVERSED")


def _check_periods(table: CheckedTable, columns: tuple[str, ...], start: str, end: str, report: Report) -> None:
    _check_reversed(table, start, end, report)
    key, begin, until = key_of(table, columns), table.numbers[start], until_of(table.numbers[end])
    order = np.lexsort((begin, key))
    same = key[order][1:] == key[order][:-1]
    same &= (begin[order][:-1] != EMPTY) & (begin[order][:-1] != WRONG)
    overlap = same & (begin[order][1:] < until[order][:-1])
    twice = overlap & (begin[order][1:] == begin[order][:-1])
    before = dict(zip(order[1:].tolist(), order[:-1].tolist(), strict=True))

    def fields(row: int) -> Mapping[str, object]:
        other, raw = before[row], table.raw
        return {
            "key": " ".join(raw.cell(row, name) for name in columns),
            "other": f"{raw.paths[raw.file[other]]}:{raw.line[other]}",
            "from": raw.cell(other, start),
            "until": raw.cell(other, end) or "...",
        }

    report.rows(table.raw, order[1:][twice], start, "CATALOG_DUPLICATE_VERSION", fields)
    report.rows(table.raw, order[1:][overlap & ~twice], start, "CATALOG_OVERLAP", fields)


def _check_unique(table: CheckedTable, columns: tuple[str, ...], report: Report) -> None:
    _, first = np.unique(key_of(table, columns), return_index=True)
    again = np.setdiff1d(np.arange(len(table)), first)
    report.rows(
        table.raw, again, columns[0], "CATALOG_DUPLICATE_ID",
        lambda row: {"key": " ".join(table.raw.cell(row, name) for name in columns)},
    )  # fmt: skip


def _check_rates(tables: CheckedTables, report: Report) -> None:
    for name in ("items", "usual_rates"):
        table = tables[name]
        raw, upfront, schedule = table.raw, table.numbers["upfront"], table.raw.columns["schedule"]
        given = np.array([value != "-" for value in schedule.values] + [False])[schedule.codes]
        report.rows(raw, np.flatnonzero((upfront != EMPTY) & given), "schedule", "CATALOG_TWO_RATES")
        if name == "usual_rates":
            report.rows(raw, np.flatnonzero((upfront == EMPTY) & ~given), "upfront", "CATALOG_MISSING_CELL",
                        named("upfront"))  # fmt: skip
            continue
        classes = raw.columns["class"]
        for letter, code in (("A", "CATALOG_CLASS_A_UPFRONT"), ("C", "CATALOG_CLASS_C_UPFRONT")):
            is_class = np.array([value == letter for value in classes.values] + [False])[classes.codes]
            report.rows(raw, np.flatnonzero(is_class & (upfront > 0)), "upfront", code, warning=True)


def _check_schedules(table: CheckedTable, report: Report) -> None:
    """Refuse schedules that leave a price of some scheme and visit without a rate, and rows that are never reached."""
    raw = table.raw
    rows_by_id: dict[str, list[int]] = defaultdict(list)
    for row in range(len(table)):
        rows_by_id[raw.cell(row, "id")].append(row)
    start = np.maximum(table.numbers["price_from"], 0)
    end = np.where(table.numbers["price_until"] < 0, HIGHEST, table.numbers["price_until"])
    report.rows(raw, np.flatnonzero(end <= start), "price_until", "CATALOG_BAND_REVERSED")
    for schedule, rows in rows_by_id.items():
        schemes = {raw.cell(row, "scheme") or ANY_WORD for row in rows} | {ANY_WORD}
        visits = {raw.cell(row, "visit") or ANY_WORD for row in rows} | {ANY_WORD}
        reached: set[int] = set()
        for scheme in sorted(schemes):
            for visit in sorted(visits):
                asked = (("scheme", scheme), ("visit", visit))
                fitting = [r for r in rows if all(_fits(raw.cell(r, name), value) for name, value in asked)]
                gap = _walk([(int(start[r]), int(end[r]), r) for r in fitting], reached)
                if gap is not None:
                    fields = {"id": schedule, "scheme": scheme, "visit": visit, "price": gap // 10**6}
                    report.add(raw.finding(rows[0], "price_from", "CATALOG_SCHEDULE_GAP", fields))
        lost = np.array(sorted(set(rows) - reached), np.int64)
        report.rows(raw, lost, "id", "CATALOG_SCHEDULE_UNREACHED", warning=True)


def _fits(cell: str, value: str) -> bool:
    return cell in ("", ANY_WORD, value)


def _walk(bands: list[tuple[int, int, int]], reached: set[int]) -> int | None:
    """Go up the prices; note the row that decides each stretch; give the first price that no row decides."""
    edges = sorted({0, HIGHEST, *(e for start, end, _ in bands for e in (start, end))})
    gap = None
    for low in edges[:-1]:
        decides = next((row for start, end, row in bands if start <= low < end), None)
        if decides is not None:
            reached.add(decides)
        elif gap is None:
            gap = low
    return gap


def _check_ceilings(table: CheckedTable, report: Report) -> None:
    raw = table.raw
    ids = raw.columns["id"]
    levels = raw.columns["level"]
    closed = {ids.values[i] for i in ids.codes[levels.codes == _code(levels.values, ANY_WORD)].tolist() if i >= 0}
    _, first = np.unique(ids.codes, return_index=True)
    open_ = np.array([row for row in first.tolist() if raw.cell(row, "id") not in closed], np.int64)
    report.rows(raw, open_, "id", "CATALOG_CEILING_OPEN", warning=True)


def _code(values: Sequence[str], text: str) -> int:
    return values.index(text) if text in values else -2


def _check_restrictions(table: CheckedTable, report: Report) -> None:
    raw, age_from, age_until = table.raw, table.numbers["age_from"], table.numbers["age_until"]
    bad = (age_from >= 0) & (age_until >= 0) & (age_until <= age_from)
    report.rows(raw, np.flatnonzero(bad), "age_until", "CATALOG_AGES_REVERSED")
    asks = np.zeros(len(table), bool)
    for name in set(raw.schema.names) - {"id", "source"}:
        asks |= raw.columns[name].codes >= 0
    report.rows(raw, np.flatnonzero(~asks), "id", "CATALOG_RESTRICTION_EMPTY", warning=True)


def _check_dictionaries(tables: CheckedTables, report: Report) -> None:
    """Refuse more distinct words than there are bits to hold a set of them."""
    for word, columns in DICTIONARIES.items():
        used = dictionary((), *(tables[table].raw.columns[column] for table, column in columns))
        if len(used) > MOST_BITS - 1:
            fields = {"name": word, "count": len(used), "most": MOST_BITS - 1}
            report.add(Finding("CATALOG_TOO_MANY_WORDS", columns[0][0], 0, columns[0][1], fields))

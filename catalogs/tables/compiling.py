"""Compile checked tables to the arrays of storey 1: `Catalog`, with the versions composed for every place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.catalog import CLASSES, KINDS, Catalog
from adjudicator.columns import Int32, Int64
from catalogs.findings import has_errors
from catalogs.tables.cells import EMPTY, NONE, OPEN
from catalogs.tables.checking import CheckedTable, CheckedTables, place_chain
from catalogs.tables.composition import Layered, UsualRate, compose
from catalogs.tables.conditions import (
    Ceilings,
    Conditions,
    Schedules,
    compile_ceilings,
    compile_restrictions,
    compile_schedules,
)
from catalogs.tables.consistency import until_of
from catalogs.tables.dictionaries import DICTIONARIES, bits, codes, dictionary, spread
from catalogs.tables.digest import content_digest
from catalogs.tables.reporting import Report, named
from catalogs.tables.schema import LEVELS, MARKS, NONE_WORD, SCHEMES, VISITS


@dataclass(frozen=True, slots=True)
class CompiledItems:
    """A catalog and what only people need of it. `source` and `restriction_text` follow versions and restrictions."""

    catalog: Catalog
    restriction_texts: tuple[str, ...]
    source: Int32  # [versions] index into sources
    sources: tuple[str, ...]
    rows_in_files: tuple[tuple[str, ...], Int32, Int32]  # files, and by version the file and the line


@dataclass(frozen=True, slots=True)
class _Dictionaries:
    places: tuple[str, ...]
    codes: tuple[str, ...]
    code_rank: Int32  # [rows of items]
    groups: tuple[str, ...]
    marks: tuple[str, ...]
    levels: tuple[str, ...]
    visits: tuple[str, ...]
    schemes: tuple[str, ...]


def compile_items(tables: CheckedTables, report: Report) -> CompiledItems | None:
    """Compile tables without errors; None when composition finds one, which is then in the report."""
    words = _dictionaries(tables)
    items = tables["items"]
    ceilings = compile_ceilings(tables["ceilings"], items.raw.columns["ceiling"], words.levels)
    schedules = compile_schedules(tables["schedules"], words.schemes, words.visits)
    conditions = compile_restrictions(tables["restrictions"], words.levels, words.visits, words.schemes)
    rows = _layered(items, words, ceilings, schedules, conditions)
    index = {place: i for i, place in enumerate(words.places)}
    chains = {i: [index[p] for p in place_chain(place) if p in index] for place, i in index.items()}
    versions = compose(rows, chains, _usual_rates(tables["usual_rates"], words, schedules))
    _check_versions(items, versions, words.places, report)
    if has_errors(report.findings()):
        return None
    return _assemble(items, versions, words, ceilings, schedules, conditions)


def _dictionaries(tables: CheckedTables) -> _Dictionaries:
    items, rates = tables["items"].raw.columns, tables["usual_rates"].raw.columns
    place_names = sorted({*items["place"].values, *rates["place"].values}, key=lambda p: (p != "CN", p))
    code_order = pc.array_sort_indices(pa.array(items["code"].values, pa.string())).to_numpy().astype(np.int64)
    rank = np.empty(len(code_order) + 1, np.int32)
    rank[code_order] = np.arange(len(code_order))

    def words(name: str, built_in: Sequence[str]) -> tuple[str, ...]:
        return dictionary(built_in, *(tables[table].raw.columns[column] for table, column in DICTIONARIES[name]))

    return _Dictionaries(
        tuple(place_names),
        tuple(items["code"].values[i] for i in code_order.tolist()),
        rank[items["code"].codes],
        tuple(sorted({*items["group"].values, *rates["group"].values} - {NONE_WORD})),
        words("marks", MARKS),
        words("levels", LEVELS),
        words("visits", VISITS),
        words("schemes", SCHEMES),
    )


def _layered(
    items: CheckedTable, words: _Dictionaries, ceilings: Ceilings, schedules: Schedules, conditions: Conditions
) -> Layered:
    column = items.raw.columns

    def reference(name: str, row_of: dict[str, int]) -> Int64:
        texts = column[name]
        return spread(texts, [NONE if text == NONE_WORD else row_of[text] for text in texts.values], EMPTY)

    def plain(name: str) -> Int64:
        given = column[name].codes.astype(np.int64)
        return np.where(given < 0, EMPTY, given)

    return Layered(
        codes(column["place"], words.places).astype(np.int32),
        words.code_rank,
        items.numbers["valid_from"],
        until_of(items.numbers["valid_until"]),
        {
            "name": plain("name"),
            "source": plain("source"),
            "kind": codes(column["kind"], KINDS),
            "class": codes(column["class"], CLASSES),
            "group": codes(column["group"], words.groups),
            "marks": bits(column["marks"], words.marks),
            "upfront": items.numbers["upfront"],
            "schedule": reference("schedule", dict(schedules.row_of)),
            "ceiling": reference("ceiling", dict(ceilings.row_of)),
            "restriction": reference("restriction", dict(conditions.row_of)),
        },
        np.arange(len(items), dtype=np.int64),
    )


def _usual_rates(table: CheckedTable, words: _Dictionaries, schedules: Schedules) -> list[UsualRate]:
    raw, until, upfront = table.raw, until_of(table.numbers["valid_until"]), table.numbers["upfront"]
    rates = []
    for row in range(len(table)):
        asked = {
            "kind": KINDS.index(raw.cell(row, "kind")) if raw.cell(row, "kind") else EMPTY,
            "class": CLASSES.index(raw.cell(row, "class")),
            "group": words.groups.index(raw.cell(row, "group")) if raw.cell(row, "group") else EMPTY,
        }
        mark, schedule = raw.cell(row, "mark"), raw.cell(row, "schedule")
        rates.append(
            UsualRate(
                words.places.index(raw.cell(row, "place")),
                {name: value for name, value in asked.items() if value != EMPTY},
                1 << words.marks.index(mark) if mark else 0,
                int(table.numbers["valid_from"][row]),
                int(until[row]),
                {"schedule": schedules.row_of[schedule]} if schedule else {"upfront": int(upfront[row])},
            )
        )
    return rates


def _check_versions(items: CheckedTable, versions: Layered, places: Sequence[str], report: Report) -> None:
    for name in ("name", "kind", "class"):
        missing = np.unique(versions.origin[versions.fields[name] == EMPTY])
        report.rows(items.raw, missing, name, "CATALOG_NOTHING_TO_INHERIT", named(name))
    same = (versions.place[1:] == versions.place[:-1]) & (versions.code[1:] == versions.code[:-1])
    gap = np.flatnonzero(same & (versions.valid_from[1:] > versions.valid_until[:-1])) + 1
    before = {int(versions.origin[i]): int(versions.valid_until[i - 1]) for i in gap.tolist()}
    report.rows(
        items.raw, np.array(list(before), np.int64), "valid_from", "CATALOG_GAP",
        lambda row: {"code": items.raw.cell(row, "code"), "from": np.datetime64(before[row], "D"),
                     "until": items.raw.cell(row, "valid_from")},
        warning=True,
    )  # fmt: skip
    bare = (versions.fields["class"] == CLASSES.index("B")) & (versions.fields["upfront"] == EMPTY)
    bare &= versions.fields["schedule"] < 0
    for place in np.unique(versions.place[bare]).tolist():
        rows = np.unique(versions.origin[bare & (versions.place == place)])
        first = int(rows[0])
        fields = {"place": places[place], "count": len(rows), "code": items.raw.cell(first, "code")}
        report.add(items.raw.finding(first, "upfront", "CATALOG_NO_UPFRONT", fields, warning=True))


def _assemble(
    items: CheckedTable,
    versions: Layered,
    words: _Dictionaries,
    ceilings: Ceilings,
    schedules: Schedules,
    conditions: Conditions,
) -> CompiledItems:
    new = np.append(True, (np.diff(versions.place) != 0) | (np.diff(versions.code) != 0))[: len(versions)]
    first = np.append(np.flatnonzero(new), len(versions)).astype(np.int32)
    field = versions.fields
    names = items.raw.columns["name"].values
    catalog = Catalog(
        places=words.places,
        codes=_gather(words.codes, versions.code[first[:-1]]),
        place=versions.place[first[:-1]],
        first=first,
        valid_from=versions.valid_from.astype(np.int32),
        valid_until=np.minimum(versions.valid_until, OPEN).astype(np.int32),
        item_class=field["class"].astype(np.uint8),
        kind=field["kind"].astype(np.uint8),
        group=np.maximum(field["group"], -1).astype(np.int32),
        marks=np.maximum(field["marks"], 0),
        upfront_ppm=np.maximum(field["upfront"], 0).astype(np.int32),
        upfront_schedule=np.maximum(field["schedule"], -1).astype(np.int32),
        ceiling=np.maximum(field["ceiling"], -1).astype(np.int32),
        restriction=np.maximum(field["restriction"], -1).astype(np.int32),
        ceilings_e6=ceilings.prices_e6,
        schedule_from=schedules.first,
        schedule_scheme=schedules.scheme,
        schedule_visit=schedules.visit,
        schedule_price_from_e6=schedules.price_from_e6,
        schedule_price_until_e6=schedules.price_until_e6,
        schedule_rate_ppm=schedules.rate_ppm,
        restrictions=conditions.restrictions,
        levels=words.levels,
        visits=words.visits,
        schemes=words.schemes,
        groups=words.groups,
        mark_names=words.marks,
        diagnosis_sets=conditions.diagnosis_sets,
        names=_gather(names, np.maximum(field["name"], 0)[first[1:] - 1]),
    )
    catalog = replace(catalog, digest=content_digest(catalog, conditions.texts))
    sources = tuple(items.raw.columns["source"].values)
    where = (items.raw.paths, items.raw.file[versions.origin], items.raw.line[versions.origin])
    return CompiledItems(catalog, conditions.texts, field["source"].astype(np.int32), sources, where)


def _gather(values: Sequence[str], rows: Int64 | Int32) -> tuple[str, ...]:
    return tuple([values[i] for i in rows.tolist()])

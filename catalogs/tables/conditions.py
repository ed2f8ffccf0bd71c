"""Compile the side tables that items refer to: ceilings, schedules and restrictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from adjudicator.catalog import ANY, Restrictions
from adjudicator.columns import Category, Int32, Int64
from catalogs.tables.cells import EMPTY, NONE, price
from catalogs.tables.checking import CheckedTable
from catalogs.tables.dictionaries import bits, codes
from catalogs.tables.schema import ANY_WORD, NONE_WORD, SEXES

UNBOUNDED = 1 << 62


@dataclass(frozen=True, slots=True)
class Ceilings:
    """Payable unit prices; the last column is any other level. `row_of` finds the row of a cell's text."""

    prices_e6: Int64
    row_of: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Schedules:
    """Rows of schedules in CSR form, in order of the file."""

    first: Int32
    scheme: Int32
    visit: Int32
    price_from_e6: Int64
    price_until_e6: Int64
    rate_ppm: Int32
    row_of: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Conditions:
    """Restrictions with their dictionaries and the words of each for people."""

    restrictions: Restrictions
    diagnosis_sets: tuple[tuple[str, ...], ...]
    texts: tuple[str, ...]
    row_of: Mapping[str, int]


def compile_ceilings(table: CheckedTable, used: Category, levels: Sequence[str]) -> Ceilings:
    """Give one row an id, and one for each plain price that items name."""
    ids = table.raw.columns["id"]
    names = sorted(ids.values)
    plain = sorted(text for text in used.values if text not in set(names) and text != NONE_WORD)
    row_of = {name: i for i, name in enumerate([*names, *plain])}
    prices = np.full((len(row_of), len(levels) + 1), -1, np.int64)
    for i, text in enumerate(plain, len(names)):
        prices[i] = _exact(text)
    level = codes(table.raw.columns["level"], levels)
    level[level == NONE] = len(levels)
    row = np.array([row_of[name] for name in ids.values] or [0], np.int64)[ids.codes]
    any_level = level == len(levels)
    prices[row[any_level]] = table.numbers["price"][any_level, None]
    prices[row[~any_level], level[~any_level]] = table.numbers["price"][~any_level]
    return Ceilings(prices, row_of)


def _exact(text: str) -> int:
    read = price(text)
    assert read is not None, f"unchecked price {text}"
    return read


def compile_schedules(table: CheckedTable, schemes: Sequence[str], visits: Sequence[str]) -> Schedules:
    """Keep the rows of each schedule together, in order of the file."""
    ids = table.raw.columns["id"]
    row_of = {name: i for i, name in enumerate(sorted(ids.values))}
    number = np.array([row_of[name] for name in ids.values] or [0], np.int64)[ids.codes]
    order = np.argsort(number, kind="stable")
    read = table.numbers
    until = np.where(read["price_until"] == EMPTY, UNBOUNDED, read["price_until"])
    return Schedules(
        np.searchsorted(number[order], np.arange(len(row_of) + 1)).astype(np.int32),
        codes(table.raw.columns["scheme"], schemes, ANY)[order].astype(np.int32),
        codes(table.raw.columns["visit"], visits, ANY)[order].astype(np.int32),
        np.maximum(read["price_from"], 0)[order],
        until[order],
        read["rate"][order].astype(np.int32),
        row_of,
    )


def compile_restrictions(
    table: CheckedTable, levels: Sequence[str], visits: Sequence[str], schemes: Sequence[str]
) -> Conditions:
    """Give one row an id, sorted by id."""
    raw = table.raw
    ids = raw.columns["id"]
    order = np.argsort(np.array([ids.values[c] for c in ids.codes.tolist()], dtype=str), kind="stable")
    names = [ids.values[c] for c in ids.codes[order].tolist()]
    sets, diagnosis_set = _diagnosis_sets(raw.columns["diagnoses"].take(order))

    def number(name: str, missing: int) -> Int64:
        values = table.numbers[name][order]
        return np.where(values == EMPTY, missing, values)

    def mask(name: str, words: Sequence[str]) -> Int64:
        return bits(raw.columns[name].take(order), words, 0)

    texts = raw.columns["text"].take(order).decode()
    restrictions = Restrictions(
        levels=mask("levels", levels),
        sexes=mask("sexes", SEXES),
        age_from=number("age_from", 0).astype(np.int32),
        age_until=number("age_until", np.iinfo(np.int32).max).astype(np.int32),
        visits=mask("visits", visits),
        schemes=mask("schemes", schemes),
        diagnosis_set=diagnosis_set,
        max_days=number("max_days", -1).astype(np.int32),
        max_quantity_e4=number("max_quantity", -1),
        second_line=number("second_line", 0).astype(np.uint8),
        text=np.array([text is not None for text in texts], np.uint8),
    )
    return Conditions(restrictions, sets, tuple(t or "" for t in texts), {name: i for i, name in enumerate(names)})


def _diagnosis_sets(column: Category) -> tuple[tuple[tuple[str, ...], ...], Int32]:
    parsed = [() if text in (ANY_WORD, NONE_WORD) else tuple(sorted(set(text.split()))) for text in column.values]
    sets = tuple(sorted({prefixes for prefixes in parsed if prefixes}))
    index = np.array([sets.index(prefixes) if prefixes else -1 for prefixes in parsed] + [-1], np.int32)
    return sets, index[column.codes]

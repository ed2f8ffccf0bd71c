"""Dictionaries shared by the parts of a catalog: words to small codes, sets of words to bits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from adjudicator.columns import Category, Int64
from catalogs.tables.cells import EMPTY, NONE
from catalogs.tables.schema import ANY_WORD, NONE_WORD

MOST_BITS = 63

DICTIONARIES = {
    "marks": (("items", "marks"), ("usual_rates", "mark")),
    "levels": (("ceilings", "level"), ("restrictions", "levels")),
    "visits": (("schedules", "visit"), ("restrictions", "visits")),
    "schemes": (("schedules", "scheme"), ("restrictions", "schemes")),
    "agreement_visits": (("facilities", "agreement_visits"),),
}
"""Columns whose words share one dictionary, by its name."""


def dictionary(built_in: Sequence[str], *columns: Category) -> tuple[str, ...]:
    """Give the words used in any of the columns: built-in ones first, in their order, then others by name."""
    used = {word for column in columns for text in column.values for word in text.split()} - {ANY_WORD, NONE_WORD}
    return (*(word for word in built_in if word in used), *sorted(used - set(built_in)))


def codes(column: Category, words: Sequence[str], missing: int = EMPTY) -> Int64:
    """Give the index of each cell's word; `missing` where the cell is empty, NONE for `-` and `*`."""
    index = {word: i for i, word in enumerate(words)}
    return spread(column, [NONE if text in (ANY_WORD, NONE_WORD) else index[text] for text in column.values], missing)


def bits(column: Category, words: Sequence[str], missing: int = EMPTY) -> Int64:
    """Give the set of each cell's words as bits; 0 for `-`, every bit for `*`."""
    index = {word: 1 << i for i, word in enumerate(words)}
    whole = (1 << len(words)) - 1

    def of(text: str) -> int:
        return whole if text == ANY_WORD else sum({index[w] for w in text.split() if w != NONE_WORD})

    return spread(column, [of(text) for text in column.values], missing)


def spread(column: Category, values: Iterable[int], missing: int) -> Int64:
    """Give the value of each row from those of the column's distinct texts."""
    return np.append(np.fromiter(values, np.int64, len(column.values)), np.int64(missing))[column.codes]

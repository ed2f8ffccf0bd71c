"""Find catalog rows by place and code: what the door does once for the distinct codes of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat

import numpy as np

from adjudicator.catalog import Catalog
from adjudicator.columns import Category, Int32
from catalogs.tables.checking import place_chain


class CatalogIndex:
    """Item rows by (place, code). A place without its own row for a code takes that of the next larger place."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        bounds = np.searchsorted(catalog.place, np.arange(len(catalog.places) + 1)).tolist()
        self._ranges = {place: (bounds[i], bounds[i + 1]) for i, place in enumerate(catalog.places)}
        self._rows: dict[str, Mapping[str, int]] = {}

    def rows_of(self, place: str, codes: Sequence[str]) -> Int32:
        """Give the item row of each code as seen from a place; -1 where no place of its chain has it."""
        found = np.full(len(codes), -1, np.int32)
        missing = np.arange(len(codes))
        for larger in place_chain(place):
            rows = self._rows_in(larger)
            if not rows or not len(missing):
                continue
            wanted = codes if len(missing) == len(codes) else [codes[i] for i in missing.tolist()]
            found[missing] = np.fromiter(map(rows.get, wanted, repeat(-1)), np.int32, len(wanted))
            missing = np.flatnonzero(found < 0)
        return found

    def rows(self, place: Category, code: Category) -> Int32:
        """Give the item row of each line from its place and code; each distinct pair is looked up once."""
        rows = np.full(len(code), -1, np.int32)
        for number, name in enumerate(place.values):
            lines = np.flatnonzero((place.codes == number) & (code.codes >= 0))
            distinct, back = np.unique(code.codes[lines], return_inverse=True)
            rows[lines] = self.rows_of(name, [code.values[c] for c in distinct.tolist()])[back]
        return rows

    def _rows_in(self, place: str) -> Mapping[str, int]:
        if place not in self._rows:
            start, end = self._ranges.get(place, (0, 0))
            self._rows[place] = dict(zip(self._catalog.codes[start:end], range(start, end), strict=True))
        return self._rows[place]

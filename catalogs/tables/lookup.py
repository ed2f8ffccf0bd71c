"""Find catalog rows by place and code: what the door does once for the codes of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.catalog import Catalog
from adjudicator.columns import Int32
from catalogs.tables.checking import place_chain
from catalogs.tables.hashing import NOTHING, CodeTable

Codes: TypeAlias = Sequence[str] | pa.Array | pa.ChunkedArray
"""Codes as Python strings, or as an Arrow column of strings (large ones too), plain or with a dictionary."""


FEW = 1_000
"""So many Python strings are not worth a column."""


class CatalogIndex:
    """Item rows by (place, code). A place without its own row for a code takes that of the next larger place.

    Codes go through a hash table, a column at a time and without Python strings. The few codes of one claim go through
    a dictionary: it answers before Arrow's first call returns. Each is made when a place first needs it.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        bounds = np.searchsorted(catalog.place, np.arange(len(catalog.places) + 1)).tolist()
        self._ranges = {place: (bounds[i], bounds[i + 1]) for i, place in enumerate(catalog.places)}
        self._tables: dict[str, CodeTable] = {}
        self._rows: dict[str, Mapping[str, int]] = {}

    def rows_of(self, place: str, codes: Codes) -> Int32:
        """Give the item row of each code as seen from a place; -1 where no place of its chain has it."""
        places = [larger for larger in place_chain(place) if larger in self._ranges]
        if isinstance(codes, pa.ChunkedArray):
            codes = codes.combine_chunks()
        if not isinstance(codes, pa.Array):
            if len(codes) < FEW:
                return self._of_strings(places, codes)
            codes = pa.array(codes, pa.string())
        if not pa.types.is_dictionary(codes.type):
            return self._of_column(places, codes)
        of_words = pa.array(self._of_column(places, codes.dictionary))
        of_cells = pc.take(of_words, codes.indices)  # Arrow takes by 32 bits as they are, NumPy widens them first
        rows: Int32 = pc.fill_null(of_cells, NOTHING).to_numpy()
        return rows

    def _of_strings(self, places: Sequence[str], codes: Sequence[str]) -> Int32:
        found = np.full(len(codes), NOTHING, np.int32)
        missing = np.arange(len(codes))
        for place in places:
            wanted = codes if len(missing) == len(codes) else [codes[i] for i in missing.tolist()]
            rows = self._rows_in(place)
            found[missing] = np.fromiter(map(rows.get, wanted, repeat(NOTHING)), np.int32, len(wanted))
            missing = np.flatnonzero(found < 0)
        return found

    def _of_column(self, places: Sequence[str], codes: pa.Array) -> Int32:
        if not places:
            return np.full(len(codes), NOTHING, np.int32)
        found = self._found_in(places[0], codes)
        for place in places[1:]:
            missing = np.flatnonzero(found < 0)
            if len(missing):
                found[missing] = self._found_in(place, codes.take(pa.array(missing)))
        return found

    def _found_in(self, place: str, codes: pa.Array) -> Int32:
        start, end = self._ranges[place]
        if place not in self._tables:
            self._tables[place] = CodeTable(self._catalog.codes[start:end])
        rows = self._tables[place].find(codes)
        return rows if start == 0 else np.where(rows < 0, NOTHING, rows + np.int32(start))

    def _rows_in(self, place: str) -> Mapping[str, int]:
        if place not in self._rows:
            start, end = self._ranges[place]
            self._rows[place] = dict(zip(self._catalog.codes[start:end], range(start, end), strict=True))
        return self._rows[place]

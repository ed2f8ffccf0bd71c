"""Key codes of lines: attributes of the line and its catalog version, and those of its claim."""

from __future__ import annotations

import numpy as np

from adjudicator.catalog import CLASSES, KINDS, Catalog
from adjudicator.ceilings import unit_price_e6
from adjudicator.columns import Int32, Int64, UInt8
from adjudicator.line_blocks import LineBlock
from adjudicator.rulebook import Key, KeyKind, Table
from adjudicator.tables import ClaimCodes, Index, category_map, number_codes, part

MARK = "mark"
ITEM_PRICE = "item_price"
LINE_SOURCES = frozenset({"class", "kind", "item_group", "stay_day", ITEM_PRICE, MARK})
"""Keys over these are of the line. A mark of the catalog is the flag `mark:NAME` (or `mark` with domain NAME).
The unit of `item_price` is 1e-6 yuan; `stay_day` is 1 on the day of admission."""


def is_of_line(key: Key) -> bool:
    """Tell whether a key reads an attribute of the line."""
    return key.source in LINE_SOURCES or key.source.startswith(MARK + ":")


def line_index(table: Table, block: LineBlock, codes: ClaimCodes, catalog: Catalog | None, version: Int64) -> Index:
    """Give the row of a table for every line."""
    of_claim: Index = 0
    of_line: Index = 0
    for key, step in zip(table.keys, table.strides, strict=True):
        if is_of_line(key):
            of_line = of_line + _line_codes(key, block, codes, catalog, version) * step
        else:
            of_claim = of_claim + part(codes.codes(key), block.claims) * step
    return of_line + block.spread(of_claim)


def unknown_index(table: Table, codes: ClaimCodes) -> Index:
    """Give the row of a table for claims whose lines are not known: line attributes count as missing."""
    index: Index = 0
    for key, step in zip(table.keys, table.strides, strict=True):
        if not is_of_line(key):
            index = index + codes.codes(key) * step
        elif key.kind is KeyKind.CATEGORY:
            index = index + (len(key.domain) + 1) * step
    return index


def _line_codes(key: Key, block: LineBlock, codes: ClaimCodes, catalog: Catalog | None, version: Int64) -> Index:
    default = codes.program.defaults.get(key.source)
    if key.source == "stay_day":
        return number_codes(key.edges, block.date - np.repeat(block.admission, block.counts) + 1)
    if key.source == ITEM_PRICE:
        return number_codes(key.edges, unit_price_e6(block.price, block.quantity, block.amount))
    if key.source == "item_group":
        return _group_codes(key, block, catalog, version, default)
    if key.source == "class":
        found = _of_version(None if catalog is None else catalog.item_class, version)
        if block.class_code is not None:
            found = np.where(block.class_code >= 0, block.class_code, found)
        return category_map(key, CLASSES, default)[found]
    if key.source == "kind":
        found = _of_version(None if catalog is None else catalog.kind, version)
        return category_map(key, KINDS, default)[found]
    mark = key.source[len(MARK) + 1 :] or key.domain[0]
    if catalog is None or mark not in catalog.mark_names:
        return 0
    bit = catalog.mark_names.index(mark)
    return np.where(version < 0, 0, (catalog.marks.take(version, mode="clip") >> bit) & 1)


def _group_codes(
    key: Key, block: LineBlock, catalog: Catalog | None, version: Int64, default: str | int | None
) -> Index:
    names = () if catalog is None else catalog.groups
    of_catalog = category_map(key, names, default)[_of_version(None if catalog is None else catalog.group, version)]
    if block.group is None:
        return of_catalog
    given = category_map(key, block.group.values, default)[block.group.codes]
    return np.where(block.group.codes >= 0, given, of_catalog)


def _of_version(values: UInt8 | Int32 | None, version: Int64) -> Int64:
    """Give the code of every line's version, -1 (missing) where it has none."""
    if values is None:
        return np.full(len(version), -1, np.int64)
    found = values.take(version, mode="clip").astype(np.int64)
    return np.where(version < 0, -1, found)

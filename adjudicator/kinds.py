"""Kinds of claims: what only attributes decide is worked out once for all claims that no key of a plan tells apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from adjudicator.columns import Category, Int64, Number
from adjudicator.ordering import numbered
from adjudicator.rulebook import Key, KeyKind
from adjudicator.tables import ClaimCodes, Index, category_map, column_codes, spread_codes

MANY = 4096
"""Up to so many combinations of codes are not looked through for those that occur before all keys are read."""

KeysBySource = Mapping[tuple[KeyKind, str], Sequence[Key]]


class ClaimKinds(NamedTuple):
    """Claims by kind: those of one kind have the same code of every key.

    kind: of every claim; one int when all are of the same. codes: those of one claim of each kind.
    """

    kind: Index
    codes: ClaimCodes

    def of(self, claims: Int64) -> Index:
        """Give the kinds of some claims."""
        return self.kind if isinstance(self.kind, int) else self.kind.take(claims)


def kinds_of(codes: ClaimCodes, keys: KeysBySource) -> ClaimKinds:
    """Find the kinds of the claims of `codes`; a kind that does not occur is like the first claim."""
    if codes.count == 1:
        return ClaimKinds(0, codes)
    kind: Index = 0
    count = 1
    for number, size in _numbers(codes, keys):
        kind = number if count == 1 else kind + number * count
        count *= size
        if count > max(codes.count, MANY):
            kind, count = _occurring(kind)
    claim = np.zeros(1, np.int64)
    if not isinstance(kind, int):
        if count > codes.count:
            kind, count = _occurring(kind)
        claim = np.zeros(count, np.int64)
        claim[kind] = np.arange(codes.count)
    rows = claim + codes.rows.start if isinstance(codes.rows, slice) else codes.rows.take(claim)
    return ClaimKinds(kind, ClaimCodes(codes.batch, codes.program, rows))


def _occurring(kind: Int64) -> tuple[Int64, int]:
    """Number the kinds that occur: the new kind of every claim, and how many there are."""
    distinct, number = numbered(kind)
    return number, len(distinct)


def _numbers(codes: ClaimCodes, keys: KeysBySource) -> Iterator[tuple[Int64, int]]:
    """Number the claims in several ways, each below a size: those that agree in all have the same code of every key."""
    for (kind, source), some in keys.items():
        column, default = codes.column(source), codes.program.defaults.get(source)
        found: list[tuple[Index, int]]
        if kind is KeyKind.CATEGORY and isinstance(column, Category):
            found = [_words(some, column, default)]
        elif kind is KeyKind.NUMBER and isinstance(column, Number):
            edges = np.unique(np.concatenate([key.edges for key in some]))
            found = [(spread_codes(edges, column.values), len(edges) + 1)]
        else:
            found = [(column_codes(key, column, default), key.size) for key in some]
        yield from ((number, size) for number, size in found if not isinstance(number, int))


def _words(keys: Sequence[Key], column: Category, default: str | int | None) -> tuple[Index, int]:
    """Number the words of a column, the missing one last, so that keys tell them apart; give every row its word's."""
    of_word = np.zeros(len(column.values) + 1, np.int64)
    for key in keys:
        _, of_word = numbered(of_word * key.size + category_map(key, column.values, default))
    size = int(of_word.max()) + 1
    return (0 if size == 1 else of_word.take(column.codes)), size

"""Holders of counters: persons, and what several persons may share (a household, an enterprise)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adjudicator.accounts import Accounts
from adjudicator.batch import Batch
from adjudicator.columns import Category, Int64
from adjudicator.tables import Rows


class HolderSpace:
    """Numbers of holders: the persons of the batch first, then the values of other holder attributes."""

    def __init__(self, batch: Batch, kinds: Sequence[str]):
        self._batch = batch
        self.names: list[Sequence[str]] = [batch.person.values]
        self._offset: dict[str, int] = {}
        self._known: dict[str, Int64] = {}
        self.size = len(batch.person.values)
        for kind in kinds:
            column = batch.attributes.get(kind)
            if isinstance(column, Category) and column.values:
                self._offset[kind] = self.size
                self.names.append(tuple(f"{kind}:{v}" for v in column.values))
                self.size += len(column.values)
        self.alone = not self._offset

    def codes(self, rows: Int64, kind: str) -> Int64:
        """Give the holder of each claim; the person where the attribute is missing."""
        person = self._batch.person.codes[rows].astype(np.int64)
        column = self._batch.attributes.get(kind)
        if kind not in self._offset or not isinstance(column, Category):
            return person
        code = column.codes[rows].astype(np.int64)
        return np.where(code < 0, person, code + self._offset[kind])

    def codes_of(self, accounts: Accounts, entry: Int64, kind: str) -> Int64:
        """Give the holder number of account entries, -1 for holders that the batch does not know."""
        known = self._known.get(kind)
        if known is None:
            known = _positions(accounts.holder.values, self.names[0], 0)
            if kind in self._offset:
                names = self.names[1 + list(self._offset).index(kind)]
                known = np.maximum(known, _positions(accounts.holder.values, names, self._offset[kind]))
            self._known[kind] = known
        return known[accounts.holder.codes[entry]]


def _positions(wanted: Sequence[str], values: Sequence[str], offset: int) -> Int64:
    if wanted is values:
        return np.arange(len(values)) + offset
    place = {value: i + offset for i, value in enumerate(values)}
    return np.fromiter((place.get(w, -1) for w in wanted), np.int64, len(wanted))


def groups_of(batch: Batch, rows: Rows, holders: tuple[str, ...]) -> Int64:
    """Give every claim the number of its group: persons who share a holder of one of the kinds named are one group."""
    person = batch.person.codes[rows].astype(np.int64)
    columns = [c for c in (batch.attributes.get(h) for h in holders) if isinstance(c, Category)]
    if not columns:
        return person
    label = np.arange(len(batch.person.values), dtype=np.int64)
    while True:
        before = label.copy()
        for column in columns:
            code = column.codes[rows]
            given = code >= 0
            lowest = np.full(len(column.values), len(label), np.int64)
            np.minimum.at(lowest, code[given], label[person[given]])
            np.minimum.at(label, person[given], lowest[code[given]])
        if np.array_equal(before, label):
            return label[person]

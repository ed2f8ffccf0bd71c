"""Accounts: counters per (holder, counter, keys, period): opening in, closing out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adjudicator.columns import Category, Int64


@dataclass(frozen=True, slots=True)
class Accounts:
    """One row an entry. `keys` joins further key values with '/'; '' for none.

    period: the year (2024), year*10+quarter, year*100+month, days since 1970 (day), the number of the episode's
    dictionary entry is never stored: for EPISODE and other textual keys the text stands in `keys` and period is 0.
    ROLLING entries are kept by month (year*100+month). value: fen, or a count.
    """

    holder: Category
    counter: Category
    keys: Category
    period: Int64
    value: Int64

    def __len__(self) -> int:
        return len(self.value)

    @staticmethod
    def empty() -> Accounts:
        """Give accounts without entries."""
        none = Category(np.empty(0, np.int32), ())
        return Accounts(none, none, none, np.empty(0, np.int64), np.empty(0, np.int64))

    @staticmethod
    def of(entries: list[tuple[str, str, str, int, int]]) -> Accounts:
        """Build from (holder, counter, keys, period, value) tuples."""
        return Accounts(
            Category.encode([e[0] for e in entries]),
            Category.encode([e[1] for e in entries]),
            Category.encode([e[2] for e in entries]),
            np.array([e[3] for e in entries], np.int64),
            np.array([e[4] for e in entries], np.int64),
        )

    def entries(self) -> list[tuple[str, str, str, int, int]]:
        """Give the entries as tuples, sorted; meant for small accounts, tests and files."""
        holder, counter, keys = (c.decode() for c in (self.holder, self.counter, self.keys))
        rows = zip(holder, counter, keys, self.period.tolist(), self.value.tolist(), strict=True)
        return sorted((str(h), str(c), str(k), p, v) for h, c, k, p, v in rows)

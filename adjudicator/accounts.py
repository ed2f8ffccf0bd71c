"""Accounts: counters per (holder, counter, keys, period): opening in, closing out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adjudicator.columns import Category, Int64

Entry = tuple[str, str, str, str, int, int]
"""plan, holder, counter, keys, period, value"""


@dataclass(frozen=True, slots=True)
class Accounts:
    """One row an entry; entries of value 0 are never kept.

    plan: the plan document the counter belongs to. holder: the person, or "ATTRIBUTE:VALUE" for another holder.
    keys: further key values joined with '/', '' for none; the id of an episode comes last.
    period: the benefit year (2024), year*10+quarter, year*100+month, days since 1970 (day), 0 for none and episode.
    ROLLING entries are kept by month (year*100+month). value: fen, or a count.
    """

    plan: Category
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
        return Accounts(none, none, none, none, np.empty(0, np.int64), np.empty(0, np.int64))

    @staticmethod
    def of(entries: Sequence[Entry]) -> Accounts:
        """Build from (plan, holder, counter, keys, period, value) tuples."""
        return Accounts(
            Category.encode([e[0] for e in entries]),
            Category.encode([e[1] for e in entries]),
            Category.encode([e[2] for e in entries]),
            Category.encode([e[3] for e in entries]),
            np.array([e[4] for e in entries], np.int64),
            np.array([e[5] for e in entries], np.int64),
        )

    def entries(self) -> list[Entry]:
        """Give the entries as tuples, sorted; meant for small accounts, tests and files."""
        plan, holder, counter, keys = (c.decode() for c in (self.plan, self.holder, self.counter, self.keys))
        rows = zip(plan, holder, counter, keys, self.period.tolist(), self.value.tolist(), strict=True)
        return sorted((str(a), str(h), str(c), str(k), p, v) for a, h, c, k, p, v in rows)

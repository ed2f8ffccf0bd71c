"""Marks of a person (poor, veteran ...), perhaps with the days between which they hold."""

from __future__ import annotations

import re

import numpy as np

from adjudicator.columns import MISSING, Flags, Int32, Int64
from api.files.cells import moments
from api.files.codes import word_of

_SEPARATOR = re.compile(r"[;；|、,，\s]+")
_OPEN = (-(2**31), 2**31 - 1)
MOST_MARKS = 63


def split_marks(text: str) -> list[tuple[str, int, int]]:
    """Read `low_income; veteran@2023-01-01..2023-12-31` as (mark, first day, day after the last).

    Either end may be left out; the days named both count.
    """
    found = []
    for part in filter(None, _SEPARATOR.split(text)):
        name, at, span = part.partition("@")
        first, _, last = span.partition("..")
        start, end = (_day(day) for day in (first, last))
        found.append(
            (word_of("status", name), _OPEN[0] if start is None else start, _OPEN[1] if end is None else end + 1)
        )
    return found


def _day(text: str) -> int | None:
    import pyarrow as pa

    seconds, _ = moments(pa.array([text], pa.string()))
    return None if seconds[0] == MISSING else int(seconds[0]) // 86_400


def marks_at(codes: Int32, texts: list[str], day: Int64) -> Flags:
    """Give the marks that hold on a day each. codes: index into `texts`, -1 none."""
    used = np.unique(codes[codes >= 0]).tolist()
    read = {code: split_marks(texts[code]) for code in used}
    names = tuple(sorted({name for marks in read.values() for name, _, _ in marks}))
    if len(names) > MOST_MARKS:
        raise ValueError(f"{len(names)} distinct marks; at most {MOST_MARKS}")
    bits = np.zeros(len(codes), np.int64)
    always = np.zeros(len(texts) + 1, np.int64)
    dated = []
    for code, marks in read.items():
        for name, start, until in marks:
            bit = 1 << names.index(name)
            if (start, until) == _OPEN:
                always[code] |= bit
            else:
                dated.append((code, bit, start, until))
    bits |= always[codes]
    if dated:
        order = np.argsort(codes, kind="stable")
        ordered = codes[order]
        for code, bit, start, until in dated:
            here = order[np.searchsorted(ordered, code) : np.searchsorted(ordered, code, "right")]
            bits[here[(day[here] >= start) & (day[here] < until)]] |= bit
    return Flags(bits, names)

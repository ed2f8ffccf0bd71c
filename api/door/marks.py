"""Marks of a person (poor, veteran ...), perhaps with the days between which they hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from adjudicator.columns import MISSING, Flags, Int32, Int64
from api.files.cells import Fault, read_id, read_moment
from api.files.codes import CLOSED, word_of
from api.files.findings import InputError
from catalogs.findings import Finding

_SEPARATOR = re.compile(r"[;|、,\s]+")
_OPEN = (-(2**31), 2**31 - 1)
MOST_MARKS = 63
LONGEST_MARKS = 1000
DAY_SECONDS = 86_400


def read_marks(text: str) -> str | Fault:
    """Read a cell of marks: its text, or a fault when a part of it is no mark or no span of days."""
    plain = read_id(unicodedata.normalize("NFKC", text), LONGEST_MARKS)
    if isinstance(plain, Fault):
        return plain
    return Fault.MARKS_NOT_READ if split_marks(plain) is None else plain


def split_marks(text: str) -> list[tuple[str, int, int]] | None:
    """Read `low_income; veteran@2023-01-01..2023-12-31` as (mark, first day, day after the last).

    Either end may be left out; the days named both count. None when the text cannot be read, or names a state of cover
    (suspended), which has a column of its own.
    """
    found = []
    for part in filter(None, _SEPARATOR.split(text)):
        name, at, span = part.partition("@")
        days = [read_moment(day) for day in (*span.split(".."), "")[:2]]
        if (
            not name
            or word_of("cover", name) in CLOSED["cover"]
            or (at and ".." not in span)
            or any(fault for _, fault in days)
        ):
            return None
        first, last = (seconds for seconds, _ in days)
        start = _OPEN[0] if first == MISSING else first // DAY_SECONDS
        until = _OPEN[1] if last == MISSING else last // DAY_SECONDS + 1
        found.append((word_of("status", name), start, until))
    return found


def marks_at(codes: Int32, texts: Sequence[str], day: Int64) -> Flags:
    """Give the marks that hold on a day each. codes: index into `texts`, -1 none."""
    used = np.unique(codes[codes >= 0]).tolist()
    read = {code: split_marks(texts[code]) or [] for code in used}
    names = tuple(sorted({name for marks in read.values() for name, _, _ in marks}))
    if len(names) > MOST_MARKS:
        raise InputError([Finding("TOO_MANY_MARKS", fields={"count": len(names)})])
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

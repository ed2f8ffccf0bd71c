"""Typed columns: the only form in which attributes of claims and lines reach the kernel.

A categorical column is dictionary-coded: ``codes`` index into ``values``. A missing value is code -1,
a missing number is ``MISSING``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]
Int32 = NDArray[np.int32]
Int8 = NDArray[np.int8]
UInt8 = NDArray[np.uint8]
Integers = NDArray[np.signedinteger]
Bool = NDArray[np.bool_]

MISSING = np.iinfo(np.int64).min
"""A number that was not given."""

NO_LIMIT = 1 << 60
"""Stands for an absent limit inside the kernel; never written in a document or an output."""

PPM = 1_000_000
"""Rates are parts per million: 60 % is 600_000."""


def constant(value: int) -> Int64:
    """Give a number as an array: NumPy takes it three times faster than a Python int, which counts for one claim."""
    number = np.array(value, np.int64)
    number.setflags(write=False)
    return number


@dataclass(frozen=True, slots=True)
class Category:
    """One value a row out of a small set: ``values[codes[i]]``; -1 is missing."""

    codes: Int32
    values: Sequence[str]

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: NDArray[np.integer] | slice) -> Category:
        """Give the rows named, with the same dictionary."""
        return Category(self.codes[rows] if isinstance(rows, slice) else self.codes.take(rows), self.values)

    @staticmethod
    def encode(values: Sequence[str | None]) -> Category:
        """Encode plain strings; the dictionary is in order of first appearance."""
        seen: dict[str, int] = {}
        codes = np.fromiter(
            (-1 if v is None else seen.setdefault(v, len(seen)) for v in values), np.int32, count=len(values)
        )
        return Category(codes, tuple(seen))

    def decode(self) -> list[str | None]:
        """Give the plain strings back."""
        return [None if c < 0 else self.values[c] for c in self.codes.tolist()]


@dataclass(frozen=True, slots=True)
class Number:
    """One int64 a row (years, days, fen ...); ``MISSING`` where not given."""

    values: Int64

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: NDArray[np.integer] | slice) -> Number:
        """Give the rows named."""
        return Number(self.values[rows])


@dataclass(frozen=True, slots=True)
class Flags:
    """A set of marks a row: bit ``i`` of ``bits`` says that ``values[i]`` holds. At most 63 marks."""

    bits: Int64
    values: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.bits)

    def take(self, rows: NDArray[np.integer] | slice) -> Flags:
        """Give the rows named, with the same marks."""
        return Flags(self.bits[rows], self.values)

    @staticmethod
    def encode(values: Sequence[Sequence[str]]) -> Flags:
        """Encode one set of names a row."""
        seen: dict[str, int] = {}
        bits = np.fromiter(
            (sum({1 << seen.setdefault(name, len(seen)) for name in row}) for row in values), np.int64, len(values)
        )
        if len(seen) > 63:
            raise ValueError(f"{len(seen)} distinct flags; a column of flags holds at most 63")
        return Flags(bits, tuple(seen))


Column = Category | Number | Flags


def certain(mask: Bool | bool | np.bool_) -> Bool | bool:
    """Give True or False where a mask says the same for every row, else the mask."""
    if not isinstance(mask, np.ndarray):
        return bool(mask)
    count = int(np.count_nonzero(mask))
    return mask if 0 < count < len(mask) else count > 0


def both(one: Bool | bool, other: Bool | bool) -> Bool | bool:
    """Give the rows for which both masks hold."""
    if one is True:
        return other
    return one if other is True else one & other

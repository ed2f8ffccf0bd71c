"""Distinct texts held as an Arrow column: Python strings are made only of those that somebody asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

AT_ONCE = 1 << 16
"""Texts made into Python strings together when all are gone through."""


class Texts(Sequence[str]):
    """The values of a column by code, as the ids of a million claims are: none is null."""

    __slots__ = ("column",)

    def __init__(self, column: pa.StringArray) -> None:
        self.column = column

    def __len__(self) -> int:
        return len(self.column)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return Texts(self.column[at])
        text: str = self.column[at].as_py()
        return text

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self.column), AT_ONCE):
            yield from self.column.slice(start, AT_ONCE).to_pylist()

    def __contains__(self, text: object) -> bool:
        return isinstance(text, str) and self._find(text) >= 0

    def index(self, text: str, start: int = 0, stop: int | None = None) -> int:
        """Give the code of a text. Raises ValueError where it is none of them."""
        at = self._find(text)
        if at < start or at >= (len(self) if stop is None else stop):
            raise ValueError(f"{text!r} is not among the texts")
        return at

    def _find(self, text: str) -> int:
        at: int = pc.index(self.column, pa.scalar(text, self.column.type)).as_py()
        return at


def some_of(values: Sequence[str], codes: NDArray[np.integer]) -> Sequence[str] | pa.StringArray:
    """Give the texts of some codes: of a column as a column, of a few Python strings as such."""
    if isinstance(values, Texts):
        return values.column.take(pa.array(codes))
    return [values[code] for code in codes.tolist()]


def column_of(values: Sequence[str]) -> pa.StringArray:
    """Give texts as a column."""
    return values.column if isinstance(values, Texts) else pa.array(values, pa.string())

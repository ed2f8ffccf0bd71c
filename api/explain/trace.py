"""What the kernel says about one claim while it settles it."""

from __future__ import annotations

import numpy as np

from adjudicator.columns import Int64, Integers, UInt8
from adjudicator.rulebook import Origin, Program, State


class Trace:
    """An observer of `settle` that keeps what concerns one row of the batch, in the order it was said."""

    def __init__(self, row: int) -> None:
        self.row = row
        self.amounts: dict[str, int] = {}
        self.said: dict[str, list[int]] = {}

    def __call__(self, name: str, rows: Int64, values: Int64) -> None:
        """Take note; `rows` are rows of the batch, values one a row."""
        here = np.flatnonzero(rows == self.row)
        if len(here):
            value = int(values[here[0]])
            self.amounts[name] = value
            self.said.setdefault(name, []).append(value)

    def get(self, name: str) -> int:
        """Give an amount; 0 for one that was never said."""
        return self.amounts.get(name, 0)

    def parameter(self, label: str) -> int | None:
        """Give a parameter; None where it is absent (a cap that does not exist), was not reached or is not decided."""
        if self.amounts.get(f"state.{label}", State.ABSENT) >= State.ABSENT:
            return None
        return self.amounts[f"param.{label}"]

    def is_absent(self, label: str) -> bool:
        """Say whether the plan says that there is no such thing."""
        return self.amounts.get(f"state.{label}") == State.ABSENT

    def origins(self, label: str, program: Program) -> tuple[Origin, ...]:
        """Give where the values of a parameter come from: its own, then those of the parts of its formula."""
        found = []
        for name, values in self.said.items():
            if name == f"origin.{label}" or (name.startswith(f"origin.{label}.") and name[len(label) + 8 :] in _PARTS):
                found += [program.origins[value] for value in values if value >= 0]
        return tuple(dict.fromkeys(found))

    def undecided(self) -> list[tuple[str, State]]:
        """Give the parameters that could not be decided, with why."""
        return [
            (name.removeprefix("state."), State(value))
            for name, values in self.said.items()
            if name.startswith("state.")
            for value in sorted(set(values))
            if value > State.ABSENT
        ]


_PARTS = frozenset({"rate", "above", "at_least", "at_most"})
"""Suffixes of the labels of a formula's parts."""


class LineTrace:
    """An observer of `settle` that keeps what is said about some lines of the batch, in the order it was said."""

    def __init__(self, first: int, until: int) -> None:
        self.first, self.until = first, until
        self._said: list[dict[str, int]] = [{} for _ in range(first, until)]

    def __call__(self, name: str, lines: Int64, values: Integers | UInt8) -> None:
        """Take note; `lines` are lines of the batch, values one a line."""
        for at in np.flatnonzero((lines >= self.first) & (lines < self.until)).tolist():
            self._said[int(lines[at]) - self.first][name] = int(values[at])

    def of(self, line: int) -> dict[str, int]:
        """Give what was said about a line of the batch, by name."""
        return self._said[line - self.first]

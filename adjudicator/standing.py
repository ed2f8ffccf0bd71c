"""How far one layer has come with the claims of a wave."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from adjudicator.bands import Banded
from adjudicator.columns import Bool, Int64
from adjudicator.rounding import Amount
from adjudicator.wave import Wave

_NO_PARTS = np.empty((0, 0), np.int64)


class Standing:
    """What the steps of a layer hand on to each other.

    active: the claims that the layer takes. base, over_base, deductible, first_pay: what the first steps found.
    parts [groups, claims]: what is left of the base after each of them. by_bands: slices and their payment.
    paid: the payment as it stands. entitled: the payment before fixed amounts, guarantee and limits. cut: what limits
    took off it.
    """

    __slots__ = (
        "active", "base", "by_bands", "cut", "deductible", "entitled", "first_pay", "over_base", "paid", "parts",
        "wave",
    )  # fmt: skip

    def __init__(self, wave: Wave, active: Bool | bool):
        nothing = wave.nothing
        self.wave, self.active = wave, active
        self.base: Amount = nothing
        self.over_base: Amount = nothing
        self.parts: Int64 = _NO_PARTS
        self.deductible: Amount = nothing
        self.first_pay: Amount = nothing
        self.by_bands: Banded | None = None
        self.paid: Amount = nothing
        self.entitled: Amount = nothing
        self.cut: Amount = nothing

    def bear(self, taken: Amount) -> None:
        """Note what the person bears by a deductible."""
        self.deductible = taken if self.deductible is self.wave.nothing else self.deductible + taken

    def pay_first(self, off: Amount) -> None:
        """Note what the person bears of a group before the bands."""
        self.first_pay = off if self.first_pay is self.wave.nothing else self.first_pay + off

    @property
    def banded(self) -> Int64:
        """What is left after deductible and first pay."""
        return self.parts[0] if len(self.parts) == 1 else np.asarray(np.add.reduce(self.parts, axis=0))


class Step(Protocol):
    """One step of a layer."""

    def run(self, at: Standing) -> None:
        """Take the layer one step on."""

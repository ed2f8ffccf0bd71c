"""How far one layer has come with the claims of a wave."""

from __future__ import annotations

from typing import Protocol

from adjudicator.bands import Banded
from adjudicator.columns import Bool, Int64, UInt8
from adjudicator.rounding import Amount, sum_of
from adjudicator.wave import Wave


class Standing:
    """What the steps of a layer hand on to each other.

    active: the claims that the layer takes. base, over_base, deductible, first_pay: what the first steps found.
    parts: what is left of each group's share of the base after each of them. by_bands: slices and their payment.
    paid: the payment as it stands. entitled: the payment before fixed amounts, guarantee and limits. cut: what limits
    took off it. undecided: what held claims before the payment was worked out.
    """

    __slots__ = (
        "active", "base", "by_bands", "cut", "deductible", "entitled", "first_pay", "over_base", "paid", "parts",
        "undecided", "wave",
    )  # fmt: skip

    def __init__(self, wave: Wave, active: Bool | bool):
        nothing = wave.nothing
        self.wave, self.active = wave, active
        self.base: Amount = nothing
        self.over_base: Amount = nothing
        self.parts: list[Int64] = []
        self.deductible: Amount = nothing
        self.first_pay: Amount = nothing
        self.by_bands: Banded | None = None
        self.paid: Amount = nothing
        self.entitled: Amount = nothing
        self.cut: Amount = nothing
        self.undecided: UInt8 | None = None

    def bear(self, taken: Amount) -> None:
        """Note what the person bears by a deductible."""
        self.deductible = taken if self.deductible is self.wave.nothing else self.deductible + taken

    def pay_first(self, off: Amount) -> None:
        """Note what the person bears of a group before the bands."""
        self.first_pay = off if self.first_pay is self.wave.nothing else self.first_pay + off

    @property
    def banded(self) -> Int64:
        """What is left after deductible and first pay."""
        return sum_of(self.parts)


class Step(Protocol):
    """One step of a layer."""

    def run(self, at: Standing) -> None:
        """Take the layer one step on."""

"""Bands, section 6: the payment of every slice of every group, exact."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from .numbers import half_up, rounded
from .scene import Scene
from .values import Answer, value_of

Ask = Callable[[Answer], Answer]


class Piece(NamedTuple):
    """The fen of one group that stand in one slice, and their rate."""

    group: int
    slice: int
    width: int
    rate: Fraction

    @property
    def paid(self) -> Fraction:
        """Give the exact payment."""
        return self.width * self.rate


def slices_of(bands: Any) -> tuple[list[Mapping[str, Any]], Mapping[str, Any]]:
    """Give the slices, what is above the last as a slice too, and the settings of the bands."""
    settings = bands if isinstance(bands, Mapping) else {"slices": bands}
    slices = list(settings["slices"])
    if "above" in settings:
        slices.append({"rate": settings["above"]})
    return slices, settings


def pieces_of(
    bands: Any, banded: Sequence[int], groups: Sequence[str], deductible: int, scene: Scene, ask: Ask
) -> list[Piece]:
    """Cut the groups, standing one after the other, into slices; in order of position."""
    slices, settings = slices_of(bands)
    first = max(0, scene.live(settings["running"])) if "running" in settings else 0
    first += deductible if settings.get("from", "zero") == "deductible" else 0
    last = first + sum(banded)
    bounds = _bounds(slices, settings, first, last, scene, ask)
    whole = settings.get("whole", "no") == "yes"
    if whole:
        bounds = [(first, last) if low < last <= high else (0, 0) for low, high in bounds]
    found = []
    for number, ((low, high), band) in enumerate(zip(bounds, slices, strict=True)):
        start = first
        for group, size in enumerate(banded):
            width = max(0, min(high, start + size) - max(low, start))
            start += size
            if width:
                rate = ask(value_of(band["rate"], "rate", scene.within(groups[group])))
                found.append(Piece(group, number, width, rate.number if rate.given else Fraction(0)))
    return found


def _bounds(
    slices: Sequence[Mapping[str, Any]], settings: Mapping[str, Any], first: int, last: int, scene: Scene, ask: Ask
) -> list[tuple[int, int]]:
    """Give the positions every slice starts and ends at; a slice with a credit also ends on its phase's counter."""
    missing: int | None = None
    if "phase" in settings:
        target = ask(value_of(settings["phase"]["reaches"], "amount", scene))
        if target.given:
            missing = int(target.number) - scene.live(settings["phase"]["counter"])
    gained = Fraction(0)
    low, bounds = 0, []
    for band in slices:
        high = max(low, last)
        if "to" in band:
            edge = ask(value_of(band["to"], "amount", scene))
            if edge.given:
                high = max(low, int(edge.number))
        if missing is not None and "credit" in band:
            credit = ask(value_of(band["credit"], "rate", scene)).number
            start = max(low, first)
            if credit > 0 and start < high:
                width = max(0, half_up((missing - gained) / credit))
                high = min(high, start + width)
            gained += credit * max(0, min(high, last) - start)
        bounds.append((low, high))
        low = high
    return bounds


def round_pieces(
    pieces: Sequence[Piece], groups: int, slices: int, rounding: Mapping[str, str]
) -> tuple[int, list[int], list[int]]:
    """Round the sum of the pieces; give the payment, and its parts by group and by slice."""
    unit = int(Fraction(str(rounding["to"])) * 100)
    mode, at = rounding["mode"], rounding["at"]

    def total(chosen: Sequence[Piece]) -> int:
        return rounded(sum((p.paid for p in chosen), Fraction(0)), mode, unit)

    by_group = _differences([total([p for p in pieces if p.group <= g]) for g in range(groups)])
    by_slice = _differences([total([p for p in pieces if p.slice <= s]) for s in range(slices)])
    if at == "band":
        by_slice = [total([p for p in pieces if p.slice == s]) for s in range(slices)]
        return sum(by_slice), by_group, by_slice
    if at == "group":
        by_group = [total([p for p in pieces if p.group == g]) for g in range(groups)]
        return sum(by_group), by_group, by_slice
    return total(pieces), by_group, by_slice


def _differences(running: Sequence[int]) -> list[int]:
    return [b - a for a, b in zip([0, *running], running, strict=False)]


def eligible_equivalent(cut: int, pieces: Sequence[Piece]) -> int:
    """Turn a cut payment back into eligible spending, from the last slice down, each part divided by its rate."""
    eligible, left = Fraction(0), Fraction(cut)
    for piece in sorted(pieces, key=lambda p: (p.slice, p.group), reverse=True):
        taken = min(left, piece.paid)
        if taken > 0:
            eligible += taken / piece.rate
            left -= taken
    return half_up(eligible)

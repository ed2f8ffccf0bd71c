"""Bands: slices of what is left after deductible and first pay, each at its rate (分段按比例)."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np

from adjudicator.columns import NO_LIMIT, PPM, Bool, Int64
from adjudicator.parameters import Constant
from adjudicator.prepare import Preparation
from adjudicator.rounding import Amount, floored, payment, quotient, sum_of
from adjudicator.rulebook import Bands, Layer, RoundAt
from adjudicator.wave import Wave

_Pieces = TypeVar("_Pieces", Int64, Bool)

_FARTHEST = 10**12
"""Ten times the largest bill: an absent target is never reached, and products with a rate stay inside int64."""


class Banded(NamedTuple):
    """Widths and rates [slices, groups, claims], fen and ppm; `paid` is the rounded payment of all."""

    widths: Int64
    rates: Int64
    paid: Amount


class BandSteps:
    """The bands of one layer, made ready: edges and rates of all slices stand in one array each."""

    def __init__(self, layer: Layer, bands: Bands, prepare: Preparation):
        self.layer, self.bands, self.watched = layer, bands, prepare.watched
        name, groups = layer.name, layer.groups
        self.shape = (len(bands.slices), len(groups), -1)
        self.rates = prepare.rows(
            [table for piece in bands.slices for table in piece.rates],
            [
                f"{name}.rate.{number}" + (f".{group.name}" if len(groups) > 1 else "")
                for number, _ in enumerate(bands.slices, start=1)
                for group in groups
            ],
        )
        self.is_single = len(bands.slices) == 1 and bands.slices[0].to is None and bands.phase is None
        self.edges = prepare.ceilings(
            [piece.to for piece in bands.slices],
            [f"{name}.to.{number}" for number, _ in enumerate(bands.slices, start=1)],
        )
        self.fixed = _spans(self.edges.values) if isinstance(self.edges, Constant) else None
        self.may_rest = self.fixed is not None and bands.phase is None and not self.watched
        if bands.phase is not None:
            self.counter, target = bands.phase
            self.target = prepare.ceiling(target, f"{name}.phase")
            credits = (piece.credit for piece in bands.slices)
            self.credits = [None if c is None else prepare.parameter(c, f"{name}.credit") for c in credits]

    def pay(self, wave: Wave, of_groups: list[Int64], deductible: Amount) -> Banded | None:
        """Cut what is left of each group (fen >= 0) into slices and pay each at its rate; None where nothing is left.

        Edges and targets that depend on the claim are asked for all the same: they may hold it.
        """
        parts = of_groups[0][np.newaxis] if len(of_groups) == 1 else np.array(of_groups)
        if self.may_rest and not np.count_nonzero(parts):
            return None
        widths = parts[np.newaxis] if self.is_single else self._cut(wave, parts, self._start(wave, deductible))
        rates = self.rates.at(wave, _flat(widths)).reshape(self.shape)
        products = widths * rates
        if self.watched:
            self._show(wave, widths, products)
        return Banded(widths, rates, self._round(products))

    def _start(self, wave: Wave, deductible: Amount) -> Amount:
        """Give the position of the first fen."""
        start: Amount = wave.nothing if self.bands.running is None else wave.running(self.bands.running)
        return start + deductible if self.bands.from_deductible else start

    def _cut(self, wave: Wave, parts: Int64, start: Amount) -> Int64:
        """Cut the parts into slices [slices, groups, claims]."""
        if self.bands.phase is not None:
            return self._phases(wave, parts, start)
        return self._whole(wave, parts, start) if self.bands.whole else self._widths(wave, parts, start)

    def _spans(self, wave: Wave) -> tuple[Int64, Int64]:
        """Give upper and lower edge of every slice, [slices, 1, claims]."""
        return self.fixed or _spans(self.edges.at(wave))

    def _widths(self, wave: Wave, parts: Int64, start: Amount) -> Int64:
        """Give what of every part lies between the edges of every slice; parts are stacked on each other."""
        upper, lower = self._spans(wave)
        high = start + (parts if len(parts) == 1 else np.cumsum(parts, axis=0))
        low = start if len(parts) == 1 else high - parts
        return np.asarray(floored(np.minimum(high, upper) - np.maximum(low, lower)))

    def _whole(self, wave: Wave, parts: Int64, start: Amount) -> Int64:
        """Put everything into the slice where the last fen stands."""
        upper, lower = self._spans(wave)
        end = start + sum_of(parts)
        here = (end > lower) & (end <= upper)
        widths: Int64 = parts * here
        return widths

    def _phases(self, wave: Wave, parts: Int64, start: Amount) -> Int64:
        """Cut into slices of which some also end where a counter, gaining credit, reaches its target."""
        need = np.minimum(wave.left_of(self.target.at(wave), self.counter), _FARTHEST) * PPM
        remaining, position = parts.copy(), start
        widths = np.empty((len(self.credits), *parts.shape), np.int64)
        uppers = np.broadcast_to(self.edges.at(wave), (len(widths), wave.size))
        for row, upper, credit_of in zip(widths, uppers, self.credits, strict=True):
            room = floored(upper - position)
            credit = None if credit_of is None else credit_of.at(wave)
            if credit is not None:
                room = np.minimum(room, np.where(credit > 0, quotient(need, credit), NO_LIMIT))
            for place, part in enumerate(remaining):
                row[place] = width = np.minimum(part, room)
                part -= width
                room = room - width
            used = sum_of(row)
            position = position + used
            if credit is not None:
                need = floored(need - used * credit)
        return widths

    def _round(self, products: Int64) -> Amount:
        """Round the payment at the point the layer names."""
        rounding = self.layer.rounding
        match rounding.at:
            case RoundAt.CLAIM:
                return payment(sum_of(_flat(products)), rounding)
            case RoundAt.GROUP:
                return sum_of(np.asarray(payment(sum_of(products), rounding)))
            case RoundAt.BAND:
                return sum_of(np.asarray(payment(sum_of(products.swapaxes(0, 1)), rounding)))

    def _show(self, wave: Wave, widths: Int64, products: Int64) -> None:
        """Tell the observer slices and groups; at claim level, parts are differences of rounded running sums."""
        name, groups = self.layer.name, self.layer.groups
        for number, row in enumerate(widths, start=1):
            wave.see(f"width.{name}.{number}", sum_of(row))
            for group, width in zip(groups, row, strict=True):
                wave.see(f"width.{name}.{number}.{group.name}", width)
        slices = [f"slice.{name}.{number}" for number, _ in enumerate(products, start=1)]
        self._show_parts(wave, slices, np.add.reduce(products, axis=1), RoundAt.BAND)
        self._show_parts(
            wave, [f"paid.{name}.{g.name}" for g in groups], np.add.reduce(products, axis=0), RoundAt.GROUP
        )

    def _show_parts(self, wave: Wave, names: list[str], products: Int64, alone: RoundAt) -> None:
        rounding = self.layer.rounding
        if rounding.at is alone:
            shown = np.asarray(payment(products, rounding))
        else:
            rounded = np.asarray(payment(np.cumsum(products, axis=0), rounding))
            shown = np.diff(rounded, axis=0, prepend=0)
        for name, value in zip(names, shown, strict=True):
            wave.see(name, value)


def _spans(uppers: Amount) -> tuple[Int64, Int64]:
    """Give upper and lower edges [slices, 1, claims]: a slice begins where the ones before it end."""
    upper = np.maximum.accumulate(uppers, axis=0)
    lower = np.zeros_like(upper)
    lower[1:] = upper[:-1]
    return upper[:, np.newaxis], lower[:, np.newaxis]


def eligible_of_cut(banded: Banded, cut: Amount) -> Amount:
    """Give the eligible spending that a cut of the payment stands for: from the last slice down, part / rate."""
    eligible: Amount = 0
    left = np.minimum(cut, _FARTHEST) * PPM
    pieces = zip(_flat(banded.widths), _flat(banded.rates), strict=True)
    for width, rate in reversed(list(pieces)):
        paid = width * rate
        taken = np.minimum(left, paid)
        eligible = eligible + np.where(taken == 0, 0, np.where(taken == paid, width, quotient(taken, rate)))
        left = left - taken
    return eligible


def _flat(pieces: _Pieces) -> _Pieces:
    """Give what stands by slice and group as one row a piece, [slices x groups, claims]."""
    return pieces.reshape(-1, pieces.shape[-1])

"""Bands: slices of what is left after deductible and first pay, each at its rate (分段按比例)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adjudicator.columns import NO_LIMIT, PPM
from adjudicator.rounding import Amount, floored, payment, quotient
from adjudicator.rulebook import Bands, Layer, RoundAt, Slice
from adjudicator.wave import Wave

_FARTHEST = 10**12
"""Ten times the largest bill: an absent target is never reached, and products with a rate stay inside int64."""


@dataclass(frozen=True, slots=True)
class Banded:
    """Widths and rates, [slice][group], fen and ppm; `paid` is the rounded payment of all."""

    widths: list[list[Amount]]
    rates: list[list[Amount]]
    paid: Amount


def pay_bands(layer: Layer, bands: Bands, wave: Wave, parts: Sequence[Amount], deductible: Amount) -> Banded:
    """Cut the parts (one a group, fen >= 0) into slices and pay each at its rate."""
    start: Amount = 0 if bands.running is None else wave.running(bands.running)
    if bands.from_deductible:
        start = start + deductible
    if bands.phase is not None:
        widths = _phases(layer, bands, wave, parts, start)
    elif len(bands.slices) == 1 and bands.slices[0].to is None:
        widths = [list(parts)]
    else:
        widths = _widths(layer, bands, wave, parts, start)
    rates = [_rates(layer, piece, number, wave, widths[number]) for number, piece in enumerate(bands.slices)]
    paid = _round(layer, wave, widths, rates)
    if wave.block.observe:
        _show(layer, wave, widths, rates)
    return Banded(widths, rates, paid)


def _rates(layer: Layer, piece: Slice, number: int, wave: Wave, widths: Sequence[Amount]) -> list[Amount]:
    rates = []
    for place, table in enumerate(piece.rates):
        group = layer.groups[place].name
        label = f"{layer.name}.rate.{number + 1}" + (f".{group}" if len(layer.groups) > 1 else "")
        rates.append(wave.value(table, label, np.asarray(widths[place]) > 0))
    return rates


def _edges(layer: Layer, bands: Bands, wave: Wave) -> list[Amount]:
    """Give the upper edge of every slice."""
    label = f"{layer.name}.to"
    return [
        NO_LIMIT if piece.to is None else wave.ceiling(piece.to, f"{label}.{number + 1}")
        for number, piece in enumerate(bands.slices)
    ]


def _widths(layer: Layer, bands: Bands, wave: Wave, parts: Sequence[Amount], start: Amount) -> list[list[Amount]]:
    edges = _edges(layer, bands, wave)
    if bands.whole:
        return _whole(edges, parts, start)
    widths: list[list[Amount]] = []
    lower: Amount = 0
    for upper in edges:
        low: Amount = start
        row: list[Amount] = []
        for part in parts:
            high = low + part
            row.append(floored(np.minimum(high, upper) - np.maximum(low, lower)))
            low = high
        widths.append(row)
        lower = np.maximum(lower, upper)
    return widths


def _whole(edges: Sequence[Amount], parts: Sequence[Amount], start: Amount) -> list[list[Amount]]:
    """Put everything into the slice where the last fen stands."""
    end = start + sum(parts)
    widths: list[list[Amount]] = []
    lower: Amount = -1
    for upper in edges:
        here = (end > lower) & (end <= upper)
        widths.append([np.where(here, part, 0) for part in parts])
        lower = np.maximum(lower, upper)
    return widths


def _phases(layer: Layer, bands: Bands, wave: Wave, parts: Sequence[Amount], start: Amount) -> list[list[Amount]]:
    """Cut into slices of which some also end where a counter, gaining credit, reaches its target."""
    assert bands.phase is not None
    counter, target = bands.phase
    need = np.minimum(wave.left_of(wave.ceiling(target, f"{layer.name}.phase"), counter), _FARTHEST) * PPM
    remaining, widths = list(parts), []
    position = start
    for piece, upper in zip(bands.slices, _edges(layer, bands, wave), strict=True):
        room = floored(upper - position)
        credit = None if piece.credit is None else wave.value(piece.credit, f"{layer.name}.credit")
        if credit is not None:
            room = np.minimum(room, np.where(np.asarray(credit) > 0, quotient(need, credit), NO_LIMIT))
        row: list[Amount] = []
        for place, part in enumerate(remaining):
            width = np.minimum(part, room)
            row.append(width)
            remaining[place] = part - width
            room = room - width
        used = sum(row)
        position = position + used
        if credit is not None:
            need = floored(need - used * credit)
        widths.append(row)
    return widths


def _round(layer: Layer, wave: Wave, widths: list[list[Amount]], rates: list[list[Amount]]) -> Amount:
    """Round the payment at the point the layer names."""
    rounding = layer.rounding
    products = [[w * r for w, r in zip(ws, rs, strict=True)] for ws, rs in zip(widths, rates, strict=True)]
    match rounding.at:
        case RoundAt.CLAIM:
            return payment(sum(sum(row) for row in products), rounding)
        case RoundAt.GROUP:
            return sum(payment(sum(row[g] for row in products), rounding) for g in range(len(layer.groups)))
        case RoundAt.BAND:
            return sum(payment(sum(row), rounding) for row in products)


def _show(layer: Layer, wave: Wave, widths: list[list[Amount]], rates: list[list[Amount]]) -> None:
    """Tell the observer slices and groups; at claim level, parts are differences of rounded running sums."""
    name = layer.name
    for number, row in enumerate(widths, start=1):
        wave.see(f"width.{name}.{number}", sum(row))
        for group, width in zip(layer.groups, row, strict=True):
            wave.see(f"width.{name}.{number}.{group.name}", width)
    by_slice = [sum(w * r for w, r in zip(ws, rs, strict=True)) for ws, rs in zip(widths, rates, strict=True)]
    by_group = [sum(ws[g] * rs[g] for ws, rs in zip(widths, rates, strict=True)) for g in range(len(layer.groups))]
    _show_parts(wave, [f"slice.{name}.{n + 1}" for n in range(len(by_slice))], by_slice, layer, RoundAt.BAND)
    _show_parts(wave, [f"paid.{name}.{g.name}" for g in layer.groups], by_group, layer, RoundAt.GROUP)


def _show_parts(wave: Wave, names: list[str], products: list[Amount], layer: Layer, alone: RoundAt) -> None:
    running: Amount = 0
    for name, product in zip(names, products, strict=True):
        if layer.rounding.at is alone:
            wave.see(name, payment(product, layer.rounding))
            continue
        before = payment(running, layer.rounding)
        running = running + product
        wave.see(name, payment(running, layer.rounding) - before)


def eligible_of_cut(banded: Banded, cut: Amount) -> Amount:
    """Give the eligible spending that a cut of the payment stands for: from the last slice down, part / rate."""
    eligible: Amount = 0
    left = np.minimum(cut, _FARTHEST) * PPM
    for widths, rates in zip(reversed(banded.widths), reversed(banded.rates), strict=True):
        for width, rate in zip(reversed(widths), reversed(rates), strict=True):
            paid = width * rate
            taken = np.minimum(left, paid)
            eligible = eligible + np.where(taken == 0, 0, np.where(taken == paid, width, quotient(taken, rate)))
            left = left - taken
    return eligible

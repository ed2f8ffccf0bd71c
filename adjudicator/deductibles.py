"""What the person bears first (起付线), and which groups of a base bear it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adjudicator.columns import PPM, Int64
from adjudicator.parameters import is_plain
from adjudicator.prepare import Preparation
from adjudicator.rounding import Amount, floored, sum_of
from adjudicator.rulebook import Allocation, Deductible, Layer
from adjudicator.standing import Standing
from adjudicator.wave import Wave


class Bear:
    """Step 4: one deductible, less what was borne already, taken off the groups that bear it."""

    def __init__(self, layer: Layer, rule: Deductible, prepare: Preparation):
        label = f"{layer.name}.deductible.{rule.name}"
        self.label = prepare.label(label)
        self.amount = prepare.formula(rule.amount, label)
        self.times, self.counter = rule.times, rule.counter
        plain = is_plain(rule.amount) and rule.times is None
        self.may_be_negative = not plain or int(rule.amount.fixed.values.min()) < 0
        # a counter below 0 does not make a deductible where the plan has none
        self.none = None if rule.counter is None else prepare.absence(rule.amount.fixed)
        if rule.at_most is not None:
            at_most, self.bound_counter = rule.at_most
            self.at_most = prepare.ceiling(at_most, f"{label}.at_most")
        self.is_bounded = rule.at_most is not None
        self.bearers = layer.bears or tuple(range(len(layer.groups)))
        self.allocation = layer.allocation
        if len(self.bearers) > 1 and self.allocation >= Allocation.LOWEST_RATE_FIRST:
            assert layer.bands is not None
            rates = layer.bands.slices[0].rates
            self.rates = prepare.rows([rates[place] for place in self.bearers], [""] * len(self.bearers))

    def run(self, at: Standing) -> None:
        """Take the deductible off the parts."""
        due = self._due(at.wave)
        if len(self.bearers) == 1:
            place = self.bearers[0]
            taken = np.minimum(due, at.parts[place])
            at.parts[place] = at.parts[place] - taken
        elif self.allocation is Allocation.IN_ORDER:
            taken = _bear_in_order(at.parts, self.bearers, due)
        elif self.allocation is Allocation.PROPORTIONAL:
            taken = _bear_in_proportion(at.parts, self.bearers, due)
        else:
            taken = self._bear_by_rate(at, due)
        if self.label:
            at.wave.see(self.label, taken)
        at.bear(taken)

    def _due(self, wave: Wave) -> Amount:
        due: Amount = self.amount.at(wave)
        if self.times is not None:
            due = due * wave.number(self.times)
        if self.counter is not None:
            due = wave.left_of(due, self.counter)
        elif self.may_be_negative:
            due = floored(due)
        if self.none is not None:
            none = self.none.at(wave)
            if none is not False:
                due = due * np.logical_not(none)
        if self.is_bounded:
            due = np.minimum(due, wave.left_of(self.at_most.at(wave), self.bound_counter))
        return due

    def _bear_by_rate(self, at: Standing, due: Amount) -> Int64:
        """Let the group with the lowest (or highest) rate of the first slice bear first; ties in order."""
        size = at.wave.size
        rates = np.broadcast_to(self.rates.at(at.wave), (len(self.bearers), size))
        order = np.argsort(
            PPM - rates if self.allocation is Allocation.HIGHEST_RATE_FIRST else rates, axis=0, kind="stable"
        )
        bearers, claims = np.array(self.bearers), np.arange(size)
        taken = np.zeros(size, np.int64)
        parts = np.array(at.parts)
        for nth in order:
            place = bearers[nth]
            off = np.minimum(parts[place, claims], due - taken)
            parts[place, claims] -= off
            taken = taken + off
        at.parts = list(parts)
        return taken


def _bear_in_order(parts: list[Int64], bearers: Sequence[int], due: Amount) -> Int64:
    taken = np.zeros_like(parts[0])
    for place in bearers:
        off = np.minimum(parts[place], due - taken)
        parts[place] = parts[place] - off
        taken += off
    return taken


def _bear_in_proportion(parts: list[Int64], bearers: Sequence[int], due: Amount) -> Int64:
    whole = sum_of([parts[place] for place in bearers])
    taken = np.minimum(due, whole)
    divisor = np.maximum(whole, 1)
    running = before = np.zeros_like(whole)
    for place in bearers:
        running = running + parts[place]
        until = _proportion(taken, running, divisor)
        parts[place] = parts[place] - (until - before)
        before = until
    return taken


def _proportion(amount: Int64, part: Int64, whole: Int64) -> Int64:
    """Give amount x part / whole, half-up; exact up to 1e11 x 1e11 by splitting `part` (part <= whole)."""
    # amount <= whole <= 1e11: (q * part) may reach 1e22, so divide in two steps with remainders kept exact
    high, low = np.divmod(part, 1 << 18)
    first, rest = np.divmod(amount * high, whole)
    second = (2 * ((rest << 18) + amount * low) + whole) // (2 * whole)
    return (first << 18) + second

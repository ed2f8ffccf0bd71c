"""One block: every wave through all layers, what is counted, and which claims are not settled after all."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple, cast

import numpy as np

from adjudicator.batch import BUCKETS
from adjudicator.columns import Bool, both, certain, constant
from adjudicator.layers import LayerSteps
from adjudicator.parameters import Condition, Form
from adjudicator.prepare import Preparation
from adjudicator.results import PlanResults
from adjudicator.rulebook import Program
from adjudicator.wave import Block, Keeps, Wave
from adjudicator.waves import Waves

_ZERO = constant(0)


class Adding(NamedTuple):
    """What is added to a counter (or set) at one moment. `reads`: its condition is read now, else it is remembered.

    condition: None where the counter always counts.
    """

    counter: str
    form: Form
    condition: Condition | None
    reads: bool
    sets: bool


class Prepared:
    """A program made ready for its claims: layers and additions to counters, in the order in which they happen.

    layers: each with what is added right after it. adding: what is added after the last. clearing: counters set to 0 at
    the end, and when. holders: whose counters the plan keeps, beside the persons'. keys: those over attributes.
    """

    def __init__(self, program: Program, watched: bool):
        prepare = Preparation(program, watched)
        self.keys = prepare.facts.keys
        self.holders = tuple(dict.fromkeys(c.holder for c in program.counters if c.holder != "person"))
        adding = {
            moment: tuple(
                Adding(
                    rule.name,
                    prepare.form(form, f"counter.{rule.name}"),
                    None if rule.counts_if is None else prepare.condition(rule.counts_if),
                    first,
                    rule.sets,
                )
                for rule, form, first in rules
            )
            for moment, rules in prepare.facts.adding.items()
        }
        self.layers = tuple((LayerSteps(layer, prepare), adding.get(layer.name, ())) for layer in program.layers)
        self.adding = adding.get("", ())
        self.clearing = tuple(
            (rule.name, prepare.condition(rule.clears_if)) for rule in program.counters if rule.clears_if is not None
        )
        amounts = tuple(name for layer, _ in self.layers for name in layer.amounts)
        self.keeps = Keeps(amounts, prepare.buckets, prepare.facts.openings)


def prepared(program: Program, watched: bool) -> Prepared:
    """Give the program made ready; worked out at the first call and kept with the program."""
    found = program.memo.get(f"prepared.{watched}")
    if found is None:
        found = program.memo[f"prepared.{watched}"] = Prepared(program, watched)
    return cast(Prepared, found)


def settle_block(block: Block, waves: Waves, steps: Prepared, found: PlanResults) -> None:
    """Settle the claims of a block, wave by wave; those that have a reason already no layer may touch."""
    reason = found.reason.take(block.rows)
    for low, high in pairwise(waves.starts):
        wave = Wave(block, low, high)
        here = reason[low:high]
        _see_opening(wave)
        _run_layers(wave, steps, True if not np.count_nonzero(here) else here == 0)
        found.take(wave, here)


def _see_opening(wave: Wave) -> None:
    if wave.block.observe:
        for name in ("total", *BUCKETS):
            wave.see(name, wave.amount(name))
        for name, counters in wave.block.counters.items():
            wave.see(f"opening.{name}", counters.read(name, wave.low, wave.high))


def _run_layers(wave: Wave, steps: Prepared, is_open: Bool | bool) -> None:
    """Run all layers of a wave, find the claims that are not settled after all, and count the others."""
    conditions: dict[str, Bool | bool] = {}
    covered: Bool | bool = False
    for layer, adding in steps.layers:
        active = layer.settle(wave, is_open)
        if layer.required and covered is not True:
            covered = active if active is True else covered | active
        if adding:
            _add(adding, wave, is_open, conditions)
    wave.void = _void(wave, covered, is_open)
    settled = is_open if wave.void is None else is_open & ~wave.void
    _add(steps.adding, wave, settled, conditions)
    wave.count()
    for name, condition in steps.clearing:
        wave.put(name, _ZERO, both(condition.at(wave), settled))
    if wave.block.observe:
        _see_layers(wave)


def _void(wave: Wave, covered: Bool | bool, is_open: Bool | bool) -> Bool | None:
    """Give the open claims that are not settled after all: held by a layer, or taken by none."""
    uncovered = certain(is_open & ~np.asarray(covered)) if covered is not True else False
    if wave.held is None and uncovered is False:
        return None
    wave.uncovered = np.broadcast_to(uncovered, (wave.size,))
    return wave.uncovered if wave.held is None else wave.uncovered | (wave.held > 0)


def _add(adding: tuple[Adding, ...], wave: Wave, open_claims: Bool | bool, conditions: dict[str, Bool | bool]) -> None:
    """Add to the counters whose amounts are known now."""
    for name, form, condition, reads, sets in adding:
        counts = open_claims
        if condition is not None:
            if reads:
                conditions[name] = condition.at(wave)
            counts = certain(both(conditions[name], open_claims))
        amount = form.sum(wave)
        if sets:
            wave.put(name, amount, counts)
        elif counts is not False and amount is not wave.nothing:
            wave.add(name, amount if counts is True else amount * counts)


def _see_layers(wave: Wave) -> None:
    for name, value in (*wave.amounts.items(), ("paid", wave.paid)):
        wave.see(name, value if wave.void is None else np.where(wave.void, 0, value))
    for name in ("remaining", "remaining_in_scope"):
        wave.see(name, wave.amount(name))
    for layer in wave.block.program.layers:
        wave.see(f"paid.{layer.name}", wave.amounts[f"{layer.name}.paid"])
    for name, counters in wave.block.counters.items():
        wave.see(f"counter.{name}", counters.read(name, wave.low, wave.high))

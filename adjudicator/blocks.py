"""One block: every wave through all layers, what is counted, and which claims are not settled after all."""

from __future__ import annotations

import numpy as np

from adjudicator.columns import Bool, certain
from adjudicator.counters import Counter
from adjudicator.layers import settle_layer
from adjudicator.prepare import Prepared
from adjudicator.results import BlockResults
from adjudicator.rounding import Amount, share
from adjudicator.rulebook import Program
from adjudicator.wave import Block, Wave
from adjudicator.waves import Waves


def settle_block(block: Block, waves: Waves, facts: Prepared, found: BlockResults) -> None:
    """Settle the claims of a block, wave by wave; those that have a reason already no layer may touch."""
    for low, high in zip(waves.starts, waves.starts[1:], strict=False):
        wave = Wave(block, low, high)
        here = found.reason[low:high]
        is_open: Bool | bool = True if not here.any() else here == 0
        _see_buckets(wave)
        _run_layers(block.program, wave, facts, is_open)
        found.take(wave, here)


def _see_buckets(wave: Wave) -> None:
    if wave.block.observe:
        for name in ("total", "in_scope", "upfront", "over_limit", "self_funded"):
            wave.see(name, wave.amounts[name])
        for name, counter in wave.block.counters.items():
            wave.see(f"opening.{name}", counter.read(wave.low, wave.high))


def _run_layers(program: Program, wave: Wave, facts: Prepared, is_open: Bool | bool) -> None:
    """Run all layers of a wave, then undo what was counted for claims that turned out not to be settled."""
    added: list[tuple[Counter, Amount]] = []
    conditions: dict[str, Bool | bool] = {}
    covered: Bool | bool = False
    for layer in program.layers:
        active = settle_layer(layer, wave, facts, is_open)
        if layer.required:
            covered = covered | active
        _add(layer.name, wave, facts, is_open, conditions, added)
    wave.void = _void(wave, covered, is_open)
    settled = is_open if wave.void is None else is_open & ~wave.void
    _add("", wave, facts, settled, conditions, added)
    if wave.void is not None:
        for counter, amount in added:
            counter.add(wave.low, wave.high, np.where(wave.void, -amount, 0), None)
    if wave.block.observe:
        _see_layers(program, wave)


def _void(wave: Wave, covered: Bool | bool, is_open: Bool | bool) -> Bool | None:
    """Give the open claims that are not settled after all: held by a layer, or taken by none."""
    uncovered = certain(is_open & ~np.asarray(covered)) if covered is not True else False
    if wave.held is None and uncovered is False:
        return None
    wave.uncovered = np.broadcast_to(uncovered, (wave.size,))
    return wave.uncovered if wave.held is None else wave.uncovered | (wave.held > 0)


def _add(
    moment: str,
    wave: Wave,
    facts: Prepared,
    open_claims: Bool | bool,
    conditions: dict[str, Bool | bool],
    added: list[tuple[Counter, Amount]],
) -> None:
    """Add to the counters whose amounts are known now; remember what was added to counters before the end."""
    for rule, form, first in facts.adding.get(moment, ()):
        if first:
            conditions[rule.name] = wave.truth(rule.counts_if)
        counts = certain(conditions[rule.name] & open_claims)
        where = None if counts is True else np.broadcast_to(counts, (wave.size,))
        amount: Amount = 0
        for name, weight in form:
            amount = amount + share(wave.amount(name), wave.value(weight, f"counter.{rule.name}.{name}"))
        counter = wave.block.counters[rule.name]
        if rule.sets:
            counter.put(wave.low, wave.high, amount, where)
            continue
        counter.add(wave.low, wave.high, amount, where)
        if moment:
            added.append((counter, amount if where is None else np.where(where, amount, 0)))
    if not moment:
        for rule in facts.order.values():
            if rule.clears_if is not None:
                gone = wave.truth(rule.clears_if) & open_claims
                wave.block.counters[rule.name].put(wave.low, wave.high, 0, np.broadcast_to(gone, (wave.size,)))


def _see_layers(program: Program, wave: Wave) -> None:
    for name, value in wave.amounts.items():
        if "." in name or name == "paid":
            wave.see(name, value if wave.void is None else np.where(wave.void, 0, value))
    for name in ("remaining", "remaining_in_scope"):
        wave.see(name, wave.amount(name))
    for layer in program.layers:
        wave.see(f"paid.{layer.name}", wave.amounts[f"{layer.name}.paid"])
    for name, counter in wave.block.counters.items():
        wave.see(f"counter.{name}", counter.read(wave.low, wave.high))

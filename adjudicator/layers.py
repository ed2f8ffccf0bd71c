"""One layer: the ten steps, for every claim of a wave at once.

The code reads like the rule for one claim; every variable is an array over the claims of the wave (or one number for
all of them).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adjudicator.bands import eligible_of_cut, pay_bands
from adjudicator.columns import MISSING, NO_LIMIT, PPM, Bool, certain
from adjudicator.prepare import Prepared
from adjudicator.rounding import Amount, floored, share
from adjudicator.rulebook import Allocation, Deductible, Layer, Limit, Measure
from adjudicator.wave import Wave


def settle_layer(layer: Layer, wave: Wave, facts: Prepared, open_claims: Bool | bool) -> Bool | bool:
    """Run one layer over a wave; gives the claims it took. Amounts are written to `wave.amounts`."""
    active = certain(wave.truth(layer.when) & open_claims)
    wave.see(f"applies.{layer.name}", active)
    if active is False:
        _none(layer, wave)
        return False
    parts, base, over = _base(layer, wave, active)
    wave.amounts[f"{layer.name}.base"] = base
    wave.amounts[f"{layer.name}.over_base"] = over
    parts, deductible = _deductibles(layer, wave, parts)
    wave.amounts[f"{layer.name}.deductible"] = deductible
    wave.amounts[f"{layer.name}.after_deductible"] = base - deductible
    parts, first_pay = _first_pay(layer, wave, parts)
    wave.amounts[f"{layer.name}.first_pay"] = first_pay
    banded = base - deductible - first_pay
    wave.amounts[f"{layer.name}.banded"] = banded
    cut_up = None if layer.bands is None else pay_bands(layer, layer.bands, wave, parts, deductible)
    paid: Amount = 0 if cut_up is None else cut_up.paid
    wave.see(f"{layer.name}.by_bands", paid)
    if layer.already_paid is not None:
        paid = wave.left_of(paid, layer.already_paid)
        wave.see(f"after.{layer.name}.already_paid", paid)
    entitled = paid
    paid = _flats(layer, wave, paid)
    paid = _guarantee(layer, wave, paid)
    paid, cut = _limits(layer, wave, paid, base, banded)
    wave.amounts[f"{layer.name}.cut"] = cut
    wave.close_layer(active)
    _pay(layer, wave, active, paid, base, banded)
    if f"{layer.name}.over_eligible" in facts.read or wave.block.observe:
        below = np.minimum(cut, floored(entitled - paid))  # a cut of what only a guarantee or flat gave is none
        eligible: Amount = 0 if cut_up is None else eligible_of_cut(cut_up, below)
        wave.amounts[f"{layer.name}.over_eligible"] = np.where(active, eligible, 0)
    _only_active(layer, wave, active)
    return active


LAYER_AMOUNTS = (
    "base",
    "over_base",
    "deductible",
    "after_deductible",
    "first_pay",
    "banded",
    "paid",
    "cut",
    "over_eligible",
    "coinsurance",
    "left",
)
"""What a layer gives names to, as `LAYER.amount`."""


def _none(layer: Layer, wave: Wave) -> None:
    for name in LAYER_AMOUNTS:
        wave.amounts[f"{layer.name}.{name}"] = np.zeros(wave.size, np.int64)


def _only_active(layer: Layer, wave: Wave, active: Bool | bool) -> None:
    """A layer that does not take a claim has all its amounts 0 there."""
    if active is True:
        return
    for name in LAYER_AMOUNTS:
        full = f"{layer.name}.{name}"
        if full in wave.amounts:
            wave.amounts[full] = np.where(active, wave.amounts[full], 0)


def _base(layer: Layer, wave: Wave, active: Bool | bool) -> tuple[list[Amount], Amount, Amount]:
    """Step 2: what each group takes, less what eligible limits cut off (from the last group back)."""
    parts = [wave.form(group.take, group.atoms, f"{layer.name}.{group.name}") for group in layer.groups]
    if active is not True:
        parts = [np.where(active, part, 0) for part in parts]
    base = sum(parts)
    over: Amount = 0
    for limit in layer.base_limits:
        room = _room(layer, limit, wave)
        excess = floored(base - room)
        base, over = base - excess, over + excess
        for place in reversed(range(len(parts))):
            off = np.minimum(parts[place], excess)
            parts[place], excess = parts[place] - off, excess - off
    return parts, base, over


def _deductibles(layer: Layer, wave: Wave, parts: list[Amount]) -> tuple[list[Amount], Amount]:
    """Step 4: what the person bears first."""
    total: Amount = 0
    bearers = layer.bears or tuple(range(len(parts)))
    for rule in layer.deductibles:
        due = _due(layer, rule, wave)
        parts, taken = _bear(layer, wave, parts, bearers, due)
        wave.see(f"{layer.name}.deductible.{rule.name}", taken)
        total = total + taken
    return parts, total


def _due(layer: Layer, rule: Deductible, wave: Wave) -> Amount:
    label = f"{layer.name}.deductible.{rule.name}"
    due = wave.left_of(wave.formula(rule.amount, label) * wave.number(rule.times), rule.counter)
    due = wave.unless_absent(rule.amount.fixed, due, 0)  # a counter below 0 does not make one of none
    if rule.at_most is not None:
        amount, counter = rule.at_most
        due = np.minimum(due, wave.left_of(wave.ceiling(amount, f"{label}.at_most"), counter))
    return due


def _bear(
    layer: Layer, wave: Wave, parts: list[Amount], bearers: Sequence[int], due: Amount
) -> tuple[list[Amount], Amount]:
    """Take a deductible off the groups that bear it, in the order the plan names."""
    if len(bearers) == 1:
        place = bearers[0]
        taken = np.minimum(due, parts[place])
        left = list(parts)
        left[place] = parts[place] - taken
        return left, taken
    match layer.allocation:
        case Allocation.IN_ORDER:
            return _bear_in_order(parts, bearers, due)
        case Allocation.PROPORTIONAL:
            return _bear_in_proportion(parts, bearers, due)
        case _:
            return _bear_by_rate(layer, wave, parts, bearers, due)


def _bear_in_order(parts: list[Amount], bearers: Sequence[int], due: Amount) -> tuple[list[Amount], Amount]:
    left, taken = list(parts), due * 0
    for place in bearers:
        off = np.minimum(left[place], due - taken)
        left[place], taken = left[place] - off, taken + off
    return left, taken


def _bear_in_proportion(parts: list[Amount], bearers: Sequence[int], due: Amount) -> tuple[list[Amount], Amount]:
    whole: Amount = sum(parts[place] for place in bearers)
    taken = np.minimum(due, whole)
    divisor: Amount = np.maximum(whole, 1)
    left, running, before = list(parts), taken * 0, taken * 0
    for place in bearers:
        running = running + parts[place]
        until = _proportion(taken, np.asarray(running), np.asarray(divisor))
        left[place] = parts[place] - (until - before)
        before = until
    return left, taken


def _proportion(amount: Amount, part: Amount, whole: Amount) -> Amount:
    """Give amount x part / whole, half-up; exact up to 1e11 x 1e11 by splitting `part` (part <= whole)."""
    # amount <= whole <= 1e11: (q * part) may reach 1e22, so divide in two steps with remainders kept exact
    high, low = np.divmod(part, 1 << 18)
    first, rest = np.divmod(amount * high, whole)
    second = (2 * ((rest << 18) + amount * low) + whole) // (2 * whole)
    return (first << 18) + second


def _bear_by_rate(
    layer: Layer, wave: Wave, parts: list[Amount], bearers: Sequence[int], due: Amount
) -> tuple[list[Amount], Amount]:
    """Let the group with the lowest (or highest) rate of the first slice bear the deductible first; ties in order."""
    assert layer.bands is not None
    tables = layer.bands.slices[0].rates
    rates = np.stack([np.broadcast_to(wave.value(tables[p]), (wave.size,)) for p in bearers], axis=1)
    rates = PPM - rates if layer.allocation is Allocation.HIGHEST_RATE_FIRST else rates
    order = np.argsort(rates, axis=1, kind="stable")
    amounts = np.stack([np.broadcast_to(parts[p], (wave.size,)) for p in bearers], axis=1)
    whole_due = np.broadcast_to(due, (wave.size,))
    taken = np.zeros(wave.size, np.int64)
    rows = np.arange(wave.size)
    for step in range(len(bearers)):
        place = order[:, step]
        off = np.minimum(amounts[rows, place], whole_due - taken)
        amounts[rows, place] -= off
        taken = taken + off
    left = list(parts)
    for column, bearer in enumerate(bearers):
        left[bearer] = amounts[:, column]
    return left, taken


def _first_pay(layer: Layer, wave: Wave, parts: list[Amount]) -> tuple[list[Amount], Amount]:
    """Step 5: the share borne before the bands."""
    total: Amount = 0
    left = list(parts)
    for place, group in enumerate(layer.groups):
        if group.first_pay is not None:
            off = share(left[place], wave.value(group.first_pay, f"{layer.name}.first_pay"))
            left[place], total = left[place] - off, total + off
    return left, total


def _flats(layer: Layer, wave: Wave, paid: Amount) -> Amount:
    """Step 7: fixed amounts added or taken off."""
    for flat in layer.flats:
        here = wave.truth(flat.when)
        wave.see(f"applies.{layer.name}.flat.{flat.name}", here)
        with wave.where(here):
            number = wave.number(flat.number)
            amount = wave.formula(flat.amount, f"{layer.name}.flat.{flat.name}") * flat.sign
        amount = amount * (floored(number - flat.less) if flat.less else number)
        paid = paid + (amount if here is True else np.where(here, amount, 0))
        wave.see(f"after.{layer.name}.flat.{flat.name}", paid)
    return floored(paid) if layer.flats else paid


def _guarantee(layer: Layer, wave: Wave, paid: Amount) -> Amount:
    """Step 8: the payment is at least rate x base."""
    if layer.guarantee is None:
        return paid
    base = wave.form(layer.guarantee.take, label=f"{layer.name}.guarantee")
    floor = share(base, wave.value(layer.guarantee.rate, f"{layer.name}.at_least"))
    wave.see(f"{layer.name}.guaranteed", floor)
    return np.maximum(paid, floor)


def _room(layer: Layer, limit: Limit, wave: Wave) -> Amount:
    """Give what a limit still allows."""
    here = wave.truth(limit.when)
    wave.see(f"applies.{layer.name}.limit.{limit.name}", here)
    with wave.where(here):
        amount = wave.ceiling(limit.amount, f"{layer.name}.limit.{limit.name}")
        if limit.times is not None:
            limited = np.asarray(amount) < NO_LIMIT
            amount = np.where(limited, np.where(limited, amount, 0) * wave.number(limit.times), NO_LIMIT)
    room = wave.left_of(amount, limit.counter)
    return room if here is True else np.where(here, room, NO_LIMIT)


def _limits(layer: Layer, wave: Wave, paid: Amount, base: Amount, banded: Amount) -> tuple[Amount, Amount]:
    """Step 9: ceilings on the payment and on the person's share, in order of the document."""
    cut: Amount = 0
    for limit in layer.limits:
        room = _room(layer, limit, wave)
        wave.see(f"room.{layer.name}.{limit.name}", room)
        if limit.measure is Measure.PERSON_SHARE:
            borne = floored((base if limit.share_of == "left" else banded) - paid)
            paid = paid + floored(borne - room)
        else:
            within = np.minimum(paid, room)
            cut, paid = cut + (paid - within), within
        wave.see(f"after.{layer.name}.limit.{limit.name}", paid)
    return paid, cut


def _pay(layer: Layer, wave: Wave, active: Bool | bool, paid: Amount, base: Amount, banded: Amount) -> None:
    """Step 10: consume the buckets in the order of `charges`; above the bill only where the plan says so."""
    given = wave.block.batch.given_paid.get(layer.name)
    if given is not None:
        known = given[wave.rows]
        paid = np.where(known == MISSING, paid, known)
    here = active if wave.held is None else active & (wave.held == 0)
    if here is not True:
        paid = np.where(here, paid, 0)
    room = np.minimum(
        sum(wave.unconsumed[bucket] for bucket in layer.charges),
        floored(wave.amounts["total"] - wave.amounts["paid"] + wave.beyond),
    )
    inside = np.minimum(paid, room)
    if layer.beyond_bill:
        wave.beyond = wave.beyond + (paid - inside)
    else:
        paid = inside
    rest = inside
    for bucket in layer.charges:
        off = np.minimum(wave.unconsumed[bucket], rest)
        wave.unconsumed[bucket] = wave.unconsumed[bucket] - off
        rest = rest - off
    wave.amounts["paid"] = wave.amounts["paid"] + paid
    wave.amounts[f"{layer.name}.paid"] = paid
    wave.amounts[f"{layer.name}.coinsurance"] = floored(banded - paid)
    wave.amounts[f"{layer.name}.left"] = floored(base - paid)

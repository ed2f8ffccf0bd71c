"""One layer: the ten steps, for every claim of a wave at once.

`steps_of` is the rule: which steps a layer has, in their order. It is asked once for a program; a step that a layer
does not have does not exist. The code of a step reads like the rule for one claim; every variable is an array over the
claims of the wave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter

import numpy as np

from adjudicator.bands import BandSteps, eligible_of_cut
from adjudicator.columns import MISSING, NO_LIMIT, Bool, both, certain
from adjudicator.deductibles import Bear
from adjudicator.parameters import Source
from adjudicator.prepare import Preparation, charges_all
from adjudicator.rounding import Amount, floored, share, sum_of
from adjudicator.rulebook import Bands, Flat, Guarantee, Layer, Limit, Measure
from adjudicator.standing import Standing, Step
from adjudicator.wave import Wave


class LayerSteps:
    """One layer made ready: when it applies, and its steps."""

    def __init__(self, layer: Layer, prepare: Preparation):
        self.name, self.required = layer.name, layer.required
        self.when = prepare.condition(layer.when)
        self.label = prepare.label(f"applies.{layer.name}")
        self.steps: list[Step] = []
        for step in steps_of(layer, prepare):
            last = self.steps[-1] if self.steps else None
            if isinstance(step, Publish) and isinstance(last, Publish):
                last.amounts |= step.amounts
            else:
                self.steps.append(step)
        self.amounts = tuple(name for step in self.steps if isinstance(step, Publish) for name in step.amounts)

    def settle(self, wave: Wave, open_claims: Bool | bool) -> Bool | bool:
        """Run the layer over a wave; gives the claims it took. Amounts are written to `wave.amounts`."""
        active = both(self.when.at(wave), open_claims)
        if active is not True:
            active = certain(active)
        if self.label:
            wave.see(self.label, active)
        if active is False:
            return False
        at = Standing(wave, active)
        for step in self.steps:
            step.run(at)
        return active


def steps_of(layer: Layer, prepare: Preparation) -> Iterator[Step]:
    """Give the steps that a layer has, in their order."""
    name, results = layer.name, parts_of(layer)

    def publish(*amounts: str) -> Iterator[Step]:
        asked = [amount for amount in amounts if amount in results or prepare.reads(f"{name}.{amount}")]
        if asked:
            yield Publish({f"{name}.{amount}": AMOUNTS[amount] for amount in asked})

    def tell(label: str) -> Iterator[Step]:
        if prepare.watched:
            yield Tell(label)

    yield Base(layer, prepare)
    for limit in layer.base_limits:
        yield BaseLimit(Room(layer, limit, prepare))
    yield from publish("base", "over_base")
    for rule in layer.deductibles:
        yield Bear(layer, rule, prepare)
    yield from publish("deductible", "after_deductible")
    for place, group in enumerate(layer.groups):
        if group.first_pay is not None:
            yield FirstPay(place, prepare.parameter(group.first_pay, f"{name}.first_pay"))
    yield from publish("first_pay", "banded")
    spares = not {f"{name}.cut", f"{name}.over_eligible"} & prepare.facts.read
    if spares:
        yield Decide()
    if layer.bands is not None:
        yield PayBands(layer, layer.bands, prepare)
    yield from tell(f"{name}.by_bands")
    if layer.already_paid is not None:
        yield CatchUp(layer.already_paid)
        yield from tell(f"after.{name}.already_paid")
    if keeps_cut := prepare.reads(f"{name}.cut") or prepare.reads(f"{name}.over_eligible"):
        yield Entitle()
    for flat in layer.flats:
        yield AddFlat(layer, flat, prepare)
        yield from tell(f"after.{name}.flat.{flat.name}")
    if layer.flats:
        yield FloorPaid()
    if layer.guarantee is not None:
        yield Guaranteed(layer, layer.guarantee, prepare)
    for limit in layer.limits:
        room = Room(layer, limit, prepare)
        yield LimitShare(room) if limit.measure is Measure.PERSON_SHARE else LimitPayment(room, keeps_cut)
        yield from tell(f"after.{name}.limit.{limit.name}")
    if spares:
        yield Spare(name)
    yield from publish("cut", "over_eligible")
    yield Pay(layer, prepare)
    yield from publish("paid", "coinsurance", "left")


class Base:
    """Step 2: what each group takes."""

    def __init__(self, layer: Layer, prepare: Preparation):
        self.groups = [prepare.form(g.take, f"{layer.name}.{g.name}", g.atoms) for g in layer.groups]

    def run(self, at: Standing) -> None:
        """Form the parts and their sum."""
        for group in self.groups:
            part = group.at(at.wave)
            if at.active is not True:
                part = part * at.active
            at.base = at.base + part if at.parts else part
            at.parts.append(part)


class BaseLimit:
    """Eligible limits cut the base, from the last group back."""

    def __init__(self, room: Room):
        self.room = room

    def run(self, at: Standing) -> None:
        """Cut the base."""
        excess = floored(at.base - self.room.at(at.wave))
        at.base, at.over_base = at.base - excess, at.over_base + excess
        for place in reversed(range(len(at.parts))):
            off = np.minimum(at.parts[place], excess)
            at.parts[place] = at.parts[place] - off
            excess = excess - off


class FirstPay:
    """Step 5: the share of a group that the person bears before the bands."""

    def __init__(self, place: int, rate: Source):
        self.place, self.rate = place, rate

    def run(self, at: Standing) -> None:
        """Take the share off the part."""
        off = share(at.parts[self.place], self.rate.at(at.wave))
        at.parts[self.place] = at.parts[self.place] - off
        at.pay_first(off)


class Decide:
    """Remember what could not be decided before the payment is worked out."""

    def run(self, at: Standing) -> None:
        """Remember it."""
        at.undecided = at.wave.undecided


class PayBands:
    """Step 6: slices of what is left, each at its rate."""

    def __init__(self, layer: Layer, bands: Bands, prepare: Preparation):
        self.bands = BandSteps(layer, bands, prepare)

    def run(self, at: Standing) -> None:
        """Cut into slices and pay them."""
        at.by_bands = self.bands.pay(at.wave, at.parts, at.deductible)
        if at.by_bands is not None:
            at.paid = at.by_bands.paid


class CatchUp:
    """What was already paid is taken off."""

    def __init__(self, counter: str):
        self.counter = counter

    def run(self, at: Standing) -> None:
        """Take it off."""
        at.paid = at.wave.left_of(at.paid, self.counter)


class Entitle:
    """Remember the payment before fixed amounts, guarantee and limits."""

    def run(self, at: Standing) -> None:
        """Remember it."""
        at.entitled = at.paid


class AddFlat:
    """Step 7: a fixed amount added or taken off."""

    def __init__(self, layer: Layer, flat: Flat, prepare: Preparation):
        label = f"{layer.name}.flat.{flat.name}"
        self.when = prepare.condition(flat.when, f"applies.{label}")
        self.amount = prepare.formula(flat.amount, label)
        self.number, self.less, self.sign = flat.number, flat.less, flat.sign

    def run(self, at: Standing) -> None:
        """Add it where it applies."""
        wave, here = at.wave, self.when.at(at.wave)
        with wave.where(here):
            number = None if self.number is None else wave.number(self.number)
            amount = self.amount.at(wave) * self.sign
        if number is not None:
            amount = amount * floored(number - self.less)
        elif self.less:
            amount = amount * max(0, 1 - self.less)
        at.paid = at.paid + (amount if here is True else np.where(here, amount, 0))


class FloorPaid:
    """Fixed amounts taken off leave a payment of at least 0."""

    def run(self, at: Standing) -> None:
        """Floor the payment."""
        at.paid = floored(at.paid)


class Guaranteed:
    """Step 8: the payment is at least rate x base."""

    def __init__(self, layer: Layer, guarantee: Guarantee, prepare: Preparation):
        self.base = prepare.form(guarantee.take, f"{layer.name}.guarantee")
        self.rate = prepare.parameter(guarantee.rate, f"{layer.name}.at_least")
        self.label = prepare.label(f"{layer.name}.guaranteed")

    def run(self, at: Standing) -> None:
        """Raise the payment."""
        floor = share(self.base.at(at.wave), self.rate.at(at.wave))
        if self.label:
            at.wave.see(self.label, floor)
        at.paid = np.maximum(at.paid, floor)


class Room:
    """What a limit still allows; NO_LIMIT where it does not apply or is absent."""

    def __init__(self, layer: Layer, limit: Limit, prepare: Preparation):
        label = f"{layer.name}.limit.{limit.name}"
        self.limit = limit
        self.when = prepare.condition(limit.when, f"applies.{label}")
        self.amount = prepare.ceiling(limit.amount, label)
        self.label = "" if limit.measure is Measure.ELIGIBLE else prepare.label(f"room.{layer.name}.{limit.name}")
        self.certain = self.amount.certain and limit.times is None and not self.label

    def at(self, wave: Wave) -> Amount:
        """Give the room of every claim."""
        here = self.when.at(wave)
        if here is True:
            room = self._room(wave)
        else:
            with wave.where(here):
                room = np.where(here, self._room(wave), NO_LIMIT)
        if self.label:
            wave.see(self.label, room)
        return room

    def _room(self, wave: Wave) -> Amount:
        amount = self.amount.at(wave)
        if self.limit.times is not None:
            limited = amount < NO_LIMIT
            amount = np.where(limited, np.where(limited, amount, 0) * wave.number(self.limit.times), NO_LIMIT)
        return floored(amount) if self.limit.counter is None else wave.left_of(amount, self.limit.counter)


class LimitPayment:
    """Step 9: a ceiling on the payment. What it cuts off is counted where anyone asks (`keeps_cut`)."""

    def __init__(self, room: Room, keeps_cut: bool):
        self.room, self.keeps_cut = room, keeps_cut

    def run(self, at: Standing) -> None:
        """Cut the payment; where there is none, the limit is asked for only if it may hold a claim."""
        if at.paid is at.wave.nothing and self.room.certain:
            return
        within = np.minimum(at.paid, self.room.at(at.wave))
        if self.keeps_cut:
            at.cut = at.cut + (at.paid - within)
        at.paid = within


class LimitShare:
    """Step 9: a ceiling on what the person bears; what is above is paid."""

    def __init__(self, room: Room):
        self.room = room
        self.of_left = room.limit.share_of == "left"

    def run(self, at: Standing) -> None:
        """Pay what is above."""
        borne = floored((at.base if self.of_left else at.banded) - at.paid)
        at.paid = at.paid + floored(borne - self.room.at(at.wave))


class Spare:
    """Where the payment is given, what only it needs holds no claim; what limits would cut is unknown, told as 0."""

    def __init__(self, layer: str):
        self.layer = layer

    def run(self, at: Standing) -> None:
        """Take the holds back."""
        given = at.wave.block.batch.given_paid.get(self.layer)
        if given is not None:
            spared = at.wave.spare(given[at.wave.rows] != MISSING, at.undecided)
            at.cut = at.cut * np.logical_not(spared)


class Pay:
    """Step 10: payments stay within the bill, except where the plan says otherwise; held claims are paid nothing."""

    def __init__(self, layer: Layer, prepare: Preparation):
        self.name, self.beyond_bill, self.charges = layer.name, layer.beyond_bill, layer.charges
        self.charges_all, self.used = charges_all(layer), prepare.used[layer.name]

    def run(self, at: Standing) -> None:
        """Pay, and use the bill up."""
        wave, paid = at.wave, at.paid
        given = wave.block.batch.given_paid.get(self.name)
        if given is not None:
            known = given[wave.rows]
            paid = np.where(known == MISSING, paid, known)
        wave.close_layer(at.active)
        if paid is wave.nothing:
            return
        here = at.active if wave.held is None else both(wave.held == 0, at.active)
        if here is not True:
            paid = paid * here
        room: Amount = wave.left_of_bill
        if not self.charges_all:
            room = np.minimum(room, sum_of([wave.unconsumed[bucket] for bucket in self.charges]))
        inside = np.minimum(paid, room)
        if self.beyond_bill:
            wave.beyond = wave.beyond + (paid - inside)
        else:
            paid = inside
        wave.left_of_bill = wave.left_of_bill - inside
        if self.used:
            wave.consume(inside, self.used)
        at.paid = paid


class Publish:
    """Give amounts of the layer their names: whoever asks for one later finds it there."""

    def __init__(self, amounts: dict[str, Callable[[Standing], Amount]]):
        self.amounts = amounts

    def run(self, at: Standing) -> None:
        """Name them."""
        named = at.wave.amounts
        for name, amount in self.amounts.items():
            named[name] = amount(at)


class Tell:
    """Tell the observer the payment as it stands."""

    def __init__(self, label: str):
        self.label = label

    def run(self, at: Standing) -> None:
        """Tell it."""
        at.wave.see(self.label, at.paid)


def _over_eligible(at: Standing) -> Amount:
    """Eligible spending above the limits; a cut of what only a guarantee or flat gave is none."""
    if at.by_bands is None:
        return at.wave.nothing
    below = np.minimum(at.cut, floored(at.entitled - at.paid))
    return eligible_of_cut(at.by_bands, below) * at.active


AMOUNTS: dict[str, Callable[[Standing], Amount]] = {
    "base": attrgetter("base"),
    "over_base": attrgetter("over_base"),
    "deductible": attrgetter("deductible"),
    "after_deductible": lambda at: at.base - at.deductible,
    "first_pay": attrgetter("first_pay"),
    "banded": attrgetter("banded"),
    "paid": attrgetter("paid"),
    "cut": lambda at: at.cut * at.active,
    "over_eligible": _over_eligible,
    "coinsurance": lambda at: floored(at.banded - at.paid),
    "left": lambda at: floored(at.base - at.paid),
}
"""What a layer gives names to, as `LAYER.amount`."""

LAYER_AMOUNTS = tuple(AMOUNTS)

PARTS = ("base", "deductible", "first_pay", "paid")
"""The amounts of a layer that are part of the settlement."""


def parts_of(layer: Layer) -> list[str]:
    """Give the parts that a layer may have at all; the others are 0 for every claim."""
    never = set()
    if not layer.deductibles:
        never.add("deductible")
    if all(group.first_pay is None for group in layer.groups):
        never.add("first_pay")
    return [part for part in PARTS if part not in never]

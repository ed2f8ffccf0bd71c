"""The steps of one layer for one claim: parameters looked up where the kernel found them, amounts as it said them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adjudicator.batch import Batch
from adjudicator.rulebook import Deductible, Flat, Layer, Limit, Measure, Origin, Program, RoundAt, State
from api.explain.explanation import LayerPart, Source, Step
from api.explain.texts import PlanTexts
from api.explain.trace import Trace

UNDECIDED = {
    State.NOT_STATED: "STEP_NOT_STATED",
    State.TARGET: "STEP_NOT_EXACT",
    State.UNKNOWN: "STEP_UNKNOWN_VALUE",
    State.MISSING: "STEP_MISSING_VALUE",
}
"""Why a value could not be decided."""

_LIMIT_CODES = {
    (False, False): "STEP_LIMIT",
    (False, True): "STEP_LIMIT_USED",
    (True, False): "STEP_SHARE_LIMIT",
    (True, True): "STEP_SHARE_LIMIT_USED",
}
"""By whether the limit is on the person's share, and whether it has a counter."""


def _shown(terms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out the terms of a linear form that add nothing; a form of nothing keeps its first."""
    return [term for term in terms if term["fen"] and term["weight_ppm"]] or terms[:1]


class LayerReader:
    """Puts one layer of a program into steps."""

    def __init__(self, layer: Layer, program: Program, batch: Batch, trace: Trace, texts: PlanTexts) -> None:
        self.layer, self.program, self.batch, self.trace, self.texts = layer, program, batch, trace, texts

    def part(self) -> LayerPart:
        """Give the layer; its steps only where it takes the claim."""
        layer, trace = self.layer, self.trace
        title = self.texts.layers.get(layer.name, {})
        if not trace.get(f"applies.{layer.name}"):
            return LayerPart(layer.name, title, layer.fund, applies=False)
        return LayerPart(
            layer.name,
            title,
            layer.fund,
            applies=True,
            base_fen=trace.get(f"{layer.name}.base"),
            paid_fen=trace.get(f"{layer.name}.paid"),
            left_fen=trace.get(f"{layer.name}.left"),
            steps=tuple(self._steps()),
        )

    def _steps(self) -> Iterator[Step]:
        layer, trace = self.layer, self.trace
        yield from self._base()
        for rule in layer.deductibles:
            yield from self._deductible(rule)
        yield from self._first_pay()
        if self._is_given():
            yield Step("STEP_GIVEN", {"fund": layer.fund})
        else:
            yield from self._payment()
        yield Step("STEP_PAID", {"fund": layer.fund}, trace.get(f"{layer.name}.paid"), "pays")

    def _is_given(self) -> bool:
        """Tell whether the payment came with the claim."""
        given = self.batch.given_paid.get(self.layer.name)
        return given is not None and int(given[self.trace.row]) >= 0

    def _payment(self) -> Iterator[Step]:
        layer, trace = self.layer, self.trace
        yield from self._bands()
        if layer.already_paid is not None:
            taken = trace.get(f"{layer.name}.by_bands") - trace.get(f"after.{layer.name}.already_paid")
            yield Step("STEP_ALREADY_PAID", {"counter": layer.already_paid}, -taken, "pays")
        for flat in layer.flats:
            yield from self._flat(flat)
        if layer.guarantee is not None:
            label = f"{layer.name}.at_least"
            terms = [self._term(f"{layer.name}.guarantee.{name}", name) for name, _ in layer.guarantee.take]
            fields = {"rate_ppm": trace.parameter(label) or 0, "floor_fen": trace.get(f"{layer.name}.guaranteed")}
            of_terms = [s for name, _ in layer.guarantee.take for s in self._sources(f"{layer.name}.guarantee.{name}")]
            sources = tuple(dict.fromkeys([*self._sources(label), *(s for s in of_terms if s.kind == "assumed")]))
            yield Step("STEP_AT_LEAST", {**fields, "terms": _shown(terms)}, None, "pays", sources)
        for limit in layer.limits:
            yield from self._limit(limit)

    def _base(self) -> Iterator[Step]:
        layer, trace = self.layer, self.trace
        for group in layer.groups:
            terms = [self._term(f"{layer.name}.{group.name}.{name}", name) for name, _ in group.take]
            labels = [f"{layer.name}.{group.name}.{name}" for name, _ in group.take]
            sources = tuple(s for label in labels for s in self._sources(label) if s.kind == "assumed")
            if len(layer.groups) > 1:
                yield Step("STEP_GROUP", {"group": group.name, "terms": _shown(terms)}, None, "base", sources)
            else:
                whole = trace.get(f"{layer.name}.base") + trace.get(f"{layer.name}.over_base")
                yield Step("STEP_BASE", {"terms": _shown(terms)}, whole, "base", sources)
        if len(layer.groups) > 1:
            amount = trace.get(f"{layer.name}.base") + trace.get(f"{layer.name}.over_base")
            yield Step("STEP_GROUPS_BASE", {"count": len(layer.groups)}, amount, "base")
        for limit in layer.base_limits:
            label = f"{layer.name}.limit.{limit.name}"
            if trace.parameter(label) is not None:
                fields = {"name": limit.name, "limit_fen": trace.parameter(label), **self._used(limit.counter)}
                yield Step("STEP_BASE_LIMIT", fields, None, "base", self._sources(label))
        if layer.base_limits and trace.get(f"{layer.name}.over_base"):
            yield Step("STEP_OVER_BASE", {}, -trace.get(f"{layer.name}.over_base"), "person")

    def _term(self, label: str, name: str) -> dict[str, Any]:
        trace = self.trace
        return {"amount": name, "fen": trace.get(f"term.{label}"), "weight_ppm": trace.get(f"param.{label}")}

    def _deductible(self, rule: Deductible) -> Iterator[Step]:
        label = f"{self.layer.name}.deductible.{rule.name}"
        trace = self.trace
        taken, sources = trace.get(label), self._sources(label)
        if trace.is_absent(label):
            yield Step("STEP_NO_DEDUCTIBLE", {"name": rule.name}, None, "", sources)
            return
        standard = trace.parameter(label) or 0
        fields = {"name": rule.name, "standard_fen": standard, "times": rule.times or "", **self._used(rule.counter)}
        code = "STEP_DEDUCTIBLE_USED" if rule.counter else "STEP_DEDUCTIBLE"
        yield Step(code, fields, -taken, "person", sources)

    def _first_pay(self) -> Iterator[Step]:
        name = self.layer.name
        rates = self.trace.said.get(f"param.{name}.first_pay", [])
        if rates and any(rates):
            shown = sorted(set(rates))
            fields = {"rates_ppm": shown}
            amount = -self.trace.get(f"{name}.first_pay")
            yield Step("STEP_FIRST_PAY", fields, amount, "person", self._sources(f"{name}.first_pay"))

    def _bands(self) -> Iterator[Step]:
        layer, trace = self.layer, self.trace
        if layer.bands is None:
            return
        if layer.bands.running is not None:
            used = trace.get(f"opening.{layer.bands.running}")
            yield Step("STEP_RUNNING", {"counter": layer.bands.running, "used_fen": used})
        lower = 0
        for number, piece in enumerate(layer.bands.slices, start=1):
            label = f"{layer.name}.to.{number}"
            upper = None if piece.to is None else trace.parameter(label)
            for group in layer.groups:
                yield from self._slice(number, group.name, lower, upper, len(layer.groups) > 1)
            lower = upper if upper is not None else lower
        rounding = layer.rounding
        unit = {"unit_fen": rounding.unit, "mode": rounding.mode, "at": RoundAt(rounding.at).name.lower()}
        yield Step("STEP_ROUNDING", unit, trace.get(f"{layer.name}.by_bands"), "base")

    def _slice(self, number: int, group: str, lower: int, upper: int | None, several: bool) -> Iterator[Step]:
        layer, trace = self.layer, self.trace
        width = trace.get(f"width.{layer.name}.{number}.{group}")
        label = f"{layer.name}.rate.{number}" + (f".{group}" if several else "")
        rate = trace.parameter(label)
        if not width or rate is None:
            return
        fields: dict[str, Any] = {"number": number, "group": group if several else "", "width_fen": width}
        fields |= {"rate_ppm": rate, "from_fen": lower, "to_fen": upper}
        paid = None if several else trace.get(f"slice.{layer.name}.{number}")
        plain = len(layer.bands.slices) == 1 if layer.bands else True
        code = "STEP_GROUP_SLICE" if several else "STEP_RATE" if plain else "STEP_SLICE"
        sources = self._sources(label) + (self._sources(f"{layer.name}.to.{number}") if upper is not None else ())
        yield Step(code, fields, paid, "pays", tuple(dict.fromkeys(sources)))

    def _flat(self, flat: Flat) -> Iterator[Step]:
        label = f"{self.layer.name}.flat.{flat.name}"
        if not self.trace.get(f"applies.{label}"):
            return
        fields = {"name": flat.name, "each_fen": self.trace.parameter(label) or 0, "number": flat.number or ""}
        after = self.trace.get(f"after.{label}")
        yield Step("STEP_FLAT_OFF" if flat.sign < 0 else "STEP_FLAT", {**fields, "after_fen": after}, None, "pays",
                   self._sources(label))  # fmt: skip

    def _limit(self, limit: Limit) -> Iterator[Step]:
        name, trace = self.layer.name, self.trace
        label = f"{name}.limit.{limit.name}"
        if not trace.get(f"applies.{label}"):
            return
        if trace.is_absent(label):
            yield Step("STEP_NO_LIMIT", {"name": limit.name}, None, "", self._sources(label))
            return
        fields = {"name": limit.name, "limit_fen": trace.parameter(label) or 0, "times": limit.times or ""}
        fields |= {"room_fen": trace.get(f"room.{name}.{limit.name}"), "after_fen": trace.get(f"after.{label}")}
        fields |= self._used(limit.counter)
        code = _LIMIT_CODES[limit.measure is Measure.PERSON_SHARE, limit.counter is not None]
        yield Step(code, fields, None, "pays", self._sources(label))

    def _used(self, counter: str | None) -> dict[str, Any]:
        return {"counter": counter, "used_fen": self.trace.get(f"opening.{counter}")} if counter else {}

    def _sources(self, label: str) -> tuple[Source, ...]:
        return tuple(source_of(origin, self.texts) for origin in self.trace.origins(label, self.program))


def source_of(origin: Origin, texts: PlanTexts) -> Source:
    """Put an origin into words: the title of its document instead of the key."""
    known = texts.sources.get(origin.source)
    title, address = (known.title, known.address) if known else (origin.source, "")
    return Source(title, origin.grade, address, origin.path, origin.line, origin.kind, origin.why)

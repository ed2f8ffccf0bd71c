"""Compiles a complete plan document into the kernel's `Program`."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from adjudicator.batch import BUCKETS
from adjudicator.catalog import days
from adjudicator.rulebook import (
    Allocation,
    Bands,
    CounterRule,
    Deductible,
    Flat,
    Formula,
    Group,
    Guarantee,
    Layer,
    Limit,
    Measure,
    Origin,
    Period,
    Program,
    Rounding,
    Slice,
    State,
    Table,
)
from catalogs.plans.atoms import Atoms, compile_lines
from catalogs.plans.complete import CompletePlan
from catalogs.plans.conditions import DATE, AllOf, Condition, Interval, NoneOf, Test
from catalogs.plans.document import BandsEntry, CounterEntry, GroupEntry, LayerEntry, LimitEntry, LinearForm
from catalogs.plans.findings import Findings
from catalogs.plans.fold import Folder
from catalogs.plans.frames import Vocabulary
from catalogs.plans.values import Cell, Unit, Value

FOR_EVER = days("9999-12-31")
PERIODS = {
    "none": Period.NONE,
    "year": Period.YEAR,
    "quarter": Period.QUARTER,
    "month": Period.MONTH,
    "day": Period.DAY,
    "episode": Period.EPISODE,
    "rolling": Period.ROLLING,
    "claim": Period.CLAIM,
}
MEASURES = {"payment": Measure.PAYMENT, "eligible": Measure.ELIGIBLE, "person_share": Measure.PERSON_SHARE}


def compile_plan(plan: CompletePlan, findings: Findings) -> Program:
    """Compile; everything wrong is added to `findings`, and the result is only good when none of it is an error."""
    return _Compiler(plan, findings).program()


class _Compiler:
    def __init__(self, plan: CompletePlan, findings: Findings) -> None:
        self.plan, self.findings = plan, findings
        self.folder = Folder(findings, dict(plan.indexes))
        valid = Interval(Fraction(plan.valid_from), Fraction(plan.valid_until), high_open=True)
        outside = (NoneOf((plan.excluded,)),) if plan.excluded is not None else ()
        self.valid: Condition = AllOf((Test(DATE, valid, plan.place), *outside))
        self.vocabulary = plan.vocabulary()
        self.atoms = Atoms(plan, self.vocabulary, findings)

    def program(self) -> Program:
        plan = self.plan
        layers = tuple(_LayerCompiler(self, layer).layer() for layer in plan.layers)
        counters = tuple(self._counter(counter) for counter in plan.counters.values())
        lines = compile_lines(plan, self.atoms, self.folder, self.vocabulary, self.valid)
        month, day = plan.conventions.get("year_start", "01-01").split("-")
        excluded = self.folder.condition(plan.excluded, self.vocabulary)
        for place in self.folder.unreached():
            self.findings.add("UNREACHABLE_ROW", place)
        digest = hashlib.sha256("\0".join(plan.texts).encode()).hexdigest()
        return Program(
            name=plan.id,
            scheme=plan.scheme,
            layers=layers,
            counters=counters,
            lines=lines,
            valid_from=plan.valid_from,
            valid_until=plan.valid_until,
            year_start=(int(month), int(day)),
            year_by=plan.conventions.get("year_by", "discharge"),
            amounts=plan.amounts,
            defaults=self._defaults(),
            origins=(*self.folder.origins, *plan.convention_origins.values()),
            coverage_by=plan.coverage_by,
            place=plan.area or "",
            status_at=plan.conventions.get("status_at", "settlement"),
            order_by=plan.conventions.get("order_by", "settlement"),
            waiting=self._waiting(),
            excluded_if=excluded,
            digest=digest,
            splits=plan.conventions.get("new_year") == "split",
            undo=plan.conventions.get("undo", "forbid"),
        )

    def _defaults(self) -> Mapping[str, str | int]:
        given = {a.name: a.default for a in self.plan.attributes.values() if a.default is not None}
        numbers = {a.name for a in self.plan.attributes.values() if a.kind == "number"}
        return {name: int(value) if name in numbers else value for name, value in given.items()}

    def _waiting(self) -> Table | None:
        if self.plan.waiting is None:
            return None
        return self.folder.table(self.plan.waiting, Unit.NUMBER, self.vocabulary, (self.valid,))

    def weights(
        self, form: LinearForm, reach: Iterable[Condition | None], vocabulary: Vocabulary | None = None
    ) -> tuple[tuple[str, Table], ...]:
        """Fold the weights of a linear form."""
        words = vocabulary or self.vocabulary
        return tuple((name, self.folder.table(value, Unit.FACTOR, words, tuple(reach))) for name, value, _ in form)

    def _counter(self, counter: CounterEntry) -> CounterRule:
        return CounterRule(
            name=counter.name,
            period=PERIODS[counter.per],
            holder=counter.holder,
            keys=counter.keys,
            months=counter.months,
            adds=self.weights(counter.adds, (self.valid,)),
            counts_if=self.folder.condition(counter.counts_if, self.vocabulary),
            sets=counter.sets,
            clears_if=self.folder.condition(counter.clears_if, self.vocabulary),
            unit=counter.unit,
        )


@dataclass
class _LayerCompiler:
    outer: _Compiler
    entry: LayerEntry

    def layer(self) -> Layer:
        entry, outer = self.entry, self.outer
        names = [group.name for group in entry.groups] or ["all"]
        self.vocabulary = outer.plan.vocabulary(outer.plan.homes[entry.name])
        self.reach = (outer.valid, entry.when)
        bearers = entry.borne_by or next((d.borne_by for d in entry.deductibles), ())
        bears = tuple(names.index(name) for name in bearers if name in names)
        guarantee = None
        if entry.guarantee is not None:
            rate, base = entry.guarantee
            guarantee = Guarantee(outer.weights(base, self.reach, self.vocabulary), self._rate(rate))
        return Layer(
            name=entry.name,
            fund=entry.fund,
            when=outer.folder.condition(entry.when, self.vocabulary),
            groups=self._groups(),
            base_limits=tuple(self._limit(limit) for limit in entry.base_limits),
            deductibles=tuple(
                Deductible(
                    d.name,
                    self._formula(d.amount),
                    d.counter,
                    d.times,
                    (self._formula(d.at_most[0]), d.at_most[1]) if d.at_most else None,
                )
                for d in entry.deductibles
            ),
            allocation=Allocation[entry.allocate.upper()],
            bears=bears,
            bands=self._bands(entry.bands) if entry.bands is not None else None,
            rounding=entry.rounding or outer.plan.rounding or Rounding(),
            already_paid=entry.already_paid,
            flats=tuple(
                Flat(
                    f.name,
                    self._formula(f.amount, f.when),
                    f.number,
                    f.less,
                    -1 if f.take else 1,
                    outer.folder.condition(f.when, self.vocabulary),
                )
                for f in entry.flats
            ),
            guarantee=guarantee,
            limits=tuple(self._limit(limit) for limit in entry.limits),
            charges=entry.charges,
            beyond_bill=entry.beyond_bill,
            required=entry.requires_visit,
        )

    def _formula(self, value: Value, when: Condition | None = None) -> Formula:
        return self.outer.folder.formula(value, self.vocabulary, (*self.reach, when))

    def _rate(self, value: Value, group: str | None = None) -> Table:
        fixed = {"item_group": group} if group is not None else None
        return self.outer.folder.table(value, Unit.RATE, self.vocabulary, self.reach, fixed)

    def _groups(self) -> tuple[Group, ...]:
        entry, outer = self.entry, self.outer
        groups = entry.groups or (GroupEntry("all", None, None, None, entry.place),)
        made = []
        for group in groups:
            first_pay = group.first_pay or entry.first_pay
            form = group.base if group.base is not None else entry.base
            for other in entry.groups[: entry.groups.index(group)] if entry.groups else ():
                self._check_overlap(group, other)
            made.append(
                Group(
                    group.name,
                    outer.weights(form, self.reach, self.vocabulary),
                    outer.atoms.of_group(group, entry.groups),
                    self._rate(first_pay, group.name) if first_pay is not None else None,
                )
            )
        return tuple(made)

    def _check_overlap(self, group: GroupEntry, other: GroupEntry) -> None:
        """Groups that take from the same bucket must not share lines."""
        atoms = self.outer.atoms
        chosen = [atoms.of_group(g, self.entry.groups) for g in (group, other)]
        sets = [set(range(atoms.count) if some is None else some) for some in chosen]
        forms = [g.base if g.base is not None else self.entry.base for g in (group, other)]
        buckets = [{name for name, _, _ in form if name in BUCKETS} for form in forms]
        if sets[0] & sets[1] and buckets[0] & buckets[1]:
            self.outer.findings.add("GROUPS_OVERLAP", group.place, name=group.name, other=other.name)
        elif {name for name, _, _ in forms[0]} & {name for name, _, _ in forms[1]} - set(BUCKETS):
            self.outer.findings.add("GROUPS_COUNT_TWICE", group.place, name=group.name, other=other.name)

    def _limit(self, limit: LimitEntry) -> Limit:
        return Limit(
            limit.name,
            MEASURES[limit.on],
            self._formula(limit.amount, limit.when),
            limit.counter,
            limit.times,
            limit.of,
            self.outer.folder.condition(limit.when, self.vocabulary),
        )

    def _check_edges(self, bands: BandsEntry) -> None:
        """Edges must rise, and a slice that says where it starts must start where the one before ends."""
        folder, findings = self.outer.folder, self.outer.findings
        for before, part in pairwise((None, *bands.slices)):
            assert part is not None
            if part.start is not None:
                ending = before.to if before is not None and before.to is not None else _zero(part.start)
                values = (part.start, ending)
                if gap := folder.clashes(values, self.vocabulary, self.reach, operator.gt):
                    findings.add("BAND_GAP", part.place, examples=gap)
                if overlap := folder.clashes(values, self.vocabulary, self.reach, operator.lt):
                    findings.add("BAND_OVERLAP", part.place, examples=overlap)
            if before is None or before.to is None or part.to is None:
                continue
            if fall := folder.clashes((before.to, part.to), self.vocabulary, self.reach, operator.ge):
                findings.add("EDGES_NOT_RISING", part.place, examples=fall)

    def _bands(self, bands: BandsEntry) -> Bands:
        self._check_edges(bands)
        names = [group.name for group in self.entry.groups] or ["all"]
        slices = [
            Slice(
                self._formula(part.to) if part.to is not None else None,
                tuple(self._rate(part.rate, name) for name in names),
                self._rate(part.credit) if part.credit is not None else None,
            )
            for part in bands.slices
        ]
        if bands.above is not None:
            above = bands.above
            slices.append(Slice(None, tuple(self._rate(above, name) for name in names)))
        phase = (bands.phase[0], self._formula(bands.phase[1])) if bands.phase else None
        return Bands(tuple(slices), bands.running, bands.from_deductible, phase, bands.whole)


def _zero(like: Value) -> Cell:
    """Give the amount 0 where a value stands."""
    return Cell(State.EXACT, Fraction(0), Origin("", like.place.line, "", "", "exact"), like.place)

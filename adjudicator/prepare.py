"""What the kernel derives once from a program: who reads what, when counters are added to, parameters made ready."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace

import numpy as np

from adjudicator.batch import BUCKETS
from adjudicator.columns import NO_LIMIT, PPM, Int64
from adjudicator.kinds import KeysBySource
from adjudicator.parameters import Composed, Condition, Constant, Form, Parameter, Rows, Source, Told, is_plain
from adjudicator.parameters import Term as ReadyTerm
from adjudicator.rulebook import (
    CounterRule,
    Formula,
    Group,
    Guarantee,
    Key,
    KeyKind,
    Layer,
    Program,
    State,
    Table,
    Term,
)

Adding = tuple[CounterRule, tuple[tuple[str, Table], ...], bool]
"""A counter, the part of its form to add now, and whether its condition is read now (the first time) or remembered."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Derived facts of a program.

    read: names of amounts that some form, condition or counter reads. openings: counters whose value before the claim
    is read by conditions that may follow its change. adding: by layer name ("" after the last), what is added to
    counters then. keys: those over attributes of claims, by kind and source.
    """

    read: frozenset[str]
    openings: tuple[str, ...]
    adding: dict[str, tuple[Adding, ...]]
    keys: KeysBySource


def facts_of(program: Program) -> Facts:
    """Work the derived facts out."""
    read: set[str] = set()
    openings: dict[str, None] = {}
    for part in parts((program.layers, program.counters, program.lines.category_limits)):
        match part:
            case Key(KeyKind.AMOUNT, source):
                read.add(source)
            case Key(KeyKind.COUNTER, source):
                openings[source] = None
            case Term(amount):
                read.add(amount)
            case Group() | Guarantee():
                read.update(name for name, _ in part.take)
            case CounterRule():
                read.update(name for name, _ in part.adds)
    if not any(rule.sets or rule.clears_if is not None for rule in program.counters):
        openings.clear()
    return Facts(frozenset(read), tuple(openings), _adding(program), _static_keys(program))


def _static_keys(program: Program) -> KeysBySource:
    keys = {
        key.identity: key
        for table in parts((program.layers, program.counters))
        if isinstance(table, Table)
        for key, _ in table.static
    }
    by_source: dict[tuple[KeyKind, str], list[Key]] = {}
    for key in keys.values():
        by_source.setdefault((key.kind, key.source), []).append(key)
    return by_source


def _adding(program: Program) -> dict[str, tuple[Adding, ...]]:
    adding: dict[str, list[Adding]] = {}
    moments = [layer.name for layer in program.layers] + [""]
    for rule in program.counters:
        if rule.sets:
            adding.setdefault("", []).append((rule, rule.adds, True))
            continue
        first = True
        for moment in moments:
            due = tuple((name, weight) for name, weight in rule.adds if _moment(name, moments) == moment)
            if due:
                adding.setdefault(moment, []).append((rule, due, first))
                first = False
    return {moment: tuple(rules) for moment, rules in adding.items()}


def _moment(amount: str, layers: list[str]) -> str:
    layer, dot, _ = amount.rpartition(".")
    return layer if dot and layer in layers else ""


def _used_buckets(layers: Sequence[Layer], reads_in_scope: bool) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Give the buckets, in order, that each layer's payment has to be taken out of, and all that this takes.

    What nobody looks at afterwards, a later layer that does not charge all buckets or whoever asks what remains of
    in_scope, stays as it is.
    """
    looked_at = {"in_scope"} if reads_in_scope else set()
    used: dict[str, tuple[str, ...]] = {}
    for layer in reversed(layers):
        last = max((place for place, bucket in enumerate(layer.charges, 1) if bucket in looked_at), default=0)
        used[layer.name] = layer.charges[:last]
        looked_at |= set(layer.charges[:last] if charges_all(layer) else layer.charges)
    return used, tuple(bucket for bucket in BUCKETS if bucket in looked_at)


def charges_all(layer: Layer) -> bool:
    """Say whether a layer's payments may be taken out of any bucket."""
    return set(layer.charges) == set(BUCKETS)


def parts(thing: object) -> Iterator[object]:
    """Walk through tuples and dataclasses."""
    if isinstance(thing, tuple):
        for item in thing:
            yield from parts(item)
    elif is_dataclass(thing):
        yield thing
        for field in fields(thing):
            yield from parts(getattr(thing, field.name))


_BOUNDLESS = Table((), np.array([NO_LIMIT]), np.zeros(1, np.uint8), np.full(1, -1, np.int32))
"""The end of a slice that is open."""


class Preparation:
    """Makes a program's parameters ready. `watched`: someone observes, so every value gets a label and is kept."""

    def __init__(self, program: Program, watched: bool):
        self.program, self.watched, self.facts = program, watched, facts_of(program)
        self.used, self.buckets = _used_buckets(program.layers, self.reads("remaining_in_scope"))

    def reads(self, amount: str) -> bool:
        """Say whether anyone asks for an amount."""
        return self.watched or amount in self.facts.read

    def label(self, name: str) -> str:
        """Give the name under which an observer is told, "" when nobody observes."""
        return name if self.watched else ""

    def condition(self, table: Table | None, label: str = "") -> Condition:
        """Make a condition ready."""
        return Condition(table, self.label(label))

    def parameter(self, table: Table, label: str, absent: int | None = None) -> Source:
        """Make a table ready; `absent` stands for a value that the plan does not have (None: the 0 of the table)."""
        source = _ready([table], absent)
        return Told(source, table, label) if self.watched and label else source

    def formula(self, formula: Formula, label: str, absent: int = 0) -> Source:
        """Make a formula ready."""
        if is_plain(formula):
            return self.parameter(formula.fixed, label, absent)
        at_least, at_most = (
            None if bound is None else self.parameter(bound, f"{label}.{name}", otherwise)
            for bound, name, otherwise in (
                (formula.at_least, "at_least", -NO_LIMIT),
                (formula.at_most, "at_most", NO_LIMIT),
            )
        )
        terms = tuple(
            ReadyTerm(
                term.amount,
                self.parameter(term.rate, f"{label}.rate"),
                None if term.above is None else self.parameter(term.above, f"{label}.above"),
            )
            for term in formula.terms
        )
        return Composed(
            self.parameter(formula.fixed, label), terms, at_least, at_most, self.absence(formula.fixed), absent
        )

    def ceiling(self, formula: Formula, label: str) -> Source:
        """Make the amount of a limit ready: NO_LIMIT where it is absent."""
        return self.formula(formula, label, NO_LIMIT)

    def absence(self, table: Table) -> Condition | None:
        """Make a condition of where a table has no value; None when it has one everywhere."""
        none = table.states >= State.ABSENT
        return Condition(replace(table, values=none.astype(np.int64))) if none.any() else None

    def rows(self, tables: Sequence[Table], labels: Sequence[str]) -> Source:
        """Make several tables ready, one below the other; those over the same keys are looked up at once."""
        if self.watched or len({table.identity for table in tables if table.keys}) > 1:
            return Rows([self.parameter(table, label) for table, label in zip(tables, labels, strict=True)])
        return _ready(tables, None)

    def ceilings(self, formulas: Sequence[Formula | None], labels: Sequence[str]) -> Source:
        """Make several limits ready, one below the other; None stands for one that does not exist."""
        tables = [_BOUNDLESS if formula is None else formula.fixed for formula in formulas]
        plain = all(formula is None or is_plain(formula) for formula in formulas)
        if self.watched or not plain or len({table.identity for table in tables if table.keys}) > 1:
            pairs = zip(formulas, labels, strict=True)
            return Rows([_ready([_BOUNDLESS], None) if f is None else self.ceiling(f, label) for f, label in pairs])
        return _ready(tables, NO_LIMIT)

    def form(self, take: Sequence[tuple[str, Table]], label: str, atoms: tuple[int, ...] | None = None) -> Form:
        """Make a linear form ready: what is taken whole has no weight."""
        return Form(
            tuple(
                (
                    name,
                    None if weight.constant == PPM and not self.watched else self.parameter(weight, f"{label}.{name}"),
                    self.label(f"term.{label}.{name}"),
                )
                for name, weight in take
            ),
            atoms,
        )


def _ready(tables: Sequence[Table], absent: int | None) -> Source:
    """Put tables over the same keys (or none) in rows; a single table stands alone."""
    keyed = next((table for table in tables if table.keys), tables[0])
    shape = keyed.values.shape
    values = np.array([np.broadcast_to(_filled(table, absent), shape) for table in tables])
    states = np.array([np.broadcast_to(table.states, shape) for table in tables])
    if len(tables) == 1:
        values, states = values[0], states[0]
    if not keyed.keys and states.max() <= State.ABSENT:
        return Constant(values)
    return Parameter(keyed, values, states)


def _filled(table: Table, absent: int | None) -> Int64:
    return table.values if absent is None else np.where(table.states >= State.ABSENT, absent, table.values)

"""What the kernel derives once from a program: which amounts anyone reads, and when each counter is added to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import cast

from adjudicator.rulebook import CounterRule, Group, Guarantee, Key, KeyKind, Program, Table, Term

Adding = tuple[CounterRule, tuple[tuple[str, Table], ...], bool]
"""A counter, the part of its form to add now, and whether its condition is read now (the first time) or remembered."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Derived facts of a program.

    read: names of amounts that some form, condition or counter reads. opening: counters whose value before the claim
    is read by conditions. adding: by layer name ("" after the last), what is added to counters then.
    """

    read: frozenset[str]
    opening: tuple[str, ...]
    adding: dict[str, tuple[Adding, ...]]
    order: dict[str, CounterRule]


def prepared(program: Program) -> Prepared:
    """Give the derived facts; worked out at the first call and kept with the program."""
    found = program.memo.get("prepared")
    if found is None:
        found = program.memo["prepared"] = _prepare(program)
    return cast(Prepared, found)


def _prepare(program: Program) -> Prepared:
    read: set[str] = set()
    opening: list[str] = []
    for part in parts((program.layers, program.counters, program.lines.category_limits)):
        match part:
            case Key(KeyKind.AMOUNT, source):
                read.add(source)
            case Key(KeyKind.COUNTER, source) if source not in opening:
                opening.append(source)
            case Term(amount):
                read.add(amount)
            case Group() | Guarantee():
                read.update(name for name, _ in part.take)
            case CounterRule():
                read.update(name for name, _ in part.adds)
    return Prepared(frozenset(read), tuple(opening), _adding(program), {c.name: c for c in program.counters})


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


def parts(thing: object) -> Iterator[object]:
    """Walk through tuples and dataclasses."""
    if isinstance(thing, tuple):
        for item in thing:
            yield from parts(item)
    elif is_dataclass(thing):
        yield thing
        for field in fields(thing):
            yield from parts(getattr(thing, field.name))

"""Which plan settles a person's claims, and which names of attributes and amounts the plans ask for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from adjudicator.columns import Int64
from adjudicator.prepare import parts
from adjudicator.rulebook import CounterRule, Deductible, Flat, Key, KeyKind, Limit, Program

SCHEME_ORDER = ("employee_basic", "resident_basic", "rural_cooperative", "maternity")
"""Whose plan settles a claim that names no scheme, when a person has cover in several; others follow by name."""

COVERS_REMEMBERED = 4_096
"""Covers whose program is remembered: few plans, schemes and places stand for all persons."""

DATES = ("admission", "discharge", "settlement")
USUAL_DATE = {"coverage_by": "admission", "status_at": "settlement", "order_by": "settlement"}
"""Fields of a program that name a date of a claim, with the date that counts where there is no program."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Names that plans ask claims for, beside those every file knows."""

    words: frozenset[str]
    numbers: frozenset[str]
    amounts: frozenset[str]


def asked_by(programs: Sequence[Program]) -> Asked:
    """Collect the names of attributes and amounts in all parameters of some programs."""
    words: set[str] = set()
    numbers: set[str] = set()
    amounts: set[str] = set()
    for part in parts(tuple(programs)):
        match part:
            case Program():
                amounts.update(part.amounts)
            case Key(KeyKind.CATEGORY, source) | Key(KeyKind.FLAG, source):
                words.add(source)
            case Key(KeyKind.NUMBER, source):
                numbers.add(source)
            case CounterRule():
                words.update(part.keys)
                words.add(part.holder)
            case Deductible() | Limit():
                numbers.add(part.times or "")
            case Flat():
                numbers.add(part.number or "")
    return Asked(frozenset(words - numbers), frozenset(numbers - {""}), frozenset(amounts))


class PlanFinder:
    """Finds the program of a cover by plan id, or by scheme and place; a smaller place goes before a larger one.

    bounds: days on which a program comes into force or goes out of it, rising.
    """

    def __init__(self, programs: Sequence[Program], by_name_only: Collection[str] = ()) -> None:
        self.programs = tuple(programs)
        self._found_by_place = [i for i, program in enumerate(programs) if program.name not in by_name_only]
        self._by_name = {program.name: i for i, program in enumerate(programs)}
        self.bounds = np.unique([day for p in programs for day in (p.valid_from, p.valid_until)])
        self._remembered = lru_cache(COVERS_REMEMBERED)(self._find)
        self._dates = {
            field: np.array([*(DATES.index(getattr(p, field)) for p in programs), DATES.index(usual)], np.int8)
            for field, usual in USUAL_DATE.items()
        }

    def by_date(self, field: str, program: Int64, column: Callable[[str], Int64]) -> Int64:
        """Give each claim its entry of the column that stands for the date its program names in a field.

        column: gives the column of a date, by name [claims]; it is asked only for dates that some program names.
        """
        named = self._dates[field][program]
        if len(named) and (named == named[0]).all():
            return column(DATES[named[0]])
        found = np.empty(len(named), np.int64)
        for number, name in enumerate(DATES):
            here = np.flatnonzero(named == number)
            if len(here):
                found[here] = column(name)[here]
        return found

    def find(self, plan: str, scheme: str, place: str, day: int) -> int:
        """Give the number of the program, -1 when there is none.

        A plan id decides alone. Otherwise the scheme must fit, and the place be the one given or hold it; what is not
        given must not leave plans of several schemes or places to choose from. Of several versions the one in force on
        the day is taken, else the one that came into force last.
        """
        after = int(np.searchsorted(self.bounds, day, "right"))  # of all days between two bounds the same is in force
        return self._remembered(plan, scheme, place, int(self.bounds[after - 1]) if after else day)

    def _find(self, plan: str, scheme: str, place: str, day: int) -> int:
        if plan:
            return self._by_name.get(plan, -1)
        fitting = [i for i in self._found_by_place if not scheme or self.programs[i].scheme == scheme]
        if place:
            chain = [place, f"{place[:4]}00", f"{place[:2]}0000"]
            near = [
                next((n for n, larger in enumerate(chain) if self.programs[i].place == larger), -1) for i in fitting
            ]
            nearest = min((n for n in near if n >= 0), default=-1)
            fitting = [i for i, n in zip(fitting, near, strict=True) if n == nearest and n >= 0]
        in_force = [i for i in fitting if self.programs[i].valid_from <= day < self.programs[i].valid_until]
        if len({(self.programs[i].place, self.programs[i].scheme) for i in in_force or fitting}) > 1:
            return -1
        latest = max((self.programs[i].valid_from for i in in_force or fitting), default=0)
        newest = [i for i in in_force or fitting if self.programs[i].valid_from == latest]
        return newest[0] if len(newest) == 1 else -1

"""Cover: the plan of each claim, the span of cover that holds on its days, and why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from adjudicator.columns import Int64, UInt8
from adjudicator.eligibility import Spans
from adjudicator.reasons import ClaimReason
from api.door.members import Members
from api.door.programs import DATES, SCHEME_ORDER, PlanFinder
from api.door.rows import Books

WORDS = ("plan", "scheme", "place")
"""What decides the program of a claim."""


@dataclass(frozen=True, slots=True)
class Cover:
    """What is known of the cover of claims [n].

    program: number of the program, -1 none. span: row of the members that holds on the day the plan asks cover for, -1
    none. status_span: the same for the day the plan asks the person's attributes for (else `span`). reason: NO_PLAN,
    NOT_COVERED, SUSPENDED or 0.
    """

    program: Int64
    span: Int64
    status_span: Int64
    reason: UInt8


def find_cover(
    columns: Mapping[str, NDArray[np.signedinteger]],
    dates: Mapping[str, Int64],
    members: Members | None,
    finder: PlanFinder,
    books: Books,
) -> Cover:
    """Find the cover of claims: from the members where there are any, else from what the claims say themselves."""
    if members is None:
        return by_claims_alone(columns, dates["discharge"], finder, books)
    return by_members(members, columns["person_id"].astype(np.int32, copy=False), columns, dates, finder, books)


def by_claims_alone(
    columns: Mapping[str, NDArray[np.signedinteger]], day: Int64, finder: PlanFinder, books: Books
) -> Cover:
    """Find plans from what the claims say themselves (plan, scheme), when there are no members."""
    count = len(day)
    program = _programs(columns, day, finder, books)
    reason = np.where(program < 0, ClaimReason.NO_PLAN, 0).astype(np.uint8)
    none = np.full(count, -1, np.int64)
    return Cover(program, none, none, reason)


def by_members(
    members: Members,
    person: NDArray[np.int32],
    columns: Mapping[str, NDArray[np.signedinteger]],
    dates: Mapping[str, Int64],
    finder: PlanFinder,
    books: Books,
) -> Cover:
    """Join claims with the spans of their persons.

    A scheme or plan that the claim names chooses among a person's covers; otherwise normal cover goes before
    suspended, and employee before resident cover. The plan is looked for on the day of admission, then of discharge,
    then of settlement; whether the person is covered is asked on the day the plan names.
    """
    join = _Join(members, person, columns, dates, books)
    any_span = join.on(DATES[0])
    for find in (partial(join.on, DATES[1]), partial(join.on, DATES[2]), join.nearest):
        if (any_span < 0).any():
            any_span = np.where(any_span >= 0, any_span, find())
    program = _programs(_merged(members, columns, any_span), dates["discharge"], finder, books)
    span = finder.by_date("coverage_by", program, join.on)
    status = finder.by_date("status_at", program, join.on)
    reason = np.zeros(len(person), np.uint8)
    reason[(span >= 0) & ~np.append(members.normal, True)[span]] = ClaimReason.SUSPENDED
    reason[span < 0] = ClaimReason.NOT_COVERED
    reason[program < 0] = ClaimReason.NO_PLAN
    return Cover(program, span, np.where(status >= 0, status, np.where(span >= 0, span, any_span)), reason)


class _Join:
    """Spans of members by person and scheme. What is worked out once is kept: the same spans are asked again."""

    def __init__(
        self,
        members: Members,
        person: NDArray[np.int32],
        columns: Mapping[str, NDArray[np.signedinteger]],
        dates: Mapping[str, Int64],
        books: Books,
    ) -> None:
        every = np.arange(len(members))
        self._members, self._person, self._dates = members, person.astype(np.int64), dates
        self._scheme = members.column("scheme", every, np.int32)
        self._plan = members.column("plan", every, np.int32)
        none = np.full(len(person), -1, np.int32)
        self._wanted = {name: columns.get(name, none) for name in ("plan", "scheme")}
        self._names_plan = self._wanted["plan"] >= 0 if (self._plan >= 0).any() else np.zeros(len(person), np.bool_)
        self._sorted: dict[tuple[bool, int, bool], tuple[Int64, Spans]] = {}
        self._found: dict[str, Int64] = {}
        names = books.values("scheme")
        used = np.flatnonzero(np.bincount(self._scheme + 1)) - 1
        self._order = sorted(used.tolist(), key=lambda code: _rank(names[code] if code >= 0 else ""))

    def on(self, date: str) -> Int64:
        """Give the span of every claim on its date of that name, -1 none. [claims]"""
        if date not in self._found:
            self._found[date] = self._at(self._dates[date])
        return self._found[date]

    def _at(self, day: Int64) -> Int64:
        found = np.full(len(day), -1, np.int64)
        ways = (False, True) if self._names_plan.any() else (False,)
        for normal in (True, False):
            for scheme in self._order:
                for by_plan in ways:
                    asked = np.flatnonzero((found < 0) & self._asks(scheme, by_plan))
                    if len(asked):
                        rows, spans = self._spans(normal, scheme, by_plan)
                        hits = spans.at(self._key(asked, by_plan), day[asked])
                        found[asked] = np.where(hits >= 0, rows[hits], -1) if len(rows) else -1
        return found

    def _asks(self, scheme: int, by_plan: bool) -> NDArray[np.bool_]:
        """Say which claims may use spans of a scheme: those that name it, or none; by_plan: those that name a plan."""
        wanted = self._wanted["scheme"]
        asks: NDArray[np.bool_] = ((wanted < 0) | (wanted == scheme)) & (self._names_plan == by_plan)
        return asks

    def _spans(self, normal: bool, scheme: int, by_plan: bool) -> tuple[Int64, Spans]:
        """Give the spans of a state of cover and a scheme, and their rows; they are sorted once."""
        kind = (normal, scheme, by_plan)
        if kind not in self._sorted:
            members = self._members
            rows = np.flatnonzero((members.normal == normal) & (self._scheme == scheme))
            key = members.person[rows].astype(np.int64)
            if by_plan:
                key = key << 20 | self._plan[rows] + 1
            self._sorted[kind] = rows, Spans(key, members.start[rows], members.until[rows])
        return self._sorted[kind]

    def _key(self, claims: Int64, by_plan: bool) -> Int64:
        person = self._person[claims]
        return person << 20 | self._wanted["plan"][claims] + 1 if by_plan else person

    def nearest(self) -> Int64:
        """Give any span of each claim's person, preferring what the claim names; -1 for an unknown person."""
        order = np.lexsort((self._members.start, self._members.person))
        persons = self._members.person[order].astype(np.int64)
        at = np.searchsorted(persons, self._person, "right") - 1
        safe = np.maximum(at, 0)
        known = (at >= 0) & (len(persons) > 0)
        if not len(persons):
            return np.full(len(self._person), -1, np.int64)
        return np.where(known & (persons[safe] == self._person), order[safe], -1)


def _rank(scheme: str) -> tuple[int, str]:
    return (SCHEME_ORDER.index(scheme) if scheme in SCHEME_ORDER else len(SCHEME_ORDER), scheme)


def _merged(
    members: Members, columns: Mapping[str, NDArray[np.signedinteger]], span: Int64
) -> dict[str, NDArray[np.signedinteger]]:
    """Give plan, scheme and place of each claim: its own word, else that of the span."""
    merged = {}
    for name in WORDS:
        of_span = members.column(name, span, np.int32)
        own = columns.get(name)
        merged[name] = of_span if own is None else np.where(own >= 0, own, of_span)
    return merged


def _programs(columns: Mapping[str, NDArray[np.signedinteger]], day: Int64, finder: PlanFinder, books: Books) -> Int64:
    """Find the program of each claim; each distinct (plan, scheme, place, time of validity) is looked up once."""
    none = np.full(len(day), -1, np.int32)
    key = np.searchsorted(finder.bounds, day, "right").astype(np.int64)
    for name in WORDS:
        key = key * (len(books.values(name)) + 1) + columns.get(name, none) + 1
    _, example, back = np.unique(key, return_index=True, return_inverse=True)
    found = []
    for row in example.tolist():
        plan, scheme, place = (_word(books, name, int(columns.get(name, none)[row])) for name in WORDS)
        found.append(finder.find(plan, scheme, place, int(day[row])))
    return np.array(found, np.int64)[back.reshape(-1)]


def _word(books: Books, name: str, code: int) -> str:
    return books.values(name)[code] if code >= 0 else ""

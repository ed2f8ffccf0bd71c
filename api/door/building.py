"""Attributes of claims: of the person, the visit and the facility, each from where it is known best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from adjudicator.columns import MISSING, Category, Column, Int32, Int64, Number, UInt8
from adjudicator.eligibility import ages
from adjudicator.rulebook import Program
from api.door.claims import Claims
from api.door.cover import Cover
from api.door.dates import order_seconds
from api.door.marks import marks_at
from api.door.members import Members
from api.door.programs import PlanFinder
from api.door.rows import Books
from catalogs.tables.facilities import Facilities
from catalogs.tables.lookup import CatalogIndex

PERSON_WORDS = ("group", "sex", "tier", "join", "household", "scheme")
PERSON_NUMBERS = ("months_insured", "years_insured")
VISIT_WORDS = ("visit", "filing", "transfer", "disease", "diagnosis", "episode", "series", "delivery", "stay_part")
VISIT_NUMBERS = ("days", "children", "units")
FACILITY_WORDS = ("level", "administration", "price_class", "facility_kind")

FEW_CLAIMS = 100
"""Codes of so few claims are renumbered as Python numbers: that is done before NumPy's first calls return."""


@dataclass(frozen=True)
class Setting:
    """What the door knows beside the files. `by_name_only`: plans for claims and members that name them, no others."""

    programs: Sequence[Program]
    index: CatalogIndex | None = None
    facilities: Facilities | None = None
    by_name_only: frozenset[str] = frozenset()

    @cached_property
    def finder(self) -> PlanFinder:
        """What finds the plans of claims."""
        return PlanFinder(self.programs, self.by_name_only)


class Builder:
    """Builds the columns of a batch from claims that are all good."""

    def __init__(self, claims: Claims, dates: Mapping[str, Int64], setting: Setting, books: Books) -> None:
        self.claims, self.dates, self.setting, self.books = claims, dates, setting, books
        self.attributes: dict[str, Column] = {}

    def coded(self, name: str) -> Int32:
        """Give the codes of a claim column; -1 where the file does not have it."""
        return self.claims.columns.get(name, np.full(len(self.claims), -1, np.int32)).astype(np.int32, copy=False)

    def number(self, name: str) -> Int64:
        """Give a claim column of numbers; MISSING where the file does not have it."""
        return self.claims.columns.get(name, np.full(len(self.claims), MISSING)).astype(np.int64, copy=False)

    def put_words(self, name: str, codes: Int32) -> None:
        """Add a categorical attribute unless nothing is known of it."""
        if (codes >= 0).any():
            self.attributes[name] = compact(codes, self.books.values(name))

    def put_numbers(self, name: str, values: Int64) -> None:
        """Add a number attribute unless nothing is known of it."""
        if (values != MISSING).any():
            self.attributes[name] = Number(values)

    def person(self, cover: Cover, members: Members | None) -> None:
        """Add what is known of the person: from the members, else from the claim."""
        span = cover.status_span
        status_at = self.setting.finder.by_date("status_at", cover.program, self.dates.__getitem__)
        birth = self.number("birth_date")
        known = self.claims.columns.keys() | (members.columns.keys() if members is not None else set())
        for name in filter(known.__contains__, PERSON_WORDS):
            own = self.coded(name)
            if members is not None:
                found = members.column(name, span, np.int32)
                own = np.where(found >= 0, found, own).astype(np.int32)
            self.put_words(name, own)
        for name in filter(known.__contains__, PERSON_NUMBERS):
            own_numbers = self.number(name)
            if members is not None:
                numbers = members.column(name, span, np.int64)
                own_numbers = np.where(numbers != MISSING, numbers, own_numbers)
            self.put_numbers(name, own_numbers)
        if members is not None:
            of_member = members.column("birth_date", span, np.int64)
            birth = np.where(of_member != MISSING, of_member, birth)
        birth_day = np.where(birth == MISSING, MISSING, birth // 86_400)
        years = ages(birth_day, status_at)
        self.put_numbers("age", np.where(years != MISSING, years, self.number("age")))
        marks = self.coded("status")
        if members is not None:
            of_span = members.column("status", span, np.int32)
            marks = np.where(of_span >= 0, of_span, marks).astype(np.int32)
        if (marks >= 0).any():
            self.attributes["status"] = marks_at(marks, self.books.values("status"), status_at)

    def visit(self) -> None:
        """Add what is known of the visit."""
        self.extra(VISIT_WORDS, VISIT_NUMBERS)
        stay, days = np.maximum(self.dates["discharge"] - self.dates["admission"], 1), self.number("days")
        self.put_numbers("days", np.where(days == MISSING, stay, days))

    def facility(self, cover: Cover, reason: UInt8) -> Category:
        """Add what is known of the facility, mark what its agreement does not cover, and give the place of treatment.

        The facility table goes before what the claim says; a claim without a facility code is not checked.
        """
        count = len(self.claims)
        words = {name: self.coded(name) for name in FACILITY_WORDS}
        place = Category(np.full(count, -1, np.int32), ())
        code = self.coded("facility_code")
        self.put_words("facility_code", code)
        if self.setting.facilities is not None and (code >= 0).any():
            table, day = self.setting.facilities, self.dates["admission"].astype(np.int32)
            names = self.books.values("facility_code")
            rows = np.append(table.rows_of(names), np.int32(-1))[code]
            periods = table.periods_at(rows, day)
            place = table.attribute("place", periods)
            for name in FACILITY_WORDS:
                found = self._booked(name, table.attribute(name, periods))
                words[name] = np.where(found >= 0, found, words[name]).astype(np.int32)
            visits = self.attributes.get("visit")
            visits = visits if isinstance(visits, Category) else Category(np.full(count, -1, np.int32), ())
            found_reason = table.reasons(rows, periods, day, visits)
            np.copyto(reason, found_reason, where=(reason == 0) & (code >= 0))
        for name in FACILITY_WORDS:
            self.put_words(name, words[name])
        self._zone(cover, place)
        return place

    def _booked(self, name: str, column: Category) -> Int32:
        """Give a column's codes in the book of that name; only the values that occur are read."""
        book, column = self.books.named(name), compact(column.codes, column.values)
        return np.array([*map(book.code, column.values), -1], np.int32)[column.codes]

    def _zone(self, cover: Cover, place: Category) -> None:
        """Add where the facility lies from the place of cover, unless the claim says so."""
        book = self.books.named("zone")
        homes = [program.place for program in self.setting.programs] + [""]
        away = (*place.values, "")
        pair = cover.program % len(homes) * len(away) + place.codes % len(away)
        used = np.flatnonzero(np.bincount(pair))
        zones = np.full(len(homes) * len(away), -1, np.int32)
        zones[used] = [book.code(zone_of(homes[at // len(away)], away[at % len(away)])) for at in used.tolist()]
        own = self.coded("zone")
        self.put_words("zone", np.where(own >= 0, own, zones[pair]).astype(np.int32))

    def treated_at(self, place: Category, cover: Cover) -> Category:
        """Give the place whose catalog judges each claim's lines: that of the facility, else that of the plan."""
        homes = [program.place for program in self.setting.programs] + [""]
        names = tuple(dict.fromkeys((*place.values, *filter(None, homes))))
        home = np.array([names.index(h) if h else -1 for h in homes], np.int32)[cover.program]
        return Category(np.where(place.codes >= 0, place.codes, home).astype(np.int32), names)

    def order_time(self, cover: Cover) -> Int64:
        """Give the moment that orders the claims of a person, in seconds, as each plan says."""

        def seconds(name: str) -> Int64:
            return order_seconds(self.claims, self.dates[name], name)

        return self.setting.finder.by_date("order_by", cover.program, seconds)

    def extra(self, words: Sequence[str], numbers: Sequence[str]) -> None:
        """Add attributes by name, as far as the file has them."""
        for name in words:
            if name in self.claims.columns:
                self.put_words(name, self.coded(name))
        for name in numbers:
            if name in self.claims.columns:
                self.put_numbers(name, self.number(name))


def zone_of(home: str, away: str) -> str:
    """Give the zone of a place of treatment as seen from a place of cover; "" where either is not known.

    Area codes share two digits in a province and four in a city.
    """
    if not home or not away:
        return ""
    if home[:4] == away[:4] or home == f"{away[:2]}0000":
        return "local"
    return "in_province" if home[:2] == away[:2] else "out_of_province"


def compact(codes: Int32, values: Sequence[str]) -> Category:
    """Give a category whose dictionary holds only the values that occur."""
    if len(codes) < FEW_CLAIMS:
        place_of = {code: place for place, code in enumerate(sorted({*codes.tolist()} - {-1}))}
        of_few = np.array([place_of.get(code, -1) for code in codes.tolist()], np.int32)
        return Category(of_few, tuple([values[code] for code in place_of]))
    used = np.zeros(len(values) + 1, np.bool_)
    used[codes] = True
    used[-1] = False
    kept = np.flatnonzero(used)
    if len(kept) == len(values):
        return Category(codes, tuple(values))
    place = np.full(len(values) + 1, -1, np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    return Category(place[codes], tuple(values[i] for i in kept.tolist()))

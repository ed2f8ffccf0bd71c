"""From typed claims to a batch: contents, cover, days and stays are checked, bad claims set apart, good ones assembled.

What files, tables and requests have in common once their cells are read.
"""

from __future__ import annotations

from dataclasses import dataclass

from adjudicator.batch import Batch
from api.door.assembling import assemble
from api.door.buckets import check_buckets
from api.door.building import Setting
from api.door.claims import Claims
from api.door.dates import claim_dates
from api.door.line_checks import check_lines
from api.door.members import Members
from api.door.new_year import divide, refuse_undivided, years_begin
from api.door.programs import Asked
from api.door.refusing import check_contents, check_persons, set_apart
from api.door.rows import Books
from api.files.findings import Troubles
from api.files.source import Source


@dataclass(frozen=True, slots=True)
class Admitted:
    """Claims that are settled. claims: as they were given, a stay that was split as its parts. kept: before that."""

    batch: Batch
    claims: Claims
    kept: int


def admit(
    given: Claims,
    claims: Source,
    lines: Source | None,
    covered: Members | None,
    setting: Setting,
    asked: Asked,
    books: Books,
    troubles: Troubles,
) -> Admitted:
    """Check claims that were read from one source and their lines from the same or another; assemble the good ones.

    A claim with anything bad is refused whole; `troubles` says what was found.
    """
    if lines is not None:
        given = check_lines(given, lines, books, troubles)
    given = check_contents(check_buckets(given, claims, troubles), claims, troubles)
    given = check_persons(given, claims, covered, books, troubles)
    given, dates = claim_dates(given, claims, books, troubles)
    begin = years_begin(given, dates, covered, setting, books)
    given = refuse_undivided(given, begin, claims, asked, books, troubles)
    begin = begin[~given.bad]
    good, dates = set_apart(given, dates, claims, lines, troubles)
    kept = len(good)
    good, dates, order_type = divide(good, dates, begin, books)
    return Admitted(assemble(good, dates, covered, setting, asked, books, order_type), good, kept)

"""Identity numbers of the tests: of people born in 1880, so that nobody has one, and known again anywhere."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterator

from api.wire.identity_numbers import check_character

ISSUED = ("1101011880", "1101051949", "4405241880", "3403001990")
"""How all numbers in the tests and the documents begin, area and year of birth: those that tests give out, the two
examples of GB 11643, and the one that a spreadsheet spoils (`docs/results.md`)."""

DAY_NUMBERS = 1_000
"""Numbers of one area and day of birth."""

_LIKELY = re.compile(rb"\d{10}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]")


def number(order: int) -> str:
    """Give the identity number of a person, 0 to 365,999."""
    days, place = divmod(order, DAY_NUMBERS)
    digits = f"{ISSUED[0]}{datetime.date(1880, 1, 1) + datetime.timedelta(days):%m%d}{place:03}"
    return digits + check_character(digits)


def numbers_in(content: bytes) -> Iterator[str]:
    """Find the tests' identity numbers in some bytes, whatever is around them.

    Nothing else is likely to be taken for one. Hexadecimal text, of which ledgers are full, holds one by chance once in
    3.5e15 characters: 1,000 numbers on each of the pattern's 372 days, in four years, 10/11 of them without an X,
    against 16^18. That is one false alarm in 350,000 runs that leave 10 GB of it. (Numbers of all areas and of 400
    years, which the product masks, stand once in 4e7 characters: 260 times in the same 10 GB.)
    """
    for beginning in map(str.encode, ISSUED):
        place = content.find(beginning)
        while place >= 0:
            found = _LIKELY.match(content, place)
            likely = found[0].decode() if found else ""
            if likely and check_character(likely[:-1]) == likely[-1].upper():
                yield likely
            place = content.find(beginning, place + 1)


def names_a_person(content: bytes | str) -> bool:
    """Say whether an identity number of the tests stands in some bytes, or in a text, there in any digits."""
    if isinstance(content, str):
        content = unicodedata.normalize("NFKC", content).encode(errors="replace")
    return any(True for _ in numbers_in(content))

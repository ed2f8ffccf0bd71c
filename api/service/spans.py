"""Cover of a person as the ledger keeps it: the rows of a members file, in words, days and numbers, as canonical JSON.

The bytes stand in `content` under their hash, so a settlement can name exactly the cover it was decided by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import orjson
from numpy.typing import NDArray

from adjudicator.columns import MISSING
from api.door.members import DAY_SECONDS, Members, members_of
from api.door.rows import CODED, Books, Rows
from api.files.headings import MEMBER

Span = Mapping[str, str | int]
"""One row of a members file: what it gives, by canonical name; dates are days since 1970-01-01."""

WORDS = tuple(heading.name for heading in MEMBER if heading.cell in CODED and heading.name != "person_id")
DATES = tuple(heading.name for heading in MEMBER if heading.cell == "date")
NUMBERS = tuple(heading.name for heading in MEMBER if heading.cell == "number")


def pack_spans(spans: Sequence[Span]) -> bytes:
    """Write the spans of one person; the order in which a file gives them does not matter."""
    return orjson.dumps(sorted(spans, key=lambda span: orjson.dumps(span, option=orjson.OPT_SORT_KEYS)),
                        option=orjson.OPT_SORT_KEYS)  # fmt: skip


def unpack_spans(body: bytes) -> list[Span]:
    """Read the spans of one person."""
    spans: list[Span] = orjson.loads(body)
    return spans


def spans_by_person(members: Members, books: Books) -> Iterator[tuple[str, list[Span]]]:
    """Give the number of every person of a members file with the spans it has."""
    numbers = books.values("person_id")
    words = {name: (members.columns[name].tolist(), books.values(name)) for name in WORDS if name in members.columns}
    dates = {name: members.columns[name].tolist() for name in DATES if name in members.columns}
    counts = {name: members.columns[name].tolist() for name in NUMBERS if name in members.columns}
    found: dict[str, list[Span]] = {}
    for row, person in enumerate(members.person.tolist()):
        span: dict[str, str | int] = {
            name: book[codes[row]] for name, (codes, book) in words.items() if codes[row] >= 0
        }
        span |= {name: seconds[row] // DAY_SECONDS for name, seconds in dates.items() if seconds[row] != MISSING}
        span |= {name: values[row] for name, values in counts.items() if values[row] != MISSING}
        found.setdefault(numbers[person], []).append(span)
    yield from found.items()


def members_from(spans: Mapping[str, Sequence[Span]], books: Books) -> Members:
    """Give the cover of some persons as the door takes it; `spans` by the name the claims have for a person."""
    persons = [person for person, own in spans.items() for _ in own]
    every = [span for own in spans.values() for span in own]
    columns: dict[str, NDArray[np.signedinteger]] = {"person_id": books.named("person_id").keep(persons)}
    given = {name for span in every for name in span}
    for name in WORDS:
        if name in given:
            columns[name] = books.named(name).keep([span.get(name, "") for span in every])
    for names, unit in ((DATES, DAY_SECONDS), (NUMBERS, 1)):
        for name in names:
            if name in given:
                columns[name] = np.array([span.get(name, MISSING) for span in every], np.int64)
                columns[name][columns[name] != MISSING] *= unit
    rows = Rows(np.arange(len(every)), columns, {}, np.zeros(len(every), np.bool_))
    return members_of(rows, np.empty(0, np.int32), books)

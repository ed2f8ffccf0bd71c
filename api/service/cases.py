"""Requests as the door takes them: columns of typed claims and lines, without cells of text to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from adjudicator.columns import MISSING
from api.door.claims import Claims
from api.door.members import DAY_SECONDS
from api.door.rows import Books, Rows
from api.service.requests import ClaimRequest, LineRequest

WORDS = ("visit", "scheme", "filing", "transfer", "disease", "diagnosis", "episode", "series", "delivery")
NUMBERS = ("days", "children", "units")


@dataclass(frozen=True, slots=True)
class Case:
    """A claim with what decides it beside the rules and the counters.

    request: with the person's key for the number. spans: cover of the person (`api.service.spans`). day: the day it is
    settled on.
    """

    request: ClaimRequest
    institution: str
    spans: bytes
    day: int

    @property
    def claim_id(self) -> str:
        """Name the claim in its batch; an episode that has no id of its own is kept under it, so it has no slash."""
        visit, receipt = (part.replace("%", "%25").replace("/", "%2F") for part in self._receipt)
        return f"{visit}:{receipt}@{self.institution}"

    @property
    def _receipt(self) -> tuple[str, str]:
        return self.request.visit_id, self.request.receipt_id


def claims_of(cases: Sequence[Case], books: Books) -> Claims:
    """Give cases as claims in their order; the row of a claim is its number, that of a line its number in all lines."""
    requests = [case.request for case in cases]

    def words(name: str, values: Sequence[str]) -> None:
        if any(values):
            columns[name] = books.named(name).keep(values)

    columns: dict[str, NDArray[np.signedinteger]] = {}
    words("person_id", [request.person_id for request in requests])
    words("facility_code", [case.institution for case in cases])
    for name in WORDS:
        words(name, [getattr(request, name) or "" for request in requests])
    for name in ("admission", "discharge"):
        columns[name] = _seconds([getattr(request, name) for request in requests])
    columns["settlement"] = _seconds([case.day for case in cases])
    for name in NUMBERS:
        columns[name] = _whole([getattr(request, name) for request in requests])
    for name in sorted({name for request in requests for name, _ in request.words}):
        words(name, [dict(request.words).get(name, "") for request in requests])
    for name in sorted({name for request in requests for name, _ in (*request.numbers, *request.amounts)}):
        columns[name] = _whole([dict((*request.numbers, *request.amounts)).get(name) for request in requests])
    code = books.named("claim_id").keep([case.claim_id for case in cases]).astype(np.int64)
    assert (code == np.arange(len(cases))).all(), "two cases of one receipt"
    counts = [len(request.lines) for request in requests]
    every = np.arange(len(cases))
    lines = _lines([line for request in requests for line in request.lines], books)
    return Claims(
        code, columns, every, np.zeros(len(cases), np.bool_), lines, np.repeat(every, counts), np.append(every, -1)
    )


def _lines(lines: Sequence[LineRequest], books: Books) -> Rows:
    said = {True: "yes", False: "no", None: ""}
    columns: dict[str, NDArray[np.signedinteger]] = {
        "item_code": books.named("item_code").keep([line.item_code for line in lines]),
        "confirmed": books.named("confirmed").keep([said[line.confirmed] for line in lines]),
        "service_date": _seconds([line.service_day for line in lines]),
        "quantity": _whole([line.quantity_e4 for line in lines]),
        "price": _whole([line.price_e6 for line in lines]),
        "amount": np.array([line.amount_fen for line in lines], np.int64),
    }
    texts = {"line_id": pa.chunked_array([pa.array([line.line_id for line in lines], pa.string())])}
    return Rows(np.arange(len(lines)), columns, texts, np.zeros(len(lines), np.bool_))


def _whole(values: Sequence[int | None]) -> NDArray[np.int64]:
    return np.array([MISSING if value is None else value for value in values], np.int64)


def _seconds(days: Sequence[int | None]) -> NDArray[np.int64]:
    return np.array([MISSING if day is None else day * DAY_SECONDS for day in days], np.int64)

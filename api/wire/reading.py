"""A decoded body becomes what the service is asked: checked as a whole, all mistakes at once, then typed integers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from api.files.codes import word_of
from api.ledger.statements import Span, StatementRow
from api.service.balances import Counted, Credit, Opening
from api.service.jobs import JobRequest
from api.service.reconciling import Stretch, Totals
from api.service.requests import ClaimRequest, LineRequest, ReverseRequest, UndoReason
from api.wire.agency import DepositMessage, OpeningMessage, PeriodMessage, ReadjudicationMessage
from api.wire.books import CoverMessage, InstitutionMessage
from api.wire.checking import Steps, mistake_of
from api.wire.decoding import decode
from api.wire.laws import (
    CLAIM_LAWS,
    DEPOSIT_LAWS,
    OPENING_LAWS,
    READJUDICATION_LAWS,
    REVERSAL_LAWS,
    STATEMENT_LAWS,
    Law,
)
from api.wire.models import Claim, ClaimMessage, PersonQuery, ReverseMessage
from api.wire.problems import MOST_MISTAKES, Mistake, refuse
from api.wire.sandbox import SandboxClock
from api.wire.statements import StatementDetails, StatementTotals
from api.wire.values import AMOUNT_DECIMALS, PRICE_DECIMALS, QUANTITY_DECIMALS, day, units

CODED = ("visit", "scheme", "filing", "transfer", "delivery")
"""Fields whose code values and Chinese words are read as words of the plan language."""

AS_SAID = ("disease", "diagnosis", "episode", "series", "days", "children", "units")


def read_claim(body: bytes) -> ClaimRequest:
    """Read a claim to preview. Raises RequestError."""
    return _claim(_checked(body, Claim, CLAIM_LAWS))


def read_claim_message(body: bytes) -> tuple[str, ClaimRequest]:
    """Read a claim to settle: its message id and the claim. Raises RequestError."""
    said = _checked(body, ClaimMessage, CLAIM_LAWS)
    return said["message_id"], _claim(said)


def read_reverse_message(body: bytes) -> tuple[str, ReverseRequest]:
    """Read a reversal: its message id and what is undone. Raises RequestError."""
    said = _checked(body, ReverseMessage, REVERSAL_LAWS)
    reason = UndoReason(said.get("reason", UndoReason.OTHER))
    return said["message_id"], ReverseRequest(said.get("original_message_id"), said.get("settlement_id"), reason)


def read_person_query(body: bytes) -> str:
    """Read whose accounts are asked for: the number of the person. Raises RequestError."""
    return str(_checked(body, PersonQuery, ())["person_id"])


def read_totals(body: bytes, institution: str) -> tuple[Span, Totals]:
    """Read sums of a statement. institution: of who signs, empty for the agency, which says it. Raises RequestError."""
    said = _checked(body, StatementTotals, STATEMENT_LAWS)
    return _span(said, institution), Totals(*_amounts(said), said["count"])


def read_details(body: bytes, institution: str) -> tuple[Span, Stretch, list[StatementRow]]:
    """Read rows of a statement, and which stretch of it they are. Raises RequestError."""
    said = _checked(body, StatementDetails, STATEMENT_LAWS)
    rows = [StatementRow(row["settlement_id"], row["visit_id"], row["refund"], *_amounts(row)) for row in said["rows"]]
    return _span(said, institution), Stretch(said.get("after"), said.get("through")), rows


def _span(said: Mapping[str, Any], institution: str) -> Span:
    whose = said.get("institution", institution)
    if not whose:
        missing = Mistake("FIELD_MISSING", "/institution", fields={"name": "institution"})
        raise refuse("REQUEST_NOT_VALID", [missing])
    scheme, clearing = word_of("scheme", said["scheme"]), word_of("visit", said["clearing"])
    return Span(whose, scheme, clearing, said["first"], said["last"])


def _amounts(said: Mapping[str, Any]) -> tuple[int, int, int]:
    total, fund, account = (units(said[name], AMOUNT_DECIMALS) for name in ("total", "fund", "account"))
    return total, fund, account


def read_cover(body: bytes) -> list[dict[str, str]]:
    """Read spans of cover, as rows of a members file. Raises RequestError."""
    spans = _checked(body, CoverMessage, ())["spans"]
    return [
        {name: ";".join(value) if isinstance(value, list) else str(value) for name, value in span.items()}
        for span in spans
    ]


def read_institutions(body: bytes) -> list[dict[str, str]]:
    """Read institutions. Raises RequestError."""
    said: list[dict[str, str]] = _checked(body, InstitutionMessage, ())["institutions"]
    return said


def read_period_message(body: bytes) -> str:
    """Read which clearing month is closed. Raises RequestError."""
    return str(_checked(body, PeriodMessage, ())["period"])


def read_deposits(body: bytes) -> tuple[str, list[Credit]]:
    """Read credits of personal accounts and their name. Raises RequestError."""
    said = _checked(body, DepositMessage, DEPOSIT_LAWS)
    credits = [Credit(one["person_id"], one["plan"], units(one["amount"], AMOUNT_DECIMALS)) for one in said["deposits"]]
    return said["name"], credits


def read_openings(body: bytes) -> tuple[str, list[Opening]]:
    """Read counters that are carried in and their name. Raises RequestError."""
    said = _checked(body, OpeningMessage, OPENING_LAWS)
    return said["name"], [Opening(one["holder"], tuple(map(_counted, one["counters"]))) for one in said["openings"]]


def _counted(said: Mapping[str, Any]) -> Counted:
    return said["plan"], said["counter"], said.get("keys", ""), said["period"], said["value"]


def read_readjudication(body: bytes) -> JobRequest:
    """Read what is to be settled anew. Raises RequestError."""
    said = _checked(body, ReadjudicationMessage, READJUDICATION_LAWS)
    numbers = tuple(said["persons"]) if "persons" in said else None
    return JobRequest(said["name"], said["year"], numbers, said["post"])


def read_clock(body: bytes) -> int:
    """Read to which day the clock of the sandbox is set. Raises RequestError."""
    return day(_checked(body, SandboxClock, ())["day"])


def _checked(body: bytes, model: type, laws: tuple[Law, ...]) -> Mapping[str, Any]:
    """Give a body that is of a model and keeps the laws."""
    said: Any = decode(body)
    wrong: list[ErrorDetails] = []
    try:
        _adapter(model).validate_python(said)
    except ValidationError as error:
        wrong = error.errors(include_url=False)
        for details in wrong:
            said = _without(said, details["loc"])
    mistakes = [mistake_of(details, model) for details in wrong[:MOST_MISTAKES]]
    mistakes += [mistake for law in laws for mistake in law(said)]
    if mistakes:
        raise refuse("REQUEST_NOT_VALID", mistakes, max(len(wrong), len(mistakes)))
    checked: Mapping[str, Any] = said
    return checked


def _without(said: Any, steps: Steps) -> Any:
    """Give a body with None for a value that is not well formed, an empty object where an object should be."""
    if not steps:
        return {}
    parent, last = said, steps[-1]
    for step in steps[:-1]:
        parent = parent[step] or {}
    if isinstance(last, int):
        parent[last] = {}
    elif last in parent:
        parent[last] = None
    return said


def _claim(said: Mapping[str, Any]) -> ClaimRequest:
    words: dict[str, Any] = {name: word_of(name, said[name]) for name in CODED if name in said}
    return ClaimRequest(
        visit_id=said["visit_id"],
        receipt_id=said["receipt_id"],
        person_id=said["person_id"],
        total_fen=units(said["total"], AMOUNT_DECIMALS),
        lines=tuple([_line(line) for line in said["lines"]]),
        admission=_optional(said, "admission", day),
        discharge=_optional(said, "discharge", day),
        words=tuple(sorted(said.get("words", {}).items())),
        numbers=tuple(sorted(said.get("numbers", {}).items())),
        amounts=tuple(sorted((name, units(text, AMOUNT_DECIMALS)) for name, text in said.get("amounts", {}).items())),
        **words,
        **{name: said[name] for name in AS_SAID if name in said},
    )


def _line(said: Mapping[str, Any]) -> LineRequest:
    quantity, price = said.get("quantity"), said.get("price")
    return LineRequest(
        said["line_id"],
        said["item_code"],
        units(said["amount"], AMOUNT_DECIMALS),
        _optional(said, "service_date", day),
        None if quantity is None else units(quantity, QUANTITY_DECIMALS),
        None if price is None else units(price, PRICE_DECIMALS),
        said.get("confirmed"),
    )


def _optional(said: Mapping[str, Any], name: str, read: Callable[[str], int]) -> int | None:
    return read(said[name]) if name in said else None


@cache
def _adapter(model: type) -> TypeAdapter[Any]:
    return TypeAdapter(model)

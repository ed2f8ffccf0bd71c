"""The routes: what each takes, whom it answers, and with which of the stored bytes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fastapi import APIRouter, Request, Response

from api.http.describing import asked
from api.http.site import Json, Signed, SignedBy, Site
from api.service.answers import Answer, Outcome
from api.service.reconciling import details_body
from api.service.requests import Principal, Role
from api.wire.answers import (
    AccountsAnswer,
    ExplanationAnswer,
    HistoryAnswer,
    PreviewAnswer,
    ReversalAnswer,
    SettlementAnswer,
)
from api.wire.models import Claim, ClaimMessage, PersonQuery, ReverseMessage
from api.wire.problems import MEDIA_TYPE, refuse
from api.wire.reading import (
    read_claim,
    read_claim_message,
    read_details,
    read_person_query,
    read_reverse_message,
    read_totals,
)
from api.wire.statements import DetailsAnswer, StatementDetails, StatementTotals, TotalsAnswer
from api.wire.values import ID

INSTITUTION = (Role.INSTITUTION,)
UNDOING = (Role.INSTITUTION, Role.OPERATOR)
READERS = (Role.INSTITUTION, Role.OPERATOR, Role.REVIEWER, Role.AUDITOR)

STATUS: dict[Outcome, int] = {"done": 200, "nothing": 200, "refused": 422, "conflict": 422, "failed": 503}
"""HTTP status of what became of a message."""

WRITES = (400, 413, 415, 422, 503, 504)
READS = (400, 404, 413, 415, 422)

by_institution, by_undoing, by_reader = SignedBy(INSTITUTION), SignedBy(UNDOING), SignedBy(READERS)

router = APIRouter(prefix="/v1")


@router.post("/previews", operation_id="preview", **asked(INSTITUTION, PreviewAnswer, (400, 413, 415, 422), Claim))
async def preview(request: Request) -> Response:
    """Say what a settlement would come to now. Nothing is changed or remembered."""
    signed = await by_institution(request)
    claim = read_claim(signed.body)
    return _answered(await signed.site.read(partial(signed.site.service.preview, signed.principal, claim)))


@router.post("/settlements", operation_id="settle", **asked(INSTITUTION, SettlementAnswer, WRITES, ClaimMessage))
async def settle(request: Request) -> Response:
    """Settle a claim. Sent again with the same message id it has no second effect and the same answer."""
    return _answered(await by_institution.submit(request, read_claim_message))


@router.post("/reversals", operation_id="reverse", **asked(UNDOING, ReversalAnswer, WRITES, ReverseMessage))
async def reverse(request: Request) -> Response:
    """Undo a settlement, or what a message did; a message that never came can then never succeed (冲正).

    The agency undoes settlements of any institution, with what builds on them where the plan says `cascade`.
    """
    return _answered(await by_undoing.submit(request, read_reverse_message))


@router.get("/messages/{message_id:path}", operation_id="findMessage", **asked(UNDOING, None, (404, 422)))
async def find_message(request: Request, message_id: str) -> Response:
    """Give what a message was answered: the same bytes and status. 404: it never came, and may be sent."""
    signed = await by_undoing(request)
    _check_id(message_id)
    answer = await signed.site.read(partial(signed.site.service.find, signed.principal, message_id))
    if answer is None:
        raise refuse("NOT_FOUND")
    return _answered(answer)


@router.get("/settlements/{settlement_id}", operation_id="readSettlement", **asked(READERS, None, (404,)))
async def read_settlement(request: Request, settlement_id: str) -> Response:
    """Give the answer that a settlement, or a reversal, was given."""
    return await _read_of(request, settlement_id, lambda site: site.service.settlement)


@router.get(
    "/settlements/{settlement_id}/explanation",
    operation_id="explainSettlement",
    **asked(READERS, ExplanationAnswer, (404, 422)),
)
async def explain_settlement(request: Request, settlement_id: str) -> Response:
    """Explain a settlement step by step, with the source of every rule, in English and Chinese."""
    return await _read_of(request, settlement_id, lambda site: site.explainer.explain)


@router.get(
    "/settlements/{settlement_id}/history",
    operation_id="readHistory",
    **asked(READERS, HistoryAnswer, (404,)),
)
async def read_history(request: Request, settlement_id: str) -> Response:
    """Give all that was done and undone of a settlement, in order, each with its double entry."""
    return await _read_of(request, settlement_id, lambda site: site.service.history)


@router.post("/accounts", operation_id="readAccounts", **asked(READERS, AccountsAnswer, READS, PersonQuery))
async def read_accounts(request: Request) -> Response:
    """Give what a person has used so far. The number is in the body: an address stands in the logs of every proxy."""
    signed = await by_reader(request)
    number = read_person_query(signed.body)
    request.scope["state"]["subject"] = signed.site.service.subject(number)
    return await _read(signed, partial(signed.site.service.accounts, number))


@router.post("/statements/totals", operation_id="compareTotals", **asked(READERS, TotalsAnswer, READS, StatementTotals))
async def compare_totals(request: Request) -> Response:
    """Compare an institution's sums of some days with the ledger's (3201)."""
    signed = await by_reader(request)
    span, there = read_totals(signed.body, signed.principal.institution)
    compared = await signed.site.read(partial(signed.site.reconciler.totals, signed.principal, span, there))
    return Json(compared.body())


@router.post(
    "/statements/details", operation_id="compareDetails", **asked(READERS, DetailsAnswer, READS, StatementDetails)
)
async def compare_details(request: Request) -> Response:
    """Compare an institution's rows of some days with the ledger's (3202), and name what differs."""
    signed = await by_reader(request)
    span, stretch, there = read_details(signed.body, signed.principal.institution)
    differing = await signed.site.read(partial(signed.site.reconciler.details, signed.principal, span, there, stretch))
    return Json(details_body(differing))


async def _read_of(
    request: Request, settlement_id: str, reader: Callable[[Site], Callable[[Principal, str], bytes | None]]
) -> Response:
    """Answer with what a reader of the site says of a settlement."""
    signed = await by_reader(request)
    _check_id(settlement_id)
    return await _read(signed, partial(reader(signed.site), signed.principal, settlement_id))


async def _read(signed: Signed, reading: Callable[[], bytes | None]) -> Response:
    """Answer with what is read from the ledger. Raises RequestError where there is none."""
    body = await signed.site.read(reading)
    if body is None:
        raise refuse("NOT_FOUND")
    return Json(body)


def _answered(answer: Answer) -> Response:
    status = STATUS[answer.outcome]
    headers = {"Adjudicator-Replayed": "true"} if answer.replayed else None
    return Response(answer.body, status, headers, "application/json" if status == 200 else MEDIA_TYPE)


def _check_id(text: str) -> None:
    """Refuse what can be no id as what is not there."""
    if not ID.fullmatch(text):
        raise refuse("NOT_FOUND")

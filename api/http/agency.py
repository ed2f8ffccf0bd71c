"""Routes of the agency's own work: closing clearing months, balances, re-adjudication as a job."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response

from api.http.describing import asked
from api.http.site import Json, Signed, SignedBy
from api.service.answers import yuan
from api.service.balances import Balanced, UnknownError
from api.service.clearing import IN_FLIGHT, Closed, close_period, read_period
from api.service.days import moment_text
from api.service.requests import Role
from api.wire.agency import (
    BalancesAnswer,
    DepositMessage,
    JobAnswer,
    JobsAnswer,
    OpeningMessage,
    PeriodAnswer,
    PeriodMessage,
    ReadjudicationMessage,
)
from api.wire.problems import Mistake, refuse
from api.wire.reading import read_deposits, read_openings, read_period_message, read_readjudication

OPERATOR, READERS = (Role.OPERATOR,), (Role.OPERATOR, Role.REVIEWER, Role.AUDITOR)
STATUSES = (400, 413, 415, 422)
TAG = "agency"

PLACES = {
    "deposits": ("/deposits/{0}/person_id", "/deposits/{0}/plan"),
    "openings": ("/openings/{0}/holder", "/openings/{0}/counters/{1}"),
}
"""Where a request says the person, and the counter."""

by_operator, by_reader = SignedBy(OPERATOR), SignedBy(READERS)

router = APIRouter(prefix="/v1")


@router.post("/periods", operation_id="closePeriod", **asked(OPERATOR, PeriodAnswer, STATUSES, PeriodMessage, TAG))
async def post_period(request: Request) -> Response:
    """Close a clearing month (清算期). 503: something that began before is in flight; the month stays open."""
    signed = await by_operator(request)
    month = read_period_message(signed.body)
    _subject(request, month)
    site = signed.site
    closed = await site.read(partial(close_period, site.database, site.balances.world, month))
    if isinstance(closed, Mistake):
        raise refuse("NOT_DONE" if closed.code == IN_FLIGHT else "PERIOD_NOT_CLOSED", [closed])
    return Json(_period(closed))


@router.get("/periods/{period}", operation_id="readPeriod", **asked(READERS, PeriodAnswer, (404,), tag=TAG))
async def get_period(request: Request, period: str) -> Response:
    """Give a clearing month that is closed, and what it comes to."""
    signed = await by_reader(request)
    closed = await signed.site.read(partial(read_period, signed.site.database, period))
    if closed is None:
        raise refuse("NOT_FOUND")
    return Json(_period(closed))


@router.post("/deposits", operation_id="deposit", **asked(OPERATOR, BalancesAnswer, STATUSES, DepositMessage, TAG))
async def post_deposits(request: Request) -> Response:
    """Credit personal accounts (划入), or take back what is still there. Sent again it has no second effect."""
    signed = await by_operator(request)
    name, credits = read_deposits(signed.body)
    _subject(request, name)
    return await _balanced(signed, name, "deposits", partial(signed.site.balances.deposit, credits, name))


@router.post("/openings", operation_id="openCounters", **asked(OPERATOR, BalancesAnswer, STATUSES, OpeningMessage, TAG))
async def post_openings(request: Request) -> Response:
    """Carry counters in from an older system. Sent again it has no second effect."""
    signed = await by_operator(request)
    name, openings = read_openings(signed.body)
    _subject(request, name)
    return await _balanced(signed, name, "openings", partial(signed.site.balances.open, openings, name))


@router.post(
    "/readjudications",
    operation_id="startReadjudication",
    **asked(OPERATOR, JobAnswer, STATUSES, ReadjudicationMessage, TAG),
)
async def post_readjudication(request: Request) -> Response:
    """Begin to settle a year anew after a retroactive change, as a job; sent again, one that died goes on.

    The answer does not wait for its end: read it by its name.
    """
    signed = await by_operator(request)
    job = read_readjudication(signed.body)
    _subject(request, job.name)
    begun = await signed.site.read(partial(signed.site.background.begin, job))
    if isinstance(begun, list):
        raise refuse("NOT_STARTED", begun)
    return Json(signed.site.jobs.body(begun))


@router.get("/readjudications/{name}", operation_id="readReadjudication", **asked(READERS, JobAnswer, (404,), tag=TAG))
async def get_readjudication(request: Request, name: str) -> Response:
    """Give how a job stands, and what it came to so far."""
    signed = await by_reader(request)
    found = await signed.site.read(partial(signed.site.jobs.find, name))
    if found is None:
        raise refuse("NOT_FOUND")
    return Json(signed.site.jobs.body(found))


@router.get("/readjudications", operation_id="listReadjudications", **asked(READERS, JobsAnswer, (), tag=TAG))
async def get_readjudications(request: Request) -> Response:
    """List the jobs that began last."""
    signed = await by_reader(request)
    jobs = signed.site.jobs
    return Json({"jobs": [jobs.entry(row) for row in await signed.site.read(jobs.latest)]})


async def _balanced(signed: Signed, name: str, part: str, posting: Callable[[], Balanced]) -> Response:
    """Post balances and tell what became of them. part: where they stand in the request."""
    try:
        done = await signed.site.read(posting)
    except UnknownError as unknown:
        raise refuse("REQUEST_NOT_VALID", _mistakes(unknown, *PLACES[part])) from None
    refused = [{"pointer": f"/{part}/{place}", "reason": outcome} for place, outcome in sorted(done.refused)]
    return Json({"name": name, "posted": done.posted, "before": done.before, "refused": refused})


def _mistakes(unknown: UnknownError, person: str, counter: str) -> list[Mistake]:
    """Name all that is unknown. person, counter: their places in the request."""
    found = [Mistake("PERSON_UNKNOWN", person.format(place)) for place in unknown.persons]
    return found + [
        Mistake("COUNTER_UNKNOWN", counter.format(*place), fields={"counter": name})
        for place, name in unknown.counters.items()
    ]


def _period(closed: Closed) -> dict[str, Any]:
    period = closed.period
    said = {"period": period.period, "rows": period.count, "root": period.root}
    sums = [{"account": account, "amount": yuan(fen)} for account, fen in closed.sums.items()]
    return {**said, "closed_at": moment_text(period.closed_at), "sums": sums}


def _subject(request: Request, name: str) -> None:
    """Name what is asked for in the audit, where the address does not."""
    request.scope["state"]["subject"] = name

"""The sandbox: a ledger with persons that do not exist, and routes that tell about them and set its clock."""

from __future__ import annotations

import csv
from pathlib import Path

import orjson
from fastapi import APIRouter, Request, Response

from api.http.clock import MovedClock
from api.http.describing import asked
from api.http.settings import SANDBOX_HOSPITAL
from api.http.site import Json, SignedBy, Site
from api.http.situations import ACCOUNT_PLAN, SITUATIONS, Situation
from api.ledger.database import Database
from api.service.balances import Credit
from api.service.days import day_text
from api.service.loading import load_members
from api.service.requests import Message, Principal, Role
from api.service.world import World
from api.wire.identity import Keyring
from api.wire.reading import read_claim, read_clock
from api.wire.sandbox import SandboxClock, SandboxPersons
from api.wire.values import AMOUNT_DECIMALS, units

MODELS = (SandboxPersons, SandboxClock)
ANY_ROLE = tuple(Role)
HEADINGS = (
    *("person_id", "scheme", "place", "plan", "group", "status", "sex", "birth_date", "valid_from", "valid_until"),
    "cover",
)
VALID_FROM = "2020-01-01"

router = APIRouter(prefix="/v1/sandbox")
by_anyone = SignedBy(ANY_ROLE)


def fill(database: Database, folder: Path, keyring: Keyring, world: World) -> Path:
    """Load the persons, and write their claims as files; give the first claim's."""
    folder.mkdir(parents=True, exist_ok=True)
    members = folder / "members.csv"
    with members.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        writer.writerows(_row(situation) for situation in SITUATIONS)
    for situation in SITUATIONS:
        claim = orjson.dumps(situation.claim, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        (folder / f"{situation.person_id}.json").write_bytes(claim)
    load_members(database, members, keyring, world)
    return folder / f"{SITUATIONS[0].person_id}.json"


def settle_histories(site: Site) -> None:
    """Credit and settle what the persons have behind them; on a ledger that has it already nothing is done."""
    credited = [person for person in SITUATIONS if person.account]
    site.balances.deposit(
        [Credit(one.person_id, ACCOUNT_PLAN, units(one.account, AMOUNT_DECIMALS)) for one in credited], "sandbox"
    )
    principal = Principal("sandbox", SANDBOX_HOSPITAL, Role.INSTITUTION)
    messages = []
    for situation in SITUATIONS:
        for number, bill in enumerate(situation.history, 1):
            name = f"{situation.person_id}-history-{number}"
            messages.append(Message(principal, name, read_claim(orjson.dumps(bill.claim(situation.person_id, name)))))
    site.service.submit(messages)


def _row(person: Situation) -> tuple[str, ...]:
    insured = (*person.cover, person.group, person.status, person.sex, person.birth_date)
    return (person.person_id, *insured, VALID_FROM, person.until, person.state)


@router.get("/persons", operation_id="listPersons", **asked(ANY_ROLE, SandboxPersons, (), tag="sandbox"))
async def list_persons(request: Request) -> Response:
    """List the persons, each with a claim to try and what it comes to."""
    await by_anyone(request)
    return Json({"persons": [_told(situation) for situation in SITUATIONS]})


@router.get("/clock", operation_id="readClock", **asked(ANY_ROLE, SandboxClock, (), tag="sandbox"))
async def read_the_clock(request: Request) -> Response:
    """Give the day on which is settled."""
    signed = await by_anyone(request)
    return Json({"day": day_text(_clock_of(signed.site).day)})


@router.put(
    "/clock", operation_id="setClock", **asked(ANY_ROLE, SandboxClock, (400, 413, 415, 422), SandboxClock, "sandbox")
)
async def set_the_clock(request: Request) -> Response:
    """Go to a day, such as the first of a year. Requests are signed at the real time; a restart goes back to today."""
    signed = await by_anyone(request)
    clock = _clock_of(signed.site)
    clock.set_day(read_clock(signed.body))
    return Json({"day": day_text(clock.day)})


def _clock_of(site: Site) -> MovedClock:
    assert site.clock is not None, "these routes are there in a sandbox alone"
    return site.clock


def _told(situation: Situation) -> dict[str, object]:
    funds = [{"fund": fund, "paid": paid} for fund, paid in situation.funds.items()]
    said = {"person_id": situation.person_id, "title": situation.title, "title_zh": situation.title_zh}
    outcome = {"cash": situation.cash, "reason": situation.reason}
    return {**said, "claim": situation.claim, "funds": funds, **{key: text for key, text in outcome.items() if text}}

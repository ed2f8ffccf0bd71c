"""An office for tests: a ledger in a file, five employees of Beijing, three hospitals, a clock that stands still."""

from __future__ import annotations

import datetime
import itertools
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from api.ledger.audit import CHAIN
from api.ledger.database import Database, open_database
from api.ledger.journal import all_rows
from api.ledger.migrating import migrate
from api.ledger.rows import JournalRow
from api.ledger.verify.report import Report
from api.ledger.verify.verifying import verify
from api.rules import Rules, load_rules
from api.run import setting_of
from api.service.adjudication import Adjudicator
from api.service.answers import Answer
from api.service.group import Tools
from api.service.loading import load_institutions, load_members
from api.service.provenance import Deciding, deciding, keep_deciding
from api.service.readjudicating import Readjudication
from api.service.requests import ClaimRequest, LineRequest, Message, Principal, ReverseRequest, Role
from api.service.service import Service
from api.service.world import SystemWorld
from api.wire.identity import Keyring
from catalogs.plans.library import SHIPPED
from tests.persons import number

HOSPITAL, CLINIC, FAR = "H11000000001", "H11000000006", "H34030000001"
"""A tertiary hospital and a community centre in Beijing; a hospital in Bengbu."""

ITEM = "XA02BC-01P"
KEYRING = Keyring({"k1": bytes(range(32))}, "k1", bytes(range(32, 64)))
NUMBERS = [number(order) for order in range(5)]

MEMBERS = """person_id,scheme,place,group,sex,birth_date,valid_from,valid_until,cover,household
""" + "".join(
    f"{NUMBERS[order]},employee_basic,110000,{group},{sex},{birth},2020-01-01,{until},{cover},F1\n"
    for order, group, sex, birth, until, cover in (
        (0, "in_service", "male", "1980-03-01", "", "normal"),
        (1, "retired", "female", "1950-05-17", "", "normal"),
        (2, "in_service", "female", "1991-12-31", "", "normal"),
        (3, "in_service", "male", "1985-02-28", "", "suspended"),
        (4, "in_service", "male", "1985-02-28", "2022-01-01", "normal"),
    )
)
PERSON, RETIRED, THIRD, SUSPENDED, ENDED = NUMBERS


def day(text: str) -> int:
    return (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days


def moment(text: str) -> int:
    return int(datetime.datetime.fromisoformat(f"{text}+08:00").timestamp() * 1000)


@dataclass
class StandingClock:
    """A world whose clock moves only when it is told to, with ids that can be foreseen."""

    now: int = moment("2023-05-08T10:00:00")
    counter: Any = field(default_factory=lambda: itertools.count(1))

    def now_ms(self) -> int:
        return self.now

    def new_id(self) -> str:
        return f"id{next(self.counter):08d}"

    def reached(self, point: str) -> None:
        pass


PLANS = {
    "beijing": SHIPPED / "beijing-employees-2023.yaml",
    "household": Path(__file__).parent / "household.yaml",
    **{f"undo-{rule}": Path(__file__).parent / f"undo-{rule}.yaml" for rule in ("forbid", "cascade", "keep")},
    "race": Path(__file__).parent / "race.yaml",
    **{price: Path(__file__).parent / "undo-forbid.yaml" for price in ("price-10", "price-8")},
}
TABLES = {price: Path(__file__).parent / price for price in ("price-10", "price-8")}
"""Tables that are not the shipped ones: D1 is payable at most at 10.00 a unit, or at 8.00."""


@cache
def rules_of(plan: str) -> tuple[Rules, Deciding, Adjudicator]:
    rules = load_rules((PLANS[plan],), TABLES.get(plan))
    return rules, deciding(rules), Adjudicator(setting_of(rules), rules.rulebook)


@dataclass
class Office:
    """A service with its ledger, and short ways to ask it."""

    database: Database
    service: Service
    tools: Tools
    world: StandingClock | SystemWorld
    folder: Path
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def settle(self, request: ClaimRequest, message_id: str = "", institution: str = HOSPITAL) -> Answer:
        return self.send(message(request, message_id or f"auto{next(self.numbers)}", institution))

    def reverse(self, message_id: str = "", institution: str = HOSPITAL, **what: str) -> Answer:
        return self.send(message(ReverseRequest(**what), message_id or f"auto{next(self.numbers)}", institution))  # type: ignore[arg-type]

    def send(self, *messages: Message) -> Answer:
        return self.service.submit(messages)[-1]

    def table(self, name: str) -> list[tuple[Any, ...]]:
        with self.database.read() as connection:
            return sorted(tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name}"))

    def journal(self) -> list[JournalRow]:
        with self.database.read() as connection:
            return list(all_rows(connection))

    def verify(self, anchor: tuple[int, str] | None = None) -> Report:
        return verify(self.database, self.tools.adjudicator, self.tools.provenance, anchor)

    def readjudication(self) -> Readjudication:
        return Readjudication(self.database, self.tools.adjudicator, self.tools.provenance, self.world)

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """What settling can change; the audit, which has a place among the holders, is no part of it."""
        found = {name: self.table(name) for name in ("journal", "entry", "counter", "holder", "live", "request")}
        return found | {"holder": [row for row in found["holder"] if row[0] != CHAIN]}


def open_office(
    folder: Path,
    world: StandingClock | SystemWorld | None = None,
    plan: str = "beijing",
    members: str = MEMBERS,
    url: str = "",
) -> Office:
    world, (rules, kept, adjudicator) = world or StandingClock(), rules_of(plan)
    database = open_database(url or f"sqlite:///{folder / 'ledger.db'}")
    migrate(database)
    (folder / "members.csv").write_text(members, encoding="utf-8")
    load_institutions(database, rules.tables)
    load_members(database, folder / "members.csv", KEYRING, world)
    tools = Tools(adjudicator, keep_deciding(database, kept), KEYRING, world)
    return Office(database, Service(database, tools), tools, world, folder)


def reopened(office: Office, plan: str = "") -> Office:
    """Give the office as another process finds it after the first one has ended; `plan`: with these rules."""
    office.database.close()
    office.database = open_database(office.database.engine.url.render_as_string(hide_password=False))
    if plan:
        _, kept, adjudicator = rules_of(plan)
        office.tools = replace(office.tools, adjudicator=adjudicator, provenance=keep_deciding(office.database, kept))
    office.service = Service(office.database, office.tools)
    return office


def message(request: ClaimRequest | ReverseRequest, message_id: str, institution: str = HOSPITAL) -> Message:
    return Message(Principal("key", institution, Role.INSTITUTION), message_id, request)


def bill(
    yuan: int, receipt: str = "R1", person: str = PERSON, visit: str = "outpatient", on: str = "2023-05-08", **more: Any
) -> ClaimRequest:
    """Give a bill of one line that is wholly in scope."""
    line = LineRequest("1", ITEM, yuan * 100, None, 10_000, yuan * 1_000_000)
    more = {"visit_id": f"V-{receipt}", "admission": day(on), "lines": (line,), **more}
    return ClaimRequest(receipt_id=receipt, person_id=person, visit=visit, total_fen=yuan * 100, **more)


def said(answer: Answer) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(answer.body)
    return body


def codes(answer: Answer) -> list[str]:
    """Give the codes of a refusal: that of the whole, then those of its reasons."""
    body = said(answer)
    return [body["code"], *(error["code"] for error in body["errors"])]

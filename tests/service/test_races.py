"""Eight clients at once want the last 100 fen of one person: each with connections of its own, as separate processes.

The negative controls take away the lock of the person, and the key that would refuse two rows in one place; on SQLite,
where who writes is alone, counters are read before the lock is there. The same round finds that more than one got it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from api.ledger import books, counters
from api.ledger.counters import read_counters
from api.ledger.database import Database, open_database
from api.service.answers import Answer
from api.service.requests import ClaimRequest, Message
from api.service.service import Service
from tests.conftest import NewOffice, Show
from tests.service.office import CLINIC, FAR, HOSPITAL, MEMBERS, PERSON, Office, bill, message, said

CLIENTS = 8
AT = (HOSPITAL, CLINIC, FAR)
HEADING, EMPLOYEE = MEMBERS.splitlines()[:2]


def members(rounds: int) -> str:
    """Give one person for every round."""
    return "\n".join([HEADING, *(EMPLOYEE.replace(PERSON, person(number)) for number in range(rounds))]) + "\n"


def person(number: int) -> str:
    return f"1200{number:04d}"


@contextmanager
def clients(office: Office) -> Iterator[list[Service]]:
    """Give services that share nothing but the ledger."""
    url = office.database.engine.url.render_as_string(hide_password=False)
    opened: list[Database] = [open_database(url) for _ in range(CLIENTS)]
    yield [Service(database, office.tools) for database in opened]
    for database in opened:
        database.close()


def together(services: list[Service], claims: list[ClaimRequest]) -> list[Answer]:
    """Have every client settle one claim, all at the same moment."""
    start = threading.Barrier(CLIENTS)

    def send(place: int) -> Answer:
        claim = claims[place]
        one = message(claim, claim.receipt_id, AT[place % len(AT)])
        start.wait()
        return services[place].submit([one])[0]

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(send, range(CLIENTS)))


def paid(answer: Answer) -> str:
    assert answer.outcome == "done", answer.cause or said(answer)["errors"]
    return "".join(fund["paid"] for fund in said(answer)["funds"]) or "0.00"


def last_of_the_cap(office: Office, services: list[Service], who: str) -> list[str]:
    """The cap of the year is 10 yuan, 9 are used; each client brings a bill of 1 yuan, paid in full below the cap."""
    stay = {"visit": "inpatient", "discharge": None}
    assert paid(office.settle(bill(9, f"{who}-R", who, **stay), f"{who}-R")) == "9.00"
    return sorted(map(paid, together(services, [bill(1, f"{who}-R{n}", who, **stay) for n in range(CLIENTS)])))


def last_of_the_deductible(office: Office, services: list[Service], who: str) -> list[str]:
    """10 yuan are the deductible of the year and 9 are borne; each client brings a bill of 1 yuan."""
    assert paid(office.settle(bill(9, f"{who}-Q", who), f"{who}-Q")) == "0.00"
    return sorted(map(paid, together(services, [bill(1, f"{who}-Q{n}", who) for n in range(CLIENTS)])))


ONE_IS_PAID = ["0.00"] * (CLIENTS - 1) + ["1.00"]
ALL_BUT_ONE_ARE_PAID = ["0.00"] + ["1.00"] * (CLIENTS - 1)


def race(office: Office, rounds: int) -> list[list[str]]:
    """Give what was paid in every round, for the cap and for the deductible in turn."""
    with clients(office) as services:
        return [
            what(office, services, person(number))
            for number in range(rounds)
            for what in (last_of_the_cap, last_of_the_deductible)
        ]


@pytest.mark.parametrize("rounds", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_one_of_eight_gets_what_is_left(rounds: int, new_office: NewOffice, show: Show) -> None:
    office = new_office(plan="race", members=members(rounds))
    assert race(office, rounds) == [ONE_IS_PAID, ALL_BUT_ONE_ARE_PAID] * rounds
    report = office.verify()
    assert report.sound, report.findings[:3]
    assert report.counts["journal"] == rounds * 2 * (CLIENTS + 1)
    show(f"{rounds} rounds of {CLIENTS} clients on {office.database.engine.dialect.name}: one got the last 100 fen")


def without_person_lock(office: Office, patch: pytest.MonkeyPatch) -> None:
    """PostgreSQL: nobody waits for anybody, and two rows may stand in one place of a chain."""
    with office.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE journal DROP CONSTRAINT uq_journal_person_key_person_seq")
    patch.setattr(books, "_lock", books.heads_of)


def read_before_the_lock(office: Office, patch: pytest.MonkeyPatch) -> None:
    """SQLite: the one lock there is, of the whole file, comes after counters were read."""
    transaction, seen = Service._transaction, threading.local()

    def early(self: Service, messages: Sequence[Message]) -> dict[int, Answer]:
        with self._database.read() as connection:
            everyone = connection.exec_driver_sql("SELECT holder_key FROM holder").scalars().all()
            seen.counters = read_counters(connection, everyone)
        return transaction(self, messages)

    patch.setattr(Service, "_transaction", early)
    patch.setattr(counters, "read_counters", lambda _, keys: {key: dict(seen.counters.get(key, {})) for key in keys})


UNLOCKED = {"postgresql": without_person_lock, "sqlite": read_before_the_lock}


def test_without_the_lock_more_than_one_gets_it(new_office: NewOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    office = new_office(plan="race", members=members(5))
    UNLOCKED[office.database.engine.dialect.name](office, monkeypatch)
    assert race(office, 5) != [ONE_IS_PAID, ALL_BUT_ONE_ARE_PAID] * 5
    assert not office.verify().sound

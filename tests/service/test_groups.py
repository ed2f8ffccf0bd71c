"""Groups: what waits together is decided together, and yet each message alone; a crash leaves all or nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from api.service.requests import Message, Nonce, ReverseRequest
from tests.conftest import NewOffice
from tests.service.office import (
    CLINIC,
    HOSPITAL,
    PERSON,
    RETIRED,
    THIRD,
    Office,
    StandingClock,
    bill,
    codes,
    message,
    open_office,
    reopened,
    said,
)

POINTS = ("begun", "locked", "decided", "written", "committed")
MIXED = (
    message(bill(3000, "R1"), "M1"),
    message(bill(20000, "R2", RETIRED, visit="inpatient", discharge=None), "M2"),
    message(bill(500, "R3", THIRD), "M3", CLINIC),
    message(bill(500, "R4", "nobody"), "M4"),
    message(ReverseRequest(original_message_id="M9"), "X9"),
)


class Crash(BaseException):
    """The process dies here."""


class CrashingWorld(StandingClock):
    """Dies when it reaches a point, and counts the points it passes."""

    def __init__(self, point: str = "") -> None:
        super().__init__()
        self.point, self.passed = point, [""]

    def reached(self, point: str) -> None:
        self.passed.append(point)
        if point == self.point:
            raise Crash(point)


def figures(office: Office) -> dict[str, object]:
    """What was settled, whatever order it was settled in."""
    return {
        f"{row.institution}{row.message_id}": (row.total_fen, row.input, row.opening, row.closing)
        for row in office.journal()
    } | {"counters": sorted(row[1:] for row in office.table("counter"))}


def test_a_nonce_is_kept_with_what_becomes_of_its_message(new_office: NewOffice) -> None:
    office, kept_until = new_office(), 2_000_000_000

    def signed(receipt: str, digest: bytes, person: str = PERSON) -> Message:
        return replace(message(bill(100, receipt, person), f"M-{receipt}"), nonce=Nonce(digest, kept_until))

    first, again = signed("R1", b"a"), signed("R2", b"a", THIRD)
    assert office.service.submit([first])[0].outcome == "done"
    mixed = [again, signed("R3", b"b"), signed("R4", b"c"), message(bill(100, "R5", THIRD), "M-R5")]
    assert [answer.outcome for answer in office.service.submit(mixed)] == ["repeated", "done", "done", "done"]
    assert office.service.submit([again])[0].outcome == "repeated"
    assert [row.message_id for row in office.journal()] == ["M-R1", "M-R3", "M-R4", "M-R5"]
    assert sorted(office.table("nonce")) == [(digest, kept_until) for digest in (b"a", b"b", b"c")]


def test_what_touches_nothing_in_common_goes_into_one_transaction(new_office: NewOffice) -> None:
    office = new_office(world := CrashingWorld())
    answers = office.service.submit(MIXED)
    assert [answer.outcome for answer in answers] == ["done", "done", "done", "refused", "nothing"]
    assert world.passed.count("committed") == 1
    assert [row.person_seq for row in office.journal()] == [1, 1, 1]
    assert office.verify().sound


def test_messages_of_one_person_follow_each_other_in_order_of_arrival(new_office: NewOffice) -> None:
    office = new_office(world := CrashingWorld())
    several = [message(bill(1000, f"R{n}"), f"M{n}", HOSPITAL if n % 2 else CLINIC) for n in range(5)]
    answers = office.service.submit([*several, message(bill(100, "R9", THIRD), "M9")])
    assert [said(answer)["person_seq"] for answer in answers] == [1, 2, 3, 4, 5, 1]
    assert world.passed.count("committed") == 5
    assert office.verify().sound


def test_any_order_of_a_group_comes_to_the_same(new_office: NewOffice) -> None:
    found = []
    for order in permutations(MIXED[:3]):
        office = new_office()
        office.service.submit(order)
        found.append(figures(office))
    assert all(other == found[0] for other in found)


def test_alone_or_together_comes_to_the_same(new_office: NewOffice) -> None:
    together, alone = new_office(), new_office()
    bodies = [answer.body for answer in together.service.submit(MIXED)]
    assert bodies == [alone.send(one).body for one in MIXED]
    assert figures(together) == figures(alone)


POISON = {
    "sqlite": [
        "CREATE TRIGGER poison BEFORE INSERT ON journal WHEN NEW.receipt_id = 'R2' BEGIN SELECT RAISE(ABORT, 'no'); END"
    ],
    "postgresql": [
        "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$",
        "CREATE TRIGGER poison BEFORE INSERT ON journal FOR EACH ROW WHEN (NEW.receipt_id = 'R2') "
        "EXECUTE FUNCTION poison()",
    ],
}
ANTIDOTE = {"sqlite": "DROP TRIGGER poison", "postgresql": "DROP TRIGGER poison ON journal"}


def test_a_message_that_the_database_refuses_fails_alone(office: Office) -> None:
    with office.database.write() as connection:
        for statement in POISON[connection.dialect.name]:
            connection.exec_driver_sql(statement)
    answers = office.service.submit(MIXED)
    assert [answer.outcome for answer in answers] == ["done", "failed", "done", "refused", "nothing"]
    assert said(answers[1])["code"] == "NOT_DONE" and answers[1].cause is not None
    with office.database.write() as connection:
        connection.exec_driver_sql(ANTIDOTE[connection.dialect.name])
    assert office.send(MIXED[1]).outcome == "done"
    assert office.verify().sound


def test_a_full_disk_is_told_and_nothing_is_half_done(tmp_path: Path) -> None:
    office = open_office(tmp_path)
    office.send(MIXED[0])
    before = office.everything()
    with office.database.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    many = bill(3000, "R8", THIRD)
    (line,) = many.lines
    lines = tuple(line._replace(line_id=str(n), amount_fen=1000, price_e6=10_000_000) for n in range(300))
    answer = office.settle(replace(many, lines=lines), "M8")
    assert (answer.outcome, said(answer)["code"]) == ("failed", "NOT_DONE")
    assert office.everything() == before
    office.database.close()  # the limit goes with its connection
    assert office.settle(replace(many, lines=lines), "M8").outcome == "done"
    assert office.verify().sound


REVERSED = (message(ReverseRequest(original_message_id="M1"), "X1"),)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("messages", [MIXED, MIXED[:1], REVERSED, REVERSED + MIXED[1:]], ids=["5", "1", "x", "x+4"])
def test_a_crash_leaves_all_or_nothing_and_sending_again_mends_it(
    point: str, messages: tuple[Message, ...], new_office: NewOffice
) -> None:
    office = new_office(world := CrashingWorld())
    office.send(MIXED[0]) if messages[0] in REVERSED else None
    before = office.everything()
    world.point = point
    with pytest.raises(Crash):
        office.service.submit(messages)
    world.point = ""
    office = reopened(office)
    left = office.everything()
    assert (left == before) == (point != "committed")
    assert office.verify().sound
    answers = office.service.submit(messages)
    assert all(answer.replayed == (point == "committed") for answer in answers)
    after = office.everything()
    assert [answer.body for answer in office.service.submit(messages)] == [answer.body for answer in answers]
    assert office.everything() == after
    assert office.verify().sound


def test_persons_of_a_household_wait_for_each_other(new_office: NewOffice) -> None:
    """A household's cap of 800 yuan: 1,000 at 50 % for the first, the second gets the 300 that are left."""
    office = new_office(world := CrashingWorld(), "household")
    stay = {"visit": "inpatient", "discharge": None}
    both = [message(bill(1000, "R1", PERSON, **stay), "M1"), message(bill(1000, "R2", RETIRED, **stay), "M2")]
    answers = office.service.submit(both)
    assert [said(answer)["cash"] for answer in answers] == ["500.00", "700.00"]
    assert world.passed.count("committed") == 2
    assert codes(office.reverse(original_message_id="M1")) == ["NOT_REVERSED", "LATER_SETTLEMENTS"]
    assert office.verify().sound
    assert (
        office.reverse(original_message_id="M2").outcome == office.reverse(original_message_id="M1").outcome == "done"
    )
    assert office.verify().sound

"""A year settled anew: as if the change had been known, each person once, whoever dies or settles meanwhile."""

from __future__ import annotations

import itertools
import random
from collections.abc import Collection
from typing import Any

import orjson
import pytest

from api.ledger.rows import JournalRow
from api.service import readjudicating
from api.service.differences import Readjudicated
from api.service.lives import Life
from api.service.loading import load_members
from api.service.requests import ClaimRequest
from api.service.undoing import BuiltOnMeanwhileError
from tests.conftest import NewOffice
from tests.service.office import (
    KEYRING,
    MEMBERS,
    NUMBERS,
    PERSON,
    RETIRED,
    THIRD,
    Office,
    StandingClock,
    bill,
    moment,
    said,
)

JOB = "job-1"
AS_RETIRED = MEMBERS.replace(f"{PERSON},employee_basic,110000,in_service", f"{PERSON},employee_basic,110000,retired")


def change_cover(office: Office, members: str) -> None:
    (office.folder / "changed.csv").write_text(members, encoding="utf-8")
    load_members(office.database, office.folder / "changed.csv", KEYRING, office.world)


def run(office: Office, job: str = JOB, year: int = 2023) -> list[Readjudicated]:
    asked = office.readjudication()
    return [asked.post(person, year, job) for person in asked.persons(year)]


def figures(office: Office) -> dict[str, Any]:
    """Give who pays what of every settlement in force, by its receipt."""
    lives: dict[int, list[JournalRow]] = {}
    for row in office.journal():
        lives.setdefault(row.origin_seq, []).append(row)
    found = {}
    for rows in lives.values():
        if len(rows) % 2:
            decided = [row for row in rows if row.kind != "REVERSE"][-1]
            answer = orjson.loads(decided.answer)
            found[decided.receipt_id] = {name: answer[name] for name in ("plan", "funds", "cash", "parts", "lines")}
    return found


def counters(office: Office) -> list[tuple[Any, ...]]:
    """Give the counters that are not 0, without the keys of persons, which are made by chance."""
    return sorted(row[1:] for row in office.table("counter") if row[-1])


def test_what_follows_from_a_change_of_cover_is_posted_and_nothing_else(office: Office) -> None:
    for receipt, person in (("A", PERSON), ("B", RETIRED), ("C", PERSON), ("D", THIRD)):
        office.settle(bill(2000, receipt, person))
    change_cover(office, AS_RETIRED)
    office.world.now = moment("2023-09-01T09:00:00")
    (found,) = run(office)
    # in service: (2,000 - 1,800) x 70 % = 140, then 2,000 x 70 % = 1,400; retired at 43: 700 x 85 % = 595, then 1,700
    assert [dict(one.differences) for one in found.adjustments] == [
        {"fund:large_amount": 45_500, "cash:person": -45_500},
        {"fund:large_amount": 30_000, "cash:person": -30_000},
    ]
    assert [(row.kind, row.receipt_id, row.book_date) for row in office.journal()[4:]] == [
        ("REVERSE", "C", "2023-09-01"),
        ("REVERSE", "A", "2023-09-01"),
        ("ADJUST", "A", "2023-09-01"),
        ("ADJUST", "C", "2023-09-01"),
    ]
    assert office.verify().findings == []
    assert run(office) == []
    assert said(office.reverse(settlement_id=office.journal()[2].settlement_id))["in_force"] is False
    assert office.verify().findings == []


def test_cover_that_ended_before_leaves_everything_in_cash(office: Office) -> None:
    office.settle(bill(3000))
    change_cover(office, MEMBERS.replace("1980-03-01,2020-01-01,,", "1980-03-01,2020-01-01,2023-03-01,"))
    (found,) = run(office)
    assert [dict(one.differences) for one in found.adjustments] == [
        {"fund:large_amount": -84_000, "cash:person": 84_000}
    ]
    assert figures(office)["R1"]["cash"] == "3000.00"
    assert counters(office) == []
    assert office.verify().findings == []


def other_household(number: int) -> str:
    """Give the members with one of them in another household."""
    rows = [row.replace(",F1", ",F2") if row.startswith(f"{NUMBERS[number]},") else row for row in MEMBERS.splitlines()]
    return "\n".join(rows) + "\n"


CHANGES = {
    "retires": ("beijing", MEMBERS, AS_RETIRED),
    "leaves a household": ("household", MEMBERS, other_household(0)),
    "joins a household": ("household", other_household(2), MEMBERS),
}
"""Plan, members as they were known, members as they should have been known."""


@pytest.mark.parametrize("seed", [100, 102])
@pytest.mark.parametrize("change", CHANGES)
def test_the_year_is_as_if_the_change_had_been_known(seed: int, change: str, new_office: NewOffice) -> None:
    """Another ledger, which knew the change from the start, comes to the same figures and counters."""
    late, knowing = three_months(seed, change, new_office)
    assert figures(late) != figures(knowing)
    run(late)
    assert figures(late) == figures(knowing)
    assert counters(late) == counters(knowing)
    assert late.verify().sound


def three_months(seed: int, change: str, new_office: NewOffice) -> tuple[Office, Office]:
    """Give two ledgers of the same settlements and reversals: one where cover changes at the end, one where before."""
    chance, (plan, before, after) = random.Random(seed), CHANGES[change]
    late, knowing = new_office(plan=plan, members=before), new_office(plan=plan, members=after)
    moments = sorted(moment("2023-03-01T08:00:00") + chance.randrange(90 * 86_400_000) for _ in range(14))
    for place, now in enumerate(moments):
        claim, undoes = random_bill(chance, f"R{place}", (PERSON, RETIRED, THIRD)), chance.random() < 0.15
        for office in (late, knowing):
            office.world.now = now
            if undoes and place:
                office.reverse(original_message_id=f"M{place - 1}")
            else:
                office.settle(claim, f"M{place}")
    change_cover(late, after)
    return late, knowing


def random_bill(chance: random.Random, receipt: str, persons: Collection[str]) -> ClaimRequest:
    person, yuan = chance.choice(list(persons)), chance.randrange(1, 2000)
    if chance.random() < 0.5:
        return bill(yuan, receipt, person, visit="inpatient", on="2023-02-20", discharge=None)
    return bill(yuan, receipt, person, on="2023-02-20")


def test_the_comparison_notices_what_is_left_standing(new_office: NewOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: what builds on a changed settlement stands as it was."""

    def only_changed(lives: list[Life], changed: Collection[int], *_places: object) -> list[Life]:
        return [life for life in lives if life.origin.seq == min(changed)]

    monkeypatch.setattr(readjudicating, "_building_on", only_changed)
    late, knowing = three_months(0, "leaves a household", new_office)
    run(late)
    assert figures(late) != figures(knowing)


class Dying(StandingClock):
    """A world that dies once, at the n-th point that is reached after it is armed."""

    def __init__(self) -> None:
        super().__init__()
        self.left = -1

    def reached(self, point: str) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt(point)


@pytest.mark.parametrize("points", [1, 3, 4, 5, 6, 9, 10])
def test_a_job_that_died_is_begun_again_and_posts_each_person_once(points: int, new_office: NewOffice) -> None:
    world = Dying()
    office = new_office(world)
    for person in (PERSON, THIRD):
        for receipt in "ABC":
            office.settle(bill(1500, f"{receipt}{person[-4:]}", person))
    change_cover(office, MEMBERS.replace("in_service", "retired"))
    world.left = points
    with pytest.raises(KeyboardInterrupt):
        run(office)
    run(office)
    adjusted = [row.origin_seq for row in office.journal() if row.kind == "ADJUST"]
    assert sorted(adjusted) == [1, 2, 3, 4, 5, 6]
    assert run(office) == []
    assert office.verify().findings == []


def test_a_person_is_posted_once_under_one_name(office: Office) -> None:
    office.settle(bill(3000))
    change_cover(office, AS_RETIRED)
    assert [found.posted for found in run(office)] == [True]
    change_cover(office, MEMBERS)
    (again,) = run(office)
    assert (again.posted, again.done_before, again.adjustments) == (False, True, ())
    assert [found.posted for found in run(office, "job-2")] == [True]
    (refused,) = [office.readjudication().post(office.journal()[0].person_key, 2022, "job-2")]
    assert refused.undecided is not None and refused.undecided.code == "MESSAGE_ID_REUSED"
    assert office.verify().findings == []


def test_who_cannot_be_decided_stays_and_is_told(office: Office) -> None:
    office.settle(bill(3000))
    rows = office.journal()
    change_cover(office, MEMBERS.replace("in_service,male,1980-03-01", ",male,"))
    (found,) = run(office)
    assert found.undecided is not None
    assert (found.undecided.code, found.posted) == ("NOT_SETTLED_ANEW", False)
    assert office.journal() == rows


def test_only_the_year_and_the_persons_asked_for_are_looked_at(office: Office) -> None:
    for person in (PERSON, THIRD):
        office.settle(bill(3000, f"R{person[-4:]}", person))
    change_cover(office, MEMBERS.replace("in_service", "retired"))
    asked = office.readjudication()
    keys = [row.person_key for row in office.journal()]
    assert asked.persons(2022) == [] == asked.persons(2024)
    assert asked.persons(2023) == keys
    assert asked.persons(2023, keys[1:]) == keys[1:]


def test_who_comes_to_share_a_holder_meanwhile_is_locked_at_the_next_attempt(
    new_office: NewOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = new_office(plan="household")
    office.settle(bill(3000, "A", PERSON, visit="inpatient", discharge=None))
    office.settle(bill(3000, "B", THIRD, visit="inpatient", discharge=None))
    change_cover(office, other_household(0))
    person = office.journal()[0].person_key
    scope, looks = readjudicating._Scope.__init__, itertools.count(1)

    def grown(self: Any, *args: Any) -> None:
        scope(self, *args)
        if next(looks) in meanwhile:
            self.holders |= {"somebody"}

    meanwhile: Collection[int] = {2}  # looked at again under locks, at the first attempt

    monkeypatch.setattr(readjudicating._Scope, "__init__", grown)
    assert office.readjudication().post(person, 2023, JOB).posted
    assert next(looks) == 5
    change_cover(office, MEMBERS)
    meanwhile = range(7, 100, 2)
    with pytest.raises(BuiltOnMeanwhileError):
        office.readjudication().post(person, 2023, "job-2")
    assert next(looks) == 14
    assert office.verify().findings == []

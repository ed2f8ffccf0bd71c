"""Re-adjudication as a job: begun once under its name, told as it goes, gone on with after any death, its sums true."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from api.ledger.jobs import JobRow
from api.service import jobs as jobs_module
from api.service.jobs import SILENCE_MS, JobRequest, Jobs, State
from api.wire.agency import JobAnswer, JobEntry
from tests.conftest import NewOffice
from tests.http.client import of_type
from tests.service.office import KEYRING, MEMBERS, PERSON, RETIRED, THIRD, Office, bill, moment
from tests.service.test_readjudicating import change_cover

ALL = JobRequest("late", 2023, None, posts=True)
SUMS = {"cash:person": "-1510.00", "fund:large_amount": "1510.00"}
"""Two persons, each with 2,000 and 2,000: (200 + 2,000) x 70 % = 1,540 in service; (700 + 2,000) x 85 % = 2,295."""


def never() -> bool:
    return False


def jobs_of(office: Office) -> Jobs:
    return Jobs(office.database, office.readjudication(), KEYRING, office.world)


def begun(jobs: Jobs, asked: JobRequest = ALL) -> JobRow:
    """A job that is to be run."""
    found = jobs.begin(asked)
    assert isinstance(found, tuple)
    row, to_run = found
    assert to_run
    return row


def told(jobs: Jobs, name: str = ALL.name) -> dict[str, Any]:
    row = jobs.find(name)
    assert row is not None
    of_type(JobEntry, jobs.entry(row))
    body: dict[str, Any] = of_type(JobAnswer, jobs.body(row))
    return body


@pytest.fixture
def changed(new_office: NewOffice) -> Callable[[], Office]:
    """Opens ledgers in which two persons turn out to have been retired, with two settlements each."""

    def opens() -> Office:
        office = new_office()
        for receipt, person in (("A", PERSON), ("B", THIRD), ("C", PERSON), ("D", THIRD), ("E", RETIRED)):
            office.settle(bill(2000, receipt, person))
        change_cover(office, MEMBERS.replace("in_service", "retired"))
        office.world.now = moment("2023-09-01T09:00:00")
        return office

    return opens


def test_a_job_looks_before_it_posts(changed: Callable[[], Office]) -> None:
    office = changed()
    jobs, before = jobs_of(office), office.everything()
    look = JobRequest("look", 2023, None, posts=False)
    jobs.run(begun(jobs, look), never)
    said = told(jobs, "look")
    assert (said["state"], said["persons_found"], said["persons_done"]) == ("done", 2, 2)
    assert (said["persons"], said["settlements"], said["sums"]) == (2, 4, SUMS)
    assert office.everything() == before
    jobs.run(begun(jobs), never)
    posted = told(jobs)
    assert (posted["state"], posted["sums"], posted["adjusted"]) == ("done", SUMS, said["adjusted"])
    assert office.verify().findings == []
    assert [row.name for row in jobs.latest()] == ["late", "look"]


def test_a_job_is_begun_once_under_its_name(changed: Callable[[], Office]) -> None:
    jobs = jobs_of(changed())
    row = begun(jobs)
    assert jobs.begin(ALL, busy=True) == (row, False), "it runs"
    other = JobRequest("late", 2023, None, posts=False)
    assert [mistake.code for mistake in jobs.begin(other)] == ["JOB_NAME_USED"]
    another = JobRequest("another", 2023, None, posts=True)
    assert [mistake.code for mistake in jobs.begin(another, busy=True)] == ["JOB_RUNNING"]
    jobs.run(row, never)
    done = jobs.find("late")
    assert done is not None and jobs.begin(ALL) == (done, False)


def test_a_job_is_for_some_persons(changed: Callable[[], Office]) -> None:
    office = changed()
    jobs = jobs_of(office)
    asked = JobRequest("third", 2023, (THIRD, RETIRED, THIRD), posts=True)
    jobs.run(begun(jobs, asked), never)
    assert (told(jobs, "third")["persons"], told(jobs, "third")["everyone"]) == (1, False)
    missing = jobs.begin(JobRequest("x", 2023, (THIRD, "nobody", "no one"), posts=True))
    assert isinstance(missing, list)
    assert [(one.code, one.pointer) for one in missing] == [
        ("PERSON_UNKNOWN", "/persons/1"),
        ("PERSON_UNKNOWN", "/persons/2"),
    ]
    assert jobs.find("x") is None


def test_a_job_that_is_to_end_stops_after_its_person_and_goes_on_later(changed: Callable[[], Office]) -> None:
    office = changed()
    jobs = jobs_of(office)
    asked: list[None] = []

    def after_one_person() -> bool:
        asked.append(None)
        return len(asked) > 2  # while it looks, before the first person, before the second

    jobs.run(begun(jobs), after_one_person)
    said = told(jobs)
    assert (said["state"], said["persons_found"], said["persons_done"], said["settlements"]) == ("interrupted", 2, 1, 2)
    jobs.run(begun(jobs), never)
    said = told(jobs)
    assert (said["state"], said["persons_found"], said["persons_done"]) == ("done", 2, 2)
    assert (said["sums"], said["settlements"], len(said["adjusted"])) == (SUMS, 4, 4)
    assert office.verify().findings == []


@pytest.mark.parametrize("point", ["begun", "locked", "decided", "written", "committed"])
def test_a_job_that_dies_at_any_point_goes_on_with_true_sums(
    point: str, changed: Callable[[], Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    office = changed()
    jobs = jobs_of(office)
    row = begun(jobs)
    reached: list[str] = []

    def dies(now: str) -> None:
        reached.append(now)
        if reached.count(point) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(office.world, "reached", dies)
        killed.setattr(jobs_module._Run, "_keep", lambda *_, **__: None)  # who is killed writes nothing more
        with pytest.raises(KeyboardInterrupt):
            jobs.run(row, never)
    assert told(jobs)["state"] == "running", "nobody knows better yet"
    office.world.now += SILENCE_MS + 1
    assert told(jobs)["state"] == "interrupted"
    jobs.run(begun(jobs), never)
    said = told(jobs)
    assert (said["state"], said["sums"], said["settlements"], len(said["adjusted"])) == ("done", SUMS, 4, 4)
    assert office.verify().findings == []


def test_a_job_that_fails_says_so_and_goes_on_later(
    changed: Callable[[], Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    office = changed()
    jobs = jobs_of(office)

    def fails(*_: object) -> None:
        raise OSError("planted")

    with monkeypatch.context() as planted:
        planted.setattr("api.service.posting.Posting.write", fails)
        with pytest.raises(OSError, match="planted"):
            jobs.run(begun(jobs), never)
    said = told(jobs)
    assert (said["state"], said["settlements"], "planted" in str(said)) == ("failed", 0, False)
    jobs.run(begun(jobs), never)
    assert (told(jobs)["state"], told(jobs)["sums"]) == ("done", SUMS)


def test_a_job_says_that_it_is_alive(changed: Callable[[], Office], monkeypatch: pytest.MonkeyPatch) -> None:
    office = changed()
    jobs = jobs_of(office)
    heard: list[int] = []

    def long_later() -> bool:
        office.world.now += SILENCE_MS - 1
        row = jobs.find("late")
        assert row is not None
        heard.append(row.heard_at)
        assert jobs.state(row) is State.RUNNING
        return False

    jobs.run(begun(jobs), long_later)
    assert len(set(heard)) == len(heard) == 3


def test_settlements_beyond_the_first_are_counted(
    changed: Callable[[], Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "MOST_LISTED", 3)
    jobs = jobs_of(changed())
    jobs.run(begun(jobs), never)
    said = told(jobs)
    assert (said["settlements"], len(said["adjusted"]), said["sums"]) == (4, 3, SUMS)

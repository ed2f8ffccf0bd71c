"""The power fails at any moment of a recorded run of the ledger: what was acknowledged is found on the disk afterwards.

The production code and its migrations run over a driver and a file system of the test's; what that wrote is cut off at
random moments into images of the disk, and each image is opened as any ledger is.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from api.failures import CannotRunError
from api.ledger.database import Database, open_database
from api.ledger.database import sqlite as production
from api.ledger.migrating import check_schema, migrate
from api.ledger.verify.records import verify_records
from api.ledger.verify.report import Report
from api.ledger.verify.verifying import verify
from api.service.answers import Answer
from api.service.requests import Message
from api.service.service import Service
from tests.conftest import Show
from tests.crash.apsw_driver import driver_over
from tests.crash.clients import CODES, EVERYONE, PERSONS
from tests.crash.disk import Event, Recorder, images
from tests.service.office import Office, StandingClock, open_office
from tests.simulator.beliefs import check_answers
from tests.simulator.hospital import Hospital, ViolationError

GROUPS, MOST_TOGETHER, LIVES = 60, 8, 4
LOG_PAGES = 60
"""Pages in the write-ahead log at which it is taken into the database: few, so that it happens within a short run."""

WHOLE_PROOF_EVERY = 12
"""Of so many images one is proved wholly, and goes on settling; the others are proved as far as no rules are needed."""


@dataclass(frozen=True, slots=True)
class Group:
    """Messages that were answered, and how many events there were when they were."""

    events: int
    messages: list[Message]
    answers: list[Answer]


@dataclass(frozen=True, slots=True)
class Recording:
    """What the disk was asked, what was acknowledged when, and when the ledger was open for messages."""

    events: list[Event]
    opened: int
    groups: list[Group]
    office: Office


def record(folder: Path, seed: int, **settings: object) -> Recording:
    """Run the ledger over a disk that remembers. settings: of the production code, to be otherwise than they are."""
    chance, recorder, groups = random.Random(seed), Recorder(), list[Group]()
    world = StandingClock()
    hospitals = [Hospital(code, PERSONS, chance) for code in CODES[:3]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(production, "sqlite_module", lambda: driver_over(recorder.name))
        patch.setattr(production, "LOG_PAGES", LOG_PAGES)
        for name, value in settings.items():
            patch.setattr(production, name, value)
        office = open_office(folder, world, members=EVERYONE)
        opened = len(recorder.events)
        for number in range(1, GROUPS + 1):
            asking = [chance.choice(hospitals) for _ in range(chance.randrange(1, MOST_TOGETHER + 1))]
            messages = [hospital.something(world.now, []) for hospital in asking]
            answers = office.service.submit(messages)
            groups.append(Group(len(recorder.events), messages, answers))
            for hospital, message, answer in zip(asking, messages, answers, strict=True):
                hospital.hear(message, answer)
            if number % (GROUPS // LIVES) == 0:
                office.database.close()
        return Recording(recorder.events, opened, groups, office)


def outcome(recording: Recording, moment: int, folder: Path, whole: bool) -> str:
    """Open what the disk holds after a power cut, and say what became of the ledger."""
    try:
        with closing(open_database(f"sqlite:///{folder / 'ledger.db'}")) as database:
            if moment < recording.opened:
                migrate(database)
                check_schema(database)
                return "kept before the first message"
            given = [group for group in recording.groups if group.events <= moment]
            try:
                check_given(database, given)
            except ViolationError:
                return "LOST"
            if whole:
                go_on(recording, len(given), database)
            return "kept" if is_sound(recording, database, whole) else "UNSOUND"
    except (DBAPIError, CannotRunError):  # the second where its first page cannot be read
        return "CORRUPT"


def check_given(database: Database, groups: Sequence[Group]) -> None:
    """What was answered before the power failed is there, with the same bytes."""
    given: dict[str, dict[str, Answer]] = {code: {} for code in CODES}
    for group in groups:
        for message, answer in zip(group.messages, group.answers, strict=True):
            if answer.outcome != "conflict":
                given[message.principal.institution].setdefault(message.message_id, answer)
    with database.read() as connection:
        for code, own in given.items():
            check_answers(connection, code, own)


def go_on(recording: Recording, first: int, database: Database) -> None:
    """Send again what was under way, and some more: it is answered."""
    service = Service(database, recording.office.tools)
    for group in recording.groups[first : first + 2]:
        assert "failed" not in {answer.outcome for answer in service.submit(group.messages)}


def is_sound(recording: Recording, database: Database, whole: bool) -> bool:
    tools, report = recording.office.tools, Report()
    with database.read() as connection:
        sound = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]
        verify_records(connection, report)
    if whole:
        report = verify(database, tools.adjudicator, tools.provenance)
    return sound and not report.findings


def cut(folder: Path, count: int, seed: int, **settings: object) -> Counter[str]:
    """Cut the power at so many random moments of a run; give what became of the ledger each time."""
    recording, chance = record(folder, seed, **settings), random.Random(seed)
    moments = [chance.randrange(1, len(recording.events) + 1) for _ in range(count)]
    found: Counter[str] = Counter()
    for number, (moment, files) in enumerate(images(recording.events, moments, chance)):
        own = folder / "image"
        own.mkdir()
        for name, body in files.items():
            (own / name).write_bytes(body)
        found[outcome(recording, moment, own, number % WHOLE_PROOF_EVERY == 0)] += 1
        shutil.rmtree(own)
    return found


def is_kept(found: Counter[str]) -> bool:
    return all(outcome.startswith("kept") for outcome in found)


OLD = {"SAFE_LOG": (99, 0, 0)}
"""What makes the ledger take every SQLite for one with the fault in its write-ahead log."""

WAL, ROLLBACK = pytest.param({}, id="write-ahead log"), pytest.param(OLD, id="rollback journal")


@pytest.mark.parametrize("settings", [WAL, ROLLBACK])
def test_a_power_cut_loses_nothing_acknowledged(settings: dict[str, object], tmp_path: Path, show: Show) -> None:
    found = cut(tmp_path, 40, 1, **settings)
    assert is_kept(found), found
    show(f"{found.total():,} power cuts: {dict(found)}")


@pytest.mark.slow
@pytest.mark.parametrize(("settings", "count"), [({}, 2_400), (OLD, 600)], ids=["write-ahead log", "rollback journal"])
def test_thousands_of_power_cuts_lose_nothing_acknowledged(
    settings: dict[str, object], count: int, tmp_path: Path, show: Show
) -> None:
    found: Counter[str] = Counter()
    for seed in range(6):
        (tmp_path / str(seed)).mkdir()
        found += cut(tmp_path / str(seed), count // 6, seed, **settings)
    assert is_kept(found), found
    assert found["kept"] > count / 2
    show(f"{found.total():,} power cuts, {'rollback journal' if settings else 'write-ahead log'}: {dict(found)}")


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"FULL": 1}, id="WAL, NORMAL"),
        pytest.param({"FULL": 0}, id="WAL, OFF", marks=pytest.mark.slow),
        pytest.param({**OLD, "EXTRA": 2}, id="DELETE, FULL", marks=pytest.mark.slow),
        pytest.param({**OLD, "EXTRA": 0}, id="DELETE, OFF", marks=pytest.mark.slow),
    ],
)
def test_weaker_settings_lose_what_was_acknowledged(
    settings: dict[str, object], tmp_path: Path, show: Show, request: pytest.FixtureRequest
) -> None:
    """These are refused when a ledger is opened; here they are not, and the same cuts find them out."""
    found = cut(tmp_path, 60, 1, **settings)
    assert not is_kept(found)
    show(f"{request.node.callspec.id}, {found.total()} power cuts: {dict(found)}")

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.databases import Databases, PostgreSQL, SQLite, own_postgresql
from tests.service.office import MEMBERS, Office, StandingClock, open_office

NewOffice = Callable[..., Office]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    with own_postgresql() as own:
        yield own


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Databases:
    """Where the ledgers of a test are kept: every test that asks for one runs on both."""
    if request.param == "sqlite":
        return SQLite(tmp_path)
    own: PostgreSQL = request.getfixturevalue("postgresql")
    return own


@pytest.fixture
def new_office(databases: Databases, tmp_path: Path) -> Iterator[NewOffice]:
    """Opens as many offices as a test needs, each with an empty ledger."""
    opened = []

    def opens(world: StandingClock | None = None, plan: str = "beijing", members: str = MEMBERS) -> Office:
        opened.append(open_office(tmp_path, world, plan, members, databases.new_url()))
        return opened[-1]

    yield opens
    for office in opened:
        office.database.close()


@pytest.fixture
def office(new_office: NewOffice) -> Office:
    return new_office()

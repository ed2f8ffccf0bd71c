from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from benchmarks import machine
from tests.databases import Databases, PostgreSQL, SQLite, own_postgresql
from tests.leaks import Watch
from tests.service.office import MEMBERS, Office, StandingClock, open_office

# in a new clone the first text that is drawn waits for a table of all characters: no fault of the test that draws it
settings.register_profile("tests", settings(), suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

NewOffice = Callable[..., Office]
Show = Callable[[str], None]


@pytest.fixture
def show(record_property: Callable[[str, object], None]) -> Show:
    """Shows a line of figures at the end of the run, with the machine it was made on."""
    return lambda line: record_property(FIGURES, line)


FIGURES = "figures"


def pytest_configure(config: pytest.Config) -> None:
    """Watch for identity numbers that leave."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Watch(config))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what soaks, unless it is asked for."""
    if "soak" not in config.option.markexpr:
        items[:] = [item for item in items if item.get_closest_marker("soak") is None]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write down what the tests have measured or counted."""
    reports = terminalreporter.getreports("passed")
    lines = [line for report in reports for name, line in report.user_properties if name == FIGURES]
    if lines:
        terminalreporter.section("figures")
        terminalreporter.line(f"{machine.cpu()}, {len(machine.cores())} cores, Python {platform.python_version()}")
        for line in lines:
            terminalreporter.line(line)


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

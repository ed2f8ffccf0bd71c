"""No identity number leaves: what the tests print, log and leave behind holds none.

The persons of the tests have numbers of their own (`tests/persons.py`), so one that is written where it should not be
is known by itself. Looked at are: output and logs of every test, and at the end every file that the tests have made,
but for what they hand to the program; every table of their databases on PostgreSQL before it is dropped
(`tests/databases.py`, `tests/crash/cluster.py`). Answers over HTTP are looked at where they are received
(`tests/http/client.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect

from tests.persons import names_a_person

HANDED_OVER = {".csv", ".xlsx", ".jsonl", ".parquet", ".arrow"}
"""Files of members and claims, as an agency has them, and results by claim beside them."""

OWN = {"claim.json", "claim-1.json", "persons.txt"}
"""Bodies of requests, and lists of persons for a command."""

CHUNK, OVERLAP = 1 << 24, 64


def leaking(folder: Path) -> Iterator[Path]:
    """Find the files of a folder, at any depth, that hold an identity number."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.suffix in HANDED_OVER or path.name in OWN:
            continue
        with path.open("rb") as file:
            before = b""
            while part := file.read(CHUNK):
                if names_a_person(before + part):
                    yield path
                    break
                before = part[-OVERLAP:]


def leaking_tables(engine: Engine) -> Iterator[str]:
    """Find the tables of a PostgreSQL database, of all schemas, that hold an identity number in any column."""
    with engine.connect() as connection:
        found = inspect(connection)
        for schema in found.get_schema_names():
            for table in found.get_table_names(schema):
                statement = f'COPY "{schema}"."{table}" TO STDOUT (FORMAT binary)'
                with connection.connection.cursor().copy(statement) as rows:
                    held = sum(names_a_person(bytes(row)) for row in rows)
                if held:
                    yield f"identity number in {held} rows of {schema}.{table}"


class Watch:
    """Looks for leaks in a run of the tests; one fails it. Belongs to the process that collects the reports."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._found: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at what a test has printed and logged."""
        if report.when == "teardown":
            self._found += [
                f"{report.nodeid}: identity number in {name}" for name, text in report.sections if names_a_person(text)
            ]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Look at the files that all tests have left."""
        folder = self._config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        self._found += [f"identity number in {path}" for path in leaking(folder)]
        if self._found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name them."""
        for line in self._found:
            terminalreporter.line(f"LEAK {line}", red=True)

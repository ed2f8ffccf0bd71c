"""Whoever looks for leaks finds them: planted ones are noticed, in whatever they are hidden."""

from __future__ import annotations

import gzip
import re
import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from api.wire.identity_numbers import holds_identity_number
from tests.databases import own_postgresql
from tests.leaks import CHUNK, leaking
from tests.persons import names_a_person
from tests.service.office import NUMBERS, PERSON

pytest_plugins = ["pytester"]

SOURCES = ("api", "benchmarks", "catalogs", "docs", "examples", "tests")
TEXTS = {".csv", ".java", ".json", ".md", ".py", ".sh", ".toml", ".yaml"}


@pytest.mark.parametrize("person", [*NUMBERS, "11010519491231002X", "11010519491231002x"])
def test_a_number_is_found_in_anything(person: str) -> None:
    for around in (b"", b"\x00", b"1", b"a", b"\xff", "人".encode()):
        assert names_a_person(around + person.encode() + around)
    assert names_a_person(person.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}))
    wrong = person[:-1] + ("0" if person[-1] != "0" else "1")
    assert not names_a_person(wrong.encode())


def test_a_hash_is_not_taken_for_a_person() -> None:
    """A number of some area and year stands in it, with the right check character, as happens in ledgers by chance."""
    digest = f"0123456789abcdef281000{19210101}0104abcdef"
    assert holds_identity_number(digest)
    assert not names_a_person(digest)


def test_everyone_in_the_tests_can_be_found() -> None:
    """The watch knows the numbers that stand in the sources; those that are made come from `tests/persons.py`.

    Files of the demo, in whatever encoding, stand among the sources once it was run.
    """
    root = Path(__file__).parents[1]
    sources = [path for folder in SOURCES for path in (root / folder).rglob("*") if path.suffix in TEXTS]
    assert len(sources) > 500
    for path in sources:
        for word in re.findall(r"\d{17}[\dXx]", path.read_text(encoding="utf-8", errors="replace")):
            assert names_a_person(word) or not holds_identity_number(word), f"{path}: {word}"
    makers = {path.name for path in (root / "tests").rglob("*.py") if "check_character(" in path.read_text()}
    assert makers == {"persons.py", "test_identity.py", "test_leaks.py"}


def test_planted_files_are_found_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    plain = PERSON.encode()
    for name in ("err", "other.db-wal", "deep/backup"):
        (tmp_path / name).write_bytes(b"x" * 1000 + plain)
    (tmp_path / "long").write_bytes(b"0" * (CHUNK - 9) + plain)
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        database.execute("CREATE TABLE a (b)")
        database.execute("INSERT INTO a VALUES (?)", (f'{{"person_id":"{PERSON}"}}',))
    database.close()
    found = {path.relative_to(tmp_path).as_posix() for path in leaking(tmp_path)}
    assert found == {"err", "other.db-wal", "deep/backup", "long", "ledger.db"}
    for path in [*tmp_path.rglob("*")]:
        if path.is_file():
            path.unlink()
    (tmp_path / "members.csv").write_bytes(plain)
    (tmp_path / "other").write_bytes(gzip.compress(b"nothing"))
    assert list(leaking(tmp_path)) == []


@pytest.mark.parametrize("kind", ["text", "bytea", "jsonb", "text[]"])
def test_a_number_in_a_table_of_postgresql_is_found(kind: str) -> None:
    value = {"jsonb": f'{{"a": "{PERSON}"}}', "text[]": f"{{a,{PERSON}}}"}.get(kind, "x" * 100_000 + PERSON)
    with (
        pytest.raises(AssertionError, match=r"identity number in 2 rows of ledger_\w+\.planted"),
        own_postgresql() as own,
    ):
        engine = create_engine(own.new_url())
        with engine.begin() as connection:
            for name in ("innocent", "planted"):
                connection.exec_driver_sql(f"CREATE TABLE {name} (a integer, b {kind})")
                connection.exec_driver_sql(f"INSERT INTO {name} VALUES (1, NULL)")
            connection.execute(
                text(f"INSERT INTO planted VALUES (2, CAST(:it AS {kind})), (3, CAST(:it AS {kind}))"), {"it": value}
            )
        engine.dispose()


@pytest.mark.parametrize(
    ("planted", "named"),
    [
        ("print(PERSON)", "test_run.py::test_it: identity number in Captured stdout call"),
        ("logging.getLogger('x').warning(PERSON)", "test_run.py::test_it: identity number in Captured log call"),
        ("(tmp_path / 'ledger.db').write_text(PERSON)", "identity number in */ledger.db"),
        ("print(PERSON[:-1]); (tmp_path / 'members.csv').write_text(PERSON)", ""),
    ],
)
def test_a_run_that_leaks_fails(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, planted: str, named: str
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    pytester.makeconftest("from tests.conftest import pytest_configure")
    imports = "import logging\nfrom tests.service.office import PERSON"
    pytester.makepyfile(test_run=f"{imports}\ndef test_it(tmp_path):\n    {planted}\n")
    run = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:schemathesis")
    shutil.rmtree(pytester.path / "runpytest-0")  # the run around this one looks there too
    run.assert_outcomes(passed=1)
    if named:
        run.stdout.fnmatch_lines([f"LEAK {named}"])
    assert run.ret == (pytest.ExitCode.TESTS_FAILED if named else pytest.ExitCode.OK)

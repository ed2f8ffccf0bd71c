"""Whoever looks for leaks finds them: planted ones are noticed, in whatever they are hidden."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.leaks import CHUNK, in_bytes, leaking
from tests.service.office import NUMBERS, PERSON

pytest_plugins = ["pytester"]


@pytest.mark.parametrize("number", [*NUMBERS, "11010519491231002X", "11010519491231002x"])
def test_a_number_is_found_in_anything(number: str) -> None:
    for around in (b"", b"\x00", b"1", b"a", b"\xff", "人".encode()):
        assert in_bytes(around + number.encode() + around)
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    assert not in_bytes(wrong.encode())


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

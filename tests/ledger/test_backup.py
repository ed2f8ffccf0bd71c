"""Backups: a ledger comes back whole on either database, and what is not whole is refused and leaves nothing."""

from __future__ import annotations

import errno
import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import inspect

from api.cli import main
from api.failures import CannotRunError
from api.ledger import backup
from api.ledger.backup import copy_sqlite, restore_archive, write_archive
from api.ledger.database import Database, open_database
from api.ledger.database.sqlite import sqlite_module
from api.ledger.schema import metadata
from api.ledger.verify.verifying import verify
from api.service.service import Service
from tests.databases import Databases, SQLite
from tests.service.office import CLINIC, RETIRED, Office, bill, message, open_office

FILLED = {
    "institution",
    "content",
    "person",
    "person_identity",
    "holder",
    "counter",
    "journal",
    "entry",
    "live",
    "request",
}
"""Tables that hold something in the ledger of the tests."""


def settled(office: Office) -> Office:
    office.settle(bill(3000, "R1"), "M1")
    office.settle(bill(2000, "R2"), "M2", CLINIC)
    office.settle(bill(20000, "R3", RETIRED, visit="inpatient", discharge=None), "M3")
    office.reverse(original_message_id="M3", message_id="X3")
    office.reverse(original_message_id="M9", message_id="X9")
    office.settle(bill(50, "R1"), "M4")
    return office


@pytest.fixture
def in_file(tmp_path: Path) -> Iterator[Office]:
    """An office on SQLite, for what is the same on both."""
    office = open_office(tmp_path)
    yield office
    office.database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """Opens empty databases of one kind or the other."""
    kind: Databases = SQLite(tmp_path) if request.param == "sqlite" else request.getfixturevalue("postgresql")
    opened: list[Database] = []

    def opens() -> Database:
        opened.append(open_database(kind.new_url()))
        return opened[-1]

    yield opens
    for database in opened:
        database.close()


def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    with database.read() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(table.select())), key=repr)
            for table in metadata.sorted_tables
        }


def tables(database: Database) -> list[str]:
    with database.read() as connection:
        return inspect(connection).get_table_names()


def test_a_ledger_comes_back_on_either_database(
    office: Office, elsewhere: Callable[[], Database], tmp_path: Path
) -> None:
    settled(office)
    written = write_archive(office.database, tmp_path / "backup", office.world.now_ms())
    restored = restore_archive(database := elsewhere(), tmp_path / "backup")
    assert restored == written and written.anchor is not None
    assert everything(database) == everything(office.database)
    assert {name for name, rows in everything(database).items() if rows} >= FILLED
    report = verify(database, office.tools.adjudicator, office.tools.provenance, restored.anchor)
    assert (report.sound, report.counts["journal"]) == (True, 4)
    service = Service(database, office.tools)
    assert service.submit([message(bill(3000, "R1"), "M1")])[0].replayed
    assert service.submit([message(bill(10, "R8"), "M8")])[0].outcome == "done", "rows go on after the last one"
    assert verify(database, office.tools.adjudicator, office.tools.provenance, restored.anchor).sound


def test_an_archive_of_an_archive_is_the_same(
    office: Office, elsewhere: Callable[[], Database], tmp_path: Path
) -> None:
    write_archive(settled(office).database, tmp_path / "first", 1)
    restore_archive(database := elsewhere(), tmp_path / "first")
    write_archive(database, tmp_path / "second", 1)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_a_database_that_holds_something_is_left_alone(in_file: Office, tmp_path: Path) -> None:
    write_archive(settled(in_file).database, tmp_path / "backup", 1)
    before = everything(in_file.database)
    with pytest.raises(CannotRunError) as refused:
        restore_archive(in_file.database, tmp_path / "backup")
    assert refused.value.code == "BACKUP_TARGET_FILLED"
    assert everything(in_file.database) == before


def lines(path: Path) -> list[bytes]:
    return gzip.decompress(path.read_bytes()).splitlines(keepends=True)


SPOILED: dict[str, Callable[[Path], bytes]] = {
    "cut off": lambda path: path.read_bytes()[:-200],
    "cut off in the middle": lambda path: path.read_bytes()[: path.stat().st_size // 2],
    "empty": lambda path: b"",
    "no archive": lambda path: gzip.compress(b'{"format": "other"}\n'),
    "no archive at all": lambda path: b"SQLite format 3",
    "a bit turned": lambda path: (
        path.read_bytes()[:2000] + bytes([path.read_bytes()[2000] ^ 1]) + path.read_bytes()[2001:]
    ),
    "without its end": lambda path: gzip.compress(b"".join(lines(path)[:-1])),
    "without a row": lambda path: gzip.compress(b"".join(lines(path)[:3] + lines(path)[4:])),
    "an amount changed": lambda path: gzip.compress(b"".join(lines(path)).replace(b"300000", b"300001")),
    "something after the end": lambda path: gzip.compress(b"".join(lines(path)) + lines(path)[-2]),
    "another table": lambda path: gzip.compress(b"".join(lines(path)).replace(b'"table":"entry"', b'"table":"exit"')),
}


@pytest.mark.parametrize("how", SPOILED)
def test_an_archive_that_is_not_whole_restores_nothing(how: str, in_file: Office, tmp_path: Path) -> None:
    write_archive(settled(in_file).database, tmp_path / "backup", 1)
    (tmp_path / "spoiled").write_bytes(SPOILED[how](tmp_path / "backup"))
    with closing(open_database(f"sqlite:///{tmp_path / 'new.db'}")) as database:
        with pytest.raises(CannotRunError) as refused:
            restore_archive(database, tmp_path / "spoiled")
        assert refused.value.code == "BACKUP_NOT_WHOLE"
        assert tables(database) == []
        restore_archive(database, tmp_path / "backup")
        assert everything(database) == everything(in_file.database)


def test_an_archive_of_another_schema_is_refused(
    in_file: Office, elsewhere: Callable[[], Database], tmp_path: Path
) -> None:
    write_archive(in_file.database, tmp_path / "backup", 1)
    header, *rest = lines(tmp_path / "backup")
    other = orjson.dumps(orjson.loads(header) | {"schema": "0000"}) + b"\n"
    (tmp_path / "other").write_bytes(gzip.compress(b"".join([other, *rest])))
    database = elsewhere()
    with pytest.raises(CannotRunError) as refused:
        restore_archive(database, tmp_path / "other")
    assert refused.value.code == "LEDGER_OTHER_SCHEMA"
    assert tables(database) == []


def test_a_full_disk_is_named_with_the_file_of_the_backup(
    in_file: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    def full_copy(*_: object) -> None:
        raise sqlite_module().OperationalError("database or disk is full")

    target = tmp_path / "backup"
    words = ["backup", "--database-url", f"sqlite:///{in_file.database.engine.url.database}", "--out", str(target)]
    monkeypatch.setattr(backup.os, "fsync", full)
    assert main(words) == 2
    assert f"{target}: no space is left" in capsys.readouterr().err
    monkeypatch.setattr(backup, "closing", full_copy)
    assert main([*words, "--copy"]) == 2
    said = capsys.readouterr().err
    assert ("database or disk is full" in said, "Traceback" in said) == (True, False)
    assert not list(tmp_path.glob("backup*"))


def test_a_backup_that_fails_leaves_no_file(in_file: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError("no space left on device")

    monkeypatch.setattr(backup, "_write_table", full)
    (tmp_path / "out").mkdir()
    with pytest.raises(OSError, match="no space"):
        write_archive(in_file.database, tmp_path / "out" / "backup", 1)
    assert list((tmp_path / "out").iterdir()) == []
    (tmp_path / "out" / "there").write_bytes(b"kept")
    with pytest.raises(CannotRunError):
        write_archive(in_file.database, tmp_path / "out" / "there", 1)
    assert (tmp_path / "out" / "there").read_bytes() == b"kept"


@pytest.mark.parametrize("copy", [False, True], ids=["archive", "copy"])
def test_a_backup_under_load_is_one_state_that_holds_what_was_acknowledged(
    copy: bool, office: Office, tmp_path: Path
) -> None:
    if copy and office.database.engine.dialect.name != "sqlite":
        with pytest.raises(CannotRunError) as refused:
            copy_sqlite(office.database, tmp_path / "copy.db", 1)
        assert refused.value.code == "BACKUP_COPY_OF_A_FILE"
        return
    settled(office)
    over = threading.Event()

    def go_on() -> None:
        number = 0
        while not over.is_set():
            number += 1
            office.service.submit([message(bill(1, f"L{number}"), f"L{number}")])

    load = threading.Thread(target=go_on)
    load.start()
    path = tmp_path / "backup.db"
    written = (copy_sqlite if copy else write_archive)(office.database, path, office.world.now_ms())
    over.set()
    load.join()
    with closing(open_database(f"sqlite:///{path if copy else tmp_path / 'restored.db'}")) as database:
        if not copy:
            restore_archive(database, path)
        report = verify(database, office.tools.adjudicator, office.tools.provenance, written.anchor)
        assert report.sound, report.findings[:3]
        again = Service(database, office.tools).submit([message(bill(50, "R1"), "M4")])
        assert again[0].replayed and report.counts["journal"] >= 4


def test_the_commands_write_restore_and_prove(
    databases: Databases, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url = ("--database-url", databases.new_url())

    def run(*words: str) -> tuple[int, Any]:
        capsys.readouterr()
        return main([*words, "--json"]), json.loads(capsys.readouterr().out)

    assert run("ledger", "init", *url, "--keys", "keys.json")[0] == 0
    code, said = run("backup", *url, "--out", "ledger.backup")
    assert (code, said["anchor"]) == (0, None)
    code, said = run("backup", *url, "--out", "ledger.backup")
    assert (code, said["error"]["code"]) == (2, "BACKUP_FILE_THERE")
    code, said = run("restore", "ledger.backup", "--database-url", databases.new_url())
    assert (code, said["sound"]) == (0, True)
    code, said = run("restore", "ledger.backup", "--database-url", databases.new_url(), "--anchor", "1:00")
    assert (code, [finding["code"] for finding in said["findings"]]) == (1, ["LEDGER_ANCHOR_LOST"])
    code, said = run("restore", "nothing.here", *url)
    assert code == 2

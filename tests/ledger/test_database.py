"""The database: settings that lose nothing, and a schema that is what the migrations make."""

from __future__ import annotations

import sqlite3
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from api.failures import CannotRunError
from api.ledger.database import open_database
from api.ledger.database import sqlite as databases
from api.ledger.migrating import check_schema, migrate
from api.ledger.rows import AuditRow, EntryRow, JournalRow, RequestRow
from api.ledger.schema import audit, entry, journal, metadata, request


def pragmas(url: str, *names: str) -> list[object]:
    with open_database(url).read() as connection:
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]


def test_migrations_make_the_schema(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'ledger.db'}")
    with pytest.raises(CannotRunError):
        check_schema(database)
    migrate(database)
    migrate(database)
    check_schema(database)
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


@pytest.mark.parametrize(
    ("table", "row"), [(journal, JournalRow), (entry, EntryRow), (request, RequestRow), (audit, AuditRow)]
)
def test_rows_have_the_columns_of_their_table(table: object, row: type) -> None:
    names = [field.name for field in fields(row)] if is_dataclass(row) else list(row._fields)  # type: ignore[attr-defined]
    assert [column.name for column in table.c] == names  # type: ignore[attr-defined]


@pytest.mark.skipif(databases.sqlite_module().sqlite_version_info < databases.SAFE_LOG, reason="no sound SQLite here")
def test_a_sound_sqlite_keeps_a_full_write_ahead_log(tmp_path: Path) -> None:
    found = pragmas(f"sqlite:///{tmp_path / 'ledger.db'}", "journal_mode", "synchronous", "foreign_keys", "mmap_size")
    assert found[:3] == ["wal", databases.FULL, 1]
    assert not found[3]


def test_an_old_sqlite_keeps_a_rollback_journal_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "sqlite_module", lambda: sqlite3)
    monkeypatch.setattr(databases, "SAFE_LOG", (99, 0, 0))
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    assert open_database(url).notice == "LEDGER_OLD_SQLITE"
    assert pragmas(url, "journal_mode", "synchronous") == ["delete", databases.EXTRA]


def test_a_setting_that_does_not_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        databases, "FULL", 99
    )  # the database does not take it, as one on a read-only disk takes nothing
    monkeypatch.setattr(databases, "EXTRA", 99)
    with pytest.raises(CannotRunError) as refused, open_database(f"sqlite:///{tmp_path / 'ledger.db'}").read():
        pass
    assert refused.value.code == "LEDGER_NOT_DURABLE"

"""What each database must be like before a ledger is kept in it, and that both get the same tables."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from api.failures import CannotRunError
from api.ledger.database import open_database
from api.ledger.database.statements import at_once, insert_all
from api.ledger.schema import metadata
from tests.conftest import NewOffice
from tests.databases import PostgreSQL
from tests.service.office import Office, bill


def test_migrations_come_to_the_tables_that_the_program_knows(office: Office) -> None:
    with office.database.write() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


@pytest.mark.parametrize("value", ["off", "local"])
def test_a_server_that_could_lose_a_commit_is_refused(value: str, postgresql: PostgreSQL) -> None:
    with pytest.raises(CannotRunError) as refused:
        open_database(f"{postgresql.new_url()}%20-csynchronous_commit%3D{value}")
    assert refused.value.code == "LEDGER_NOT_DURABLE"
    assert (refused.value.fields["setting"], refused.value.fields["found"]) == ("synchronous_commit", value)


def test_only_who_waits_for_nobody_reads_whole_tables(postgresql: PostgreSQL) -> None:
    database = open_database(postgresql.new_url())
    plans = []
    for patient in (False, True):
        with database.write(patient=patient) as connection:
            connection.exec_driver_sql("CREATE TEMPORARY TABLE found AS SELECT n FROM generate_series(1, 500) AS n")
            connection.exec_driver_sql("CREATE INDEX ON found (n)")
            few = ", ".join(map(str, range(50)))
            plan = connection.exec_driver_sql(f"EXPLAIN SELECT * FROM found WHERE n IN ({few})").scalars()
            plans.append("Seq Scan" in "".join(plan))
            connection.exec_driver_sql("DROP TABLE found")
    database.close()
    assert plans == [False, True]


def test_what_only_grows_cannot_be_emptied_at_once(new_office: NewOffice) -> None:
    office = new_office()
    office.settle(bill(3000))
    if office.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(Exception, match="can only be added to"), office.database.write() as connection:
        connection.exec_driver_sql("TRUNCATE journal CASCADE")


def test_a_broken_connection_is_mended_by_the_next_attempt(office: Office) -> None:
    if office.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no connection that could break")
    with office.database.read() as connection:
        process = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
    own = open_database(office.database.engine.url.render_as_string(hide_password=False))
    with own.write() as connection:
        connection.exec_driver_sql(f"SELECT pg_terminate_backend({process})")
    own.close()
    assert office.settle(bill(3000)).outcome == "done"


def test_statements_that_are_sent_at_once_fail_as_one_alone_would(office: Office) -> None:
    shared = office.database.shared
    person, holder = metadata.tables["person"], metadata.tables["holder"]
    new = [("H1", 0, "")]
    for begin in (False, True):  # the first statement fails, or a later one
        with pytest.raises(IntegrityError) as failure, office.database.write() as connection, at_once(connection):
            if begin:
                insert_all(connection, holder, new)
            insert_all(connection, person, [("P1", "no such cover")])
            insert_all(connection, holder, new)
        assert not failure.value.connection_invalidated
        assert not shared or failure.value.orig.sqlstate == "23503"
    with office.database.write() as connection, at_once(connection):
        insert_all(connection, holder, new)
    assert ("H1", 0, "") in office.table("holder")


def test_a_connection_that_breaks_while_rows_are_written_is_mended(office: Office) -> None:
    if not office.database.shared:
        pytest.skip("SQLite has no connection that could break")
    own = open_database(office.database.engine.url.render_as_string(hide_password=False))
    attempts = []

    def write(connection: Connection) -> None:
        attempts.append(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar())
        with at_once(connection):
            if len(attempts) == 1:
                with own.write() as killing:
                    killing.exec_driver_sql(f"SELECT pg_terminate_backend({attempts[0]})")
            insert_all(connection, metadata.tables["holder"], [("H1", 0, "")])

    office.database.transact(write)
    own.close()
    assert len(set(attempts)) == 2
    assert ("H1", 0, "") in office.table("holder")

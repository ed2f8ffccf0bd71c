"""Bringing a database to the schema of this program, step by step."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from api.failures import CannotRunError
from api.ledger.database import Database
from api.ledger.database.statements import migrate_alone


def migrate(database: Database) -> None:
    """Bring the database to the newest schema, all steps in one transaction; an empty one gets every table."""
    with database.write(patient=True) as connection:
        migrate_within(connection)


def migrate_within(connection: Connection) -> None:
    """Do the same as part of a transaction that writes."""
    migrate_alone(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def check_schema(database: Database) -> None:
    """Refuse a database that is not of this program's schema."""
    found = schema_of(database)
    if found != newest_schema():
        raise CannotRunError("LEDGER_OTHER_SCHEMA", found=found, expected=newest_schema())


def schema_of(database: Database) -> str:
    """Give the schema of a ledger. Raises CannotRunError for a database without one."""
    with database.read() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        raise CannotRunError("LEDGER_NOT_THERE", url=database.address)
    return found


def newest_schema() -> str:
    """Give the schema of this program."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config

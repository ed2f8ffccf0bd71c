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
        migrate_alone(connection)
        command.upgrade(_config(connection), "head")


def check_schema(database: Database) -> None:
    """Refuse a database that is not of this program's schema."""
    with database.read() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        expected = ScriptDirectory.from_config(_config(connection)).get_current_head()
    if found != expected:
        raise CannotRunError("LEDGER_OTHER_SCHEMA", found=found or "-", expected=expected)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config

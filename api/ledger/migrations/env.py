"""How alembic reaches the ledger: through the connection it is handed (`api.ledger.migrating`)."""

from alembic import context

from api.ledger.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()

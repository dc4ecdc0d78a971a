"""Alembic's entry: runs on the connection that server/storage/migrate.py gives it."""

from alembic import context

from server.storage.schema_logs import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()

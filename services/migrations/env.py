"""Alembic's entry: runs the migrations on the connection that `upgrade` made."""

from alembic import context

from services.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()

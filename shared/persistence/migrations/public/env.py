"""Alembic environment of the public line: runs on the connection that the caller hands over."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema="public",
    version_table="alembic_version",
)
with context.begin_transaction():
    context.run_migrations()

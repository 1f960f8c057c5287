"""Alembic environment of the tenant line: writes SQL only, for the compiler.

The statements name no schema: whoever applies them sets the search path to one tenant's schema.
"""

from alembic import context

context.configure(
    dialect_name="postgresql",
    dialect_opts={"paramstyle": "named"},
    output_buffer=context.config.output_buffer,
    transactional_ddl=False,
    literal_binds=True,
)
context.run_migrations()

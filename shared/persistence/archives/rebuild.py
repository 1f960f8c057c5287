"""Build a tenant's schema as it was at a revision, empty, and take it to today's once its rows are there."""

from uuid import UUID

from psycopg import sql

from shared.errors import ServiceError
from shared.persistence.archives.backup import Connection
from shared.persistence.binding import schema_of
from shared.persistence.migrations.one_tenant import CompiledSql
from shared.persistence.migrations.steps import load_steps, newest_revision, position_of

# Which table's rows must be there before which one's.
REFERENCES = """
SELECT c.relname::text, array_remove(array_agg(DISTINCT r.relname::text), NULL)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid <> c.oid
LEFT JOIN pg_class r ON r.oid = k.confrelid AND r.relnamespace = n.oid
WHERE n.nspname = %s AND c.relkind = 'r' GROUP BY 1 ORDER BY 1
"""


def build_schema(connection: Connection, tenant_id: UUID, revision: str) -> None:
    """The schema of a registered tenant at a revision, without a row."""
    connection.execute("SELECT public.create_tenant_schema(%s)", (tenant_id,))
    _enter(connection, tenant_id)
    connection.execute("DELETE FROM companies")
    for step in reversed(load_steps()[position_of(revision) :]):
        connection.execute(sql.Composed([CompiledSql(step.down)]))


def bring_up_to_date(connection: Connection, tenant_id: UUID, revision: str) -> None:
    """Takes the schema from a revision to the newest one."""
    _enter(connection, tenant_id)
    for step in load_steps()[position_of(revision) :]:
        connection.execute(sql.Composed([CompiledSql(step.up)]))
    connection.execute(
        "UPDATE public.tenants SET schema_revision = %s WHERE id = %s",
        (newest_revision(), tenant_id),
    )


def parents_first(connection: Connection, schema: str) -> list[str]:
    """The tables of a schema, each after those that it refers to."""
    waiting = {name: set(parents) for name, parents in connection.execute(REFERENCES, (schema,))}
    order: list[str] = []
    while waiting:
        ready = [name for name, parents in waiting.items() if parents <= set(order)]
        if not ready:
            raise ServiceError(f"restore: the tables {', '.join(waiting)} refer to each other")
        order += ready
        for name in ready:
            del waiting[name]
    return order


def _enter(connection: Connection, tenant_id: UUID) -> None:
    schema = sql.Identifier(schema_of(tenant_id))
    connection.execute(sql.SQL("SET LOCAL search_path = {}").format(schema))

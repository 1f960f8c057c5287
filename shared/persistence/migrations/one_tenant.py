"""Bring one tenant's schema to a revision, in one transaction."""

from collections.abc import Sequence
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from shared.errors import InvalidInput
from shared.persistence.migrations.steps import Step

Connection = psycopg.Connection[TupleRow]

# A migration must not queue behind a long query and hold up everybody else behind itself.
LOCK_TIMEOUT_MS = 300

# The tenant's row is held, so that two runs at once take turns; its readers and children are not hindered.
BEGIN = """
SET LOCAL ROLE capliquify_lifecycle;
SET LOCAL search_path = {schema};
SET LOCAL lock_timeout = {timeout};
SELECT to_regclass('alembic_version') IS NOT NULL FROM public.tenants WHERE id = {tenant} FOR NO KEY UPDATE
"""

AUDIT = """
INSERT INTO public.audit_logs (tenant_id, action, resource_type, resource_id, changes, metadata)
VALUES (%s, 'schema.migrated', 'schema', %s,
        jsonb_build_object('revision', jsonb_build_object('before', %s::text, 'after', %s::text)),
        jsonb_build_object('actor', 'migrate'))
"""


def migrate_one(
    connection: Connection, tenant_id: UUID, schema_name: str, steps: Sequence[Step], target: int
) -> str | None:
    """Takes the schema up or down to `target` steps; returns the revision it then stands at.

    Raises `LockNotAvailable` where somebody holds its tables, `InvalidInput` where it stands at a
    revision that this release does not know; the schema is then as it was.
    """
    with connection.transaction():
        before = _bind(connection, tenant_id, schema_name)
        position = _position(before, steps)
        if position == target:
            return before
        for statement in _path(position, target, steps):
            connection.execute(statement.encode())
        after = steps[target - 1].revision if target else None
        connection.execute(
            "UPDATE public.tenants SET schema_revision = %s WHERE id = %s", (after, tenant_id)
        )
        connection.execute(AUDIT, (tenant_id, tenant_id, before, after))
    return after


def _bind(connection: Connection, tenant_id: UUID, schema_name: str) -> str | None:
    cursor = connection.execute(
        sql.SQL(BEGIN).format(
            schema=sql.Identifier(schema_name),
            timeout=sql.Literal(f"{LOCK_TIMEOUT_MS}ms"),
            tenant=sql.Literal(tenant_id),
        )
    )
    while cursor.nextset():
        pass
    found = cursor.fetchone()
    if found is None:
        raise InvalidInput(f"tenant: {tenant_id} is gone")
    if not found[0]:
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _position(revision: str | None, steps: Sequence[Step]) -> int:
    if revision is None:
        return 0
    for step in steps:
        if step.revision == revision:
            return step.number
    raise InvalidInput(
        f"its schema is at {revision}, which this release does not know; use a newer one"
    )


def _path(position: int, target: int, steps: Sequence[Step]) -> list[str]:
    if position < target:
        return [step.up for step in steps[position:target]]
    return [step.down for step in reversed(steps[target:position])]

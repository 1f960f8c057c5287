"""The beginning and the end of one tenant, timed."""

from typing import LiteralString
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from benchmarks.figures import timed

CREATE = """
INSERT INTO public.tenants (id, slug, name) VALUES ({id}, {slug}, {slug});
SELECT public.create_tenant_schema({id})
"""
PURGE = "SELECT public.purge_tenant({id})"
# When a tenant was deleted is the server's to say: only the owner can make it a month ago.
RETIRE = """
ALTER TABLE public.tenants DISABLE TRIGGER tenants_deletion;
UPDATE public.tenants SET deleted_at = now() - interval '31 days' WHERE id = {id};
INSERT INTO public.tenant_purge_approvals (tenant_id, approver) VALUES ({id}, 'benchmark');
ALTER TABLE public.tenants ENABLE TRIGGER tenants_deletion
"""


def timed_as_admin(url: str, statement: LiteralString, tenant_id: UUID) -> float:
    """Milliseconds of one transaction of the operator's role on a fresh connection."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET ROLE capliquify_admin")
        return timed(lambda: execute(connection, statement, tenant_id))


def retire(url: str, tenant_id: UUID) -> None:
    """Deletes a tenant a month ago, with a person's approval to purge it."""
    with psycopg.connect(url, autocommit=True) as connection:
        execute(connection, RETIRE, tenant_id)


def execute(
    connection: psycopg.Connection[TupleRow], statement: LiteralString, tenant_id: UUID
) -> None:
    """One transaction about a tenant."""
    values = {"id": sql.Literal(tenant_id), "slug": sql.Literal(f"bench-{tenant_id}")}
    with connection.transaction():
        connection.execute(sql.SQL(statement).format(**values))

"""Binding a transaction to one tenant: its role, its schema, its setting; all end with the transaction."""

from uuid import UUID

from psycopg import sql


def bind_tenant(tenant_id: UUID, actor: str = "system") -> sql.Composable:
    """The prologue of a transaction that works for one tenant and can reach no other.

    The role has grants on this tenant's tables only; without the role nothing is set, so nothing leaks.
    """
    schema = schema_of(tenant_id)
    return sql.SQL(
        "SET LOCAL ROLE {role}; SET LOCAL search_path = {role}, pg_temp; "
        "SET LOCAL app.current_tenant_id = {tenant}; SET LOCAL app.actor = {actor}"
    ).format(
        role=sql.Identifier(schema), tenant=sql.Literal(str(tenant_id)), actor=sql.Literal(actor)
    )


def name_tenant(tenant_id: UUID) -> sql.Composable:
    """The prologue of a transaction on public tables that is about one tenant, under the login's own role."""
    return sql.SQL("SET LOCAL app.current_tenant_id = {}").format(sql.Literal(str(tenant_id)))


def name_actor(actor: str) -> sql.Composable:
    """The prologue of an operator's transaction: the audit log says who."""
    return sql.SQL("SET LOCAL app.actor = {}").format(sql.Literal(actor))


def schema_of(tenant_id: UUID) -> str:
    """The name of a tenant's schema and of its role."""
    return f"tenant_{tenant_id}"

"""Binding a transaction to one tenant, and the registry of tenants."""

from uuid import UUID

from psycopg.rows import DictRow

from shared.domain.quota import Overrides, Tier
from shared.domain.tenant import SubscriptionStatus, Tenant
from shared.errors import InvalidInput, TenantForbidden, TenantMissing
from shared.persistence.database import Connection

# One round trip finds the tenant and binds to it; without a row nothing is set, so nothing leaks.
BIND = """
SELECT id, slug, name, subscription_tier, subscription_status, max_users, max_entities, max_storage,
       settings,
       set_config('app.current_tenant_id', id::text, true),
       set_config('search_path', quote_ident(schema_name), true)
FROM public.tenants WHERE id = %s AND deleted_at IS NULL
"""

FIND = """
SELECT id, slug, name, subscription_tier, subscription_status, max_users, max_entities, max_storage,
       settings
FROM public.tenants WHERE slug = %s AND deleted_at IS NULL
"""

LIST = """
SELECT id, slug, name, subscription_tier, subscription_status, max_users, max_entities, max_storage,
       settings
FROM public.tenants WHERE deleted_at IS NULL ORDER BY slug
"""


def bind_tenant(connection: Connection, tenant_id: UUID) -> Tenant:
    """Sets the tenant for this transaction only; raises `TenantMissing` or `TenantForbidden`."""
    row = connection.execute(BIND, (tenant_id,)).fetchone()
    if row is None:
        raise TenantMissing(f"tenant: {tenant_id} is not a tenant")
    tenant = _read(row)
    if not tenant.may_run:
        raise TenantForbidden(f"tenant: {tenant.slug} is {tenant.status.lower()}, it runs nothing")
    return tenant


def find_tenant(connection: Connection, name: str) -> Tenant:
    """The tenant of that slug; raises `TenantMissing`."""
    row = connection.execute(FIND, (name,)).fetchone()
    if row is None:
        raise TenantMissing(
            f"tenant: there is no tenant {name!r}; `capliquify tenants list` shows those that exist"
        )
    return _read(row)


def list_tenants(connection: Connection) -> list[Tenant]:
    """All tenants that are not deleted, by slug."""
    return [_read(row) for row in connection.execute(LIST)]


def insert_tenant(
    connection: Connection, slug: str, name: str, tier: Tier, settings: dict[str, str]
) -> UUID:
    """Registers a tenant and creates its schema; raises `InvalidInput` if the slug is taken or unfit."""
    from psycopg import errors  # noqa: PLC0415
    from psycopg.types.json import Jsonb  # noqa: PLC0415

    try:
        row = connection.execute(
            "INSERT INTO public.tenants (slug, name, subscription_tier, settings) "
            "VALUES (%s, %s, %s::public.subscription_tier, %s) RETURNING id",
            (slug, name, tier, Jsonb(settings)),
        ).fetchone()
    except errors.UniqueViolation:
        raise InvalidInput(f"slug: {slug!r} is taken by another tenant; choose another") from None
    except errors.CheckViolation:
        raise InvalidInput(
            f"slug: {slug!r} must have three or more of a-z, 0-9 and inner hyphens"
        ) from None
    assert row is not None  # noqa: S101 - INSERT RETURNING gives a row
    tenant_id = UUID(str(row["id"]))
    connection.execute("SELECT public.create_tenant_schema(%s)", (tenant_id,))
    return tenant_id


def _read(row: DictRow) -> Tenant:
    settings = row["settings"]
    return Tenant(
        id=row["id"],
        slug=row["slug"],
        name=row["name"],
        tier=Tier(row["subscription_tier"]),
        status=SubscriptionStatus(row["subscription_status"]),
        overrides=Overrides(row["max_users"], row["max_entities"], row["max_storage"]),
        timezone=str(settings.get("timezone", "UTC")),
        currency=str(settings.get("currency", "GBP")),
    )

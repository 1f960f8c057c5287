"""Tenants as the registry has them: whether one may run, and which there are."""

from uuid import UUID

from psycopg.rows import DictRow

from shared.domain.quota import Overrides, Tier
from shared.domain.tenant import SubscriptionStatus, Tenant
from shared.errors import SchemaBehind, TenantForbidden, TenantMissing, TenantSuspended
from shared.persistence.database import Connection
from shared.persistence.migrations.steps import position_of

# What this code reads and writes in a tenant's schema. Raise it in the release after the migration that
# adds what is needed: expand first, contract last.
REQUIRED_REVISION = "t0006"

COLUMNS = (
    "id, slug, name, subscription_tier, subscription_status, max_users, max_entities, max_storage, "
    "settings, schema_revision, deleted_at"
)


def read_tenant(connection: Connection, tenant_id: UUID) -> Tenant:
    """The tenant, if it may run; raises `TenantMissing`, `TenantForbidden` or `SchemaBehind`."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM public.tenants WHERE id = %s", (tenant_id,)
    ).fetchone()
    if row is None or row["deleted_at"] is not None:
        raise TenantMissing(f"tenant: {tenant_id} is not a tenant")
    tenant = _read(row)
    if tenant.status is SubscriptionStatus.SUSPENDED:
        raise TenantSuspended.of(tenant.slug)
    if not tenant.may_run:
        raise TenantForbidden(f"tenant: {tenant.slug} is {tenant.status.lower()}, it runs nothing")
    if position_of(row["schema_revision"]) < position_of(REQUIRED_REVISION):
        raise SchemaBehind(
            f"tenant: the schema of {tenant.slug} is at {row['schema_revision']}, this release needs "
            f"{REQUIRED_REVISION}; run `capliquify migrate`",
            retry_after_s=60.0,
        )
    return tenant


def find_tenant(connection: Connection, name: str, *, deleted: bool = False) -> Tenant:
    """The tenant of that slug, living or soft-deleted as asked; raises `TenantMissing`."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM public.tenants WHERE slug = %s AND (deleted_at IS NOT NULL) = %s",
        (name, deleted),
    ).fetchone()
    if row is None:
        kind = "deleted tenant" if deleted else "tenant"
        raise TenantMissing(
            f"tenant: there is no {kind} {name!r}; `capliquify tenants list` shows those that exist"
        )
    return _read(row)


def list_tenants(connection: Connection) -> list[Tenant]:
    """All tenants that are not deleted, by slug."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM public.tenants WHERE deleted_at IS NULL ORDER BY slug"
    )
    return [_read(row) for row in rows]


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
        count_copies_of=_names(settings.get("count_marketplace_orders")),
    )


def _names(value: object) -> frozenset[str]:
    """The texts of a list in the settings; none where there is something else."""
    return (
        frozenset(each for each in value if isinstance(each, str))
        if isinstance(value, list)
        else frozenset()
    )

"""Registering a tenant, as an operator or for the API."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from psycopg import DataError, errors
from psycopg.types.json import Jsonb

from shared.domain.tenant import Tenant
from shared.errors import InvalidInput, TenantMissing
from shared.persistence.binding import name_actor
from shared.persistence.database import Connection, Database
from shared.persistence.tenants.tenancy import find_tenant, list_tenants
from shared.use_cases.register_tenant import NewTenant

INSERT = """
INSERT INTO public.tenants (slug, name, subscription_tier, settings, clerk_organization_id)
VALUES (%s, %s, %s::public.subscription_tier, %s, %s) RETURNING id
"""


class TenantRegistry:
    """All tenants, as an operator; `actor` stands in the audit log."""

    def __init__(self, database: Database, actor: str) -> None:
        self._database = database
        self._actor = name_actor(actor)

    def insert(self, tenant: NewTenant) -> UUID:
        """Makes a tenant with role, schema and company, or nothing; raises `InvalidInput` naming the field."""
        settings = {"timezone": tenant.timezone, "currency": tenant.currency}
        values = (tenant.slug, tenant.name, tenant.tier, Jsonb(settings), tenant.organization_id)
        with self._database.transaction(self._actor) as connection:
            with registering(tenant.slug, tenant.organization_id):
                row = connection.execute(INSERT, values).fetchone()
            assert row is not None  # noqa: S101 - INSERT RETURNING gives a row
            tenant_id = UUID(str(row["id"]))
            connection.execute("SELECT public.create_tenant_schema(%s)", (tenant_id,))
        return tenant_id

    def find(self, slug: str) -> Tenant:
        """The living tenant of that slug; raises `TenantMissing`."""
        with self._database.transaction() as connection:
            return find_tenant(connection, slug)

    def find_also_deleted(self, slug: str) -> Tenant:
        """The tenant of that slug, and where none lives, the soft-deleted one; raises `TenantMissing`."""
        with self._database.transaction() as connection:
            try:
                return find_tenant(connection, slug)
            except TenantMissing:
                return find_tenant(connection, slug, deleted=True)

    def list(self) -> list[Tenant]:
        """All tenants that are not deleted, by slug."""
        with self._database.transaction() as connection:
            return list_tenants(connection)


@contextmanager
def registering(slug: str, organization_id: str | None = None) -> Iterator[None]:
    """What the registry refuses becomes `InvalidInput` naming the field."""
    try:
        yield
    except errors.UniqueViolation as error:
        raise InvalidInput(_taken(error, slug, organization_id)) from None
    except errors.CheckViolation as error:
        raise InvalidInput(_unfit(error, slug)) from None
    except errors.StringDataRightTruncation:
        raise InvalidInput(
            "slug, name: 100 and 255 characters at most; write a shorter one"
        ) from None
    except DataError as error:
        # A NUL never leaves this machine: the driver refuses it, with no state of the server's.
        if error.sqlstate is None or isinstance(error, errors.UntranslatableCharacter):
            raise InvalidInput("slug, name: hold a character that no text may have") from None
        raise InvalidInput("tenant: its tier or one of its limits does not fit") from None


def set_counted_copies(connection: Connection, tenant_id: UUID, names: Sequence[str]) -> None:
    """Says of which marketplaces the copies in a tenant's shops count."""
    connection.execute(
        "UPDATE public.tenants SET settings = coalesce(settings, '{}'::jsonb) || %s WHERE id = %s",
        (Jsonb({"count_marketplace_orders": list(names)}), tenant_id),
    )


def tenant_slugs(database: Database, ids: Collection[UUID]) -> dict[UUID, str]:
    """The slugs of tenants, deleted ones too."""
    rows = database.call("SELECT id, slug FROM public.tenants WHERE id = ANY (%s)", (list(ids),))
    return {row["id"]: row["slug"] for row in rows}


def _taken(error: errors.UniqueViolation, slug: str, organization_id: str | None) -> str:
    if error.diag.constraint_name == "idx_tenants_clerk_org":
        return f"organization: {organization_id!r} belongs to another tenant"
    return f"slug: {slug!r} is taken by another tenant; choose another"


def _unfit(error: errors.CheckViolation, slug: str) -> str:
    if error.diag.constraint_name == "tenants_name_given":
        return "name: is empty; give the name to display"
    if error.diag.constraint_name != "tenants_slug_url_safe":
        return f"tenant: its values break the rule {error.diag.constraint_name}"
    return f"slug: {slug!r} must have three or more of a-z, 0-9 and inner hyphens"

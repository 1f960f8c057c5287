"""The lifecycle of registered tenants, as an operator: every change is audited by the database itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg import errors
from psycopg.rows import class_row

from shared.domain.events import React, TierChanged
from shared.domain.quota import Overrides, Tier
from shared.domain.tenant import SubscriptionStatus, Tenant
from shared.errors import InvalidInput, ServiceError, TenantMissing
from shared.persistence.binding import name_actor
from shared.persistence.database import Database
from shared.persistence.repositories.events import EventPublisher
from shared.persistence.tenants.tenancy import find_tenant

STATUS_BEFORE = """
SELECT a.changes -> 'subscription_status' ->> 'before' AS status
FROM public.audit_logs a JOIN public.tenants t ON t.id = a.tenant_id
WHERE t.slug = %s AND a.changes -> 'subscription_status' ->> 'after' = 'SUSPENDED'
ORDER BY a.created_at DESC LIMIT 1
"""
DETAILS = """
SELECT t.id, t.slug, t.name, t.subscription_tier AS tier, t.subscription_status AS status, t.schema_revision,
       t.created_at, t.deleted_at, t.deleted_at + interval '30 days' AS purge_from, a.approver AS purge_approved_by,
       (SELECT count(*) FROM public.users u WHERE u.tenant_id = t.id AND u.is_active)::int AS users,
       coalesce(m.total_entities_count, 0) AS entities, coalesce(m.storage_used_mb, 0) AS storage_mb,
       (SELECT count(*) FROM public.jobs j
        WHERE j.tenant_id = t.id AND state IN ('queued', 'dispatched', 'running'))::int AS live_jobs
FROM public.tenants t
LEFT JOIN public.tenant_purge_approvals a ON a.tenant_id = t.id
LEFT JOIN LATERAL (SELECT total_entities_count, storage_used_mb FROM public.usage_metrics
                   WHERE tenant_id = t.id ORDER BY period_start DESC LIMIT 1) m ON true
"""


@dataclass(frozen=True, slots=True)
class TenantDetails:
    """What an operator sees of a tenant. `purge_from` is None while it lives; storage in MB."""

    id: UUID
    slug: str
    name: str
    tier: str
    status: str
    schema_revision: str | None
    created_at: datetime
    deleted_at: datetime | None
    purge_from: datetime | None
    purge_approved_by: str | None
    users: int
    entities: int
    storage_mb: int
    live_jobs: int


class TenantLifecycle:
    """Changes one tenant at a time; `actor` stands in the audit log, `react` says what follows."""

    def __init__(self, database: Database, actor: str, react: React) -> None:
        self._react = react
        self._database = database
        self._actor = name_actor(actor)

    def show(self, slug: str) -> TenantDetails:
        """A tenant, living or soft-deleted; raises `TenantMissing`."""
        found = [each for each in self.list(deleted=None) if each.slug == slug]
        if not found:
            self._find(slug)
        return found[0]

    def list(self, *, deleted: bool | None = False) -> list[TenantDetails]:
        """Tenants by slug: the living, the soft-deleted, or (None) both."""
        with (
            self._database.transaction() as connection,
            connection.cursor(row_factory=class_row(TenantDetails)) as cursor,
        ):
            return cursor.execute(
                DETAILS + "WHERE %(deleted)s::boolean IS NULL "
                "OR (t.deleted_at IS NOT NULL) = %(deleted)s ORDER BY t.slug",
                {"deleted": deleted},
            ).fetchall()

    def set_tier(self, slug: str, tier: Tier, overrides: Overrides) -> None:
        """Changes the tier and the tenant's own limits (None: the tier's)."""
        tenant = self._find(slug)
        with self._database.transaction(self._actor) as connection:
            connection.execute(
                "UPDATE public.tenants SET subscription_tier = %s::public.subscription_tier, max_users = %s, "
                "max_entities = %s, max_storage = %s, updated_at = now() WHERE id = %s",
                (tier, overrides.users, overrides.entities, overrides.storage_mb, tenant.id),
            )
            if tenant.may_run:
                EventPublisher(connection, tenant, None, self._react).publish(TierChanged(tier))

    def suspend(self, slug: str) -> None:
        """Lets a tenant run nothing; it keeps everything. Raises `InvalidInput` if it runs nothing already."""
        statuses = (
            SubscriptionStatus.TRIAL,
            SubscriptionStatus.ACTIVE,
            SubscriptionStatus.PAST_DUE,
        )
        self._change_status(slug, statuses, SubscriptionStatus.SUSPENDED)

    def resume(self, slug: str) -> None:
        """Lets a suspended tenant run again, as what it was; raises `InvalidInput` for one that is not suspended."""
        self._change_status(slug, (SubscriptionStatus.SUSPENDED,), self._status_before(slug))

    def _status_before(self, slug: str) -> SubscriptionStatus:
        """A trial that was suspended is a trial still."""
        with self._database.transaction() as connection:
            row = connection.execute(STATUS_BEFORE, (slug,)).fetchone()
        return SubscriptionStatus((row and row["status"]) or SubscriptionStatus.ACTIVE)

    def _change_status(
        self, slug: str, before: Sequence[SubscriptionStatus], after: SubscriptionStatus
    ) -> None:
        tenant = self._find(slug)
        with self._database.transaction(self._actor) as connection:
            changed = connection.execute(
                "UPDATE public.tenants SET subscription_status = %s::public.subscription_status, "
                "updated_at = now() WHERE id = %s AND deleted_at IS NULL AND subscription_status::text = ANY(%s)",
                (after, tenant.id, [each.value for each in before]),
            ).rowcount
        if not changed:
            raise InvalidInput(
                f"tenant: {slug} is {tenant.status.lower()}, it cannot become {after.lower()}"
            )

    def delete(self, slug: str) -> None:
        """Soft-deletes: the schema is kept 30 days, nothing runs, `restore` takes it back."""
        tenant = self._find(slug)
        with self._database.transaction(self._actor) as connection:
            connection.execute(
                "UPDATE public.tenants SET deleted_at = now(), updated_at = now() WHERE id = %s",
                (tenant.id,),
            )
            connection.execute(
                "UPDATE public.jobs SET state = 'cancelled', finished_at = now(), updated_at = now() "
                "WHERE tenant_id = %s AND state IN ('queued', 'dispatched')",
                (tenant.id,),
            )

    def restore(self, slug: str) -> None:
        """Takes a soft delete back, and with it an approval to purge."""
        tenant = self._find(slug, deleted=True)
        with self._database.transaction(self._actor) as connection:
            connection.execute("SELECT public.restore_tenant(%s)", (tenant.id,))

    def approve_purge(self, slug: str, approver: str) -> None:
        """Notes that a person allows the purge of a soft-deleted tenant."""
        tenant = self._find(slug, deleted=True)
        self._call("SELECT public.approve_tenant_purge(%s, %s)", (tenant.id, approver))

    def purge(self, slug: str) -> None:
        """Drops schema, role and every public row but the audit log's; raises `InvalidInput` if not yet."""
        self.purge_by_id(self._find(slug, deleted=True).id)

    def purge_by_id(self, tenant_id: UUID) -> None:
        """The same by id."""
        self._call("SELECT public.purge_tenant(%s)", (tenant_id,))

    def _find(self, slug: str, *, deleted: bool = False) -> Tenant:
        with self._database.transaction() as connection:
            return find_tenant(connection, slug, deleted=deleted)

    def _call(self, statement: str, values: tuple[object, ...]) -> None:
        try:
            with self._database.transaction(self._actor) as connection:
                connection.execute(statement.encode(), values)
        except (errors.ObjectNotInPrerequisiteState, errors.InvalidParameterValue) as error:
            raise InvalidInput(error.diag.message_primary or "tenant: it cannot be done") from None
        except errors.NoDataFound:
            raise TenantMissing("tenant: it is gone already") from None
        except psycopg.Error as error:
            raise ServiceError(
                f"tenant: the database refused (SQLSTATE {error.sqlstate})"
            ) from None

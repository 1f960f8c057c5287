"""Usage counters of the tenant's current period, and the quotas it is over."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from shared.domain.quota import Meter, MeterReading, Usage
from shared.persistence.database import Connection
from shared.persistence.repositories.audit import AuditRepository

SAMPLE = """
SELECT (SELECT count(*) FROM public.users WHERE tenant_id = %(tenant_id)s AND is_active)::int AS users,
       (SELECT count(*) FROM products WHERE is_active)::int AS entities,
       (SELECT ceil(coalesce(sum(pg_total_relation_size(c.oid)), 0) / 1048576.0)
        FROM pg_class c WHERE c.relnamespace = (%(schema)s::regnamespace) AND c.relkind = 'r')::int AS storage_mb
"""

KEEP_SAMPLE = """
INSERT INTO public.usage_metrics AS u
    (tenant_id, period_start, period_end, active_users_count, total_entities_count, storage_used_mb)
SELECT %(tenant_id)s, period_start, period_end, %(users)s, %(entities)s, %(storage_mb)s
FROM public.usage_period(%(tenant_id)s, %(at)s)
ON CONFLICT (tenant_id, period_start) DO UPDATE SET
    active_users_count = excluded.active_users_count, total_entities_count = excluded.total_entities_count,
    storage_used_mb = excluded.storage_used_mb, updated_at = now()
"""

MARK_COUNTED = """
UPDATE public.jobs SET counted_meters = counted_meters || %(meter)s::text
WHERE id = %(job_id)s AND tenant_id = %(tenant_id)s AND NOT counted_meters @> ARRAY[%(meter)s::text]
"""

AUDITED_BEFORE = """
SELECT 1 FROM public.audit_logs, public.usage_period(%(tenant_id)s, %(at)s) AS p
WHERE tenant_id = %(tenant_id)s AND action = 'quota.exceeded' AND changes ->> 'meter' = %(meter)s
  AND created_at >= p.period_start LIMIT 1
"""


class UsageRepository:
    """Counts in the transaction that causes the count, so that neither is kept without the other."""

    def __init__(
        self, connection: Connection, tenant_id: UUID, job_id: UUID | None, audit: AuditRepository
    ) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._job_id = job_id
        self._audit = audit

    def count(self, meter: Meter, amount: int) -> None:
        """Adds `amount` to a counter of the current period."""
        if amount:
            self._connection.execute(
                "SELECT public.record_usage(%s, %s, %s)", (self._tenant_id, meter, amount)
            )

    def count_once(self, meter: Meter) -> None:
        """Adds one, unless the job that runs has counted this meter before."""
        if self._job_id is not None:
            marked = self._connection.execute(
                MARK_COUNTED,
                {"meter": meter, "job_id": self._job_id, "tenant_id": self._tenant_id},
            ).rowcount
            if not marked:
                return
        self.count(meter, 1)

    def sample(self, at: datetime) -> Usage:
        """Reads users, products and storage as they are and keeps them for the period of `at`."""
        schema = f'"tenant_{self._tenant_id}"'
        row = self._connection.execute(
            SAMPLE, {"tenant_id": self._tenant_id, "schema": schema}
        ).fetchone()
        assert row is not None  # noqa: S101 - an aggregate gives a row
        self._connection.execute(KEEP_SAMPLE, {"tenant_id": self._tenant_id, "at": at, **row})
        return Usage(row["users"], row["entities"], row["storage_mb"])

    def record_breaches(self, breaches: Sequence[MeterReading], at: datetime) -> list[MeterReading]:
        """Audits each meter above its limit once a period; returns those that are new."""
        # Two checks at once would both see no entry: the tenant's period row decides who goes first.
        self._connection.execute(
            "SELECT 1 FROM public.usage_metrics WHERE tenant_id = %s AND period_start <= %s FOR UPDATE",
            (self._tenant_id, at),
        )
        new = []
        for breach in breaches:
            known = {"tenant_id": self._tenant_id, "at": at, "meter": breach.meter}
            if self._connection.execute(AUDITED_BEFORE, known).fetchone() is None:
                changes: dict[str, object] = {
                    "meter": breach.meter,
                    "limit": breach.limit,
                    "used": breach.used,
                }
                self._audit.write("quota.exceeded", "tenant", self._tenant_id, changes, "WARNING")
                new.append(breach)
        return new

"""Usage counters of the tenant's current period, and the quotas it is over."""

from datetime import datetime
from uuid import UUID

from shared.domain.quota import Meter, Usage
from shared.persistence.database import Connection

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

AUDITED = """
SELECT DISTINCT changes ->> 'meter' AS meter FROM public.audit_logs, public.usage_period(%(tenant_id)s, %(at)s) AS p
WHERE tenant_id = %(tenant_id)s AND action = 'quota.exceeded' AND created_at >= p.period_start
"""


class UsageRepository:
    """Counts in the transaction that causes the count, so that neither is kept without the other."""

    def __init__(self, connection: Connection, tenant_id: UUID, job_id: UUID | None) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._job_id = job_id

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

    def audited_breaches(self, at: datetime) -> frozenset[str]:
        """The meters whose breach was audited since the period of `at` began, as the audit log names them."""
        # Two checks at once would both see none: the tenant's period row decides who goes first.
        self._connection.execute(
            "SELECT 1 FROM public.usage_metrics WHERE tenant_id = %s AND period_start <= %s FOR UPDATE",
            (self._tenant_id, at),
        )
        known = {"tenant_id": self._tenant_id, "at": at}
        return frozenset(row["meter"] for row in self._connection.execute(AUDITED, known))

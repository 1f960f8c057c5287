"""The ledger as the clock sees it: which ticks have become jobs, and making jobs of those that are due."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.persistence.database import Database
from shared.persistence.jobs.job_ledger import refusals

# The newest tick of each schedule and tenant, by one probe of the primary key each. A birth that cannot be is
# taken for one of yesterday.
RUNNING_TENANTS = """
SELECT t.id, t.slug, coalesce(t.settings ->> 'timezone', 'UTC') AS timezone, s.schedule, r.tick_at,
       CASE WHEN t.created_at BETWEEN '1970-01-01' AND now() THEN t.created_at ELSE now() - interval '1 day' END
           AS created_at
FROM public.tenants t CROSS JOIN unnest(%s::text[]) AS s (schedule)
LEFT JOIN LATERAL (SELECT tick_at FROM public.schedule_runs
                   WHERE tenant_id = t.id AND schedule = s.schedule ORDER BY tick_at DESC LIMIT 1) r ON true
WHERE t.deleted_at IS NULL AND t.subscription_status NOT IN ('SUSPENDED', 'CANCELLED')
ORDER BY t.id, s.schedule
"""
# A machine whose clock was ahead has made jobs of days to come, and would silence the nights until then.
FORGET_FUTURE = """
WITH gone AS (
    DELETE FROM public.schedule_runs WHERE tick_at > now() + interval '1 minute' RETURNING tenant_id, schedule, tick_at
)
INSERT INTO public.audit_logs (tenant_id, action, resource_type, severity, changes, metadata)
SELECT tenant_id, 'schedule.tick_in_future', 'schedule', 'WARNING',
       jsonb_build_object('schedule', schedule, 'ticks', count(*), 'latest', max(tick_at)), '{"actor": "scheduler"}'
FROM gone GROUP BY tenant_id, schedule RETURNING tenant_id
"""
# Once a day, however often the clock strikes.
NOTE_UNREADABLE = """
INSERT INTO public.audit_logs (tenant_id, action, resource_type, severity, changes, metadata)
SELECT %(tenant)s, 'schedule.refused', 'schedule', 'ERROR', %(changes)s, '{"actor": "scheduler"}'
WHERE NOT EXISTS (SELECT FROM public.audit_logs WHERE tenant_id = %(tenant)s AND action = 'schedule.refused'
                  AND changes = %(changes)s AND created_at > now() - interval '1 day') RETURNING id
"""
MATERIALISE = "SELECT public.enqueue_scheduled(%s, %s, %s, %s, %s) AS job_id"


@dataclass(frozen=True, slots=True)
class LastTick:
    """Up to when a schedule of a tenant has been seen to: its last tick, or the tenant's birth."""

    tenant_id: UUID
    tenant_slug: str
    timezone: str
    schedule: str
    at: datetime
    has_run: bool


class ScheduleLedger:
    """Ticks and the jobs made of them, over all tenants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last_ticks(self, schedules: Sequence[str]) -> list[LastTick]:
        """Of each tenant that may run, for each schedule."""
        rows = self._database.call(RUNNING_TENANTS, (list(schedules),))
        return [
            LastTick(
                row["id"],
                row["slug"],
                row["timezone"],
                row["schedule"],
                row["tick_at"] or row["created_at"],
                row["tick_at"] is not None,
            )
            for row in rows
        ]

    def forget_future(self) -> int:
        """Takes back ticks of days to come, and says so in the audit log; returns how many schedules had some."""
        return len(self._database.call(FORGET_FUTURE))

    def note_refused(self, tenant_id: UUID, schedule: str, reason: str) -> None:
        """Notes for the tenant that a schedule of it cannot run."""
        changes = Jsonb({"schedule": schedule, "reason": reason})
        self._database.call(NOTE_UNREADABLE, {"tenant": tenant_id, "changes": changes})

    def materialise(
        self,
        tenant_id: UUID,
        schedule: str,
        tick_at: datetime,
        name: str,
        arguments: Mapping[str, object],
    ) -> UUID | None:
        """The tick's new job; None where the tick has one already. Raises `InvalidInput`."""
        with refusals():
            rows = self._database.call(
                MATERIALISE, (tenant_id, schedule, tick_at, name, Jsonb(dict(arguments)))
            )
        found: UUID | None = rows[0]["job_id"]
        return found

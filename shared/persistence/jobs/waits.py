"""What stands between a waiting job and its turn."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.persistence.database import Database

# By the index of what is due; ranks before its own are the jobs that go before it among its tenant's.
STANDING = """
SELECT (SELECT count(*) FROM public.jobs o WHERE o.state = 'queued' AND o.rank < 'infinity' AND o.queue = j.queue
            AND o.tenant_id = j.tenant_id AND (o.rank, o.id) < (j.rank, j.id))::int AS ahead,
       (SELECT count(DISTINCT o.tenant_id) FROM public.jobs o WHERE o.state = 'queued' AND o.rank < 'infinity'
            AND o.queue = j.queue AND o.tenant_id <> j.tenant_id)::int AS other_tenants,
       (SELECT count(*) FROM public.jobs o WHERE o.state IN ('dispatched', 'running') AND o.queue = j.queue
            AND o.tenant_id = j.tenant_id)::int AS tenant_out,
       (SELECT count(*) FROM public.jobs o WHERE o.state IN ('dispatched', 'running') AND o.vendor = j.vendor)::int
           AS vendor_out,
       j.vendor, j.run_at <= now() AS is_due, c.opened_at, c.probe_at
FROM public.jobs j LEFT JOIN public.vendor_circuits c ON c.name = j.waits_for AND c.opened_at IS NOT NULL
WHERE j.id = %s
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A job's place: its tenant's jobs ahead of it in its queue, other tenants who wait there, jobs that are out.

    `opened_at` and `probe_at` are of the circuit of the vendor that it waits for: since when the vendor is
    away, and when it is asked again.
    """

    ahead: int
    other_tenants: int
    tenant_out: int
    vendor_out: int
    vendor: str | None
    is_due: bool
    opened_at: datetime | None
    probe_at: datetime | None


def read_standing(database: Database, job_id: UUID) -> Standing | None:
    """The standing of a job; None where there is none of that id."""
    rows = database.call(STANDING, (job_id,))
    return Standing(**rows[0]) if rows else None

"""The ledger as the dispatcher sees it: who may go next, what was lost, what is old."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.domain.job import JobState, Lease
from shared.persistence.database import Database
from shared.persistence.jobs.leases import SIGN_IN, SIGN_OUT

CLAIM = "SELECT * FROM public.claim_jobs(%s, %s, %s, %s, %s, %s)"
PROMOTE = "SELECT public.promote_jobs() AS promoted"
REAP = """
SELECT r.*, t.slug, j.name, j.arguments ->> 'service' AS service
FROM public.reap_jobs(%s, %s) AS r JOIN public.tenants t ON t.id = r.tenant_id JOIN public.jobs j ON j.id = r.job_id
"""
GIVE_BACK = """
UPDATE public.jobs j SET state = 'queued', lease_expires_at = NULL, updated_at = now()
FROM unnest(%s::uuid[], %s::int[]) AS given (id, lease)
WHERE j.id = given.id AND j.lease = given.lease AND j.state = 'dispatched' RETURNING 1 AS moved
"""
# Queues with something to do now, how many are out, and how many places the living workers have.
LOAD = """
SELECT q.queue, coalesce(o.out, 0)::int AS out, coalesce(w.places, 0)::int AS places
FROM unnest(%s::text[]) AS q (queue)
LEFT JOIN (SELECT queue, count(*) AS out FROM public.jobs
           WHERE state IN ('dispatched', 'running') GROUP BY 1) o USING (queue)
LEFT JOIN (SELECT unnest(queues) AS queue, sum(concurrency) AS places FROM public.job_workers
           WHERE seen_at > now() - make_interval(secs => %s) GROUP BY 1) w USING (queue)
"""
RETIRE = """
DELETE FROM public.jobs WHERE id IN (
    SELECT id FROM public.jobs WHERE finished_at < %s OR (finished_at < %s AND state IN ('succeeded', 'cancelled'))
    ORDER BY finished_at LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING 1 AS gone
"""
RETIRE_TICKS = (
    "DELETE FROM public.schedule_runs WHERE tick_at < %s AND job_id IS NULL RETURNING 1 AS gone"
)
FORGET_WORKERS = (
    "DELETE FROM public.job_workers WHERE seen_at < now() - interval '1 hour' RETURNING 1 AS gone"
)
RETIRE_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Delivery:
    """A job on its way to a worker."""

    lease: Lease
    name: str
    tenant_slug: str
    # The connected service that the job is about, if it is about one.
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What a claim took, whom it looked at last, and whether it has looked at everybody."""

    deliveries: tuple[Delivery, ...]
    turn: UUID | None
    complete: bool


@dataclass(frozen=True, slots=True)
class QueueLoad:
    """A queue: jobs out (sent or running) and places for them in living workers."""

    out: int
    places: int


@dataclass(frozen=True, slots=True)
class Reaped:
    """A job taken back: from a lost worker (`was` running) or a lost message (`was` dispatched)."""

    job_id: UUID
    tenant_id: UUID
    was: JobState
    state: JobState
    tenant_slug: str
    name: str
    service: str | None


@dataclass(frozen=True, slots=True)
class Caps:
    """How many jobs may be out at once: of one tenant in a queue, of one vendor over all tenants."""

    tenant: Mapping[str, int]
    vendor: Mapping[str, int]
    tenant_default: int


class DispatchLedger:
    """What the dispatcher reads and writes, over all tenants."""

    def __init__(self, database: Database, expiry_s: float) -> None:
        self._database = database
        self._expiry_s = expiry_s

    def load(self, queues: Sequence[str], seen_within_s: float) -> dict[str, QueueLoad]:
        """Each queue's load."""
        rows = self._database.call(LOAD, (list(queues), seen_within_s))
        return {row["queue"]: QueueLoad(row["out"], row["places"]) for row in rows}

    def sign_in(self, name: str, instance: str = "") -> bool:
        """Says that this dispatcher runs; again and again. False where another process has the name."""
        rows = self._database.call(SIGN_IN, (name, [], 1, instance, self._expiry_s))
        return bool(rows[0]["taken"])

    def sign_out(self, name: str, instance: str = "") -> None:
        """Says that this dispatcher ends."""
        self._database.call(SIGN_OUT, (name, instance))

    def promote(self) -> int:
        """Lets jobs whose time has come take their place in the queue; returns how many."""
        return int(self._database.call(PROMOTE)[0]["promoted"])

    def claim(self, queue: str, limit: int, after: UUID | None, caps: Caps) -> Claim:
        """Up to `limit` jobs, a tenant after the other beginning after `after`, marked as sent."""
        tenant_cap = caps.tenant.get(queue, caps.tenant_default)
        rows = self._database.call(
            CLAIM, (queue, limit, after, tenant_cap, Jsonb(dict(caps.vendor)), self._expiry_s)
        )
        if not rows:
            # Another dispatcher claims on this queue right now.
            return Claim((), after, complete=True)
        *jobs, last = rows
        deliveries = tuple(
            Delivery(
                Lease(row["tenant_id"], row["job_id"], row["lease"]),
                row["name"],
                row["tenant_slug"],
                row["service"],
            )
            for row in jobs
        )
        return Claim(deliveries, last["tenant_id"], complete=bool(last["lease"]))

    def give_back(self, leases: Sequence[Lease]) -> int:
        """Queues jobs again that could not be sent."""
        ids = [lease.job_id for lease in leases]
        return len(self._database.call(GIVE_BACK, (ids, [lease.number for lease in leases])))

    def reap(self, recheck_s: float) -> list[Reaped]:
        """Takes back what lost workers and lost messages left behind.

        A message that waits for a place is looked at again after `recheck_s`.
        """
        return [
            Reaped(
                row["job_id"],
                row["tenant_id"],
                JobState(row["was"]),
                JobState(row["state"]),
                row["slug"],
                row["name"],
                row["service"],
            )
            for row in self._database.call(REAP, (recheck_s, self._expiry_s))
        ]

    def retire(self, ended_before: datetime, well_before: datetime) -> int:
        """Deletes jobs ended before the first instant, and those that ended well before the second."""
        gone = batch = RETIRE_BATCH
        total = 0
        while gone == batch:
            gone = len(self._database.call(RETIRE, (ended_before, well_before, batch)))
            total += gone
        self._database.call(RETIRE_TICKS, (ended_before,))
        self._database.call(FORGET_WORKERS)
        return total

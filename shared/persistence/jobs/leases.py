"""The ledger as a worker sees it: take a job, keep its lease, end the attempt. One round trip each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from psycopg.types.json import Jsonb

from shared.domain.job import Job, JobState, Lease, Outcome
from shared.persistence.database import Database
from shared.persistence.jobs.rows import COLUMNS, read_job

# The function names the tenant, whose row is then there to be read.
START = (
    f"SELECT {COLUMNS}, (SELECT slug FROM public.tenants t WHERE t.id = started.tenant_id) AS tenant_slug "
    "FROM public.start_job(%s, %s, %s, %s, %s) AS started"
)
RENEW = "SELECT public.renew_lease(%s, %s, %s, %s) AS held"
FINISH = "SELECT public.finish_job(%s, %s, %s, %s, %s, %s, %s, %s, p_vendor_calls => %s, p_waits_for => %s) AS state"
REPORT = "SELECT public.report_progress(%s, %s, %s, %s, %s, %s, %s) AS held"
SIGN_IN = "SELECT public.sign_in_worker(%s, %s, %s, %s, %s) AS taken"
SIGN_OUT = "SELECT public.sign_out_worker(%s, %s)::text AS gone"


class Held(StrEnum):
    """What the ledger says to a heartbeat."""

    HELD = "held"
    CANCELLED = "cancelled"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ends."""

    outcome: Outcome
    result: Mapping[str, object] | None = None
    error_class: str | None = None
    error_message: str | None = None
    wait_s: float = 0.0
    vendor_calls: int = 0
    # The vendor, by region, whose answer the job waits for.
    waits_for: str | None = None


class Leases:
    """What a worker writes about the jobs that it was sent."""

    def __init__(self, database: Database, lease_s: float) -> None:
        self._database = database
        self._lease_s = lease_s

    def start(self, lease: Lease, worker: str) -> Job | None:
        """The job, now running; None when the message is stale."""
        rows = self._database.call(
            START, (lease.tenant_id, lease.job_id, lease.number, worker, self._lease_s)
        )
        return read_job(rows[0]) if rows else None

    def renew(self, lease: Lease) -> Held:
        """The heartbeat."""
        rows = self._database.call(
            RENEW, (lease.tenant_id, lease.job_id, lease.number, self._lease_s)
        )
        return Held(rows[0]["held"])

    def report(self, lease: Lease, done: int, total: int | None, message: str) -> Held:
        """Writes down how far the job has come; a heartbeat too."""
        rows = self._database.call(
            REPORT,
            (lease.tenant_id, lease.job_id, lease.number, done, total, message, self._lease_s),
        )
        return Held(rows[0]["held"])

    def finish(self, lease: Lease, ending: Ending) -> JobState | None:
        """Ends the attempt; returns the job's state, None when the lease is lost and nothing was changed."""
        values = (
            lease.tenant_id,
            lease.job_id,
            lease.number,
            ending.outcome.value,
            None if ending.result is None else Jsonb(dict(ending.result)),
            ending.error_class,
            ending.error_message,
            ending.wait_s,
            ending.vendor_calls,
            ending.waits_for,
        )
        rows = self._database.call(FINISH, values)
        state = rows[0]["state"]
        return None if state is None else JobState(state)

    def sign_in(
        self, worker: str, queues: Sequence[str], concurrency: int, instance: str = ""
    ) -> bool:
        """Says that a worker process runs; again and again, or it is forgotten.

        False where another instance has the name and was heard of within a lease.
        """
        said = (worker, list(queues), concurrency, instance, self._lease_s)
        return bool(self._database.call(SIGN_IN, said)[0]["taken"])

    def sign_out(self, worker: str, instance: str = "") -> None:
        """Says that a worker process ends."""
        self._database.call(SIGN_OUT, (worker, instance))

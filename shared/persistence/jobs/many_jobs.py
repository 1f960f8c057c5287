"""Retrying and cancelling many jobs at once, by what they have in common. Each batch is a transaction."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from shared.domain.job import JobState
from shared.persistence.database import Database
from shared.persistence.jobs.job_ledger import BEGIN_AGAIN

RETRIED = (JobState.FAILED, JobState.CANCELLED, JobState.DEAD)
CANCELLED = (JobState.QUEUED, JobState.DISPATCHED, JobState.RUNNING)
BATCH = 1000

MATCHING: LiteralString = """
FROM public.jobs j
WHERE j.state = ANY (%(states)s::public.job_state[])
  AND (%(tenant_id)s::uuid IS NULL OR j.tenant_id = %(tenant_id)s)
  AND (%(task)s::text IS NULL OR j.name = %(task)s)
  AND (%(service)s::text IS NULL OR j.arguments ->> 'service' = %(service)s)
  AND (%(error)s::text IS NULL OR j.error_class = %(error)s)
  AND (%(since)s::timestamptz IS NULL OR j.created_at >= %(since)s)
"""
COUNT = (
    "SELECT j.name, j.state::text, j.error_class, count(*)::int AS jobs "
    + MATCHING
    + "GROUP BY 1, 2, 3 ORDER BY 4 DESC"
)
# Of one idempotency key only the newest, and none where another lives under it.
RETRY = (
    BEGIN_AGAIN
    + """
WHERE id IN (SELECT j.id """
    + MATCHING
    + """
  AND (j.idempotency_key IS NULL OR NOT EXISTS (
      SELECT FROM public.jobs o WHERE o.tenant_id = j.tenant_id AND o.name = j.name
      AND o.idempotency_key = j.idempotency_key AND o.id <> j.id
      AND (o.state IN ('queued', 'dispatched', 'running') OR (o.created_at, o.id) > (j.created_at, j.id))))
  LIMIT %(batch)s FOR UPDATE SKIP LOCKED) RETURNING id
"""
)
CANCEL = (
    "SELECT public.cancel_job(id) FROM (SELECT j.id "
    + MATCHING
    + "AND j.cancel_requested_at IS NULL LIMIT %(batch)s) AS chosen"
)


@dataclass(frozen=True, slots=True)
class JobsInCommon:
    """What many jobs have in common; None lets everything pass. `error` is the error's class."""

    states: Sequence[JobState]
    tenant_id: UUID | None = None
    task: str | None = None
    service: str | None = None
    error: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """How many jobs of a task are in a state for the same reason."""

    name: str
    state: str
    error_class: str | None
    jobs: int


def count_jobs(database: Database, wanted: JobsInCommon) -> list[Group]:
    """The jobs that pass, in groups, the largest first."""
    return [Group(**row) for row in database.call(COUNT, _values(wanted))]


def retry_jobs(database: Database, wanted: JobsInCommon) -> int:
    """Queues them again; returns how many. One whose idempotency key another job has now stays as it is."""
    return _in_batches(database, RETRY, wanted)


def cancel_jobs(database: Database, wanted: JobsInCommon) -> int:
    """Ends those that have not begun, asks those that run to stop; returns how many."""
    return _in_batches(database, CANCEL, wanted)


def _in_batches(database: Database, statement: LiteralString, wanted: JobsInCommon) -> int:
    done = 0
    while True:
        changed = len(database.call(statement, _values(wanted)))
        done += changed
        if changed < BATCH:
            return done


def _values(wanted: JobsInCommon) -> dict[str, object]:
    return {**asdict(wanted), "states": [each.value for each in wanted.states], "batch": BATCH}

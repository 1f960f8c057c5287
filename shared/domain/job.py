"""A job on the ledger: one run of a task for one tenant."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    DISPATCHED = "dispatched"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DEAD = "dead"


LIVE_STATES = frozenset({JobState.QUEUED, JobState.DISPATCHED, JobState.RUNNING})


class Outcome(StrEnum):
    """How an attempt ended; the ledger makes the job's state of it."""

    SUCCEEDED = "succeeded"
    RETRIED = "retried"
    SNOOZED = "snoozed"
    DISCARDED = "discarded"
    CANCELLED = "cancelled"
    LOST = "lost"
    HANDED_BACK = "handed_back"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write for a job: the number of its delivery, which only grows."""

    tenant_id: UUID
    job_id: UUID
    number: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a job, as it ended or as it stands."""

    number: int
    outcome: str
    worker: str | None
    started_at: datetime | None
    ended_at: datetime | None
    error_class: str | None
    error_message: str | None


@dataclass(frozen=True, slots=True)
class Job:
    """What the ledger says of a job. `result` and `arguments` are JSON objects.

    `attempts` holds those that did not end the job; the last one is in the fields themselves.
    """

    id: UUID
    tenant_id: UUID
    parent_id: UUID | None
    name: str
    arguments: dict[str, object]
    queue: str
    state: JobState
    outcome: str | None
    lease: int
    attempt: int
    max_attempts: int
    snoozes: int
    priority: int
    vendor_calls: int
    worker: str | None
    progress_done: int | None
    progress_total: int | None
    progress_message: str | None
    result: dict[str, object] | None
    error_class: str | None
    error_message: str | None
    requested_by: str
    cancel_requested_at: datetime | None
    # The vendor, by region, whose answer it waits for, and since when it has found a vendor away.
    waits_for: str | None
    away_since: datetime | None
    run_at: datetime
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempts: tuple[Attempt, ...]
    # Where it was read with the job: for people who read logs.
    tenant_slug: str | None = None

    def as_lease(self) -> Lease:
        """The lease of the job's last delivery."""
        return Lease(self.tenant_id, self.id, self.lease)

    @property
    def is_live(self) -> bool:
        """Whether the job has still to end."""
        return self.state in LIVE_STATES

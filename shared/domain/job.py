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


@dataclass(frozen=True, slots=True)
class Job:
    """What the ledger says of a job. `result` and `arguments` are JSON objects."""

    id: UUID
    tenant_id: UUID
    name: str
    arguments: dict[str, object]
    queue: str
    state: JobState
    attempt: int
    max_attempts: int
    progress_done: int | None
    progress_total: int | None
    progress_message: str | None
    result: dict[str, object] | None
    error_message: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_live(self) -> bool:
        """Whether the job has still to end."""
        return self.state in LIVE_STATES

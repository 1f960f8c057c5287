"""Putting jobs on the ledger and telling Celery of them."""

from collections.abc import Mapping
from uuid import UUID

from celery import Celery

from shared.domain.job import Job, JobState
from shared.persistence.ledger import JobLedger


class JobProducer:
    """Enqueues jobs. The row is committed before the message is sent: a message is only a hint."""

    def __init__(self, ledger: JobLedger, app: Celery) -> None:
        self._ledger = ledger
        self._app = app

    def enqueue(
        self,
        tenant_id: UUID,
        name: str,
        arguments: Mapping[str, object],
        *,
        requested_by: str,
        idempotency_key: str | None = None,
    ) -> Job:
        """The job, new or the live one of the same key."""
        job = self._ledger.enqueue(
            tenant_id, name, arguments, requested_by=requested_by, idempotency_key=idempotency_key
        )
        if job.state is JobState.QUEUED:
            self._app.send_task(
                name, args=[str(tenant_id), str(job.id)], task_id=str(job.id), queue=job.queue
            )
        return job

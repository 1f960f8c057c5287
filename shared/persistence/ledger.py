"""The ledger of jobs: enqueue, claim, report, end. Its transactions are its own, never a use case's."""

from collections.abc import Mapping
from uuid import UUID

from psycopg.errors import InvalidParameterValue, NoDataFound, ObjectNotInPrerequisiteState
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from shared.domain.job import Job, JobState
from shared.errors import InvalidInput
from shared.persistence.database import Database
from shared.persistence.tenancy import name_tenant

COLUMNS = (
    "id, tenant_id, name, arguments, queue, state, attempt, max_attempts, progress_done, "
    "progress_total, progress_message, result, error_message, created_at, started_at, finished_at"
)


class JobLedger:
    """What is to be done, what is being done and how it ended, in `public.jobs`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enqueue(
        self,
        tenant_id: UUID,
        name: str,
        arguments: Mapping[str, object],
        *,
        requested_by: str,
        idempotency_key: str | None = None,
    ) -> Job:
        """Puts a job on the ledger; the same key returns the live job that has it."""
        try:
            with self._database.transaction(name_tenant(tenant_id)) as connection:
                row = connection.execute(
                    "SELECT public.enqueue_job(%s, %s, %s, %s, p_requested_by => %s) AS id",
                    (tenant_id, name, Jsonb(dict(arguments)), idempotency_key, requested_by),
                ).fetchone()
        except (InvalidParameterValue, NoDataFound, ObjectNotInPrerequisiteState) as error:
            raise InvalidInput(error.diag.message_primary or "the job was refused") from None
        assert row is not None  # noqa: S101 - a function call gives a row
        return self.get(tenant_id, row["id"])

    def get(self, tenant_id: UUID, job_id: UUID) -> Job:
        """The job as it stands; raises `InvalidInput` for an id that is none."""
        with self._database.transaction(name_tenant(tenant_id)) as connection:
            row = connection.execute(
                f"SELECT {COLUMNS} FROM public.jobs WHERE id = %s", (job_id,)
            ).fetchone()
        if row is None:
            raise InvalidInput(f"job: {job_id} is not on the ledger")
        return _read(row)

    def claim(self, tenant_id: UUID, job_id: UUID) -> Job | None:
        """Marks a waiting job as running and returns it; None if it does not wait any more."""
        with self._database.transaction(name_tenant(tenant_id)) as connection:
            row = connection.execute(
                "UPDATE public.jobs SET state = 'running', attempt = attempt + 1, "
                "started_at = now(), updated_at = now(), progress_done = NULL, progress_total = NULL "
                "WHERE id = %s AND state IN ('queued', 'dispatched') AND run_at <= now() AND attempt < max_attempts "
                f"RETURNING {COLUMNS}",
                (job_id,),
            ).fetchone()
        return None if row is None else _read(row)

    def report(
        self, tenant_id: UUID, job_id: UUID, done: int, total: int | None, message: str
    ) -> None:
        """Writes down how far a running job has come."""
        with self._database.transaction(name_tenant(tenant_id)) as connection:
            connection.execute(
                "UPDATE public.jobs SET progress_done = %s, progress_total = %s, "
                "progress_message = %s, updated_at = now() WHERE id = %s AND state = 'running'",
                (done, total, message, job_id),
            )

    def succeed(self, tenant_id: UUID, job_id: UUID, result: Mapping[str, object]) -> None:
        """Ends a running job well."""
        with self._database.transaction(name_tenant(tenant_id)) as connection:
            connection.execute(
                "UPDATE public.jobs SET state = 'succeeded', result = %s, finished_at = now(), "
                "error_class = NULL, error_message = NULL, updated_at = now() WHERE id = %s AND state = 'running'",
                (Jsonb(dict(result)), job_id),
            )

    def fail(self, tenant_id: UUID, job_id: UUID, error_class: str, message: str) -> None:
        """Ends a running job badly; `message` holds no secret."""
        with self._database.transaction(name_tenant(tenant_id)) as connection:
            connection.execute(
                "UPDATE public.jobs SET state = 'failed', error_class = %s, error_message = %s, "
                "finished_at = now(), updated_at = now() WHERE id = %s AND state = 'running'",
                (error_class, message, job_id),
            )

    def requeue(
        self, tenant_id: UUID, job_id: UUID, error_class: str, message: str, wait_s: float
    ) -> bool:
        """Puts a running job back in the queue, to be tried in `wait_s` seconds, if it has attempts left."""
        with self._database.transaction(name_tenant(tenant_id)) as connection:
            moved = connection.execute(
                "UPDATE public.jobs SET state = 'queued', error_class = %s, error_message = %s, "
                "run_at = now() + make_interval(secs => %s), updated_at = now() "
                "WHERE id = %s AND state = 'running' AND attempt < max_attempts",
                (error_class, message, wait_s, job_id),
            ).rowcount
        return moved == 1

    def cancel(self, tenant_id: UUID, job_id: UUID) -> None:
        """Takes a waiting job off the queue."""
        with self._database.transaction(name_tenant(tenant_id)) as connection:
            connection.execute(
                "UPDATE public.jobs SET state = 'cancelled', finished_at = now(), updated_at = now() "
                "WHERE id = %s AND state = 'queued'",
                (job_id,),
            )

    def close_orphans(self, tenant_id: UUID) -> int:
        """Fails every live job of a tenant; only for whoever knows that no worker runs. Returns how many."""
        with self._database.transaction(name_tenant(tenant_id)) as connection:
            return connection.execute(
                "UPDATE public.jobs SET state = 'failed', error_class = 'WorkerLost', "
                "error_message = 'its worker is gone', finished_at = now(), updated_at = now() "
                "WHERE tenant_id = %s AND state IN ('queued', 'dispatched', 'running')",
                (tenant_id,),
            ).rowcount


def _read(row: DictRow) -> Job:
    return Job(**{**row, "state": JobState(row["state"])})

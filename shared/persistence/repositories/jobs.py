"""Jobs that a unit of work asks for: they are there if what it wrote is."""

from datetime import timedelta
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.persistence.database import Connection
from shared.persistence.jobs.job_ledger import refusals


class JobRepository:
    """Enqueues jobs of the tenant that the transaction is bound to."""

    def __init__(
        self, connection: Connection, tenant_id: UUID, parent_id: UUID | None, requested_by: str
    ) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._parent_id = parent_id
        self._requested_by = requested_by

    def enqueue(self, name: str, arguments: dict[str, object]) -> UUID:
        """Puts a job on the ledger, as a child of the job that runs; raises `InvalidInput` where it could never run."""
        with refusals():
            row = self._connection.execute(
                "SELECT public.enqueue_job(%s, %s, %s, p_requested_by => %s, p_parent_id => %s) AS id",
                (self._tenant_id, name, Jsonb(arguments), self._requested_by, self._parent_id),
            ).fetchone()
        assert row is not None  # noqa: S101 - a function call gives a row
        return UUID(str(row["id"]))

    def enqueue_unless_waiting(
        self, name: str, arguments: dict[str, object], wait: timedelta = timedelta(0)
    ) -> None:
        """The same, after a wait; not if the same work waits already and begins by then."""
        with refusals():
            self._connection.execute(
                "SELECT public.enqueue_job(%(tenant)s, %(name)s, %(arguments)s, p_run_at => now() + %(wait)s, "
                "p_requested_by => %(by)s, p_parent_id => %(parent)s) WHERE NOT EXISTS ("
                "SELECT FROM public.jobs WHERE tenant_id = %(tenant)s AND state = 'queued' "
                "AND name = %(name)s AND arguments = %(arguments)s AND run_at <= now() + %(wait)s)",
                {
                    "tenant": self._tenant_id,
                    "name": name,
                    "arguments": Jsonb(arguments),
                    "wait": wait,
                    "by": self._requested_by,
                    "parent": self._parent_id,
                },
            )

    def is_live(self, name: str, service: str) -> bool:
        """Whether a job of the task waits or runs for this service, whatever else it was asked."""
        found = self._connection.execute(
            "SELECT 1 FROM public.jobs WHERE tenant_id = %s AND name = %s "
            "AND state IN ('queued', 'dispatched', 'running') AND arguments ->> 'service' = %s LIMIT 1",
            (self._tenant_id, name, service),
        ).fetchone()
        return found is not None

    def have_followed(self) -> bool:
        """Whether the job that runs has children already."""
        found = self._connection.execute(
            "SELECT 1 FROM public.jobs WHERE parent_id = %s LIMIT 1", (self._parent_id,)
        ).fetchone()
        return found is not None

"""Jobs that a unit of work asks for: they are there if what it wrote is."""

from uuid import UUID

from psycopg.types.json import Jsonb

from shared.persistence.database import Connection


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
        """Puts a job on the ledger, as a child of the job that runs."""
        row = self._connection.execute(
            "SELECT public.enqueue_job(%s, %s, %s, p_requested_by => %s, p_parent_id => %s) AS id",
            (self._tenant_id, name, Jsonb(arguments), self._requested_by, self._parent_id),
        ).fetchone()
        assert row is not None  # noqa: S101 - a function call gives a row
        return UUID(str(row["id"]))

    def have_followed(self) -> bool:
        """Whether the job that runs has children already."""
        found = self._connection.execute(
            "SELECT 1 FROM public.jobs WHERE parent_id = %s LIMIT 1", (self._parent_id,)
        ).fetchone()
        return found is not None

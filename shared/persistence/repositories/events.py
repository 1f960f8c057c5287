"""Events of a unit of work: the jobs that follow are there if what it wrote is."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.domain.events import Event, Follower, React
from shared.domain.tenant import Tenant
from shared.errors import InvalidInput, TenantSuspended
from shared.persistence.database import Connection
from shared.persistence.jobs.job_ledger import refusals

ENQUEUE = "SELECT public.enqueue_followers(%s, %s, %s, %s) AS enqueued"


class EventPublisher:
    """Turns events of the tenant that the transaction is bound to into jobs, in this transaction."""

    def __init__(
        self, connection: Connection, tenant: Tenant, parent_id: UUID | None, react: React
    ) -> None:
        self._connection = connection
        self._tenant_id, self._slug = tenant.id, tenant.slug
        self._parent_id = parent_id
        self._react = react

    def publish(self, event: Event) -> None:
        """Enqueues what follows, as children of the job that runs.

        Raises `InvalidInput` for a follower that no task would take, and `TenantSuspended` for a tenant that was
        suspended meanwhile: its job waits until it is resumed.
        """
        followers = self._react(event)
        if followers:
            self._enqueue(event, followers)

    def _enqueue(self, event: Event, followers: Sequence[Follower]) -> None:
        rows = [
            {
                "name": each.task,
                "arguments": dict(each.arguments),
                "unless": list(each.unless),
                "wait_s": each.wait.total_seconds(),
            }
            for each in followers
        ]
        asked = (self._tenant_id, self._parent_id, f"reaction:{event.name}", Jsonb(rows))
        try:
            with refusals():
                row = self._connection.execute(ENQUEUE, asked).fetchone()
        except InvalidInput as error:
            raise InvalidInput(f"follower: {error.message}") from None
        if row is not None and row["enqueued"] is None:
            raise TenantSuspended.of(self._slug)

"""The ledger of jobs as those see it who want work done: enqueue, look, cancel, replay."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from psycopg.errors import (
    InsufficientPrivilege,
    InvalidParameterValue,
    NoDataFound,
    ObjectNotInPrerequisiteState,
    ProgramLimitExceeded,
    UniqueViolation,
)
from psycopg.types.json import Jsonb

from shared.domain.job import Job, JobState
from shared.domain.job_id import IdPrefix
from shared.errors import InvalidInput
from shared.persistence.binding import name_tenant
from shared.persistence.database import Connection, Database
from shared.persistence.jobs.rows import COLUMNS, read_job

# What the database's own functions raise on purpose.
REFUSALS = (
    InvalidParameterValue,
    NoDataFound,
    ObjectNotInPrerequisiteState,
    InsufficientPrivilege,
    ProgramLimitExceeded,
)

# A range of the primary key: its index finds it among any number of jobs.
FITTING = f"""
SELECT {COLUMNS}, count(*) OVER () AS fitting FROM public.jobs WHERE id BETWEEN %s AND %s ORDER BY id LIMIT 1
"""

# What has ended badly goes back to the start of its life; its history stays.
BEGIN_AGAIN = """
UPDATE public.jobs SET state = 'queued', attempt = 0, run_at = now(), outcome = 'replayed', finished_at = NULL,
    cancel_requested_at = NULL, lease_expires_at = NULL, waits_for = NULL, away_since = NULL, updated_at = now(),
    history = history || jsonb_build_object('attempt', attempt, 'outcome', coalesce(outcome, state::text),
        'worker', worker, 'started_at', started_at, 'ended_at', finished_at, 'error_class', error_class,
        'error_message', error_message)
"""
REPLAY = (
    BEGIN_AGAIN + "WHERE id = %s AND state IN ('failed', 'cancelled', 'dead') RETURNING 1 AS moved"
)


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs to list; None means all."""

    tenant_id: UUID | None = None
    name: str | None = None
    queue: str | None = None
    states: Sequence[JobState] | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class JobOrder:
    """What is to be done, for whom, when. `run_at` None means now; a higher `priority` goes first."""

    tenant_id: UUID
    name: str
    arguments: Mapping[str, object]
    requested_by: str
    idempotency_key: str | None = None
    run_at: datetime | None = None
    priority: int = 0


class JobLedger:
    """What is to be done, what is being done and how it ended, in `public.jobs`.

    The login decides what is seen: the worker's and the API's one tenant, the operators' all.
    """

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
        """Puts a job on the ledger; the same key returns the live job that has it. Raises `InvalidInput`."""
        order = JobOrder(tenant_id, name, arguments, requested_by, idempotency_key)
        return self.get(tenant_id, self.place(order))

    def place(self, order: JobOrder) -> UUID:
        """Puts what is ordered on the ledger and returns the job's id; raises `InvalidInput`."""
        with (
            refusals(),
            self._database.transaction(name_tenant(order.tenant_id)) as connection,
        ):
            return _place(connection, order)

    def place_all(self, orders: Sequence[JobOrder]) -> list[UUID]:
        """Puts many jobs of one tenant on the ledger in one transaction: all of them or none."""
        with (
            refusals(),
            self._database.transaction(name_tenant(orders[0].tenant_id)) as connection,
            connection.pipeline(),
        ):
            return [_place(connection, order) for order in orders]

    def place_here(self, order: JobOrder) -> Job:
        """Puts a job on the ledger as delivered to this process: no dispatcher will see it."""
        with (
            refusals(),
            self._database.transaction(name_tenant(order.tenant_id)) as connection,
        ):
            job_id = _place(connection, order)
            connection.execute(
                "UPDATE public.jobs SET state = 'dispatched', lease = lease + 1, dispatched_at = now(), "
                "lease_expires_at = now() + interval '1 minute' WHERE id = %s",
                (job_id,),
            )
        return self.get(order.tenant_id, job_id)

    def get(self, tenant_id: UUID, job_id: UUID) -> Job:
        """A tenant's job as it stands; raises `InvalidInput` for an id that is none."""
        with self._database.transaction(name_tenant(tenant_id)) as connection:
            return _find(connection, job_id)

    def find(self, job_id: UUID) -> Job:
        """Any job that this login may see; raises `InvalidInput` for an id that is none."""
        with self._database.transaction() as connection:
            return _find(connection, job_id)

    def find_by_prefix(self, prefix: IdPrefix) -> Job:
        """The only job that this login may see whose id begins so; raises `InvalidInput` for none or several."""
        row = next(iter(self._database.call(FITTING, (prefix.first, prefix.last))), None)
        if row is None:
            whole = prefix.first == prefix.last
            raise InvalidInput(
                f"job: {prefix.text} is not on the ledger"
                if whole
                else f"job: no id on the ledger begins with {prefix.text}"
            )
        fitting = row.pop("fitting")
        if fitting > 1:
            raise InvalidInput(
                f"job: {fitting} ids begin with {prefix.text}; give more characters of the one you mean"
            )
        return read_job(row)

    def children(self, job_id: UUID) -> list[Job]:
        """The jobs that followed from a job, oldest first."""
        rows = self._database.call(
            f"SELECT {COLUMNS} FROM public.jobs WHERE parent_id = %s ORDER BY created_at, name",
            (job_id,),
        )
        return [read_job(row) for row in rows]

    def search(self, wanted: JobFilter) -> list[Job]:
        """Jobs that this login may see, the newest first."""
        # SQLAlchemy takes half a second to load, which workers and other commands are spared.
        from shared.persistence.compiled import compiled  # noqa: PLC0415
        from shared.persistence.jobs.search import jobs_matching  # noqa: PLC0415

        rows = self._database.call(*compiled(jobs_matching(**asdict(wanted))))
        return [read_job(row) for row in rows]

    def cancel(self, tenant_id: UUID, job_id: UUID) -> JobState:
        """Ends a job that has not begun, asks one that runs to stop; returns its state."""
        with refusals(), self._database.transaction(name_tenant(tenant_id)) as connection:
            row = connection.execute("SELECT public.cancel_job(%s) AS state", (job_id,)).fetchone()
        assert row is not None  # noqa: S101 - a function call gives a row
        return JobState(row["state"])

    def replay(self, tenant_id: UUID, job_id: UUID) -> None:
        """Queues a job again that has ended badly; raises `InvalidInput` for any other."""
        try:
            with self._database.transaction(name_tenant(tenant_id)) as connection:
                moved = connection.execute(REPLAY, (job_id,)).fetchone()
                job = _find(connection, job_id)
        except UniqueViolation:
            raise InvalidInput(
                "job: another job lives under its idempotency key; wait for that one"
            ) from None
        if moved is None:
            raise InvalidInput(
                f"job: is {job.state}; only a failed, cancelled or dead one is replayed"
            )


def _place(connection: Connection, order: JobOrder) -> UUID:
    row = connection.execute(
        "SELECT public.enqueue_job(%s, %s, %s, %s, coalesce(%s::timestamptz, now()), %s, %s) AS id",
        (
            order.tenant_id,
            order.name,
            Jsonb(dict(order.arguments)),
            order.idempotency_key,
            order.run_at,
            order.priority,
            order.requested_by,
        ),
    ).fetchone()
    assert row is not None  # noqa: S101 - a function call gives a row
    return UUID(str(row["id"]))


def _find(connection: Connection, job_id: UUID) -> Job:
    row = connection.execute(
        f"SELECT {COLUMNS} FROM public.jobs WHERE id = %s", (job_id,)
    ).fetchone()
    if row is None:
        raise InvalidInput(f"job: {job_id} is not on the ledger")
    return read_job(row)


@contextmanager
def refusals() -> Iterator[None]:
    """Makes `InvalidInput` of what the database's own functions refuse, in their words."""
    try:
        yield
    except REFUSALS as error:
        raise InvalidInput(error.diag.message_primary or "the job was refused") from None

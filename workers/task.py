"""The typed `@task` and `@scan` decorators: a job's life around one use-case call.

A task's function gets a context and its checked arguments and returns a dataclass. The decorator
owns the rest: claiming the job, progress, the outcome on the ledger, log context.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from celery import shared_task
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from shared.domain.job import Job
from shared.errors import CapLiquifyError, InvalidInput, RetryLater
from shared.persistence.ledger import JobLedger
from shared.security.redaction import redact
from shared.use_cases.create_tenant import check_timezone
from shared.use_cases.ports import OpenUnitOfWork
from workers.producer import JobProducer
from workers.queues import Queue
from workers.wiring import Wiring, current_wiring

ArgumentsT = TypeVar("ArgumentsT", bound="Arguments")
ResultT = TypeVar("ResultT")

DEFAULT_DEADLINE_S = 1800
DEFAULT_ATTEMPTS = 5
LONGEST_RETRY_S = 600.0

log = structlog.get_logger(__name__)


class Arguments(BaseModel):
    """What a task takes; an unknown key is an error, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a running job has: its row, its tenant's units of work, the process's wiring."""

    job: Job
    wiring: Wiring
    open_unit_of_work: OpenUnitOfWork

    @property
    def tenant_id(self) -> UUID:
        """Whose job it is."""
        return self.job.tenant_id

    def report(self, done: int, total: int | None, message: str) -> None:
        """Writes down how far the job has come."""
        self.wiring.ledger.report(self.tenant_id, self.job.id, done, total, message)

    def now(self) -> datetime:
        """The present instant, in UTC."""
        return datetime.now(UTC)

    def yesterday(self) -> date:
        """The last whole day in the tenant's own time zone."""
        with self.open_unit_of_work() as work:
            zone_name = work.tenant.timezone
        check_timezone(zone_name)
        return self.now().astimezone(ZoneInfo(zone_name)).date() - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TaskDefinition(Generic[ArgumentsT, ResultT]):
    """A task as it was declared."""

    name: str
    queue: Queue
    arguments: type[ArgumentsT]
    result: type[ResultT]
    deadline_s: int
    max_attempts: int
    function: Callable[[JobContext, ArgumentsT], ResultT]

    def arguments_schema(self) -> dict[str, Any]:
        """JSON Schema of the arguments."""
        return self.arguments.model_json_schema()

    def result_schema(self) -> dict[str, Any]:
        """JSON Schema of the result."""
        return TypeAdapter(self.result).json_schema()

    def parse(self, arguments: dict[str, object]) -> ArgumentsT:
        """The checked arguments; raises `InvalidInput` naming the field and the mend."""
        try:
            return self.arguments.model_validate(arguments)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = ".".join(str(part) for part in first["loc"]) or "arguments"
            raise InvalidInput(f"{field}: {self._explain(first['type'], first['msg'])}") from None

    def _explain(self, kind: str, message: str) -> str:
        if kind == "extra_forbidden":
            return f"task {self.name} takes no such argument; it takes {', '.join(self.arguments.model_fields)}"
        if kind.startswith("date"):
            return "is not a date; write YYYY-MM-DD"
        return f"{message} (task {self.name})"


TASKS: dict[str, TaskDefinition[Any, Any]] = {}


def task(
    *,
    name: str,
    queue: Queue,
    arguments: type[ArgumentsT],
    result: type[ResultT],
    deadline_s: int = DEFAULT_DEADLINE_S,
    max_attempts: int = DEFAULT_ATTEMPTS,
) -> Callable[[Callable[[JobContext, ArgumentsT], ResultT]], TaskDefinition[ArgumentsT, ResultT]]:
    """Declares a task of one tenant; its Celery message carries the job's id and nothing else."""

    def declare(
        function: Callable[[JobContext, ArgumentsT], ResultT],
    ) -> TaskDefinition[ArgumentsT, ResultT]:
        definition = TaskDefinition(
            name, queue, arguments, result, deadline_s, max_attempts, function
        )
        TASKS[name] = definition

        @shared_task(  # type: ignore[untyped-decorator]
            name=name, bind=True, soft_time_limit=deadline_s, max_retries=None
        )
        def run(self: Any, tenant_id: str, job_id: str) -> None:
            retry_in_s = execute(definition, UUID(tenant_id), UUID(job_id), current_wiring())
            if retry_in_s is not None:
                self.apply_async(
                    args=[tenant_id, job_id],
                    task_id=job_id,
                    countdown=retry_in_s,
                    queue=definition.queue.value,
                )

        return definition

    return declare


def execute(
    definition: TaskDefinition[Any, Any], tenant_id: UUID, job_id: UUID, wiring: Wiring
) -> float | None:
    """Runs a job that waits; returns after how many seconds it is to be tried again, if it is."""
    job = wiring.ledger.claim(tenant_id, job_id)
    if job is None:
        log.info("job_not_waiting", job=str(job_id), task=definition.name)
        return None
    with structlog.contextvars.bound_contextvars(
        job=str(job.id), tenant=str(job.tenant_id), task=job.name, attempt=job.attempt
    ):
        return _run(definition, job, wiring)


def _run(definition: TaskDefinition[Any, Any], job: Job, wiring: Wiring) -> float | None:
    opener = wiring.unit_of_work(job.tenant_id, job_id=job.id, actor=f"job:{job.id}")
    context = JobContext(job, wiring, opener)
    try:
        result = definition.function(context, definition.parse(job.arguments))
    except RetryLater as error:
        wait_s = error.retry_after_s or min(2.0**job.attempt, LONGEST_RETRY_S)
        reason = type(error).__name__, redact(error.message)
        if wiring.ledger.requeue(job.tenant_id, job.id, *reason, wait_s):
            log.info("job_retried", reason=error.message, wait_s=wait_s)
            return wait_s
        _fail(wiring, job, error, error.message)
    except CapLiquifyError as error:
        _fail(wiring, job, error, error.message)
    except Exception as error:
        log.exception("job_crashed")
        _fail(
            wiring, job, error, f"{type(error).__name__} in task {job.name}; see the worker's log"
        )
    else:
        wiring.ledger.succeed(
            job.tenant_id, job.id, TypeAdapter(definition.result).dump_python(result, mode="json")
        )
        log.info("job_succeeded")
    return None


def _fail(wiring: Wiring, job: Job, error: Exception, message: str) -> None:
    wiring.ledger.fail(job.tenant_id, job.id, type(error).__name__, redact(message))
    log.warning("job_failed", reason=message)


@dataclass(frozen=True, slots=True)
class ScanContext:
    """What a scan has: the process's wiring, and the way to enqueue jobs."""

    wiring: Wiring
    enqueue: Callable[[UUID, str], bool]

    def now(self) -> datetime:
        """The present instant, in UTC."""
        return datetime.now(UTC)


def scan(*, name: str) -> Callable[[Callable[[ScanContext], int]], Callable[[ScanContext], int]]:
    """Declares a scan over all tenants; it enqueues jobs and returns how many."""

    def declare(function: Callable[[ScanContext], int]) -> Callable[[ScanContext], int]:
        @shared_task(  # type: ignore[untyped-decorator]
            name=name, bind=True, queue=Queue.MAINTENANCE.value
        )
        def run(self: Any) -> None:
            wiring = current_wiring()
            producer = JobProducer(JobLedger(wiring.dispatcher), self.app)

            def enqueue(tenant_id: UUID, task_name: str) -> bool:
                try:
                    producer.enqueue(
                        tenant_id, task_name, {}, requested_by=f"scan:{name}", idempotency_key=name
                    )
                except InvalidInput as error:
                    # A tenant suspended a moment ago must not end the scan for those after it.
                    log.warning(
                        "scan_skipped", scan=name, tenant=str(tenant_id), reason=error.message
                    )
                    return False
                return True

            log.info("scanned", scan=name, jobs=function(ScanContext(wiring, enqueue)))

        return function

    return declare

"""The typed `@task` decorator. How a job of a task lives and ends is `workers.execution`'s."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from celery import shared_task
from pydantic import TypeAdapter

from shared.domain.backoff import Backoff
from shared.domain.job import Lease
from shared.persistence.jobs.leases import Ending
from workers.definition import TASKS, ArgumentsT, JobContext, ResultT, TaskDefinition
from workers.execution import execute
from workers.queues import Queue
from workers.requests import JobTask
from workers.shown_state import show_state
from workers.wiring import current_wiring

DEFAULT_DEADLINE_S = 1800
DEFAULT_ATTEMPTS = 5
# After its deadline a task has this long to end by itself before its process is killed.
KILL_AFTER_S = 60


def task(
    *,
    name: str,
    queue: Queue,
    arguments: type[ArgumentsT],
    result: type[ResultT],
    deadline_s: int = DEFAULT_DEADLINE_S,
    max_attempts: int = DEFAULT_ATTEMPTS,
    backoff: Backoff = Backoff(),  # noqa: B008 - frozen
    vendor_argument: str | None = None,
) -> Callable[[Callable[[JobContext, ArgumentsT], ResultT]], TaskDefinition[ArgumentsT, ResultT]]:
    """Declares a task of one tenant; its Celery message carries the job's lease and nothing else.

    `vendor_argument` names the argument whose text begins with the vendor's name, as in `shopify_uk`.
    """

    def declare(
        function: Callable[[JobContext, ArgumentsT], ResultT],
    ) -> TaskDefinition[ArgumentsT, ResultT]:
        definition = TaskDefinition(
            name,
            queue,
            arguments,
            result,
            TypeAdapter(result),
            deadline_s,
            max_attempts,
            backoff,
            vendor_argument,
            function,
        )
        TASKS[name] = definition

        @shared_task(  # type: ignore[untyped-decorator]
            name=name,
            base=JobTask,
            bind=True,
            soft_time_limit=deadline_s,
            time_limit=deadline_s + KILL_AFTER_S,
            max_retries=None,
        )
        def run(self: Any, tenant_id: str, job_id: str, lease: int) -> None:
            endings: list[Ending] = []
            state = execute(
                definition,
                Lease(UUID(tenant_id), UUID(job_id), lease),
                current_wiring(),
                worker=str(self.request.hostname),
                report=endings.append,
            )
            show_state(state, endings[-1] if endings else None)

        return definition

    return declare

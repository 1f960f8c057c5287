"""How the main process of a worker sees a job: it reports a child that is gone to the ledger at once."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import structlog
from billiard.exceptions import WorkerLostError
from celery import Task
from celery.worker.request import Request

from shared.domain.job import Lease, Outcome
from shared.errors import CapLiquifyError
from shared.persistence.jobs.leases import Ending
from workers.shown_state import JobCancelledOnLedger, JobEndedBadly
from workers.wiring import current_wiring

log = structlog.get_logger(__name__)

LOST = Ending(
    Outcome.LOST, None, "WorkerLost", "its worker process was killed or ended in the middle of it"
)
TOO_LONG = Ending(
    Outcome.LOST,
    None,
    "DeadlineExceeded",
    "it did not stop at its deadline; its process was killed",
)
# Its thread begins with the first loss; the interpreter waits for what it has still to write.
recorder = ThreadPoolExecutor(max_workers=1, thread_name_prefix="losses")

HANDED_BACK = Ending(Outcome.HANDED_BACK, None, "WorkerStopped", "its worker was asked to stop")


class JobRequest(Request):  # type: ignore[misc]
    """A message in the hands of a worker's main process."""

    @property
    def time_limits(self) -> tuple[float | None, float | None]:
        """The task's own deadlines: a message's are not believed."""
        return self.task.time_limit, self.task.soft_time_limit

    @time_limits.setter
    def time_limits(self, claimed: object) -> None:
        """What a message claims is forgotten."""

    def on_failure(
        self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False
    ) -> None:
        """A child that died takes no more part: the ledger may give the job to another now."""
        super().on_failure(exc_info, send_failed_event, return_ok)
        error = getattr(exc_info.exception, "exc", exc_info.exception)
        if isinstance(error, JobCancelledOnLedger):
            self.send_event("task-revoked", terminated=False, signum=None, expired=False)
        if isinstance(error, WorkerLostError | SystemExit):
            self._end(LOST)

    def on_timeout(self, soft: bool, timeout: float) -> None:
        """After the hard limit the child is killed."""
        super().on_timeout(soft, timeout)
        if not soft:
            self._end(TOO_LONG)

    def cancel(self, pool: Any, signal: Any = None, emit_retry: bool = True) -> None:
        """The worker stops and this job has not ended in time: hand it back."""
        super().cancel(pool, signal, emit_retry)
        self._end(HANDED_BACK)

    def _end(self, ending: Ending) -> None:
        try:
            tenant_id, job_id, number = self.args
            lease = Lease(UUID(tenant_id), UUID(job_id), int(number))
        except (ValueError, TypeError, AttributeError):
            # A message that names no job ends nobody's attempt.
            return
        # Not in the main loop: it has other jobs to look after while PostgreSQL is away.
        # What the dispatcher wrote of it for people: nothing else is decided by it.
        whose = str(self.argsrepr or "").strip("'\"").partition(" ")[0]
        recorder.submit(_record, lease, ending, {"task": self.name, "whose": whose[:200]})


def _record(lease: Lease, ending: Ending, about: Mapping[str, str]) -> None:
    try:
        state = current_wiring().leases.finish(lease, ending)
    except CapLiquifyError as error:
        # The lease runs out, and the reaper does it.
        log.warning("loss_not_recorded", job=str(lease.job_id), reason=error.message)
    except Exception:
        log.exception("loss_not_recorded", job=str(lease.job_id))
    else:
        log.warning(
            "job_taken", job=str(lease.job_id), outcome=ending.outcome, state=state, **about
        )


class JobTask(Task):  # type: ignore[misc]
    """The Celery task behind each of ours."""

    Request: Callable[..., Request] | str = JobRequest
    # The ledger and our own log have them; a traceback of ours says nothing to anybody.
    throws = (JobEndedBadly,)
    Strategy = "workers.messages:careful_strategy"

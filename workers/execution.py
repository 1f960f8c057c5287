"""A job's life on a worker: take it, keep its lease, run the task, write down how it ended."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

import structlog
from billiard.exceptions import SoftTimeLimitExceeded

from shared.domain.job import Job, JobState, Lease, Outcome
from shared.errors import (
    CapLiquifyError,
    DatabaseUnavailable,
    LeaseLost,
)
from shared.observability.metrics import observe_attempt
from shared.persistence.database import deadline
from shared.persistence.jobs.leases import Ending
from workers.definition import JobContext, TaskDefinition, VendorCalls
from workers.endings import ending_of
from workers.progress import Progress
from workers.soft_limit import SoftLimit
from workers.wiring import Wiring

# How long the begin and the end of an attempt are tried to be written, while PostgreSQL restarts: the
# connections of before are found broken one by one.
WAITS_S = (0.1, 0.3, 1.0, 2.0, 4.0, 8.0)

FORGED = "its message named another task than the ledger; see who writes to the broker"

log = structlog.get_logger(__name__)

Written = TypeVar("Written")
Report = Callable[[Ending], None]


def execute(
    definition: TaskDefinition[Any, Any],
    lease: Lease,
    wiring: Wiring,
    *,
    worker: str,
    report: Report = lambda _ending: None,
) -> JobState | None:
    """Runs the job that was delivered; returns the state it is left in.

    None for a stale message, unless the job was cancelled on its way here. `report` hears how it ended.
    """
    with SoftLimit() as limit:
        job = _patiently(lambda: wiring.leases.start(lease, worker))
        if job is None:
            log.info(
                "message_stale", job=str(lease.job_id), task=definition.name, lease=lease.number
            )
            return _end_of_stale(wiring, lease, report)
        if job.name != definition.name:
            # What runs is what the ledger says: it goes back, and comes again under its own name.
            log.error("message_forged", job=str(job.id), task=job.name, claimed=definition.name)
            forged = Ending(Outcome.HANDED_BACK, None, "MessageForged", FORGED)
            report(forged)
            return _record(wiring, lease, forged)
        with structlog.contextvars.bound_contextvars(
            job=str(job.id),
            tenant=str(job.tenant_id),
            slug=job.tenant_slug,
            task=job.name,
            attempt=job.attempt,
        ):
            return _live(definition, job, lease, wiring, limit, report)


def _end_of_stale(wiring: Wiring, lease: Lease, report: Report) -> JobState | None:
    """A cancelled job is cancelled here as well; of any other its own message says what became of it."""
    with suppress(CapLiquifyError):
        if wiring.ledger.get(lease.tenant_id, lease.job_id).state is JobState.CANCELLED:
            report(Ending(Outcome.CANCELLED))
            return JobState.CANCELLED
    return None


def _live(
    definition: TaskDefinition[Any, Any],
    job: Job,
    lease: Lease,
    wiring: Wiring,
    limit: SoftLimit,
    report: Report,
) -> JobState | None:
    """One attempt from its begin to what is written of its end."""
    began = time.monotonic()
    ending = _attempt(definition, job, lease, wiring, limit)
    state = None
    if ending is not None:
        report(ending)
        state = _record(wiring, lease, ending)
    outcome = ending.outcome.value if ending and state else "fenced"
    took_s = time.monotonic() - began
    observe_attempt(job.name, outcome, took_s)
    log.log(
        _gravity(state, ending),
        "attempt_ended",
        outcome=outcome,
        state=state,
        reason=ending and ending.error_message,
        service=job.arguments.get("service"),
        duration_s=round(took_s, 3),
    )
    return state


def _gravity(state: JobState | None, ending: Ending | None) -> int:
    """What ended for good is an error, what is tried again a warning."""
    if state in {JobState.FAILED, JobState.DEAD}:
        return logging.ERROR
    is_again = ending is not None and ending.outcome in {Outcome.RETRIED, Outcome.LOST}
    return logging.WARNING if is_again else logging.INFO


def _attempt(
    definition: TaskDefinition[Any, Any],
    job: Job,
    lease: Lease,
    wiring: Wiring,
    limit: SoftLimit,
) -> Ending | None:
    """Runs the task's function; returns how the attempt is to end, None where that is not ours to say."""
    opener = wiring.unit_of_work(job.tenant_id, lease=lease, actor=f"job:{job.id}")
    calls = VendorCalls()
    with deadline(definition.deadline_s), wiring.heartbeat.keep(lease) as held:
        progress = Progress(wiring.leases, lease, held)
        ending = _run(definition, JobContext(job, wiring, opener, progress, calls), limit)
    return None if ending is None else replace(ending, vendor_calls=calls.number)


def _run(
    definition: TaskDefinition[Any, Any], context: JobContext, limit: SoftLimit
) -> Ending | None:
    try:
        with limit.heard():
            result = definition.function(context, definition.parse(context.job.arguments))
        context.progress.flush()
        return _succeed(definition, context.job, result)
    except LeaseLost:
        return None
    except Exception as error:
        if not isinstance(error, CapLiquifyError | SoftTimeLimitExceeded):
            log.exception("attempt_crashed")
        with suppress(CapLiquifyError):
            context.progress.flush()
        patience_s = context.wiring.settings.vendor_patience_s
        return ending_of(error, definition, context.job, patience_s)


def _succeed(definition: TaskDefinition[Any, Any], job: Job, result: object) -> Ending:
    return Ending(Outcome.SUCCEEDED, result=definition.dump(result))


def _record(wiring: Wiring, lease: Lease, ending: Ending) -> JobState | None:
    """Writes the end of the attempt; failing that, the reaper runs the job again."""
    try:
        return _patiently(lambda: wiring.leases.finish(lease, ending))
    except DatabaseUnavailable:
        log.warning("end_not_recorded")
        return None
    except Exception as error:
        # A result that no JSON holds, a text that no table keeps: better the plain fact than nothing.
        log.exception("end_refused")
        refused = f"its end could not be written down; {type(error).__name__}, see the worker's log"
        ending = Ending(Outcome.DISCARDED, None, "Unwritable", refused)
    with suppress(DatabaseUnavailable):
        return _patiently(lambda: wiring.leases.finish(lease, ending))
    return None


def _patiently(write: Callable[[], Written]) -> Written:
    """Waits for a server that restarts; raises `DatabaseUnavailable` when it stays away."""
    for wait_s in WAITS_S:
        try:
            return write()
        except DatabaseUnavailable:
            time.sleep(wait_s)
    return write()

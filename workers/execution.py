"""A job's life on a worker: take it, keep its lease, run the task, write down how it ended."""

import logging
import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from random import SystemRandom
from typing import Any, TypeVar

import structlog
from billiard.exceptions import SoftTimeLimitExceeded

from schedules.reactions import react
from shared.config import DEFAULT_PATIENCE_S
from shared.domain.job import Job, JobState, Lease, Outcome
from shared.errors import (
    CapLiquifyError,
    DatabaseUnavailable,
    InvalidInput,
    JobCancelled,
    KeyMissing,
    LeaseLost,
    RetryLater,
    Snooze,
    StatementTooLong,
    TenantForbidden,
    VendorAway,
)
from shared.observability.metrics import observe_attempt
from shared.persistence.database import deadline
from shared.persistence.leases import Ending
from shared.security.redaction import redact
from workers.progress import Progress
from workers.soft_limit import SoftLimit
from workers.task import JobContext, TaskDefinition, VendorCalls
from workers.wiring import Wiring

SNOOZE_S = 60.0
# Until somebody has set the key.
KEY_WAIT_S = 300.0
LONGEST_WAIT_S = 86_400.0
# Between two questions of a job whose vendor is away, if no other job asks for all.
FIRST_AWAY_S, LONGEST_AWAY_S = 30.0, 3600.0
# How long the begin and the end of an attempt are tried to be written, while PostgreSQL restarts: the
# connections of before are found broken one by one.
WAITS_S = (0.1, 0.3, 1.0, 2.0, 4.0, 8.0)

FORGED = "its message named another task than the ledger; see who writes to the broker"

log = structlog.get_logger(__name__)
chance = SystemRandom()

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
    """Runs the job that was delivered; returns the state it is left in, None for a stale message.

    `report` hears how the attempt ended.
    """
    with SoftLimit() as limit:
        job = _patiently(lambda: wiring.leases.start(lease, worker))
        if job is None:
            log.info(
                "message_stale", job=str(lease.job_id), task=definition.name, lease=lease.number
            )
            return None
        if job.name != definition.name:
            # What runs is what the ledger says: it goes back, and comes again under its own name.
            log.error("message_forged", job=str(job.id), task=job.name, claimed=definition.name)
            forged = Ending(Outcome.HANDED_BACK, None, "MessageForged", FORGED)
            report(forged)
            return _record(wiring, lease, forged)
        with structlog.contextvars.bound_contextvars(
            job=str(job.id), tenant=str(job.tenant_id), task=job.name, attempt=job.attempt
        ):
            return _live(definition, job, lease, wiring, limit, report)


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
    dumped = definition.dump(result)
    followers = react(f"{job.name}.succeeded", job.arguments, dumped)
    return Ending(Outcome.SUCCEEDED, result=dumped, followers=followers)


def ending_of(  # noqa: PLR0911 - one return an error
    error: Exception,
    definition: TaskDefinition[Any, Any],
    job: Job,
    patience_s: float = DEFAULT_PATIENCE_S,
) -> Ending:
    """What an error means for the attempt: errors are named by what to do next.

    A vendor that is away for longer than `patience_s` uses up attempts like any other fault.
    """
    kind, message = type(error).__name__, redact(str(error))
    backoff_s = definition.backoff.wait_s(job.attempt, chance)
    match error:
        case JobCancelled():
            return Ending(Outcome.CANCELLED)
        case TenantForbidden():
            # A subscription that was cancelled: nobody has to fix anything.
            return Ending(Outcome.CANCELLED, None, kind, message)
        case SoftTimeLimitExceeded() | StatementTooLong():
            late = f"task {job.name} was not done within its {definition.deadline_s} s"
            return Ending(Outcome.RETRIED, None, "DeadlineExceeded", late, backoff_s)
        case KeyMissing():
            # Nothing is wrong with the job: whoever has the key does it.
            log.error("key_missing", fix=message)
            return Ending(Outcome.SNOOZED, None, kind, message, KEY_WAIT_S)
        case RetryLater():
            is_outage = isinstance(error, VendorAway) and _away_s(job) < patience_s
            return _wait_for_vendor(error, job) if is_outage else _again(error, backoff_s)
        case CapLiquifyError():
            return Ending(Outcome.DISCARDED, None, kind, message)
        case _:
            # Its own words may hold anything; the log has them, redacted.
            crashed = f"{kind} in task {job.name}; see the worker's log"
            return Ending(Outcome.RETRIED, None, kind, crashed, backoff_s)


def _again(error: RetryLater, backoff_s: float) -> Ending:
    snoozed = isinstance(error, Snooze)
    usual_s = SNOOZE_S if snoozed else backoff_s
    wait_s = _bounded(usual_s if error.retry_after_s is None else error.retry_after_s)
    outcome = Outcome.SNOOZED if snoozed else Outcome.RETRIED
    kind, message = type(error).__name__, redact(error.message)
    return Ending(outcome, None, kind, message, wait_s, waits_for=_circuit_of(error))


def _wait_for_vendor(error: RetryLater, job: Job) -> Ending:
    """As long again as it has been away: seconds in a short outage, an hour in a long one."""
    usual_s = min(max(_away_s(job), FIRST_AWAY_S), LONGEST_AWAY_S) * chance.uniform(0.75, 1.25)
    wait_s = _bounded(error.retry_after_s or usual_s)
    kind, message = type(error).__name__, redact(error.message)
    return Ending(Outcome.SNOOZED, None, kind, message, wait_s, waits_for=_circuit_of(error))


def _circuit_of(error: RetryLater) -> str | None:
    return error.circuit if isinstance(error, VendorAway) else None


def _away_s(job: Job) -> float:
    """For how long the job has found its vendor away, by PostgreSQL's clock."""
    if job.away_since is None or job.started_at is None:
        return 0.0
    return (job.started_at - job.away_since).total_seconds()


def _bounded(wait_s: float) -> float:
    """No vendor puts a job off for longer than a day, or for something that is no time."""
    return min(max(wait_s, 0.0), LONGEST_WAIT_S) if math.isfinite(wait_s) else LONGEST_WAIT_S


def _record(wiring: Wiring, lease: Lease, ending: Ending) -> JobState | None:
    """Writes the end of the attempt; failing that, the reaper runs the job again."""
    try:
        return _patiently(lambda: wiring.leases.finish(lease, ending))
    except DatabaseUnavailable:
        log.warning("end_not_recorded")
        return None
    except InvalidInput as error:
        # What was to follow cannot: somebody must mend it, and see it.
        ending = Ending(Outcome.DISCARDED, None, "InvalidInput", f"follower: {error.message}")
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

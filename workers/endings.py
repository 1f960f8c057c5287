"""What an error means for the attempt that raised it: errors are named by what to do next."""

import math
from random import SystemRandom
from typing import Any

import structlog
from billiard.exceptions import SoftTimeLimitExceeded

from shared.domain.job import Job, Outcome
from shared.errors import (
    CapLiquifyError,
    JobCancelled,
    KeyMissing,
    RetryLater,
    Snooze,
    StatementTooLong,
    TenantForbidden,
    VendorAway,
)
from shared.persistence.jobs.leases import Ending
from shared.security.redaction import redact
from workers.definition import TaskDefinition
from workers.settings import DEFAULT_PATIENCE_S

SNOOZE_S = 60.0
# Until somebody has set the key.
KEY_WAIT_S = 300.0
LONGEST_WAIT_S = 86_400.0
# Between two questions of a job whose vendor is away, if no other job asks for all.
FIRST_AWAY_S, LONGEST_AWAY_S = 30.0, 3600.0

log = structlog.get_logger(__name__)
chance = SystemRandom()


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

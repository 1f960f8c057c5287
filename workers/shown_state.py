"""What Celery reports of a job, and Flower shows: its state on the ledger, not that a function has returned."""

from celery.exceptions import Ignore, Retry

from shared.domain.job import JobState
from shared.persistence.jobs.leases import Ending


class JobEndedBadly(Exception):
    """The job is failed or dead: FAILURE."""


class JobPutOff(Exception):
    """The job comes again later: RETRY."""


class JobCancelledOnLedger(Ignore):  # type: ignore[misc]
    """The job is cancelled: REVOKED."""


def show_state(state: JobState | None, ending: Ending | None) -> None:
    """Raises what makes Celery report the state; a success, and a message that was stale, raise nothing."""
    if state is None or ending is None or state is JobState.SUCCEEDED:
        return
    reason = ": ".join(filter(None, (ending.error_class, ending.error_message)))
    if state is JobState.CANCELLED:
        raise JobCancelledOnLedger(reason)
    if state in {JobState.FAILED, JobState.DEAD}:
        raise JobEndedBadly(f"{state}: {reason}")
    put_off = f"{ending.outcome}, again in {ending.wait_s:.0f} s: {reason}"
    raise Retry(put_off, exc=JobPutOff(put_off))

"""Rows of `public.jobs` as jobs."""

from datetime import datetime

from psycopg.rows import DictRow

from shared.domain.job import Attempt, Job, JobState

COLUMNS = (
    "id, tenant_id, parent_id, name, arguments, queue, state, outcome, lease, attempt, max_attempts, snoozes, "
    "priority, vendor_calls, worker, progress_done, progress_total, progress_message, result, error_class, "
    "error_message, requested_by, cancel_requested_at, waits_for, away_since, "
    "run_at, created_at, started_at, finished_at, history"
)


def read_job(row: DictRow) -> Job:
    """The job of a row of `COLUMNS`."""
    fields = {**row, "state": JobState(row["state"])}
    attempts = tuple(_read_attempt(each) for each in fields.pop("history"))
    return Job(**fields, attempts=attempts)


def _read_attempt(entry: dict[str, object]) -> Attempt:
    def instant(name: str) -> datetime | None:
        text = entry[name]
        return None if text is None else datetime.fromisoformat(str(text))

    def text(name: str) -> str | None:
        return None if entry[name] is None else str(entry[name])

    return Attempt(
        number=int(str(entry["attempt"])),
        outcome=str(entry["outcome"]),
        worker=text("worker"),
        started_at=instant("started_at"),
        ended_at=instant("ended_at"),
        error_class=text("error_class"),
        error_message=text("error_message"),
    )

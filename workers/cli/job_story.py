"""The story of one job for a person: what was asked, each attempt, how it ended, what followed."""

import json
from collections.abc import Sequence
from datetime import datetime

from rich.console import Console

from shared.domain.job import Attempt, Job
from workers.cli.terminal_tables import Column, print_facts, print_table, words


def print_story(
    console: Console,
    job: Job,
    tenant_slug: str,
    children: Sequence[Job],
    reasons: Sequence[str] = (),
) -> None:
    """Prints everything that the ledger knows of a job; `reasons` say why it waits."""
    waits = [("waits", reason) for reason in reasons]
    print_facts(console, [*_facts(job, tenant_slug), *waits])
    # One that waits again has its last attempt in its history already.
    open_one = [_last(job)] if job.started_at and job.state != "queued" else []
    attempts = [*job.attempts, *open_one]
    if attempts:
        _print_attempts(console, attempts)
    for child in children:
        console.print(f"followed by {child.name} {child.id}: {child.state}", soft_wrap=True)


def _facts(job: Job, tenant_slug: str) -> list[tuple[str, str]]:
    facts = [
        ("job", str(job.id)),
        ("task", f"{job.name} in queue {job.queue}, priority {job.priority}"),
        ("tenant", tenant_slug),
        ("arguments", json.dumps(job.arguments)),
        ("requested by", job.requested_by),
        ("created", _instant(job.created_at)),
        ("state", _state(job)),
    ]
    if job.parent_id:
        facts.append(("follows from", str(job.parent_id)))
    if job.progress_message:
        total = "" if job.progress_total is None else f" of {job.progress_total}"
        facts.append(("progress", f"{job.progress_done}{total}: {job.progress_message}"))
    if job.vendor_calls:
        facts.append(("vendor calls", str(job.vendor_calls)))
    if job.error_message:
        facts.append(("error", f"{job.error_class}: {job.error_message}"))
    if job.result is not None:
        facts.append(("result", json.dumps(job.result)))
    return facts


def _state(job: Job) -> str:
    words = [f"{job.state}, attempt {job.attempt} of {job.max_attempts}"]
    if job.snoozes:
        words.append(f"snoozed {job.snoozes} time(s)")
    if job.state == "queued":
        words.append(f"not before {_instant(job.run_at)}")
    if job.waits_for and job.is_live:
        since = f", away since {_instant(job.away_since)}" if job.away_since else ""
        words.append(f"waits for {job.waits_for}{since}")
    if job.cancel_requested_at and job.is_live:
        words.append(f"asked to stop at {_instant(job.cancel_requested_at)}")
    return ", ".join(words)


def _last(job: Job) -> Attempt:
    """The attempt in the job's own fields: the one that runs, or that ended it."""
    return Attempt(
        number=job.attempt,
        outcome=job.outcome or ("running" if job.is_live else job.state.value),
        worker=job.worker,
        started_at=job.started_at,
        ended_at=job.finished_at,
        error_class=job.error_class,
        error_message=job.error_message,
    )


def _print_attempts(console: Console, attempts: Sequence[Attempt]) -> None:
    columns = (
        Column("attempt"), Column("outcome"), words("worker"), words("began"), Column("took"),
        words("what happened"),
    )  # fmt: skip
    rows = []
    for each in attempts:
        began = _instant(each.started_at) if each.started_at else ""
        happened = f"{each.error_class}: {each.error_message}" if each.error_message else ""
        rows.append(
            [str(each.number), each.outcome, each.worker or "", began, _took(each), happened]
        )
    print_table(console, columns, rows)


def _took(attempt: Attempt) -> str:
    if attempt.ended_at is None or attempt.started_at is None:
        return ""
    return f"{(attempt.ended_at - attempt.started_at).total_seconds():.1f} s"


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"

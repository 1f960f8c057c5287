"""The story of one job for a person: what was asked, each attempt, how it ended, what followed."""

import json
from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table

from shared.domain.job import Attempt, Job


def print_story(
    console: Console,
    job: Job,
    tenant_slug: str,
    children: Sequence[Job],
    reasons: Sequence[str] = (),
) -> None:
    """Prints everything that the ledger knows of a job; `reasons` say why it waits."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold")
    facts.add_column()
    for title, value in _facts(job, tenant_slug):
        facts.add_row(title, value)
    for reason in reasons:
        facts.add_row("waits", reason)
    console.print(facts)
    # One that waits again has its last attempt in its history already.
    open_one = [_last(job)] if job.started_at and job.state != "queued" else []
    attempts = [*job.attempts, *open_one]
    if attempts:
        console.print(_attempts_table(attempts))
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


def _attempts_table(attempts: Sequence[Attempt]) -> Table:
    table = Table("attempt", "outcome", "worker", "began", "took", "what happened")
    for each in attempts:
        took = (
            f"{(each.ended_at - each.started_at).total_seconds():.1f} s"
            if each.ended_at and each.started_at
            else ""
        )
        began = _instant(each.started_at) if each.started_at else ""
        happened = f"{each.error_class}: {each.error_message}" if each.error_message else ""
        table.add_row(str(each.number), each.outcome, each.worker or "", began, took, happened)
    return table


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"

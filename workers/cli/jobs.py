"""`capliquify jobs`: put jobs on the ledger, look at them, cancel, replay and watch them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

import typer

from shared.domain.job import Job, JobState
from shared.domain.job_id import read_prefix
from shared.errors import GiveUp, InvalidInput
from shared.persistence.jobs.job_ledger import JobFilter, JobLedger, JobOrder
from shared.persistence.jobs.many_jobs import CANCELLED, RETRIED, cancel_jobs, retry_jobs
from shared.persistence.tenants.registry import tenant_slugs
from workers.cli.console import echo_json, make_console
from workers.cli.instants import read_instant
from workers.cli.job_story import print_story
from workers.cli.many_jobs import (
    Asked,
    DryRun,
    Error,
    OfService,
    OfTenant,
    Since,
    State,
    Task,
    Yes,
    change_many,
)
from workers.cli.processes import require_queues
from workers.cli.run import find_task, read_arguments
from workers.cli.terminal_tables import Column, Kind, print_table, words
from workers.platform import open_platform
from workers.waiting import explain_waiting
from workers.wiring import Wiring

app = typer.Typer(no_args_is_help=True, help="Jobs on the ledger.")
console = make_console()
COLUMNS = (
    Column("id", Kind.ID), Column("tenant"), Column("task"), Column("state"), Column("attempt"),
    words("progress"), Column("created (UTC)"), words("error"),
)  # fmt: skip

JobId = Annotated[str, typer.Argument(help="The job's id, or how it begins")]
OneJob = Annotated[
    str | None, typer.Argument(help="The job's id, or how it begins; without it the filters choose")
]
EXIT_NOT_DONE = 1


@app.command()
def enqueue(
    name: Annotated[str, typer.Argument(help="Task, such as sales.pull")],
    tenant: Annotated[str, typer.Option(help="The tenant's slug")],
    arguments: Annotated[list[str] | None, typer.Argument(help="Arguments as key=value")] = None,
    key: Annotated[str | None, typer.Option(help="Idempotency key")] = None,
    at: Annotated[str | None, typer.Option(help="Not before this instant, ISO 8601")] = None,
    priority: Annotated[int, typer.Option(min=-100, max=100)] = 0,
) -> None:
    """Put a job on the ledger and print its id."""
    given = read_arguments(arguments or [], find_task(name))
    run_at = None if at is None else read_instant(at)
    with open_platform() as wiring:
        tenant_id = _tenant_id(wiring, tenant)
        order = JobOrder(tenant_id, name, given, "operator", key, run_at, priority)
        typer.echo(str(JobLedger(wiring.admin).place(order)))


@app.command("list")
def list_jobs(
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's")] = None,
    task: Annotated[str | None, typer.Option(help="Only jobs of this task")] = None,
    queue: Annotated[str | None, typer.Option(help="Only jobs of this queue")] = None,
    state: Annotated[list[JobState] | None, typer.Option(help="Only in these states")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line")] = False,
) -> None:
    """List jobs, the newest first."""
    require_queues("queue", [] if queue is None else [queue])
    if task is not None:
        find_task(task)
    with open_platform() as wiring:
        tenant_id = None if tenant is None else _tenant_id(wiring, tenant)
        jobs = JobLedger(wiring.admin).search(JobFilter(tenant_id, task, queue, state, limit))
        slugs = tenant_slugs(wiring.admin, {job.tenant_id for job in jobs})
    if as_json:
        for job in jobs:
            echo_json(_as_json(job, slugs[job.tenant_id]))
    else:
        print_table(console, COLUMNS, [_row(job, slugs[job.tenant_id]) for job in jobs])


@app.command()
def show(job_id: JobId) -> None:
    """Show the whole story of a job, attempt by attempt."""
    with _found(job_id) as (ledger, job, wiring):
        slugs = tenant_slugs(wiring.admin, {job.tenant_id})
        slug = slugs[job.tenant_id]
        reasons = explain_waiting(wiring, job, slug)
        print_story(console, job, slug, ledger.children(job.id), reasons)


@app.command()
def cancel(  # noqa: PLR0913, PLR0917 - options of a command
    job_id: OneJob = None,
    state: State = None,
    task: Task = None,
    tenant: OfTenant = None,
    service: OfService = None,
    error: Error = None,
    since: Since = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """End jobs that have not begun; ask those that run to stop. One by its id, or all that pass the filters."""
    asked = Asked(state, task, tenant, service, error, since)
    if job_id is None:
        change_many(asked, CANCELLED, cancel_jobs, "cancelled", dry_run=dry_run, yes=yes)
        return
    _refuse_filters(asked)
    with _found(job_id) as (ledger, job, _):
        after = ledger.cancel(job.tenant_id, job.id)
    if after is JobState.RUNNING:
        outcome = "it runs and is asked to stop"
    else:
        outcome = f"it is {after}" if job.is_live else f"it is {after} already, nothing was changed"
    console.print(f"{job.name} {job.id}: {outcome}", soft_wrap=True)


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object")] = False,
) -> None:
    """Show what waits in each queue and who works; exit status 0 good, 1 degraded, 2 down."""
    from workers.cli.job_status import show_status  # noqa: PLC0415 - only this command draws it
    from workers.observed import observed_platform  # noqa: PLC0415

    with observed_platform() as seen:
        code = show_status(console, seen, as_json=as_json)
    raise typer.Exit(code)


@app.command()
def retry(  # noqa: PLR0913, PLR0917 - options of a command
    job_id: OneJob = None,
    state: State = None,
    task: Task = None,
    tenant: OfTenant = None,
    service: OfService = None,
    error: Error = None,
    since: Since = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Queue failed, cancelled or dead jobs again, to run at once. One by its id, or all that pass the filters."""
    asked = Asked(state, task, tenant, service, error, since)
    if job_id is None:
        change_many(asked, RETRIED, retry_jobs, "queued again", dry_run=dry_run, yes=yes)
        return
    _refuse_filters(asked)
    with _found(job_id) as (ledger, job, _):
        ledger.replay(job.tenant_id, job.id)
    console.print(f"{job.name} {job.id}: queued again", soft_wrap=True)


def _refuse_filters(asked: Asked) -> None:
    if asked.given():
        raise InvalidInput("job_id: give an id or filters, not both")


@app.command()
def watch(job_id: JobId) -> None:
    """Follow a job until it ends; exit status 0 only if it went well."""
    from workers.cli.watching import follow  # noqa: PLC0415 - only this command draws

    with _found(job_id) as (ledger, job, _):
        ended = follow(ledger, job, console)
    if ended.state is not JobState.SUCCEEDED:
        why = f": {ended.error_message}" if ended.error_message else ""
        raise GiveUp(f"the job is {ended.state}{why}")
    echo_json(ended.result)


@contextmanager
def _found(text: str) -> Iterator[tuple[JobLedger, Job, Wiring]]:
    prefix = read_prefix(text)
    with open_platform() as wiring:
        ledger = JobLedger(wiring.admin)
        yield ledger, ledger.find_by_prefix(prefix), wiring


def _tenant_id(wiring: Wiring, slug: str) -> UUID:
    return wiring.registry().find(slug).id


def _as_json(job: Job, slug: str) -> dict[str, object]:
    return {
        "id": str(job.id),
        "tenant": slug,
        "name": job.name,
        "state": job.state,
        "attempt": job.attempt,
        "max_attempts": job.max_attempts,
        "requested_by": job.requested_by,
        "created_at": job.created_at.isoformat(),
        "finished_at": job.finished_at and job.finished_at.isoformat(),
        "error": job.error_message,
    }


def _service_of(job: Job) -> list[str]:
    """The service that the job works on, as far as it says."""
    service = job.arguments.get("service")
    return [service] if isinstance(service, str) else []


def _row(job: Job, slug: str) -> tuple[str, ...]:
    return (
        str(job.id),
        slug,
        " ".join([job.name, *_service_of(job)]),
        job.state,
        f"{job.attempt}/{job.max_attempts}",
        job.progress_message or "",
        f"{job.created_at:%Y-%m-%d %H:%M:%S}",
        job.error_message or "",
    )

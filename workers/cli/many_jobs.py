"""`capliquify jobs retry` and `cancel` by filter: first what would be done, then the doing."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from shared.domain.job import JobState
from shared.errors import InvalidInput
from shared.persistence.database import Database
from shared.persistence.jobs.many_jobs import JobsInCommon, count_jobs
from workers.cli.console import make_console
from workers.cli.instants import read_instant
from workers.cli.run import find_task
from workers.cli.terminal_tables import Column, print_table
from workers.platform import open_platform
from workers.wiring import Wiring

console = make_console()

State = Annotated[list[JobState] | None, typer.Option(help="In one of these states")]
Task = Annotated[str | None, typer.Option(help="Of this task")]
OfTenant = Annotated[str | None, typer.Option(help="Of this tenant, by slug")]
OfService = Annotated[str | None, typer.Option(help="Of this service, such as shopify_uk")]
Error = Annotated[str | None, typer.Option(help="With this error, such as CredentialRejected")]
Since = Annotated[str | None, typer.Option(help="Asked for since this instant, ISO 8601")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only count")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask")]


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as they were typed."""

    state: Sequence[JobState] | None
    task: str | None
    tenant: str | None
    service: str | None
    error: str | None
    since: str | None

    def given(self) -> bool:
        """Whether there is any."""
        return any((self.state, self.task, self.tenant, self.service, self.error, self.since))


def change_many(
    asked: Asked,
    allowed: Sequence[JobState],
    change: Callable[[Database, JobsInCommon], int],
    verb: str,
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    """Shows the counts, asks, and does it; raises `InvalidInput` for what no job could be."""
    if not asked.given():
        raise InvalidInput(
            f"job_id: give a job's id, or say which jobs are to be {verb}; see --help"
        )
    wrong = [each for each in asked.state or () if each not in allowed]
    if wrong:
        raise InvalidInput(f"state: a {wrong[0]} job cannot be {verb}; only {', '.join(allowed)}")
    if asked.task is not None:
        find_task(asked.task)
    with open_platform() as wiring:
        wanted = _read(wiring, asked, allowed)
        groups = count_jobs(wiring.admin, wanted)
        rows = [(g.name, g.state, g.error_class or "", f"{g.jobs:,}") for g in groups]
        print_table(console, [Column(title) for title in ("task", "state", "error", "jobs")], rows)
        number = sum(each.jobs for each in groups)
        if dry_run or not number:
            console.print(f"{number:,} jobs would be {verb}")
            return
        if not yes and not sys.stdin.isatty():
            raise InvalidInput(
                "yes: nobody can be asked here; add --yes, or --dry-run to only count"
            )
        if not (yes or typer.confirm(f"{number:,} jobs are to be {verb}. Go on?")):
            raise InvalidInput("jobs: not confirmed; nothing was changed")
        console.print(f"{change(wiring.admin, wanted):,} jobs {verb}")


def _read(wiring: Wiring, asked: Asked, allowed: Sequence[JobState]) -> JobsInCommon:
    from workers.vendors.services import find_service  # noqa: PLC0415 - loads every connector

    if asked.service is not None:
        find_service(asked.service)
    tenant_id = None
    if asked.tenant is not None:
        tenant_id = wiring.registry().find(asked.tenant).id
    since = None if asked.since is None else read_instant(asked.since, "since")
    states = tuple(asked.state or allowed)
    return JobsInCommon(states, tenant_id, asked.task, asked.service, asked.error, since)

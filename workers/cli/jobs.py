"""`capliquify run`: one job, here and now, with the same life as on a worker."""

import importlib
import json
from typing import Annotated

import typer
from rich.console import Console

from shared.domain.job import JobState
from shared.errors import GiveUp, InvalidInput
from shared.persistence.ledger import JobLedger
from shared.persistence.tenancy import find_tenant
from workers.platform import open_platform
from workers.task import TASKS, execute


def run(
    name: Annotated[str, typer.Argument(help="Task, such as sales.pull")],
    tenant: Annotated[str, typer.Option(help="The tenant's slug")],
    arguments: Annotated[
        list[str] | None, typer.Argument(help="Arguments as key=value, such as as_of=2011-12-09")
    ] = None,
) -> None:
    """Run one job in this process and print its result as JSON."""
    from workers.app import TASK_MODULES  # noqa: PLC0415 - imports Celery

    for module in TASK_MODULES:
        importlib.import_module(module)
    definition = TASKS.get(name)
    if definition is None:
        raise InvalidInput(f"name: no task {name!r}; there are {', '.join(sorted(TASKS))}")
    given = read_arguments(arguments or [])
    definition.parse(dict(given))
    with open_platform() as wiring:
        with wiring.admin.transaction() as connection:
            found = find_tenant(connection, tenant)
        job = JobLedger(wiring.dispatcher).enqueue(found.id, name, given, requested_by="operator")
        with Console(stderr=True).status(f"{name} for {tenant}"):
            retry_in_s = execute(definition, found.id, job.id, wiring)
        if retry_in_s is not None:
            # Nobody would try it again: there is no worker behind this command.
            wiring.ledger.cancel(found.id, job.id)
        ended = wiring.ledger.get(found.id, job.id)
    if ended.state is not JobState.SUCCEEDED:
        raise GiveUp(ended.error_message or f"the job is {ended.state}, not done")
    typer.echo(json.dumps(ended.result))


def read_arguments(pairs: list[str]) -> dict[str, str]:
    """`key=value` pairs as a dictionary; raises `InvalidInput` for anything else."""
    given = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator or not key:
            raise InvalidInput(f"arguments: {pair!r} is not key=value")
        given[key] = value
    return given

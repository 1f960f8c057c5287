"""`capliquify run`: one job, here and now, with the same life as on a worker."""

import importlib
import os
import socket
from typing import Annotated, Any

import typer

from shared.domain.job import JobState
from shared.errors import GiveUp, InvalidInput
from shared.persistence.jobs.job_ledger import JobLedger, JobOrder
from workers.cli.console import echo_json, make_console
from workers.definition import TASKS, TaskDefinition
from workers.platform import open_platform


def run(
    name: Annotated[str, typer.Argument(help="Task, such as sales.pull")],
    tenant: Annotated[str, typer.Option(help="The tenant's slug")],
    arguments: Annotated[
        list[str] | None, typer.Argument(help="Arguments as key=value, such as as_of=2011-12-09")
    ] = None,
) -> None:
    """Run one job in this process and print its result as JSON."""
    from workers.execution import execute  # noqa: PLC0415 - imports Celery

    definition = find_task(name)
    given = read_arguments(arguments or [], definition)
    with open_platform() as wiring:
        found = wiring.registry().find(tenant)
        ledger = JobLedger(wiring.dispatcher)
        job = ledger.place_here(JobOrder(found.id, name, given, "operator"))
        with make_console(stderr=True).status(f"{name} for {tenant}"):
            execute(
                definition,
                job.as_lease(),
                wiring,
                worker=f"run@{socket.gethostname()}:{os.getpid()}",
            )
        ended = wiring.ledger.get(found.id, job.id)
        if ended.is_live:
            # Nobody would wait for its next attempt: there is no worker behind this command.
            ledger.cancel(found.id, job.id)
    if ended.is_live:
        reason = ended.error_message or "it was put off"
        raise GiveUp(
            f"{reason}; a worker would come back to it, `capliquify jobs enqueue` asks one"
        )
    if ended.error_class == "InvalidInput":
        raise InvalidInput(ended.error_message or "arguments: cannot be used")
    if ended.state is not JobState.SUCCEEDED:
        raise GiveUp(ended.error_message or f"the job is {ended.state}, not done")
    echo_json(ended.result)


def find_task(name: str) -> TaskDefinition[Any, Any]:
    """The task of that name; raises `InvalidInput` with those that there are."""
    from workers.app import TASK_MODULES  # noqa: PLC0415 - imports Celery

    for module in TASK_MODULES:
        importlib.import_module(module)
    definition = TASKS.get(name)
    if definition is None:
        raise InvalidInput(f"name: no task {name!r}; there are {', '.join(sorted(TASKS))}")
    return definition


def read_arguments(pairs: list[str], definition: TaskDefinition[Any, Any]) -> dict[str, object]:
    """`key=value` pairs as the task's arguments in JSON's types; raises `InvalidInput` for any that are wrong."""
    given: dict[str, object] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator or not key:
            raise InvalidInput(f"arguments: {pair!r} is not key=value")
        given[key] = value
    parsed = definition.parse(given)
    return parsed.model_dump(mode="json", include=set(given))  # type: ignore[no-any-return]

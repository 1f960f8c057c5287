"""The jobs of the demo, one after the other, with live progress."""

import time
from dataclasses import dataclass
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from shared.domain.job import Job, JobState
from shared.errors import GiveUp
from workers.demo.processes import DemoProcesses
from workers.producer import JobProducer
from workers.wiring import Wiring

POLL_S = 0.2
DEADLINE_S = 900.0
# The data end on this day; the demo lives on it.
LAST_DAY = "2011-12-09"
FIRST_CAPITAL_DAY = "2011-09-01"


@dataclass(frozen=True, slots=True)
class Step:
    """One job of the demo."""

    title: str
    task: str
    arguments: dict[str, object]


STEPS = (
    Step("pull sales, products, stock", "sales.pull", {"as_of": LAST_DAY}),
    Step("forecast demand", "forecasts.generate", {"origin": LAST_DAY}),
    Step(
        "roll up working capital",
        "working_capital.roll_up",
        {"first": FIRST_CAPITAL_DAY, "as_of": LAST_DAY},
    ),
    Step("sample usage, check quotas", "usage.sample", {}),
)


def run_steps(
    wiring: Wiring,
    producer: JobProducer,
    tenant_id: UUID,
    processes: DemoProcesses,
    console: Console,
) -> dict[str, Job]:
    """Runs every job on the workers; returns them by task. Raises `GiveUp` when one fails."""
    done = {}
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<28}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[message]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        for step in STEPS:
            job = producer.enqueue(tenant_id, step.task, step.arguments, requested_by="demo")
            done[step.task] = _follow(wiring, job, step, processes, progress)
    return done


def _follow(
    wiring: Wiring, job: Job, step: Step, processes: DemoProcesses, progress: Progress
) -> Job:
    shown = progress.add_task(step.title, total=None, message="waiting for a worker")
    deadline = time.monotonic() + DEADLINE_S
    while job.is_live:
        processes.check()
        if time.monotonic() > deadline:
            raise GiveUp(f"{step.task}: not done after {DEADLINE_S:.0f} s; see the workers' logs")
        time.sleep(POLL_S)
        job = wiring.ledger.get(job.tenant_id, job.id)
        progress.update(
            shown,
            total=job.progress_total,
            completed=job.progress_done or 0,
            message=job.progress_message or job.state.value,
        )
    if job.state is not JobState.SUCCEEDED:
        raise GiveUp(f"{step.task}: {job.error_message}")
    progress.update(shown, total=1, completed=1, message="done")
    return job

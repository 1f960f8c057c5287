"""A job on the terminal as it goes on."""

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from shared.domain.job import Job
from shared.persistence.jobs.job_ledger import JobLedger

POLL_S = 0.2


def follow(ledger: JobLedger, job: Job, console: Console) -> Job:
    """Draws the job until it ends; returns it as it ended."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[message]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        shown = progress.add_task(job.name, total=None, message="")
        while True:
            progress.update(
                shown,
                total=job.progress_total,
                completed=job.progress_done or 0,
                message=f"{job.state}, attempt {job.attempt}: {job.progress_message or ''}",
            )
            if not job.is_live:
                return job
            time.sleep(POLL_S)
            job = ledger.find(job.id)

"""The night of the demo: one job, what follows from it, and a worker that is killed in the middle."""

import os
import signal
import time
from datetime import datetime
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from shared.domain.job import Job, JobState
from shared.errors import GiveUp
from shared.persistence.jobs.job_ledger import JobFilter, JobLedger
from workers.supervisor import Supervisor

POLL_S = 0.2
DEADLINE_S = 900.0
# The data end on this day; the demo lives on it.
LAST_DAY = "2011-12-09"
VICTIM_TASK, VICTIM_PROGRAM = "forecasts.generate", "worker-forecast"
COLUMNS = (
    SpinnerColumn(),
    TextColumn("{task.description:<28}"),
    BarColumn(bar_width=24),
    TextColumn("{task.fields[message]}"),
    TimeElapsedColumn(),
)


def wait_for_end(ledger: JobLedger, job: Job) -> Job:
    """The job when it lives no more. Raises `GiveUp`."""
    deadline = time.monotonic() + DEADLINE_S
    while job.is_live:
        if time.monotonic() > deadline:
            raise GiveUp(f"demo: not done after {DEADLINE_S:.0f} s; see the workers' logs")
        time.sleep(POLL_S)
        job = ledger.find(job.id)
    return job


class Night:
    """A tenant's night: one task, and the jobs that follow by `schedules/reactions.py`.

    With `kill` the worker of the longest job is killed in the middle of it.
    """

    def __init__(
        self,
        ledger: JobLedger,
        tenant_id: UUID,
        supervisor: Supervisor,
        console: Console,
        *,
        kill: bool,
    ) -> None:
        self._kill = kill
        self._ledger = ledger
        self._tenant_id = tenant_id
        self._supervisor = supervisor
        self._console = console
        self._bars: dict[UUID, TaskID] = {}
        self.killed: UUID | None = None

    def run(self, task: str, arguments: dict[str, object]) -> dict[str, Job]:
        """Waits until no job of the tenant lives; returns those of this night by task. Raises `GiveUp`."""
        began = self._ledger.enqueue(
            self._tenant_id,
            task,
            arguments,
            requested_by="demo",
            # What a demo before this one left unfinished is taken up, not doubled.
            idempotency_key="demo",
        )
        deadline = time.monotonic() + DEADLINE_S
        with Progress(*COLUMNS, console=self._console) as progress:
            while True:
                jobs = self._jobs_since(began.created_at)
                self._draw(progress, jobs)
                if not any(job.is_live for job in jobs):
                    return {job.name: job for job in jobs}
                if time.monotonic() > deadline:
                    raise GiveUp(f"demo: not done after {DEADLINE_S:.0f} s; see the workers' logs")
                self._kill_once(jobs)
                self._supervisor.revive(lambda line: self._console.print(line, soft_wrap=True))
                time.sleep(POLL_S)

    def _jobs_since(self, since: datetime) -> list[Job]:
        found = self._ledger.search(JobFilter(self._tenant_id, limit=200))
        jobs = [job for job in found if job.is_live or job.created_at >= since]
        for job in jobs:
            if not job.is_live and job.state is not JobState.SUCCEEDED:
                raise GiveUp(f"{job.name}: is {job.state}: {job.error_message}")
        return jobs[::-1]

    def _draw(self, progress: Progress, jobs: list[Job]) -> None:
        for job in jobs:
            if job.id not in self._bars:
                self._bars[job.id] = progress.add_task(job.name, total=None, message="")
            message = job.progress_message or job.state.value
            if not job.is_live:
                progress.update(self._bars[job.id], total=1, completed=1, message="done")
                progress.stop_task(self._bars[job.id])
                continue
            progress.update(
                self._bars[job.id],
                total=job.progress_total,
                completed=job.progress_done or 0,
                message=message if job.attempt < 2 else f"attempt {job.attempt}: {message}",
            )

    def _kill_once(self, jobs: list[Job]) -> None:
        """Kills the worker of the longest job in the middle of it, as a machine's death would."""
        for job in jobs:
            if not self._kill or self.killed or job.name != VICTIM_TASK or not job.progress_done:
                continue
            pid = self._supervisor.pid_of(VICTIM_PROGRAM)
            if pid is not None and job.state is JobState.RUNNING:
                os.killpg(pid, signal.SIGKILL)
                self.killed = job.id
                self._console.print(
                    f"kill -9 of {VICTIM_PROGRAM} in the middle of {job.name}: "
                    "its lease runs out, the job goes to another worker.",
                    style="yellow",
                    soft_wrap=True,
                )

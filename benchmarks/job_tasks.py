"""The task of the job benchmarks, and the process that knows it: `python -m benchmarks.job_tasks worker …`."""

import time
from dataclasses import dataclass

from workers.cli import main
from workers.definition import Arguments, JobContext
from workers.queues import Queue
from workers.task import task


class Idle(Arguments):
    """How long the job takes; 0 is a no-op."""

    milliseconds: float = 0.0


@dataclass(frozen=True)
class Idled:
    """Nothing came of it."""

    done: bool


@task(name="bench.idle", queue=Queue.INTERACTIVE, arguments=Idle, result=Idled)
def idle(context: JobContext, arguments: Idle) -> Idled:
    """Takes the time that its arguments name."""
    if arguments.milliseconds:
        time.sleep(arguments.milliseconds / 1000)
    return Idled(done=True)


if __name__ == "__main__":
    main()

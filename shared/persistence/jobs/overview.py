"""The state of the whole system on one screen: what waits in each queue, and who works."""

from dataclasses import dataclass
from datetime import datetime

from shared.persistence.database import Database

# By the indexes of what waits, what is out and what ended lately: the history behind them is not looked at.
QUEUES = """
SELECT queue,
       count(*) FILTER (WHERE state = 'queued' AND run_at <= now())::int AS due,
       extract(epoch FROM now() - min(run_at) FILTER (WHERE state = 'queued' AND run_at <= now()))::float8 AS oldest_s,
       count(*) FILTER (WHERE state = 'queued' AND run_at > now())::int AS later,
       count(*) FILTER (WHERE state = 'dispatched')::int AS dispatched,
       count(*) FILTER (WHERE state = 'running')::int AS running,
       count(*) FILTER (WHERE state IN ('failed', 'dead'))::int AS ended_badly
FROM (SELECT queue, state, run_at FROM public.jobs WHERE state = 'queued' AND rank < 'infinity'
      UNION ALL SELECT queue, state, run_at FROM public.jobs WHERE state = 'queued' AND rank = 'infinity'
      UNION ALL SELECT queue, state, run_at FROM public.jobs WHERE state IN ('dispatched', 'running')
      UNION ALL SELECT queue, state, run_at FROM public.jobs WHERE finished_at > now() - interval '1 day') AS j
GROUP BY queue ORDER BY queue
"""
PROCESSES = """
SELECT name, queues, concurrency, started_at, restarts, substring(instance FROM '/([0-9]{1,9})/')::int AS pid,
       extract(epoch FROM now() - seen_at)::float8 AS silent_s
FROM public.job_workers ORDER BY name
"""


@dataclass(frozen=True, slots=True)
class QueueState:
    """A queue: due jobs and how long the oldest has waited, later ones, those out, those ended badly in a day."""

    queue: str
    due: int
    oldest_s: float | None
    later: int
    dispatched: int
    running: int
    ended_badly: int


@dataclass(frozen=True, slots=True)
class Process:
    """A worker, a beat, or a dispatcher (without queues), and for how long it has given no sign of life.

    `restarts` counts how often its name was taken over from a process that ended without a word.
    """

    name: str
    queues: list[str]
    concurrency: int
    started_at: datetime
    restarts: int
    pid: int | None
    silent_s: float

    def is_living(self, lease_s: float) -> bool:
        """Whether it gave a sign of life within a lease."""
        return self.silent_s < lease_s


def read_queues(database: Database) -> list[QueueState]:
    """Each queue that has jobs."""
    return [QueueState(**row) for row in database.call(QUEUES)]


def read_processes(database: Database) -> list[Process]:
    """Each worker and dispatcher that has not signed out."""
    return [Process(**row) for row in database.call(PROCESSES)]

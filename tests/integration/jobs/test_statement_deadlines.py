"""A deadline ends the statement: nothing runs on in the server for a job that is over or a worker that is gone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from shared.domain.job import JobState, Outcome
from shared.errors import DatabaseUnavailable, StatementTooLong
from shared.persistence.database import deadline
from shared.persistence.jobs.contracts import publish
from shared.persistence.jobs.dispatching import DispatchLedger
from shared.persistence.jobs.job_ledger import JobLedger, JobOrder
from shared.persistence.jobs.leases import Ending
from shared.persistence.unit_of_work import tenant_transaction
from tests.fixtures.echo import Said, Say, deliver
from workers.definition import TASKS, JobContext, TaskDefinition
from workers.execution import execute
from workers.migrate import task_contracts
from workers.queues import Queue
from workers.task import task
from workers.wiring import Wiring

SLEEPING = """
SELECT count(*) FROM pg_stat_activity
WHERE query LIKE '%pg_sleep(600)%' AND state = 'active' AND pid <> pg_backend_pid()
"""
LOST_WORKER = """
import sys
from uuid import UUID
from shared.domain.job import Lease
from workers.settings import Settings
from workers.wiring import build_wiring
tenant, job, number = UUID(sys.argv[1]), UUID(sys.argv[2]), int(sys.argv[3])
from shared.persistence.database import deadline
with build_wiring(Settings.read()) as wiring, deadline(3600):
    with wiring.unit_of_work(tenant, lease=Lease(tenant, job, number), actor="t")() as work:
        print("begun", flush=True)
        work.usage._connection.execute("SELECT pg_sleep(600)")
"""


@pytest.fixture
def slow(database_url: str) -> Iterator[TaskDefinition[Say, Said]]:
    @task(name="test.slow", queue=Queue.INTERACTIVE, arguments=Say, result=Said, deadline_s=1)
    def sleep(context: JobContext, arguments: Say) -> Said:
        """Waits for the database."""
        with context.open_unit_of_work() as work:
            work.usage._connection.execute("SELECT pg_sleep(600)")  # type: ignore[attr-defined]
        return Said(1)

    publish(database_url, task_contracts())
    yield sleep
    del TASKS["test.slow"]


def sleeping(wiring: Wiring) -> int:
    with psycopg.connect(wiring.settings.url_of("direct") or "") as connection:
        row = connection.execute(SLEEPING).fetchone()
    assert row is not None
    return int(row[0])


def test_a_statement_ends_with_its_jobs_deadline(
    wiring: Wiring, acme: UUID, globex: UUID, slow: TaskDefinition[Say, Said]
) -> None:
    order = JobOrder(acme, "test.slow", {"word": "x"}, "test")
    job = JobLedger(wiring.dispatcher).find(JobLedger(wiring.dispatcher).place(order))
    assert execute(slow, deliver(wiring, job), wiring, worker="w") is JobState.QUEUED
    ended = wiring.ledger.get(acme, job.id)
    assert (ended.outcome, ended.error_class) == ("retried", "DeadlineExceeded")
    assert ended.error_message == "task test.slow was not done within its 1 s"
    assert sleeping(wiring) == 0
    # The connection is whole, and the next transaction has no deadline.
    with tenant_transaction(wiring.database, acme) as connection:
        shown = connection.execute("SHOW statement_timeout").fetchone()
    assert shown == {"statement_timeout": "0"}


def test_every_database_of_the_block_has_the_deadline_and_none_outside(wiring: Wiring) -> None:
    for database in (wiring.database, wiring.dispatcher, wiring.admin):
        with deadline(0.2), pytest.raises(StatementTooLong), database.transaction() as connection:
            connection.execute("SELECT pg_sleep(600)")
        with database.transaction() as connection:
            connection.execute("SELECT pg_sleep(0.3)")
    assert sleeping(wiring) == 0


class Interrupted(Exception):
    """As Celery's soft limit comes: from a signal, in the middle of a statement."""


def test_a_statement_that_an_exception_leaves_behind_is_cancelled(wiring: Wiring) -> None:
    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(Interrupted), wiring.database.transaction() as connection:
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            connection.execute("SELECT pg_sleep(600)")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    wait_until(lambda: sleeping(wiring) == 0)
    with wiring.database.transaction() as connection:
        connection.execute("SELECT 1")


def test_the_statement_of_a_worker_that_was_killed_ends_and_its_job_goes_on(
    wiring: Wiring, acme: UUID, globex: UUID, slow: TaskDefinition[Say, Said]
) -> None:
    order = JobOrder(acme, "test.slow", {"word": "x"}, "test")
    job = JobLedger(wiring.dispatcher).find(JobLedger(wiring.dispatcher).place(order))
    lease = deliver(wiring, job)
    assert wiring.leases.start(lease, "w") is not None
    urls = {
        "DATABASE_URL": wiring.settings.url_of("worker") or "",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    arguments = [str(acme), str(job.id), str(lease.number)]
    with subprocess.Popen(
        [sys.executable, "-c", LOST_WORKER, *arguments],
        env={**os.environ, **urls},
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "begun\n"
        wait_until(lambda: sleeping(wiring) == 1)
        worker.kill()
    with wiring.admin.transaction() as connection:
        connection.execute(
            "UPDATE public.jobs SET lease_expires_at = now() - interval '1 s' WHERE id = %s",
            (job.id,),
        )
    ledger = DispatchLedger(wiring.dispatcher, 30.0)
    wait_until(lambda: bool(ledger.reap(5.0)))
    assert wiring.ledger.get(acme, job.id).outcome == "lost"


def test_the_end_of_an_attempt_never_waits_without_bound(
    wiring: Wiring, acme: UUID, slow: TaskDefinition[Say, Said]
) -> None:
    order = JobOrder(acme, "test.slow", {"word": "x"}, "test")
    job = JobLedger(wiring.dispatcher).find(JobLedger(wiring.dispatcher).place(order))
    lease = deliver(wiring, job)
    wiring.leases.start(lease, "w")
    with wiring.dispatcher.transaction() as connection:
        connection.execute("SELECT FROM public.jobs WHERE id = %s FOR UPDATE", (job.id,))
        with pytest.raises(DatabaseUnavailable, match="another transaction was in the way"):
            wiring.leases.finish(lease, Ending(Outcome.SUCCEEDED, result={}))
    assert wiring.leases.finish(lease, Ending(Outcome.SUCCEEDED, result={})) is JobState.SUCCEEDED


def wait_until(happened: object) -> None:
    """Waits far longer than it should take, and far shorter than the statement would."""
    until = time.monotonic() + 240
    while not happened():  # type: ignore[operator]
        assert time.monotonic() < until, "it went on as if nothing had happened"
        time.sleep(0.2)

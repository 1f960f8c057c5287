"""Garbage and forged messages on the broker: no worker ends, nothing forged runs, true jobs go on."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psutil
import pytest
import redis

from shared.domain.job import JobState
from shared.embedded.guarded import Guarded
from shared.embedded.urls import ServiceUrls
from shared.persistence.jobs.dispatching import DispatchLedger
from shared.persistence.jobs.job_ledger import JobLedger
from tests.acceptance.test_worker import assert_jobs_run, finished, guarded
from tests.conftest import environment_of
from tests.fixtures.echo import NO_CAPS
from tests.fixtures.hostile_messages import GARBAGE, as_bytes, message
from workers.app import build_app
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance


@pytest.fixture
def environment(database_url: str, services: ServiceUrls, home: Path) -> dict[str, str]:
    return {**environment_of(database_url, services.redis_url), "CAPLIQUIFY_HOME": str(home)}


@pytest.fixture
def broker(environment: dict[str, str]) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(environment["REDIS_URL"]) as client:
        client.delete("maintenance")
        yield client


def push(broker: "redis.Redis", what: object) -> None:
    broker.lpush("maintenance", as_bytes(what))


def test_no_message_ends_a_worker_and_jobs_go_on(
    wiring: Wiring,
    acme: UUID,
    globex: UUID,
    environment: dict[str, str],
    broker: "redis.Redis",
    home: Path,
) -> None:
    arguments = ("worker", "--concurrency", "1", "--queues", "maintenance")
    worker, dispatcher = (
        guarded(environment, home, *arguments),
        guarded(environment, home, "dispatcher"),
    )
    app = build_app(wiring.settings)
    try:
        assert_jobs_run(wiring, acme, globex)
        children = pool_of(worker)
        for what in GARBAGE * 2:
            push(broker, what)
        # They stand behind all of it.
        assert_jobs_run(wiring, acme, globex)
        assert worker.is_running()
        assert pool_of(worker) == children
        assert app.control.inspect(timeout=10).ping()
        # Nobody may change a worker from afar.
        app.control.broadcast("shutdown")
        app.control.broadcast("pool_shrink", arguments={"n": 1})
        app.control.broadcast(
            "rate_limit", arguments={"task_name": "usage.sample", "rate_limit": "1/h"}
        )
        assert_jobs_run(wiring, acme, globex)
        assert worker.is_running()
    finally:
        dispatcher.stop()
        worker.stop()


def pool_of(worker: Guarded) -> set[int]:
    """The pool's processes, beneath guardian and main process."""
    below = psutil.Process(worker.pid).children(recursive=True)
    return {each.pid for each in below if not each.children()}


def test_what_runs_is_what_the_ledger_says(
    wiring: Wiring, acme: UUID, environment: dict[str, str], broker: "redis.Redis", home: Path
) -> None:
    """A message with a true delivery's number under another task's name."""
    job = JobLedger(wiring.dispatcher).enqueue(acme, "usage.sample", {}, requested_by="test")
    [delivery] = (
        DispatchLedger(wiring.dispatcher, 30.0).claim("maintenance", 1, None, NO_CAPS).deliveries
    )
    number = delivery.lease.number
    push(broker, message("working_capital.roll_up", [str(acme), str(job.id), number]))
    worker = guarded(environment, home, "worker", "--concurrency", "1", "--queues", "maintenance")
    dispatcher = guarded(environment, home, "dispatcher")
    try:
        ended = finished(wiring, job)
    finally:
        dispatcher.stop()
        worker.stop()
    assert (ended.state, ended.attempt) == (JobState.SUCCEEDED, 1)
    [forged] = [each for each in ended.attempts if each.error_class == "MessageForged"]
    assert forged.outcome == "handed_back"

"""A real worker over a real broker."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from httpx import Response

from shared.domain.job import Job, JobState
from shared.embedded.guarded import Guarded
from shared.embedded.tcp_ports import free_port
from shared.embedded.urls import ServiceUrls
from shared.persistence.jobs.job_ledger import JobLedger
from tests.conftest import environment_of
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance

FLOWER_LOGIN = ("operator", "a password: of tests")


def guarded(environment: dict[str, str], home: Path, *arguments: str) -> Guarded:
    process = Guarded(
        [sys.executable, "-m", "workers", *arguments],
        env={**os.environ, **environment},
        cwd=Path.cwd(),
        log_path=home / f"{arguments[0]}.log",
        stop_signal=signal.SIGTERM,
        grace_s=10.0,
    )
    process.start()
    return process


@pytest.fixture
def environment(database_url: str, services: ServiceUrls, home: Path) -> dict[str, str]:
    return {**environment_of(database_url, services.redis_url), "CAPLIQUIFY_HOME": str(home)}


@pytest.fixture
def worker(environment: dict[str, str], home: Path) -> Iterator[Guarded]:
    process = guarded(environment, home, "worker", "--concurrency", "1")
    yield process
    process.stop()


@pytest.fixture
def dispatcher(environment: dict[str, str], home: Path) -> Iterator[Guarded]:
    process = guarded(environment, home, "dispatcher")
    yield process
    process.stop()


def finished(wiring: Wiring, job: Job, deadline_s: float = 60.0) -> Job:
    deadline = time.monotonic() + deadline_s
    while job.is_live and time.monotonic() < deadline:
        time.sleep(0.1)
        job = wiring.ledger.get(job.tenant_id, job.id)
    return job


def test_a_worker_runs_the_jobs_of_both_tenants(
    wiring: Wiring, acme: UUID, globex: UUID, worker: Guarded, dispatcher: Guarded
) -> None:
    assert_jobs_run(wiring, acme, globex)


def assert_jobs_run(wiring: Wiring, acme: UUID, globex: UUID) -> None:
    """A job of each tenant is done by the worker that runs, and has its effect."""
    ledger = JobLedger(wiring.dispatcher)
    jobs = [
        ledger.enqueue(each, "usage.sample", {}, requested_by="test") for each in (acme, globex)
    ]
    ended = [finished(wiring, job) for job in jobs]
    assert [job.state for job in ended] == [JobState.SUCCEEDED, JobState.SUCCEEDED]
    with wiring.admin.transaction() as connection:
        sampled = connection.execute("SELECT tenant_id FROM public.usage_metrics").fetchall()
    assert {row["tenant_id"] for row in sampled} == {acme, globex}


def test_flower_serves_on_loopback_behind_a_password(
    environment: dict[str, str], home: Path
) -> None:
    with flower(environment, home) as url:
        assert answer(url).status_code == 401
        assert answer(url, ("operator", "a wrong password")).status_code == 401
        assert answer(url, FLOWER_LOGIN).status_code == 200
        assert answer(f"{url}/api/tasks").status_code == 401


def test_flower_shows_whose_a_job_was_and_still_does_after_a_restart(
    environment: dict[str, str],
    home: Path,
    wiring: Wiring,
    acme: UUID,
    globex: UUID,
    worker: Guarded,
    dispatcher: Guarded,
) -> None:
    with flower(environment, home) as url:
        answer(url, FLOWER_LOGIN)
        jobs = [
            JobLedger(wiring.dispatcher).enqueue(each, "usage.sample", {}, requested_by="test")
            for each in (acme, globex)
        ]
        shown = {
            (str(jobs[0].id), "usage.sample · acme", "SUCCESS"),
            (str(jobs[1].id), "usage.sample · globex", "SUCCESS"),
        }
        assert tasks_shown(url, shown) >= shown
    with flower(environment, home) as url:
        assert tasks_shown(url, shown) >= shown


@contextmanager
def flower(environment: dict[str, str], home: Path) -> Iterator[str]:
    """Flower with a login of our choice; its address."""
    port = free_port()
    login = {"CAPLIQUIFY_FLOWER_AUTH": ":".join(FLOWER_LOGIN)}
    process = guarded({**environment, **login}, home, "flower", "--port", str(port))
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stop()


def tasks_shown(url: str, wanted: set[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """What the page of tasks asks for; once it holds what is wanted, or too late."""
    query = (
        "draw=1&start=0&length=100&order[0][column]=0&order[0][dir]=desc&columns[0][data]=received"
    )
    deadline = time.monotonic() + 30
    while True:
        listed = answer(f"{url}/tasks/datatable?{query}", FLOWER_LOGIN).json()["data"]
        shown = {(each["uuid"], each["name"], each["state"]) for each in listed}
        if shown >= wanted or time.monotonic() > deadline:
            return shown
        time.sleep(0.2)


def answer(url: str, login: tuple[str, str] | None = None, deadline_s: float = 30.0) -> Response:
    deadline = time.monotonic() + deadline_s
    while True:
        try:
            return httpx.get(url, auth=login, timeout=5.0, follow_redirects=True)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def test_a_worker_serves_the_metrics_of_all_its_processes(
    environment: dict[str, str],
    home: Path,
    wiring: Wiring,
    acme: UUID,
    globex: UUID,
    dispatcher: Guarded,
) -> None:
    port = free_port()
    arguments = ("--concurrency", "2", "--name", "counted", "--metrics-port", str(port))
    process = guarded(environment, home, "worker", *arguments)
    try:
        ledger = JobLedger(wiring.dispatcher)
        for tenant in (acme, globex):
            job = ledger.enqueue(tenant, "usage.sample", {}, requested_by="test")
            assert finished(wiring, job).state is JobState.SUCCEEDED
        metrics = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    finally:
        process.stop()
    assert 'capliquify_attempts_total{outcome="succeeded",task="usage.sample"} 2.0' in metrics
    assert "acme" not in metrics

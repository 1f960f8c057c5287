"""A real worker over a real broker."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from shared.domain.job import Job, JobState
from shared.embedded.guarded import Guarded
from shared.embedded.ports import free_port
from shared.embedded.urls import ServiceUrls
from shared.persistence.ledger import JobLedger
from tests.conftest import environment_of
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance


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
    ledger = JobLedger(wiring.dispatcher)
    jobs = [
        ledger.enqueue(each, "usage.sample", {}, requested_by="test") for each in (acme, globex)
    ]
    ended = [finished(wiring, job) for job in jobs]
    assert [job.state for job in ended] == [JobState.SUCCEEDED, JobState.SUCCEEDED]
    with wiring.admin.transaction() as connection:
        sampled = connection.execute("SELECT tenant_id FROM public.usage_metrics").fetchall()
    assert {row["tenant_id"] for row in sampled} == {acme, globex}


def test_flower_serves_on_loopback(environment: dict[str, str], home: Path) -> None:
    port = free_port()
    process = guarded(environment, home, "flower", "--port", str(port))
    try:
        assert answer(f"http://127.0.0.1:{port}/") == 200
    finally:
        process.stop()


def answer(url: str, deadline_s: float = 30.0) -> int:
    deadline = time.monotonic() + deadline_s
    while True:
        try:
            return httpx.get(url, timeout=5.0, follow_redirects=True).status_code
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)

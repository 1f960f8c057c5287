"""RabbitMQ as the broker: the same jobs, the same ends."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from shared.domain.job import JobState
from shared.embedded.urls import ServiceUrls
from shared.persistence.ledger import JobLedger
from tests.acceptance.test_worker import finished, guarded
from tests.conftest import environment_of
from tests.fixtures.rabbitmq import rabbitmq
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def broker_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as url:
        yield url


@pytest.fixture
def running(
    broker_url: str, database_url: str, services: ServiceUrls, home: Path
) -> Iterator[None]:
    environment = environment_of(database_url, services.redis_url)
    environment |= {"BROKER_URL": broker_url, "CAPLIQUIFY_HOME": str(home)}
    worker = guarded(environment, home, "worker", "--concurrency", "1")
    dispatcher = guarded(environment, home, "dispatcher")
    yield
    dispatcher.stop()
    worker.stop()


def test_jobs_of_both_tenants_run_over_rabbitmq(
    wiring: Wiring, acme: UUID, globex: UUID, running: None
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

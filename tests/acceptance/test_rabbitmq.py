"""RabbitMQ as the broker: the same jobs, the same ends."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from shared.embedded.urls import ServiceUrls
from tests.acceptance.test_worker import assert_jobs_run, guarded
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
    assert_jobs_run(wiring, acme, globex)

"""PostgreSQL and Valkey end, forget everything and come back, with jobs in flight."""

import signal
import time

import pytest
import redis

from shared.embedded.services import EmbeddedServices
from shared.embedded.urls import ServiceUrls
from tests.acceptance.faults.conftest import OpenScene
from tests.fixtures.breaking import end_server, start_again
from tests.fixtures.fleet import until
from tests.fixtures.scene import Scene

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def scene(open_scene: OpenScene) -> Scene:
    """One worker and one dispatcher see all of it."""
    scene = open_scene()
    scene.fleet.worker()
    scene.fleet.dispatcher()
    return scene


def test_valkey_is_killed_and_comes_back(
    scene: Scene, servers: EmbeddedServices, services: ServiceUrls
) -> None:
    jobs = [job for _ in range(4) for job in scene.place(pages=10, pause_s=0.1)]
    until(lambda: scene.begun(jobs) >= 2, 20.0, "some have begun")
    end_server(servers, "Valkey", signal.SIGKILL)
    scene.place(pages=5)
    time.sleep(1)
    start_again(servers)
    assert servers.running_urls() == services
    healed = time.time()
    scene.wait_for_the_end()
    assert time.time() - healed < 30
    assert scene.written() == scene.expected


def test_valkey_forgets_everything(scene: Scene) -> None:
    jobs = [job for _ in range(4) for job in scene.place(pages=10, pause_s=0.1)]
    until(lambda: scene.states().get("dispatched", 0) >= 1, 20.0, "messages are on their way")
    until(lambda: scene.begun(jobs) >= 2, 20.0, "some have begun")
    with redis.Redis.from_url(scene.redis_url) as client:
        client.flushall()
    emptied = time.time()
    scene.place(pages=5)
    scene.wait_for_the_end()
    assert time.time() - emptied < 30
    assert scene.written() == scene.expected


def test_postgresql_restarts(
    scene: Scene, servers: EmbeddedServices, services: ServiceUrls
) -> None:
    jobs = [job for _ in range(2) for job in scene.place(pages=20, pause_s=0.1)]
    until(lambda: scene.begun(jobs) >= 2, 20.0, "some have begun")
    end_server(servers, "PostgreSQL", signal.SIGINT)
    time.sleep(1)
    start_again(servers)
    assert servers.running_urls() == services
    healed = time.time()
    scene.wait_for_the_end()
    assert time.time() - healed < 45
    assert scene.written() == scene.expected

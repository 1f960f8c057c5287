"""The network between a worker and the servers is cut or falls silent, and heals."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from shared.embedded.urls import ServiceUrls
from tests.conftest import environment_of
from tests.fixtures.chaos_proxy import ChaosProxy
from tests.fixtures.fleet import until
from tests.fixtures.scene import Scene

pytestmark = pytest.mark.acceptance


@pytest.fixture
def to_postgresql(services: ServiceUrls) -> Iterator[ChaosProxy]:
    with proxy_to(services.database_url) as proxy:
        yield proxy


@pytest.fixture
def to_valkey(services: ServiceUrls) -> Iterator[ChaosProxy]:
    with proxy_to(services.redis_url) as proxy:
        yield proxy


def proxy_to(url: str) -> ChaosProxy:
    port = urlsplit(url).port
    assert port is not None
    return ChaosProxy("127.0.0.1", port)


def through(proxy: ChaosProxy, url: str) -> str:
    return url.replace(f":{urlsplit(url).port}/", f":{proxy.port}/")


def test_a_worker_that_postgresql_cannot_hear_loses_its_jobs_and_serves_again_when_healed(
    scene: Scene, to_postgresql: ChaosProxy
) -> None:
    proxied: dict[str, Any] = environment_of(through(to_postgresql, scene.url), scene.redis_url)
    scene.fleet.worker("one", **proxied)
    scene.fleet.dispatcher()
    jobs = scene.place(pages=15, pause_s=0.1)
    scene.wait_for_page(2, jobs)
    to_postgresql.freeze()
    second = scene.fleet.worker("two")
    scene.wait_for_the_end(within_s=25.0)
    to_postgresql.heal()
    until(lambda: scene.fleet.log_of("one").count("fenced") == 2, 20.0, "both are fenced")
    second.stop()
    scene.place(pages=2)
    scene.wait_for_the_end(within_s=30.0)
    assert scene.written() == scene.expected


def test_a_worker_cut_off_from_postgresql_finishes_its_jobs_when_healed(
    scene: Scene, to_postgresql: ChaosProxy
) -> None:
    proxied: dict[str, Any] = environment_of(through(to_postgresql, scene.url), scene.redis_url)
    scene.fleet.worker(**proxied)
    scene.fleet.dispatcher()
    jobs = scene.place(pages=15, pause_s=0.1)
    scene.wait_for_page(2, jobs)
    to_postgresql.cut()
    time.sleep(2)
    to_postgresql.heal()
    healed = time.time()
    scene.wait_for_the_end()
    assert time.time() - healed < 45
    assert scene.written() == scene.expected


def test_jobs_go_on_while_the_broker_is_away_and_new_ones_follow_when_it_is_back(
    scene: Scene, to_valkey: ChaosProxy
) -> None:
    scene.fleet.worker(REDIS_URL=through(to_valkey, scene.redis_url))
    scene.fleet.dispatcher()
    for fault in (to_valkey.freeze, to_valkey.cut):
        jobs = scene.place(pages=15, pause_s=0.1)
        scene.wait_for_page(2, jobs)
        fault()
        scene.wait_for_the_end(within_s=10.0)
        assert {scene.job(job).attempt for job in jobs} == {1}
        scene.place(pages=2)
        time.sleep(0.5)
        to_valkey.heal()
        scene.wait_for_the_end(within_s=30.0)
    assert scene.written() == scene.expected

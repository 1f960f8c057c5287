"""Canaries planted as secrets, a full run over real processes, and a search in everything it left."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
import redis

from shared.domain.events import nothing_follows
from shared.domain.job import JobState
from shared.embedded.tcp_ports import free_port
from shared.embedded.urls import ServiceUrls
from shared.persistence.jobs.job_ledger import JobLedger
from shared.use_cases.store_credential import store_credential
from tests.acceptance.test_worker import answer, finished, guarded
from tests.conftest import PASSWORD, VAULT_KEYS, environment_of
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance

TOKEN = "canary-token-4711"
KEY = VAULT_KEYS.partition(":")[2]
FLOWER = ("operator", "canary-flower-4711")


@pytest.fixture
def leftovers(
    wiring: Wiring,
    acme: UUID,
    globex: UUID,
    database_url: str,
    services: ServiceUrls,
    home: Path,
    tmp_path: Path,
) -> Iterator[dict[str, str]]:
    """What a run with failing and succeeding jobs leaves: texts by where they were found."""
    port = free_port()
    environment = {
        **environment_of(database_url, services.redis_url),
        "CAPLIQUIFY_HOME": str(home),
        "SHOPIFY_BASE_URL": "http://127.0.0.1:1",
        "CAPLIQUIFY_VENDOR_PATIENCE_S": "0",
        "CAPLIQUIFY_FLOWER_AUTH": ":".join(FLOWER),
    }
    secret = {"shop_domain": "acme.myshopify.com", "access_token": TOKEN}
    store_credential(
        wiring.unit_of_work(acme, actor="t", react=nothing_follows),
        wiring.vault,
        "shopify_uk",
        "ecommerce",
        secret,
    )
    processes = [
        guarded(environment, tmp_path, "worker", "--concurrency", "1"),
        guarded(environment, tmp_path, "dispatcher"),
        guarded(environment, tmp_path, "flower", "--port", str(port)),
    ]
    try:
        answer(f"http://127.0.0.1:{port}/")
        ledger = JobLedger(wiring.dispatcher)
        with psycopg.connect(database_url) as connection:
            connection.execute("UPDATE public.task_contracts SET max_attempts = 1")
        failing = ledger.enqueue(acme, "sales.pull", {}, requested_by="test")
        succeeding = ledger.enqueue(globex, "usage.sample", {}, requested_by="test")
        assert finished(wiring, failing).state is JobState.DEAD
        assert finished(wiring, succeeding).state is JobState.SUCCEEDED
        time.sleep(1.0)
        pages = [
            f"http://127.0.0.1:{port}{path}"
            for path in ("/workers", "/tasks", "/broker", "/metrics")
        ]
        pages += [f"http://127.0.0.1:{port}/task/{job.id}" for job in (failing, succeeding)]
        found = {page: httpx.get(page, timeout=10, auth=FLOWER).text for page in pages}
    finally:
        for process in processes:
            process.stop()
    found |= {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.log")}
    found |= {path.name: path.read_text(encoding="utf-8") for path in (home / "logs").glob("*.log")}
    yield found | rows(database_url) | keys(services.redis_url)


def rows(database_url: str) -> dict[str, str]:
    """Every row of the ledger and the audit log."""
    with psycopg.connect(database_url) as connection:
        return {
            table: str(connection.execute(f"SELECT t::text FROM public.{table} t").fetchall())
            for table in ("jobs", "audit_logs", "task_contracts")
        }


def keys(redis_url: str) -> dict[str, str]:
    """Every key of the broker with its value."""
    with redis.Redis.from_url(redis_url) as client:
        return {f"broker {key!r}": str(read(client, key)) for key in client.scan_iter()}


def read(client: Any, key: bytes) -> Any:
    kind = client.type(key)
    if kind == b"list":
        return client.lrange(key, 0, -1)
    if kind == b"hash":
        return client.hgetall(key)
    if kind == b"zset":
        return client.zrange(key, 0, -1)
    return client.smembers(key) if kind == b"set" else client.get(key)


def test_no_secret_stands_in_anything_that_a_run_leaves(
    leftovers: dict[str, str], services: ServiceUrls
) -> None:
    assert "cannot be reached" in leftovers["jobs"]
    assert "attempt_ended" in leftovers["worker.log"]
    assert any(name.startswith("broker") for name in leftovers)
    owner = services.database_url.partition("://")[2].partition("@")[0].partition(":")[2]
    broker = services.redis_url.partition("://")[2].partition("@")[0].partition(":")[2]
    canaries = [FLOWER[1], TOKEN, KEY, PASSWORD, PASSWORD.replace(" ", "%20"), owner, broker]
    assert all(len(canary) > 8 for canary in canaries)
    assert find(leftovers, canaries) == []
    # The search finds what is there.
    assert "jobs" in [where for where, _ in find(leftovers, ["usage.sample"])]


def find(leftovers: dict[str, str], words: list[str]) -> list[tuple[str, str]]:
    """Where each of the words stands."""
    return [(where, word) for where, text in leftovers.items() for word in words if word in text]

"""Flower shows of each job what the ledger says of it, under a name that says whose it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.embedded.ports import free_port
from shared.embedded.urls import ServiceUrls
from shared.persistence.ledger import JobLedger
from shared.use_cases.store_credential import store_credential
from tests.acceptance.test_worker import guarded
from tests.conftest import environment_of
from tests.fixtures.fleet import Fleet, until
from tests.fixtures.numbered import NUMBERED, place, prepare
from workers.queues import Queue
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance
PATIENCE_S = 120.0
AUTH = ("operator", "a password")


@dataclass
class Board:
    """Flower's own answers."""

    url: str

    def tasks(self, **asked: str) -> dict[str, dict[str, Any]]:
        """What the page of tasks holds, by the job's id."""
        try:
            answer = httpx.get(f"{self.url}/api/tasks", params=asked, auth=AUTH, timeout=PATIENCE_S)
        except httpx.TransportError:
            return {}
        return answer.json() if answer.is_success else {}

    def answers(self) -> bool:
        """Whether it is up."""
        try:
            return httpx.get(f"{self.url}/workers", auth=AUTH, timeout=PATIENCE_S).is_success
        except httpx.TransportError:
            return False

    def workers(self) -> dict[str, Any]:
        """The workers that it has heard of."""
        answer = httpx.get(
            f"{self.url}/api/workers", params={"refresh": "1"}, auth=AUTH, timeout=PATIENCE_S
        )
        return answer.json() if answer.is_success else {}

    def page(self, path: str) -> str:
        """A page as a browser gets it."""
        return httpx.get(f"{self.url}{path}", auth=AUTH, timeout=PATIENCE_S).text


@pytest.fixture
def board(
    wiring: Wiring, acme: UUID, database_url: str, services: ServiceUrls, home: Path, tmp_path: Path
) -> Iterator[Board]:
    """A worker for all queues, a dispatcher and Flower; acme's shop cannot be reached."""
    prepare(database_url)
    port = free_port()
    environment = {
        **environment_of(database_url, services.redis_url),
        "CAPLIQUIFY_HOME": str(home),
        "SHOPIFY_BASE_URL": "http://127.0.0.1:1",
        "CAPLIQUIFY_FLOWER_AUTH": ":".join(AUTH),
    }
    secret = {"shop_domain": "acme.myshopify.com", "access_token": "t"}
    opener = wiring.unit_of_work(acme, actor="t")
    store_credential(opener, wiring.vault, "shopify_uk", "ecommerce", secret)
    fleet = Fleet(environment, tmp_path)
    flower = guarded(environment, tmp_path, "flower", "--port", str(port))
    made = Board(f"http://127.0.0.1:{port}")
    try:
        # Events that nobody hears yet are lost.
        until(made.answers, PATIENCE_S, "Flower answers")
        fleet.worker(queues=",".join(Queue))
        until(lambda: bool(made.workers()), PATIENCE_S, "Flower sees the worker")
        fleet.dispatcher()
        yield made
    finally:
        fleet.stop()
        flower.stop()


def test_each_state_is_what_the_ledger_says(
    board: Board, wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    ledger = JobLedger(wiring.dispatcher)
    [endless] = place(ledger, [globex], NUMBERED, pages=100_000, pause_s=0.05)
    done = ledger.enqueue(acme, "usage.sample", {}, requested_by="test").id
    failed = ledger.enqueue(acme, "sales.pull", {"service": "shopify_eu"}, requested_by="test").id
    put_off = ledger.enqueue(acme, "sales.pull", {"service": "shopify_uk"}, requested_by="test").id
    until(
        lambda: board.tasks().get(str(endless), {}).get("state") == "STARTED", PATIENCE_S, "it runs"
    )
    ledger.cancel(globex, endless)
    expected = {
        str(done): "SUCCESS",
        str(failed): "FAILURE",
        str(put_off): "RETRY",
        str(endless): "REVOKED",
    }
    until(
        lambda: {each: board.tasks().get(each, {}).get("state") for each in expected} == expected,
        PATIENCE_S,
        f"{expected}",
    )
    for job, state in expected.items():
        # Its filters find it there, and nowhere else.
        assert job in board.tasks(state=state)
        assert all(
            job not in board.tasks(state=other) for other in set(expected.values()) - {state}
        )
    reason = board.tasks()[str(failed)]["exception"]
    assert "failed: InvalidInput: " in reason
    assert "snoozed, again in" in board.tasks()[str(put_off)]["exception"]
    page = board.page(f"/task/{put_off}")
    assert "sales.pull · acme · shopify_uk" in page
    assert "usage.sample · acme" in board.page(f"/task/{done}")


def test_the_tab_of_the_broker_lists_every_queue(board: Board) -> None:
    until(
        lambda: all(queue in board.page("/broker") for queue in Queue),
        PATIENCE_S,
        "all queues are listed",
    )

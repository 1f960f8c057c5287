"""A web application in Node.js asks for jobs in its own transactions, and hears how they go."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.embedded.urls import ServiceUrls
from shared.persistence.tenants.logins import login_url
from tests.acceptance.test_worker import guarded
from tests.conftest import PASSWORD, environment_of
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance

NODE = Path(__file__).with_name("node")


@pytest.fixture
def node() -> str:
    """The program, where it and its packages are there."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node.js is not on the PATH: `node` asks for jobs in this test")
    if not (NODE / "node_modules" / "pg").is_dir():
        pytest.skip("Node.js has no packages here; run `npm ci --prefix tests/acceptance/node`")
    return found


@pytest.fixture
def running(database_url: str, services: ServiceUrls, home: Path) -> Iterator[None]:
    """A dispatcher and a worker."""
    environment = {**environment_of(database_url, services.redis_url), "CAPLIQUIFY_HOME": str(home)}
    worker = guarded(environment, home, "worker", "--concurrency", "1")
    dispatcher = guarded(environment, home, "dispatcher")
    yield
    dispatcher.stop()
    worker.stop()


def steps(node: str, database_url: str, *tenants: UUID) -> dict[str, dict[str, Any]]:
    """What the script said, by the name of its step."""
    ended = subprocess.run(
        [node, NODE / "enqueue.mjs", *map(str, tenants)],
        env={**os.environ, "DATABASE_API_URL": login_url(database_url, "api", PASSWORD)},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    return {line.pop("step"): line for line in lines}


def kept(wiring: Wiring) -> list[tuple[str, UUID, str]]:
    """Every job on the ledger: its id, whose it is, who asked."""
    with wiring.admin.transaction() as connection:
        rows = connection.execute("SELECT id, tenant_id, requested_by FROM public.jobs").fetchall()
    return [(str(row["id"]), row["tenant_id"], row["requested_by"]) for row in rows]


def test_a_job_of_node_lives_and_dies_with_its_transaction_and_is_watched_to_its_end(
    node: str, wiring: Wiring, database_url: str, acme: UUID, globex: UUID, running: None
) -> None:
    said = steps(node, database_url, acme, globex)
    assert list(said) == ["rolled back", "committed", "ended", "result", "refused"]
    assert said["rolled back"] == {"rows": 0}
    assert said["ended"]["states"][-1] == "succeeded"
    # Reports in quick succession are written as one.
    assert said["ended"]["progress"][0] == "1/3"
    assert said["ended"]["progress"][-1] == "3/3"
    assert said["result"] == {
        "state": "succeeded",
        "message": "monthly working capital",
        "result": {"rows": 9, "rows_changed": 9, "currencies_that_differ": {}},
    }
    assert said["refused"] == {
        "code": "42501",
        "message": "tenant_id: is not the tenant of this transaction",
    }
    assert kept(wiring) == [(said["committed"]["id"], acme, "node")]

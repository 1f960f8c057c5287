"""`capliquify status` names each fault and what to do, and its exit status says how bad it is."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from shared.embedded.urls import ServiceUrls
from shared.persistence.ledger import JobLedger
from tests.acceptance.test_command_line import run
from tests.conftest import environment_of
from tests.fixtures.fleet import Fleet, pid_of, until
from tests.fixtures.numbered import prepare
from workers.queues import Queue
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance
PATIENCE_S = 120.0
ALL = ",".join(Queue)


@pytest.fixture
def environment(database_url: str, services: ServiceUrls, home: Path) -> dict[str, str]:
    return {
        **environment_of(database_url, services.redis_url),
        "CAPLIQUIFY_HOME": str(home),
        "CAPLIQUIFY_LEASE_S": "3",
    }


@pytest.fixture
def fleet(environment: dict[str, str], database_url: str, tmp_path: Path) -> Iterator[Fleet]:
    prepare(database_url)
    made = Fleet(environment, tmp_path)
    yield made
    made.stop()


def look(environment: dict[str, str]) -> tuple[int, dict[str, str], dict[str, Any]]:
    """The exit status, what is not good with its fix, and everything."""
    ended = run(environment, "status", "--json")
    said = json.loads(ended.stdout)
    assert said["exit_code"] == ended.returncode
    faults = {
        each["check"]: f"{each['found']}: {each['fix']}"
        for each in said["health"]
        if each["verdict"] != "good"
    }
    return ended.returncode, faults, said


def test_a_system_that_runs_is_good_and_each_frozen_process_is_named(
    fleet: Fleet, environment: dict[str, str], wiring: Wiring, acme: UUID
) -> None:
    worker = fleet.worker(queues=ALL)
    dispatcher, beat = fleet.dispatcher(), fleet.beat()
    until(lambda: look(environment)[0] == 0, PATIENCE_S, "all is well")
    for process, check, code in ((beat, "beat", 1), (dispatcher, "dispatcher", 2)):
        os.killpg(pid_of(process), signal.SIGSTOP)
        until(lambda check=check: check in look(environment)[1], PATIENCE_S, check)  # type: ignore[misc]
        found, faults, _ = look(environment)
        assert found == code
        assert f"start `capliquify {check}`" in faults[check]
        os.killpg(pid_of(process), signal.SIGCONT)
        until(lambda: look(environment)[0] == 0, PATIENCE_S, "all is well again")
    os.killpg(pid_of(worker), signal.SIGSTOP)
    JobLedger(wiring.dispatcher).enqueue(acme, "usage.sample", {}, requested_by="t")
    until(lambda: look(environment)[0] == 2, PATIENCE_S, "the queue is down")
    faults = look(environment)[1]
    assert "start `capliquify worker --queues maintenance`" in faults["queue maintenance"]
    os.killpg(pid_of(worker), signal.SIGCONT)
    ended = run(environment, "jobs", "status")
    assert ended.returncode in {0, 1, 2}


def test_a_broker_that_is_gone_is_down_and_none_is_started_for_it(
    environment: dict[str, str], wiring: Wiring
) -> None:
    code, faults, _ = look(environment | {"REDIS_URL": "redis://127.0.0.1:1/0"})
    assert code == 2
    assert (
        "does not answer: ConnectionError: start the server that REDIS_URL names"
        in faults["broker"]
    )


def test_what_waits_fails_or_is_away_stands_on_the_screen(
    environment: dict[str, str], wiring: Wiring, acme: UUID, globex: UUID, database_url: str
) -> None:
    ledger = JobLedger(wiring.dispatcher)
    pull = ledger.enqueue(acme, "sales.pull", {"service": "shopify_eu"}, requested_by="t")
    ledger.enqueue(globex, "sales.backfill", {"service": "shopify_usa"}, requested_by="t")
    with psycopg.connect(database_url) as owner:
        owner.execute(
            "UPDATE public.jobs SET state = 'failed', finished_at = now(), error_class = 'InvalidInput', "
            "error_message = 'service: shopify_eu is not connected' WHERE id = %s",
            (pull.id,),
        )
        owner.execute(
            "INSERT INTO public.vendor_circuits (name, opened_at, probe_at, last_error) "
            "VALUES ('shopify', now(), now(), 'shopify: answered HTTP 503')"
        )
    code, faults, said = look(environment)
    assert code == 2
    assert "shopify: answered HTTP 503: they go on when it answers" in faults["shopify"]
    [bad] = said["pulls"]
    assert (bad["tenant"], bad["service"], bad["why"]) == (
        "acme", "shopify_eu", "service: shopify_eu is not connected",
    )  # fmt: skip
    assert [each["tenant"] for each in said["backfills"]] == ["globex"]
    assert [(each["tenant"], each["jobs"]) for each in said["waiting"]] == [("globex", 1)]
    assert [(each["of_what"], each["state"], each["jobs"]) for each in said["failures"]] == [
        ("shopify", "failed", 1)
    ]
    shown = run(environment, "status")
    assert shown.returncode == 2
    assert "services without a good pull" in shown.stdout

"""`capliquify status` names each fault and what to do, and its exit status says how bad it is."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
import redis

from schedules.ticks import TICKS
from shared.domain.events import nothing_follows
from shared.domain.limit import Quota
from shared.domain.sales import RejectedRecord
from shared.embedded.urls import ServiceUrls
from shared.http.limits import SharedLimit
from shared.persistence.jobs.dispatching import DispatchLedger
from shared.persistence.jobs.job_ledger import JobLedger
from shared.persistence.operations.scan_runs import ScanRuns
from shared.use_cases.store_credential import note_failure, store_credential
from tests.acceptance.test_command_line import run
from tests.conftest import PASSWORD, environment_of
from tests.fixtures.fleet import Fleet, pid_of, until
from tests.fixtures.numbered import prepare
from workers.presence import BEAT
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


def run_bare(environment: dict[str, str], *typed: str) -> subprocess.CompletedProcess[str]:
    """The command with this environment and nothing of this process's own."""
    return subprocess.run(
        [sys.executable, "-m", "workers", *typed],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


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
    until(lambda: "attempt_ended" in fleet.log_of("one"), PATIENCE_S, "the job ends")
    [line, *_] = (each for each in fleet.log_of("one").splitlines() if "attempt_ended" in each)
    said = json.loads(line)
    assert (said["slug"], said["task"], said["state"]) == ("acme", "usage.sample", "succeeded")
    assert said["duration_s"] >= 0
    ended = run(environment, "jobs", "status", "--json")
    known = json.loads(ended.stdout)
    assert {each["queue"] for each in known["queues"]} == set(Queue)
    pids = {each["name"].partition("@")[0]: each["pid"] for each in known["processes"]}
    assert pids["one"] == pid_of(worker)
    assert {each["restarts"] for each in known["processes"]} == {0}


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


def test_what_operators_ask_of_all_tenants_stands_on_the_screen(
    environment: dict[str, str],
    wiring: Wiring,
    acme: UUID,
    globex: UUID,
    database_url: str,
    services: ServiceUrls,
) -> None:
    secret = {"shop_domain": "acme.myshopify.com", "access_token": "t"}
    opener = wiring.unit_of_work(acme, actor="t", react=nothing_follows)
    store_credential(opener, wiring.vault, "shopify_uk", "ecommerce", secret)
    with opener() as work:
        stored = work.credentials.get("shopify_uk")
        note_failure(work, stored.id, wiring.clock.now(), reconnect=True)
        unread = RejectedRecord("gid://shopify/Order/1", "lines", "has no lines")
        work.rejections.add(stored.id, "orders", [unread])
    ledger = JobLedger(wiring.dispatcher)
    ledger.enqueue(acme, "sales.pull", {"service": "shopify_uk"}, requested_by="t")
    with psycopg.connect(database_url) as owner:
        owner.execute(
            "UPDATE public.jobs SET state = 'succeeded', finished_at = now(), result = '{\"rejected\": 1}' "
            "WHERE name = 'sales.pull'"
        )
        # Globex has no limit of users; acme, on the starter tier, five.
        for tenant, users in ((acme, 4), (globex, 400)):
            owner.execute(
                "INSERT INTO public.usage_metrics (tenant_id, period_start, period_end, active_users_count) "
                "VALUES (%s, now() - interval '1 day', now() + interval '1 day', %s)",
                (tenant, users),
            )
    for _ in range(1000):
        ledger.enqueue(globex, "usage.sample", {}, requested_by="t")
    with redis.Redis.from_url(services.redis_url) as client:
        limit = SharedLimit(
            client, "shopify:acme", Quota(1000.0, 0.001), tenant=str(acme), longest_wait_s=0, sleep=time.sleep
        )  # fmt: skip
        limit.reserve(250.0)
    code, faults, said = look(environment)
    assert code == 2
    assert faults["acme"].startswith("shopify_uk takes the login no more: its owner must connect")
    assert faults["globex"].startswith("1,000 jobs wait in maintenance; the oldest is due for ")
    assert "jobs cancel --tenant globex --state queued" in faults["globex"]
    assert "has never run: start `capliquify beat`" in faults["nightly jobs"]
    assert [(each["tenant"], each["service"]) for each in said["reconnect"]] == [
        ("acme", "shopify_uk")
    ]
    [aside] = said["set_aside"]
    assert (aside["tenant"], aside["service"], aside["records"]) == ("acme", "shopify_uk", 1)
    [full] = said["near_quota"]
    assert (full["tenant"], full["meter"], full["used"], full["limit"], full["percent"]) == (
        "acme", "users", 4, 5, 80,
    )  # fmt: skip
    ours = [each for each in said["budgets"] if each["tenant"] == "acme"]
    assert [(each["account"], each["percent"]) for each in ours] == [("shopify:acme", 25)]
    assert {each["scan"] for each in said["scans"]} == {
        "nightly jobs", "purge due tenants", "retire old jobs", "exchange rates",
    }  # fmt: skip
    assert all(each["next"] for each in said["nights"])
    # A login that was renewed is nobody's trouble any more.
    store_credential(opener, wiring.vault, "shopify_uk", "ecommerce", secret)
    assert look(environment)[2]["reconnect"] == []


def test_servers_that_do_not_run_are_down_and_none_is_started_to_look(tmp_path: Path) -> None:
    ours = ("CAPLIQUIFY_", "DATABASE_", "REDIS_", "BROKER_")
    bare = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    home = tmp_path / "nothing here"
    for command in (("status",), ("doctor",), ("jobs", "status")):
        ended = run_bare(bare | {"CAPLIQUIFY_HOME": str(home)}, *command, "--json")
        assert ended.returncode == 2, ended.stderr
        [postgresql, valkey] = json.loads(ended.stdout)[
            "health" if command[0] != "doctor" else "checks"
        ]
        assert postgresql["found"] == f"does not run on {home}"
        assert postgresql["fix"] == "start `capliquify up`, or `capliquify services start`"
        assert valkey["check"] == "Valkey"
        assert not home.exists()


@pytest.mark.parametrize("command", [("status",), ("doctor",), ("jobs", "status")])
def test_a_database_that_refuses_the_login_is_down_with_the_fix(
    environment: dict[str, str], wiring: Wiring, acme: UUID, command: tuple[str, ...]
) -> None:
    right = environment["DATABASE_ADMIN_URL"]
    wrong = right.replace("a%20password%20of%20tests", "wrong").replace(PASSWORD, "wrong")
    assert wrong != right
    ended = run(environment | {"DATABASE_ADMIN_URL": wrong}, *command)
    assert ended.returncode == 2, ended.stderr
    shown = " ".join(ended.stdout.split())
    assert "authentication failed" in shown
    assert "Traceback" not in ended.stderr
    assert "wrong" not in ended.stdout.replace("wrong:", "")


def test_a_rabbitmq_that_is_gone_is_down(environment: dict[str, str], wiring: Wiring) -> None:
    code, faults, _ = look(environment | {"BROKER_URL": "amqp://guest:guest@127.0.0.1:1//"})
    assert code == 2
    assert faults["broker"].endswith(
        "start the server that BROKER_URL names, or correct BROKER_URL"
    )
    assert "guest" not in faults["broker"]


def test_a_job_says_why_it_waits(
    environment: dict[str, str], wiring: Wiring, acme: UUID, globex: UUID, database_url: str
) -> None:
    ledger = JobLedger(wiring.dispatcher)
    first = ledger.enqueue(acme, "sales.pull", {"service": "shopify_uk"}, requested_by="t").id
    second = ledger.enqueue(acme, "sales.pull", {"service": "shopify_eu"}, requested_by="t").id
    ledger.enqueue(globex, "sales.pull", {"service": "shopify_usa"}, requested_by="t")

    def story(job: UUID, **more: str) -> str:
        ended = run(environment | more, "jobs", "show", str(job)[:8])
        assert ended.returncode == 0, ended.stderr
        return " ".join(ended.stdout.split())

    shown = story(second)
    assert "no worker takes queue sync: start `capliquify worker --queues sync`" in shown
    assert "no dispatcher gives a sign of life: start `capliquify dispatcher`" in shown
    assert (
        "place 2 among the waiting jobs of acme in queue sync; 1 other tenants wait there" in shown
    )
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("UPDATE public.jobs SET state = 'running' WHERE id = %s", (first,))
        shown = story(
            second, CAPLIQUIFY_TENANT_CAPS='{"sync": 1}', CAPLIQUIFY_VENDOR_CAPS='{"shopify": 1}'
        )
        assert "acme is at its cap: 1 of 1 jobs of queue sync are out" in shown
        assert "shopify is at its cap: 1 of 1 jobs are out" in shown
        owner.execute(
            "INSERT INTO public.vendor_circuits (name, opened_at, probe_at, last_error) "
            "VALUES ('shopify', now(), now() + interval '1 minute', 'shopify: answered HTTP 503')"
        )
        owner.execute(
            "UPDATE public.jobs SET outcome = 'snoozed', run_at = now() + interval '1 hour', "
            "waits_for = 'shopify', error_message = 'shopify: answered HTTP 503' WHERE id = %s",
            (second,),
        )
        shown = story(second)
    assert "shopify is away since " in shown
    assert "it is asked again at " in shown
    assert re.search(r"it is snoozed until [\d: -]+ UTC: shopify: answered HTTP 503", shown)


def well(wiring: Wiring) -> None:
    """Everybody lives, and the clock has struck: what is wrong afterwards is what a test makes wrong."""
    wiring.leases.sign_in("w@here", list(Queue), 2, "w")
    wiring.leases.sign_in("b@here", [BEAT], 1, "b")
    DispatchLedger(wiring.dispatcher, wiring.settings.lease_s).sign_in("d@here", "d")
    for tick in TICKS.values():
        ScanRuns(wiring.dispatcher).begin(tick.scan)
        ScanRuns(wiring.dispatcher).end(tick.scan, 0)


def test_a_night_that_is_lost_is_degraded_in_the_morning(
    environment: dict[str, str], wiring: Wiring, acme: UUID, globex: UUID, database_url: str
) -> None:
    long = {"CAPLIQUIFY_LEASE_S": "3600"}
    well(wiring)
    assert look(environment | long)[0] == 0
    job = JobLedger(wiring.dispatcher).enqueue(
        acme, "sales.pull", {"service": "shopify_uk"}, requested_by="t"
    )
    with psycopg.connect(database_url) as owner:
        owner.execute(
            "UPDATE public.jobs SET state = 'dead', created_at = now() - interval '7 hours', "
            "finished_at = now() - interval '5 hours', error_class = NULL WHERE id = %s",
            (job.id,),
        )
    code, faults, _ = look(environment | long)
    assert code == 1
    assert faults["pulls"].startswith("1 services without a good pull, shopify_uk of acme first")


def test_a_tenant_whose_schema_is_damaged_takes_no_answer_of_others_with_it(
    environment: dict[str, str], wiring: Wiring, acme: UUID, globex: UUID, database_url: str
) -> None:
    long = {"CAPLIQUIFY_LEASE_S": "3600"}
    well(wiring)
    secret = {"shop_domain": "x.myshopify.com", "access_token": "t"}
    for tenant in (acme, globex):
        opener = wiring.unit_of_work(tenant, actor="t", react=nothing_follows)
        store_credential(opener, wiring.vault, "shopify_uk", "ecommerce", secret)
        with opener() as work:
            stored = work.credentials.get("shopify_uk")
            note_failure(work, stored.id, wiring.clock.now(), reconnect=True)
    with psycopg.connect(database_url) as owner:
        owner.execute(f'ALTER TABLE "tenant_{acme}".api_credentials DROP COLUMN needs_reconnect')
    code, faults, said = look(environment | long)
    assert code == 1
    assert [each["tenant"] for each in said["reconnect"]] == ["globex"]
    assert faults["acme"].startswith("its schema cannot be read: UndefinedColumn")


def test_an_older_schema_is_to_be_migrated(
    environment: dict[str, str], wiring: Wiring, acme: UUID, globex: UUID, database_url: str
) -> None:
    with psycopg.connect(database_url) as owner:
        owner.execute("ALTER TABLE public.job_workers DROP COLUMN restarts")
    code, faults, _ = look(environment)
    assert code == 2
    assert faults["PostgreSQL"] == "not migrated to this release: run `capliquify migrate`"


def test_limits_that_workers_cannot_share_are_named_beside_a_broker_that_answers(
    environment: dict[str, str], wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    well(wiring)
    apart = {"BROKER_URL": environment["REDIS_URL"], "REDIS_URL": "redis://127.0.0.1:1/0"}
    code, faults, _ = look(environment | apart | {"CAPLIQUIFY_LEASE_S": "3600"})
    assert code == 1
    assert faults["limits"].startswith("does not answer: ConnectionError")
    assert "broker" not in faults


def test_many_findings_of_a_kind_are_one_line_and_a_limit_cuts_only_what_is_shown(
    environment: dict[str, str], wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    secret = {"shop_domain": "x.myshopify.com", "access_token": "t"}
    for tenant in (acme, globex):
        opener = wiring.unit_of_work(tenant, actor="t", react=nothing_follows)
        for service in ("shopify_uk", "shopify_eu", "shopify_usa"):
            store_credential(opener, wiring.vault, service, "ecommerce", secret)
            with opener() as work:
                stored = work.credentials.get(service)
                note_failure(work, stored.id, wiring.clock.now(), reconnect=True)
    ended = run(environment, "status", "--json", "--limit", "2")
    said = json.loads(ended.stdout)
    assert len(said["reconnect"]) == 2
    [found] = (each for each in said["health"] if each["check"] == "logins to renew")
    assert found["found"] == "6"

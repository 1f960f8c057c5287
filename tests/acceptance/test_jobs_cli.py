"""`capliquify jobs` and `capliquify run`, over a real worker and dispatcher."""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import pytest

from shared.domain.job import JobState
from shared.domain.job_id import short_id
from shared.embedded.urls import ServiceUrls
from shared.persistence.jobs.job_ledger import JobFilter, JobLedger
from tests.acceptance.test_command_line import assert_one_line, run
from tests.acceptance.test_worker import guarded
from tests.conftest import environment_of
from tests.fixtures import echo
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance

NOBODY = "7d9c2a51-4a8e-4f0e-9a55-0f6f5f2d1c11"


@pytest.fixture
def environment(
    database_url: str, services: ServiceUrls, home: Path, acme: UUID, globex: UUID
) -> dict[str, str]:
    return {**environment_of(database_url, services.redis_url), "CAPLIQUIFY_HOME": str(home)}


@pytest.fixture
def running(environment: dict[str, str], home: Path) -> Iterator[None]:
    """A dispatcher and a worker."""
    worker = guarded(environment, home, "worker", "--concurrency", "1")
    dispatcher = guarded(environment, home, "dispatcher")
    yield
    dispatcher.stop()
    worker.stop()


def done(environment: dict[str, str], *arguments: str) -> str:
    """What a command prints that goes well."""
    ended = run(environment, "jobs", *arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def listed(environment: dict[str, str], *filters: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in done(environment, "list", "--json", *filters).splitlines()]


def asked(
    environment: dict[str, str], *arguments: str, tenant: str = "acme"
) -> subprocess.CompletedProcess[str]:
    return run(environment, "jobs", "enqueue", *arguments, "--tenant", tenant)


def test_a_job_is_put_on_the_ledger_and_watched_to_its_result(
    environment: dict[str, str], running: None
) -> None:
    job_id = done(environment, "enqueue", "usage.sample", "--tenant", "acme")
    watched = run(environment, "jobs", "watch", job_id)
    assert watched.returncode == 0, watched.stderr
    result = json.loads(watched.stdout.splitlines()[-1])
    assert (result["users"], result["over"]) == (0, [])
    refused = done(environment, "enqueue", "sales.pull", "--tenant", "globex")
    watched = run(environment, "jobs", "watch", refused)
    assert_one_line(watched, 1, "the job is failed: ", "no active credential of 'shopify_uk'")
    shown = done(environment, "show", refused)
    for words in ("sales.pull in queue sync", "globex", "operator", "discarded", "worker-"):
        assert words in shown


def test_jobs_are_listed_by_tenant_task_queue_and_state(
    environment: dict[str, str], wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    ledger = JobLedger(wiring.admin)
    pull = ledger.enqueue(acme, "sales.pull", {}, requested_by="test")
    usage = ledger.enqueue(acme, "usage.sample", {}, requested_by="test")
    theirs = ledger.enqueue(globex, "usage.sample", {}, requested_by="test")
    ledger.cancel(acme, usage.id)
    ids = [str(each.id) for each in (theirs, usage, pull)]
    assert [each["id"] for each in listed(environment)] == ids
    assert [each["id"] for each in listed(environment, "--limit", "2")] == ids[:2]
    filtered = {
        ("--tenant", "acme"): ids[1:],
        ("--task", "usage.sample"): ids[:2],
        ("--queue", "sync"): ids[2:],
        ("--state", "cancelled", "--state", "dead"): ids[1:2],
    }
    for filters, expected in filtered.items():
        assert [each["id"] for each in listed(environment, *filters)] == expected, filters
    [line] = listed(environment, "--tenant", "globex")
    assert (line["tenant"], line["name"], line["state"], line["attempt"], line["requested_by"]) == (
        "globex",
        "usage.sample",
        "queued",
        0,
        "test",
    )
    table = done(environment, "list", "--tenant", "acme")
    assert ids[1] in table
    assert ids[0] not in table


def test_key_time_and_priority_are_kept(
    environment: dict[str, str], wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    wanted = ("forecasts.generate", "horizon_days=14", "--tenant", "acme", "--key", "monthly")
    at = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0)
    local = at.astimezone(timezone(timedelta(hours=1))).isoformat()
    job_id = done(environment, "enqueue", *wanted, "--at", local, "--priority", "-7")
    job = wiring.ledger.get(acme, UUID(job_id))
    assert (job.run_at, job.priority) == (at, -7)
    # The number is one in JSON, and what was not given is not kept.
    assert (job.arguments, job.requested_by) == ({"horizon_days": 14}, "operator")
    assert done(environment, "enqueue", *wanted) == job_id
    theirs = done(environment, "enqueue", *wanted[:2], "--tenant", "globex", "--key", "monthly")
    assert theirs != job_id
    shown = done(environment, "show", job_id)
    assert f"queued, attempt 0 of 5, not before {at:%Y-%m-%d %H:%M:%S} UTC" in shown
    assert "forecasts.generate in queue forecast, priority -7" in shown


def test_the_story_of_a_job_shows_every_attempt(
    environment: dict[str, str], wiring: Wiring, acme: UUID, globex: UUID, database_url: str
) -> None:
    with echo.echo_task(database_url) as task:
        job = echo.place(wiring, acme, "away for a while")
        assert echo.run(wiring, task, job) is JobState.QUEUED
        echo.make_due(wiring)
        assert echo.run(wiring, task, job) is JobState.DEAD
    shown = done(environment, "show", str(job.id))
    assert "dead, attempt 2 of 2" in shown
    assert [line for line in shown.splitlines() if "VendorUnavailable: vendor: away" in line] != []
    assert "retried" in shown
    assert """{"word": "away for a while"}""" in shown
    assert done(environment, "retry", str(job.id)) == f"test.echo {job.id}: queued again"
    again = done(environment, "show", str(job.id))
    assert "queued, attempt 0 of 2" in again
    assert again.count("VendorUnavailable: vendor: away") >= 2
    cancelled = done(environment, "cancel", str(job.id))
    assert cancelled == f"test.echo {job.id}: it is cancelled"
    assert_one_line(run(environment, "jobs", "watch", str(job.id)), 1, "the job is cancelled")


def test_what_others_wrote_is_shown_as_it_is_and_an_id_can_be_copied(
    environment: dict[str, str], wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    job = JobLedger(wiring.admin).enqueue(
        acme, "sales.pull", {"as_of": "[bold]day"}, requested_by="[/nobody] [red]"
    )
    shown = done(environment, "show", str(job.id))
    assert "[/nobody] [red]" in shown
    assert '{"as_of": "[bold]day"}' in shown
    JobLedger(wiring.admin).cancel(acme, job.id)
    assert short_id(job.id) in done({**environment, "COLUMNS": "80"}, "list")


def test_what_is_wrong_with_an_order_is_one_line_with_the_fix(
    environment: dict[str, str], wiring: Wiring
) -> None:
    pull = "sales.pull"
    assert_one_line(asked(environment, "sales.push"), 2, "no task 'sales.push'", "sales.pull")
    assert_one_line(
        asked(environment, pull, "shop=1"), 2, "shop: task sales.pull takes no such argument"
    )
    assert_one_line(
        asked(environment, "forecasts.generate", "horizon_days=many"), 2, "horizon_days: "
    )
    assert_one_line(
        asked(environment, pull, "service=xero"),
        2,
        "service: 'xero' is not one of shopify_uk, shopify_eu",
    )
    assert_one_line(asked(environment, pull, "service"), 2, "'service' is not key=value")
    assert_one_line(asked(environment, pull, tenant="nobody"), 2, "there is no tenant 'nobody'")
    assert_one_line(
        asked(environment, pull, "--at", "2031-02-03T04:05:06"), 2, "is not an instant; write one"
    )
    assert_one_line(asked(environment, pull, "--key", "x" * 256), 2, "255 characters at most")
    assert JobLedger(wiring.admin).search(JobFilter()) == []


def test_what_is_wrong_with_an_id_is_one_line_with_the_fix(
    environment: dict[str, str], wiring: Wiring, acme: UUID
) -> None:
    malformed = run(environment, "jobs", "show", "the-last-one")
    assert_one_line(malformed, 2, "'the-last-one' is not an id", "capliquify jobs list")
    for command in ("show", "cancel", "retry", "watch"):
        unknown = run(environment, "jobs", command, NOBODY)
        assert_one_line(unknown, 2, f"{NOBODY} is not on the ledger")
    job = JobLedger(wiring.admin).enqueue(acme, "usage.sample", {}, requested_by="test")
    assert_one_line(
        run(environment, "jobs", "retry", str(job.id)), 2, "is queued; only a failed, cancelled"
    )
    assert_one_line(run(environment, "jobs", "list", "--tenant", "nobody"), 2, "no tenant 'nobody'")
    assert_one_line(run(environment, "jobs", "list", "--queue", "slow"), 2, "no queue 'slow'")


def test_a_job_run_by_hand_is_on_the_ledger_and_nobody_else_takes_it(
    environment: dict[str, str], wiring: Wiring, acme: UUID, globex: UUID, running: None
) -> None:
    ended = run(environment, "run", "usage.sample", "--tenant", "acme")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["users"] == 0
    refused = run(environment, "run", "sales.pull", "--tenant", "globex")
    assert_one_line(refused, 2, "no active credential of 'shopify_uk'")
    kept = JobLedger(wiring.admin).search(JobFilter())
    assert [(job.tenant_id, job.name, job.state, job.attempt) for job in kept] == [
        (globex, "sales.pull", JobState.FAILED, 1),
        (acme, "usage.sample", JobState.SUCCEEDED, 1),
    ]
    assert all((job.worker or "").startswith("run@") for job in kept)

"""Thousands of jobs retried or cancelled by one command, and none that was not meant."""

from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from shared.embedded.urls import ServiceUrls
from shared.persistence.jobs.job_ledger import JobLedger, JobOrder
from tests.acceptance.test_command_line import assert_one_line, run
from tests.conftest import environment_of
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance
NUMBER = 2_500


@pytest.fixture
def environment(
    wiring: Wiring, acme: UUID, globex: UUID, database_url: str, services: ServiceUrls, home: Path
) -> dict[str, str]:
    """Thousands of acme's pulls are dead, one of globex' too, and one of acme's waits."""
    ledger = JobLedger(wiring.dispatcher)
    pull = {"service": "shopify_uk"}
    ledger.place_all([JobOrder(acme, "sales.pull", pull, "test")] * NUMBER)
    ledger.place_all([JobOrder(globex, "sales.pull", pull, "test")])
    with psycopg.connect(database_url) as owner:
        owner.execute(
            "UPDATE public.jobs SET state = 'dead', outcome = 'dead', attempt = 5, finished_at = now(), "
            "error_class = 'VendorAway', error_message = 'shopify: away'"
        )
    ledger.place(JobOrder(acme, "sales.pull", pull, "test"))
    # Of two that died under one key only the newest comes back.
    for _ in range(2):
        ledger.place(JobOrder(acme, "sales.pull", pull, "test", "the key"))
        with psycopg.connect(database_url) as owner:
            owner.execute(
                "UPDATE public.jobs SET state = 'dead', finished_at = now(), error_class = 'VendorAway' "
                "WHERE idempotency_key IS NOT NULL"
            )
    return {**environment_of(database_url, services.redis_url), "CAPLIQUIFY_HOME": str(home)}


def states(database_url: str, tenant: UUID) -> dict[str, int]:
    with psycopg.connect(database_url) as owner:
        return dict(
            owner.execute(
                "SELECT state::text, count(*)::int FROM public.jobs WHERE tenant_id = %s GROUP BY 1",
                (tenant,),
            ).fetchall()
        )


def test_jobs_that_share_a_fault_are_retried_and_cancelled_by_one_command(
    environment: dict[str, str], database_url: str, acme: UUID, globex: UUID
) -> None:
    filters = ("--tenant", "acme", "--task", "sales.pull", "--error", "VendorAway")
    before = {"dead": NUMBER + 2, "queued": 1}
    counted = run(environment, "jobs", "retry", *filters, "--dry-run")
    assert counted.returncode == 0
    assert f"{NUMBER + 2:,} jobs would be queued again" in counted.stdout
    assert states(database_url, acme) == before
    # Nobody is there to say yes.
    assert_one_line(
        run(environment, "jobs", "retry", *filters), 2, "nobody can be asked here; add --yes"
    )
    assert states(database_url, acme) == before
    retried = run(environment, "jobs", "retry", *filters, "--yes")
    assert f"{NUMBER + 1:,} jobs queued again" in retried.stdout
    assert states(database_url, acme) == {"dead": 1, "queued": NUMBER + 2}
    assert states(database_url, globex) == {"dead": 1}
    cancelled = run(environment, "jobs", "cancel", "--tenant", "acme", "--state", "queued", "--yes")
    assert f"{NUMBER + 2:,} jobs cancelled" in cancelled.stdout
    assert states(database_url, acme) == {"dead": 1, "cancelled": NUMBER + 2}


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "job_id: give a job's id, or say which jobs are to be queued again; see --help"),
        (("--task", "nope"), "name: no task 'nope'"),
        (("--tenant", "nobody"), "there is no tenant 'nobody'"),
        (("--service", "etsy"), "service: 'etsy' is not known"),
        (("--state", "running"), "state: a running job cannot be queued again"),
        (("--since", "yesterday"), "since: 'yesterday' is not an instant"),
        (("00000000-0000-4000-8000-000000000000", "--task", "sales.pull"), "not both"),
    ],
)
def test_a_filter_that_fits_nothing_there_is_an_error(
    wiring: Wiring,
    acme: UUID,
    database_url: str,
    services: ServiceUrls,
    home: Path,
    arguments: tuple[str, ...],
    line: str,
) -> None:
    found = {**environment_of(database_url, services.redis_url), "CAPLIQUIFY_HOME": str(home)}
    assert_one_line(run(found, "jobs", "retry", *arguments, "--yes"), 2, line)


def test_a_task_or_a_tenant_that_is_not_there_is_no_empty_table(
    wiring: Wiring, acme: UUID, database_url: str, services: ServiceUrls, home: Path
) -> None:
    found = {**environment_of(database_url, services.redis_url), "CAPLIQUIFY_HOME": str(home)}
    assert_one_line(run(found, "jobs", "list", "--task", "nope"), 2, "no task 'nope'")
    assert_one_line(run(found, "audit", "--tenant", "nobody"), 2, "there is no tenant 'nobody'")
    assert run(found, "audit", "--tenant", "acme").returncode == 0

"""A job's id may be typed as far as it is the only one that begins so."""

from uuid import UUID

import psycopg
import pytest

from shared.domain.job import JobState
from shared.domain.job_id import read_prefix
from shared.embedded.urls import ServiceUrls
from shared.persistence.jobs.job_ledger import FITTING, JobLedger
from tests.acceptance.test_command_line import assert_one_line, run
from tests.conftest import environment_of
from workers.wiring import Wiring

pytestmark = pytest.mark.acceptance

FIRST = UUID("abcdef12-3456-4000-8000-000000000001")
TWIN = UUID("abcdef12-3456-4fff-8000-000000000002")
APART = UUID("fedcba98-7654-4000-8000-000000000003")


@pytest.fixture
def environment(
    database_url: str, services: ServiceUrls, wiring: Wiring, acme: UUID, globex: UUID
) -> dict[str, str]:
    """Three jobs of two tenants; two ids begin alike."""
    ledger = JobLedger(wiring.admin)
    for tenant, chosen in ((acme, FIRST), (globex, TWIN), (globex, APART)):
        job = ledger.enqueue(tenant, "usage.sample", {}, requested_by="test")
        with psycopg.connect(database_url) as connection:
            connection.execute("UPDATE public.jobs SET id = %s WHERE id = %s", (chosen, job.id))
    return environment_of(database_url, services.redis_url)


@pytest.mark.parametrize(
    "typed", ["fedcba", "FEDCBA98", "fedcba98-7654-4", "fedcba9876544000", str(APART)]
)
def test_a_prefix_that_only_one_job_has_is_its_id(environment: dict[str, str], typed: str) -> None:
    shown = run(environment, "jobs", "show", typed)
    assert shown.returncode == 0, shown.stderr
    assert str(APART) in shown.stdout
    assert str(FIRST) not in shown.stdout


def test_each_command_of_one_job_takes_a_prefix(
    environment: dict[str, str], wiring: Wiring
) -> None:
    cancelled = run(environment, "jobs", "cancel", "fedcba")
    assert cancelled.stdout == f"usage.sample {APART}: it is cancelled\n", cancelled.stderr
    assert_one_line(run(environment, "jobs", "watch", "fedcba"), 1, "the job is cancelled")
    again = run(environment, "jobs", "retry", "fedcba")
    assert again.stdout == f"usage.sample {APART}: queued again\n", again.stderr
    ledger = JobLedger(wiring.admin)
    assert [ledger.find(each).state for each in (FIRST, TWIN, APART)] == [JobState.QUEUED] * 3


def test_a_prefix_of_two_jobs_of_none_or_too_short_is_refused_and_changes_nothing(
    environment: dict[str, str], wiring: Wiring
) -> None:
    for command in ("show", "cancel", "retry", "watch"):
        refused = run(environment, "jobs", command, "abcdef12-3456")
        assert_one_line(refused, 2, "2 ids begin with abcdef12-3456", "give more characters")
    assert_one_line(
        run(environment, "jobs", "cancel", "000000"), 2, "no id on the ledger begins with 000000"
    )
    for typed in ("abcde", "abcdeg12", f"{FIRST}0"):
        assert_one_line(
            run(environment, "jobs", "cancel", typed), 2, f"{typed!r} is not an id", "6 or more"
        )
    ledger = JobLedger(wiring.admin)
    assert [ledger.find(each).state for each in (FIRST, TWIN, APART)] == [JobState.QUEUED] * 3


def test_a_prefix_is_looked_up_in_the_index_of_the_primary_key(
    environment: dict[str, str], wiring: Wiring
) -> None:
    prefix = read_prefix("abcdef")
    with wiring.admin.transaction() as connection:
        connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plan = connection.execute(f"EXPLAIN {FITTING}", (prefix.first, prefix.last)).fetchall()
    text = "\n".join(str(row["QUERY PLAN"]) for row in plan)
    assert "Index Cond: ((id >= 'abcdef00" in text, text
    assert "'abcdefff-ffff" in text, text

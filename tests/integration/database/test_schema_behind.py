"""A tenant whose schema is behind what this release needs waits for its migration; the others go on."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from shared.domain.job import Job, JobState
from shared.errors import RetryLater
from shared.persistence.jobs.dispatching import Caps, DispatchLedger
from shared.persistence.jobs.job_ledger import JobLedger, JobOrder
from shared.persistence.migrations import steps
from shared.persistence.migrations.runner import migrate_tenants
from shared.persistence.migrations.steps import Step, newest_revision
from shared.persistence.tenants import tenancy
from tests.fixtures.next_release import REVISION, write_next_line
from workers.definition import TASKS
from workers.execution import execute
from workers.migrate import task_contracts
from workers.wiring import Wiring

TASK = "usage.sample"


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Step, ...]]:
    """This process as a release that needs one revision more than the schemas have."""
    line = steps.load_steps(write_next_line(tmp_path))
    monkeypatch.setattr(steps, "load_steps", lambda: line)
    monkeypatch.setattr(tenancy, "REQUIRED_REVISION", REVISION)
    task_contracts()
    yield line


def ask(wiring: Wiring, tenant_id: UUID) -> Job:
    return JobLedger(wiring.dispatcher).place_here(JobOrder(tenant_id, TASK, {}, "test"))


def run(wiring: Wiring, job: Job) -> JobState | None:
    return execute(TASKS[TASK], job.as_lease(), wiring, worker="w")


def test_a_job_of_a_tenant_that_is_behind_waits_and_the_others_go_on(
    wiring: Wiring,
    database_url: str,
    acme: UUID,
    globex: UUID,
    next_release: tuple[Step, ...],
) -> None:
    migrate_tenants(database_url, slugs=["globex"], steps=next_release)
    late, ready = ask(wiring, acme), ask(wiring, globex)
    assert run(wiring, late) is JobState.QUEUED
    assert run(wiring, ready) is JobState.SUCCEEDED
    waiting = wiring.ledger.get(acme, late.id)
    assert (waiting.attempt, waiting.snoozes) == (0, 1)

    migrate_tenants(database_url, steps=next_release)
    with wiring.admin.transaction() as connection:
        connection.execute("UPDATE public.jobs SET run_at = now() WHERE id = %s", (late.id,))
    claim = DispatchLedger(wiring.dispatcher, 30.0).claim(late.queue, 1, None, Caps({}, {}, 9))
    (delivery,) = claim.deliveries
    assert execute(TASKS[TASK], delivery.lease, wiring, worker="w") is JobState.SUCCEEDED


def test_the_reason_names_the_tenant_both_revisions_and_the_fix(
    wiring: Wiring, acme: UUID, next_release: tuple[Step, ...]
) -> None:
    before = next_release[-2].revision
    with (
        pytest.raises(RetryLater, match=f"acme is at {before}, this release needs {REVISION}; run"),
        wiring.unit_of_work(acme, actor="test")(),
    ):
        raise AssertionError("no unit of work may open")


def test_a_schema_without_a_revision_is_behind(
    wiring: Wiring, database_url: str, acme: UUID
) -> None:
    with wiring.admin.transaction() as connection:
        connection.execute(
            "UPDATE public.tenants SET schema_revision = NULL WHERE id = %s", (acme,)
        )
    with pytest.raises(RetryLater), wiring.unit_of_work(acme, actor="test")():
        raise AssertionError("no unit of work may open")
    # The schema itself knows better: a run puts the registry right.
    assert [each.error for each in migrate_tenants(database_url)] == [None]
    with wiring.unit_of_work(acme, actor="test")() as work:
        assert work.tenant.slug == "acme"


def test_a_worker_of_the_old_release_goes_on_with_a_schema_of_the_new_one(
    wiring: Wiring, database_url: str, acme: UUID, tmp_path: Path
) -> None:
    line = steps.load_steps(write_next_line(tmp_path))
    migrate_tenants(database_url, steps=line)
    assert newest_revision() != REVISION
    with wiring.unit_of_work(acme, actor="test")() as work:
        assert work.tenant.slug == "acme"

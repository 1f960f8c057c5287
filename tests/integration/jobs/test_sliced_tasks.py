"""Long pulls give way: a job whose slice is over is put off, uses up no attempt and goes on where it stood."""

from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest
from starlette.applications import Starlette

from sandbox.app import ledger_shop
from shared.domain.job import Job, JobState
from shared.persistence.jobs.job_ledger import JobLedger, JobOrder
from shared.use_cases.slices import Slice
from tests.fixtures.echo import deliver, make_due
from tests.fixtures.served_shop import ledger_of
from tests.fixtures.shop_scene import ShopScene
from workers.definition import TASKS
from workers.execution import execute
from workers.migrate import task_contracts
from workers.wiring import Wiring

UK, DOMAIN = "shopify_uk", "uk.myshopify.com"
LEDGER = ledger_of(3, UK, 30, datetime(2026, 11, 20, tzinfo=UTC))


@pytest.fixture
def scene(wiring: Wiring, acme: UUID, globex: UUID, served: tuple[Starlette, str]) -> ShopScene:
    task_contracts()
    app, url = served
    app.state.reception.open(ledger_shop(DOMAIN, LEDGER))
    scene = ShopScene.build(wiring, acme, url)
    scene.connect(UK, {"shop_domain": DOMAIN, "access_token": f"token-{DOMAIN}"})
    return scene


def place(scene: ShopScene, task: str) -> Job:
    ledger = JobLedger(scene.wiring.dispatcher)
    return ledger.find(ledger.place(JobOrder(scene.tenant_id, task, {"service": UK}, "test")))


def run(scene: ShopScene, job: Job) -> JobState | None:
    make_due(scene.wiring)
    return execute(TASKS[job.name], deliver(scene.wiring, job), scene.wiring, worker="w1")


def lines(scene: ShopScene) -> int:
    [(number,)] = scene.rows("SELECT count(*) FROM sales")
    assert isinstance(number, int)
    return number


def test_a_backfill_whose_slice_is_over_goes_on_in_another_and_ends_equal_to_the_ledger(
    scene: ShopScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(scene, place(scene, "sales.pull")) is JobState.SUCCEEDED
    job = place(scene, "sales.backfill")
    monkeypatch.setattr("tasks.sales.Slice", partial(Slice, seconds=-1.0))
    seen = [lines(scene)]
    while run(scene, job) is JobState.QUEUED:
        seen.append(lines(scene))
    assert seen == sorted(seen)
    assert len(set(seen)) > 2
    ended = JobLedger(scene.wiring.admin).find(job.id)
    assert (ended.state, ended.attempt, ended.snoozes) == (JobState.SUCCEEDED, 1, len(seen) - 1)
    assert "goes on in another slice" in str(ended.attempts[0].error_message)
    assert scene.figures() == LEDGER.truth().figures


def test_a_pull_whose_slice_is_over_goes_on_in_another(
    scene: ShopScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = place(scene, "sales.pull")
    monkeypatch.setattr("tasks.sales.Slice", partial(Slice, seconds=-1.0))
    slices = 1
    while run(scene, job) is JobState.QUEUED:
        slices += 1
    ended = JobLedger(scene.wiring.admin).find(job.id)
    assert (ended.state, ended.attempt) == (JobState.SUCCEEDED, 1)
    # Put off behind the products; then no window of orders is due yet.
    assert ended.snoozes == slices - 1 >= 1

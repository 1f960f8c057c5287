"""Jobs that kill who runs them, and workers that are stopped in the middle of a job."""

import os
import signal

import pytest

from shared.domain.job import JobState
from shared.persistence.database import Database
from shared.persistence.jobs.job_ledger import JobLedger
from tests.fixtures.fleet import pid_of, until
from tests.fixtures.numbered import POISON, place
from tests.fixtures.scene import Scene

pytestmark = pytest.mark.acceptance


def test_a_job_that_kills_its_worker_each_time_ends_dead_and_harms_no_other(scene: Scene) -> None:
    scene.fleet.worker()
    scene.fleet.dispatcher()
    with Database(scene.url) as database:
        poison, _ = place(JobLedger(database), scene.tenants, POISON, pages=1, poison=True)
    until(lambda: not scene.job(poison).is_live, 60.0, "the poison is dead")
    scene.place(pages=3)
    scene.wait_for_the_end()
    job = scene.job(poison)
    assert (job.state, job.outcome, job.attempt) == (JobState.DEAD, "dead", 3)
    assert [(each.number, each.outcome) for each in job.attempts] == [(1, "lost"), (2, "lost")]
    assert job.error_class == "WorkerLost"
    assert scene.written() == scene.expected


def test_a_worker_that_is_asked_to_stop_hands_its_jobs_back_at_once(scene: Scene) -> None:
    first = scene.fleet.worker(CAPLIQUIFY_LEASE_S="30", CAPLIQUIFY_SOFT_SHUTDOWN_S="1")
    scene.fleet.dispatcher(CAPLIQUIFY_LEASE_S="30")
    jobs = scene.place(pages=60, pause_s=0.1)
    scene.wait_for_page(2, jobs)
    os.kill(pid_of(first), signal.SIGTERM)
    scene.fleet.worker("two")
    until(lambda: not first.is_running(), 15.0, "the first worker has ended")
    scene.wait_for_the_end(within_s=20.0)
    assert scene.written() == scene.expected
    for job in map(scene.job, jobs):
        assert [each.outcome for each in job.attempts] == ["handed_back"]
        assert job.attempt == 1

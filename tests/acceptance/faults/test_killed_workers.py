"""A worker, or a part of it, is killed in the middle of its jobs."""

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from tests.acceptance.faults.conftest import OpenScene
from tests.fixtures.fleet import kill_whole, pid_of, until
from tests.fixtures.scene import Scene

pytestmark = pytest.mark.acceptance


@dataclass(frozen=True)
class Death:
    """A worker that was killed at an instant, with the jobs that it ran."""

    scene: Scene
    jobs: Sequence[UUID]
    at: float


@pytest.fixture(scope="module", autouse=True)
def death_at_the_usual_lease(open_scene: OpenScene) -> Death:
    """Begins before the other tests of this file and is looked at after them, since it takes so long."""
    usual: dict[str, Any] = {"CAPLIQUIFY_LEASE_S": "30", "CAPLIQUIFY_POLL_S": "1"}
    scene = open_scene()
    first = scene.fleet.worker("one", **usual)
    scene.fleet.dispatcher(**usual)
    jobs = scene.place(pages=20, pause_s=0.1)
    scene.wait_for_page(2, jobs)
    scene.fleet.worker("two", **usual)
    kill_whole(first)
    return Death(scene, jobs, time.time())


def test_a_killed_child_is_reported_at_once_and_its_job_does_not_wait_for_the_lease(
    scene: Scene,
) -> None:
    scene.fleet.worker(CAPLIQUIFY_LEASE_S="30")
    scene.fleet.dispatcher(CAPLIQUIFY_LEASE_S="30")
    victim, bystander = scene.place(pages=25, pause_s=0.1)
    scene.wait_for_page(2, [victim, bystander])
    death = scene.kill_runner_of(victim)
    assert scene.recovery_s(victim, death) < 15
    scene.wait_for_the_end()
    assert scene.written() == scene.expected
    assert [each.outcome for each in scene.job(victim).attempts] == ["lost"]
    assert scene.job(bystander).attempts == ()


def test_a_killed_worker_s_jobs_are_finished_by_another(scene: Scene) -> None:
    first = scene.fleet.worker("one")
    scene.fleet.dispatcher()
    jobs = scene.place(pages=20, pause_s=0.1)
    scene.wait_for_page(2, jobs)
    scene.fleet.worker("two")
    kill_whole(first)
    death = time.time()
    # The other one may still be loading.
    assert [scene.recovery_s(job, death) < 30 for job in jobs] == [True, True]
    scene.wait_for_the_end()
    assert scene.written() == scene.expected


def test_children_whose_main_process_is_killed_leave_neither_work_nor_themselves_behind(
    scene: Scene,
) -> None:
    first = scene.fleet.worker("one")
    scene.fleet.dispatcher()
    jobs = scene.place(pages=20, pause_s=0.1)
    scene.wait_for_page(2, jobs)
    runners = [scene.runner_of(job) for job in jobs]
    scene.fleet.worker("two")
    os.kill(pid_of(first), signal.SIGKILL)
    until(lambda: not any(map(is_there, runners)), 5.0, "the children are gone")
    scene.wait_for_the_end(within_s=20.0)
    assert scene.written() == scene.expected


def test_with_the_usual_lease_a_killed_worker_costs_less_than_45_seconds(
    death_at_the_usual_lease: Death,
) -> None:
    death = death_at_the_usual_lease
    recovered = [death.scene.recovery_s(job, death.at) for job in death.jobs]
    assert max(recovered) < 45
    death.scene.wait_for_the_end()
    assert death.scene.written() == death.scene.expected


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

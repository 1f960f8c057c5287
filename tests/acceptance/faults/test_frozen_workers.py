"""A process stops for a while in the middle of its job and then goes on as if nothing had happened."""

import os
import signal

import pytest

from tests.fixtures.fleet import children_of, until
from tests.fixtures.scene import Scene

pytestmark = pytest.mark.acceptance


def test_a_frozen_child_s_late_writes_count_for_nothing_and_it_goes_on_with_other_jobs(
    scene: Scene,
) -> None:
    frozen_worker = scene.fleet.worker("one", concurrency=2)
    scene.fleet.dispatcher()
    jobs = scene.place(pages=20, pause_s=0.1)
    scene.wait_for_page(2, jobs)
    frozen = [scene.runner_of(job) for job in jobs]
    signal_all(frozen, signal.SIGSTOP)
    second = scene.fleet.worker("two")
    scene.wait_for_the_end(within_s=20.0)
    signal_all(frozen, signal.SIGCONT)
    until(lambda: scene.fleet.log_of("one").count("fenced") == 2, 10.0, "both are fenced")
    assert scene.written() == scene.expected
    second.stop()
    others = scene.place(pages=2)
    scene.wait_for_the_end(within_s=20.0)
    assert scene.written() == scene.expected
    assert {scene.runner_of(job) for job in others} <= set(children_of(frozen_worker))


def test_a_child_frozen_inside_its_unit_of_work_neither_keeps_the_job_nor_commits(
    scene: Scene,
) -> None:
    scene.fleet.worker("one")
    scene.fleet.dispatcher()
    jobs = scene.place(pages=5, pause_s=0.0, hold_s=0.5)
    scene.wait_for_page(1, jobs)
    frozen = [scene.runner_of(job) for job in jobs]
    signal_all(frozen, signal.SIGSTOP)
    second = scene.fleet.worker("two")
    scene.wait_for_the_end(within_s=25.0)
    signal_all(frozen, signal.SIGCONT)
    until(lambda: scene.fleet.log_of("one").count("fenced") == 2, 15.0, "both are fenced")
    second.stop()
    scene.place(pages=2)
    scene.wait_for_the_end(within_s=20.0)
    assert scene.written() == scene.expected


def signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)

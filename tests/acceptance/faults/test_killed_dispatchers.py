"""Dispatchers and beats die and are doubled; no job and no tick is lost or doubled."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from celery import Celery

from shared.persistence.database import Database
from shared.persistence.jobs.scheduling import ScheduleLedger
from shared.persistence.server_clock import ServerClock
from tests.fixtures.fleet import kill_whole, until
from tests.fixtures.scene import Scene
from workers.clock import materialise_due

pytestmark = pytest.mark.acceptance

TICKS = "SELECT tenant_id, schedule, tick_at, count(*) FROM public.schedule_runs GROUP BY 1, 2, 3"
NIGHTLY_JOBS = "SELECT count(*) FROM public.jobs WHERE requested_by LIKE 'schedule%'"


def test_a_killed_dispatcher_is_replaced_and_two_share_the_work(scene: Scene) -> None:
    scene.fleet.worker()
    first = scene.fleet.dispatcher("dispatcher-1")
    scene.fleet.dispatcher("dispatcher-2")
    for _ in range(10):
        scene.place(pages=5, pause_s=0.02)
    until(lambda: len(scene.written()) >= 4, 20.0, "some have begun")
    kill_whole(first)
    for _ in range(10):
        scene.place(pages=5, pause_s=0.02)
    scene.wait_for_the_end()
    assert scene.written() == scene.expected
    assert {scene.job(job).attempt for job in scene.expected} == {1}


def test_the_only_dispatcher_dies_and_the_next_takes_up_what_it_left(scene: Scene) -> None:
    scene.fleet.worker()
    first = scene.fleet.dispatcher("dispatcher-1")
    for _ in range(10):
        scene.place(pages=10, pause_s=0.02)
    until(lambda: len(scene.written()) >= 4, 20.0, "some have begun")
    kill_whole(first)
    scene.fleet.dispatcher("dispatcher-2")
    scene.wait_for_the_end()
    assert scene.written() == scene.expected


def test_two_beats_and_scans_at_once_make_one_job_a_tick(scene: Scene) -> None:
    worker = scene.fleet.worker(queues="maintenance")
    beats = [
        scene.fleet.beat(name, CAPLIQUIFY_HOME=str(scene.home / name)) for name in ("b1", "b2")
    ]
    kill_whole(beats[0])
    tick = Celery(broker=scene.redis_url)
    for _ in range(4):  # as four beats would at the same minute
        tick.send_task("schedules.materialise", queue="maintenance")
    with psycopg.connect(scene.url) as connection:
        connection.execute("UPDATE public.tenants SET created_at = now() - interval '2 days'")
    with Database(scene.url) as database, ThreadPoolExecutor(4) as scans:
        ledger, now = ScheduleLedger(database), ServerClock(database).now()
        made = list(scans.map(lambda _: materialise_due(ledger, now), range(4)))
    until(lambda: scene.fleet.log_of("one").count("scanned") >= 4, 60.0, "four scans")
    assert beats[1].is_running()
    assert worker.is_running()
    with psycopg.connect(scene.url) as connection:
        ticks = connection.execute(TICKS).fetchall()
        jobs = connection.execute(NIGHTLY_JOBS).fetchone()
    assert {each[3] for each in ticks} == {1}
    # Whether the third schedule is due depends on the hour.
    assert {"nightly.sales", "nightly.accuracy"} <= {each[1] for each in ticks}
    assert {each[0] for each in ticks} == set(scene.tenants)
    assert jobs == (len(ticks),)
    assert 0 <= sum(made) <= len(ticks)

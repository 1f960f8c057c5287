"""Leases: a worker that lost its job writes nothing more, and what was lost is found again."""

import time
from collections.abc import Iterator
from uuid import UUID

import pytest

from shared.domain.job import Job, JobState, Outcome
from shared.domain.quota import Meter
from shared.errors import DatabaseUnavailable, JobCancelled, LeaseLost
from shared.persistence.jobs.dispatching import DispatchLedger
from shared.persistence.jobs.job_ledger import JobLedger
from shared.persistence.jobs.leases import Ending, Held
from tests.fixtures.echo import NO_CAPS, Echo, deliver, echo_task, place
from workers.heartbeat import Heartbeat
from workers.progress import Progress
from workers.wiring import Wiring


@pytest.fixture
def echo(database_url: str) -> Iterator[Echo]:
    with echo_task(database_url) as task:
        yield task


def expire(wiring: Wiring, job: Job | None = None) -> None:
    """Lets the lease of a job run out; of every job if none is named."""
    with wiring.admin.transaction() as connection:
        connection.execute(
            "UPDATE public.jobs SET lease_expires_at = now() - interval '1 second' "
            "WHERE id = coalesce(%s, id)",
            (job and job.id,),
        )


def reap(wiring: Wiring) -> list[tuple[JobState, JobState]]:
    reaped = DispatchLedger(wiring.dispatcher, 30.0).reap(recheck_s=5.0)
    return [(each.was, each.state) for each in reaped]


def counted(wiring: Wiring) -> list[tuple[UUID, int]]:
    with wiring.admin.transaction() as connection:
        rows = connection.execute(
            "SELECT tenant_id, reports_exported FROM public.usage_metrics WHERE reports_exported > 0"
        )
        return [(row["tenant_id"], row["reports_exported"]) for row in rows]


def test_a_frozen_worker_that_wakes_can_write_nothing(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    job = place(wiring, acme)
    old = deliver(wiring, job)
    assert wiring.leases.start(old, "frozen") is not None
    frozen = wiring.unit_of_work(acme, lease=old, actor="test")
    expire(wiring)
    assert reap(wiring) == [(JobState.RUNNING, JobState.QUEUED)]
    new = deliver(wiring, job)
    wiring.leases.start(new, "other")
    with pytest.raises(LeaseLost), frozen() as work:
        work.usage.count(Meter.REPORTS, 1)
    assert wiring.leases.renew(old) is Held.LOST
    assert wiring.leases.report(old, 1, 1, "late") is Held.LOST
    assert wiring.leases.finish(old, Ending(Outcome.SUCCEEDED, {})) is None
    with wiring.unit_of_work(acme, lease=new, actor="test")() as work:
        work.usage.count(Meter.REPORTS, 1)
    assert wiring.leases.finish(new, Ending(Outcome.SUCCEEDED, {"words": 1})) is JobState.SUCCEEDED
    assert counted(wiring) == [(acme, 1)]
    ended = wiring.ledger.get(acme, job.id)
    assert [(each.number, each.outcome, each.worker) for each in ended.attempts] == [
        (1, "lost", "frozen")
    ]


def test_a_job_whose_unit_of_work_is_open_is_not_taken_away(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    job = place(wiring, acme)
    lease = deliver(wiring, job)
    wiring.leases.start(lease, "slow")
    with wiring.unit_of_work(acme, lease=lease, actor="test")() as work:
        work.usage.count(Meter.REPORTS, 1)
        expire(wiring)
        assert reap(wiring) == []
        # Its own heartbeat does not wait for the transaction.
        assert wiring.leases.renew(lease) is Held.HELD
    expire(wiring)
    assert reap(wiring) == [(JobState.RUNNING, JobState.QUEUED)]


def test_the_server_ends_a_unit_of_work_that_sleeps_longer_than_the_lease(
    wiring: Wiring, acme: UUID, echo: Echo
) -> None:
    lease = deliver(wiring, place(wiring, acme))
    wiring.leases.start(lease, "frozen")
    settings = wiring.settings.model_copy(update={"lease_s": 0.5})
    short = type(wiring)(
        settings, wiring.database, wiring.dispatcher, wiring.admin, wiring.heartbeat, wiring.clock
    )
    with (
        pytest.raises(DatabaseUnavailable, match="connection was lost"),
        short.unit_of_work(acme, lease=lease, actor="test")() as work,
    ):
        work.usage.count(Meter.REPORTS, 1)
        time.sleep(1.5)
    assert counted(wiring) == []


def test_a_job_that_kills_its_worker_ends_dead_and_not_in_a_loop(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    job = place(wiring, acme)
    seen = []
    for _ in range(2):
        wiring.leases.start(deliver(wiring, job), "victim")
        expire(wiring)
        seen += reap(wiring)
    assert seen == [(JobState.RUNNING, JobState.QUEUED), (JobState.RUNNING, JobState.DEAD)]
    ended = wiring.ledger.get(acme, job.id)
    assert (ended.state, ended.error_message) == (
        JobState.DEAD,
        "its worker gave no sign of life in time",
    )


def test_a_message_that_never_arrives_costs_no_attempt(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    job = place(wiring, acme)
    lost = deliver(wiring, job)
    expire(wiring)
    assert reap(wiring) == [(JobState.DISPATCHED, JobState.QUEUED)]
    found = deliver(wiring, job)
    assert (lost.number, found.number) == (1, 2)
    # It arrives after all: too late.
    assert wiring.leases.start(lost, "w") is None
    started = wiring.leases.start(found, "w")
    assert started is not None
    assert started.attempt == 1


def test_a_message_waits_while_every_place_is_taken(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    wiring.leases.sign_in("w", ["interactive"], 1)
    busy = place(wiring, acme)
    wiring.leases.start(deliver(wiring, busy), "w")
    waiting = place(wiring, globex)
    deliver(wiring, waiting)
    expire(wiring, waiting)
    assert reap(wiring) == []
    wiring.leases.sign_in("another", ["interactive"], 1)
    expire(wiring, waiting)
    assert reap(wiring) == [(JobState.DISPATCHED, JobState.QUEUED)]


def test_a_message_that_later_ones_have_overtaken_is_lost(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    wiring.leases.sign_in("w", ["interactive"], 1)
    lost = place(wiring, acme)
    deliver(wiring, lost)
    busy = place(wiring, globex)
    wiring.leases.start(deliver(wiring, busy), "w")
    expire(wiring, lost)
    assert reap(wiring) == []
    expire(wiring, lost)
    with wiring.admin.transaction() as connection:
        connection.execute(
            "UPDATE public.jobs SET started_at = now() - interval '1 minute' WHERE id = %s",
            (busy.id,),
        )
    assert reap(wiring) == [(JobState.DISPATCHED, JobState.QUEUED)]
    assert wiring.ledger.get(acme, lost.id).outcome == "undelivered"


def test_a_worker_of_several_queues_is_full_whatever_it_works_at(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    wiring.leases.sign_in("w", ["interactive", "maintenance"], 1)
    ledger = DispatchLedger(wiring.dispatcher, 30.0)
    JobLedger(wiring.dispatcher).enqueue(globex, "usage.sample", {}, requested_by="test")
    (busy,) = ledger.claim("maintenance", 1, None, NO_CAPS).deliveries
    wiring.leases.start(busy.lease, "w")
    waiting = place(wiring, acme)
    deliver(wiring, waiting)
    expire(wiring, waiting)
    assert reap(wiring) == []


def test_a_report_is_a_sign_of_life(wiring: Wiring, acme: UUID, echo: Echo) -> None:
    lease = deliver(wiring, place(wiring, acme))
    wiring.leases.start(lease, "w")
    expire(wiring)
    assert wiring.leases.report(lease, 1, 2, "half") is Held.HELD
    assert reap(wiring) == []


def test_a_job_that_runs_stops_at_its_next_step_when_it_is_cancelled(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    job = place(wiring, acme)
    lease = deliver(wiring, job)
    wiring.leases.start(lease, "w")
    assert wiring.ledger.cancel(acme, job.id) is JobState.RUNNING
    with pytest.raises(JobCancelled), wiring.unit_of_work(acme, lease=lease, actor="test")():
        pass
    assert wiring.leases.renew(lease) is Held.CANCELLED
    with pytest.raises(JobCancelled):
        Progress(wiring.leases, lease, lambda: Held.HELD)(1, 1, "more")
    assert wiring.leases.finish(lease, Ending(Outcome.CANCELLED)) is JobState.CANCELLED


def test_a_worker_that_stops_hands_its_job_back_without_using_an_attempt_up(
    wiring: Wiring, acme: UUID, echo: Echo
) -> None:
    job = place(wiring, acme)
    lease = deliver(wiring, job)
    wiring.leases.start(lease, "w")
    assert wiring.leases.finish(lease, Ending(Outcome.HANDED_BACK)) is JobState.QUEUED
    waiting = wiring.ledger.get(acme, job.id)
    assert (waiting.attempt, waiting.outcome) == (0, "handed_back")


def test_the_heartbeat_keeps_a_lease_and_hears_of_its_loss(
    wiring: Wiring, acme: UUID, echo: Echo
) -> None:
    job = place(wiring, acme)
    lease = deliver(wiring, job)
    wiring.leases.start(lease, "w")
    expire(wiring)
    heartbeat = Heartbeat(wiring.leases, every_s=0.05)
    with heartbeat.keep(lease) as held:
        time.sleep(0.5)
        assert held() is Held.HELD
        assert reap(wiring) == []
        with wiring.admin.transaction() as connection:
            connection.execute("UPDATE public.jobs SET lease = lease + 1")
        time.sleep(0.5)
        assert held() is Held.LOST
        with pytest.raises(LeaseLost):
            Progress(wiring.leases, lease, held).check()
    heartbeat.stop()


def test_progress_is_written_now_and_then_and_always_at_the_end(
    wiring: Wiring, acme: UUID, echo: Echo
) -> None:
    job = place(wiring, acme)
    lease = deliver(wiring, job)
    wiring.leases.start(lease, "w")
    progress = Progress(wiring.leases, lease, lambda: Held.HELD)
    for done in range(1, 1001):
        progress(done, None, f"{done} read")
    assert wiring.ledger.get(acme, job.id).progress_done != 1000
    progress.flush()
    assert wiring.ledger.get(acme, job.id).progress_message == "1000 read"

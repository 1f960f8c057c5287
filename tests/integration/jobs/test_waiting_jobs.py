"""Jobs that wait: how many a tenant may have, for how long, and what becomes of them while it is suspended."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shared.domain.job import JobState
from shared.errors import InvalidInput
from shared.persistence.jobs.dispatching import DispatchLedger
from shared.persistence.jobs.job_ledger import JobLedger, JobOrder
from tests.fixtures.echo import NO_CAPS, Echo, deliver, echo_task, place
from workers.execution import execute
from workers.wiring import Wiring


@pytest.fixture
def echo(database_url: str) -> Iterator[Echo]:
    with echo_task(database_url) as task:
        yield task


def test_a_tenant_at_its_limit_of_waiting_jobs_is_refused_and_no_other(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    with wiring.admin.transaction() as connection:
        connection.execute(
            "UPDATE public.tenants SET settings = settings || '{\"max_waiting_jobs\": 3}' WHERE id = %s",
            (acme,),
        )
    ledger = JobLedger(wiring.admin)
    keyed = JobOrder(acme, "test.echo", {"word": "hi"}, "test", idempotency_key="once")
    first = ledger.place(keyed)
    for _ in range(2):
        ledger.place(JobOrder(acme, "test.echo", {"word": "hi"}, "test"))
    # What was taken already is no further job.
    assert ledger.place(keyed) == first
    with pytest.raises(InvalidInput, match="tenant acme: 3 jobs wait already, which is its limit"):
        ledger.place(JobOrder(acme, "test.echo", {"word": "hi"}, "test"))
    for _ in range(4):
        ledger.place(JobOrder(globex, "test.echo", {"word": "hi"}, "test"))
    # A schedule's tick is never lost to it.
    deliver(wiring, place(wiring, acme))


@pytest.mark.parametrize("away", [timedelta(days=367), timedelta(days=-367)])
def test_a_job_is_not_put_off_for_more_than_a_year(
    wiring: Wiring, acme: UUID, echo: Echo, away: timedelta
) -> None:
    order = JobOrder(acme, "test.echo", {"word": "hi"}, "test", run_at=datetime.now(UTC) + away)
    with pytest.raises(InvalidInput, match="run_at: must lie within a year of now"):
        JobLedger(wiring.admin).place(order)


def test_what_waits_for_a_suspended_tenant_goes_on_when_it_is_resumed(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    lifecycle = wiring.lifecycle("t")
    job, other = place(wiring, acme, "work"), place(wiring, globex, "work")
    lifecycle.suspend("acme")
    assert execute(echo, deliver(wiring, job), wiring, worker="w") is JobState.QUEUED
    waiting = wiring.ledger.get(acme, job.id)
    assert (waiting.outcome, waiting.attempt) == ("snoozed", 0)
    assert waiting.error_message == "tenant: acme is suspended, it runs nothing until it is resumed"
    assert waiting.run_at - datetime.now(UTC) > timedelta(minutes=55)
    lifecycle.resume("acme")
    assert wiring.ledger.get(acme, job.id).run_at <= datetime.now(UTC)
    DispatchLedger(wiring.dispatcher, 30.0).promote()
    assert execute(echo, deliver(wiring, waiting), wiring, worker="w") is JobState.SUCCEEDED
    assert wiring.ledger.get(globex, other.id).state is not JobState.FAILED


def test_what_waits_for_a_cancelled_subscription_is_cancelled_with_the_reason(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    job = place(wiring, acme, "work")
    with wiring.admin.transaction() as connection:
        connection.execute(
            "UPDATE public.tenants SET subscription_status = 'CANCELLED' WHERE id = %s", (acme,)
        )
    assert execute(echo, deliver(wiring, job), wiring, worker="w") is JobState.CANCELLED
    ended = wiring.ledger.get(acme, job.id)
    assert ended.error_message == "tenant: acme is cancelled, it runs nothing"


def test_a_queue_is_claimed_by_one_dispatcher_at_a_time_and_by_no_stranger(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    """An advisory lock was anybody's: who held it stopped the queue."""
    job = place(wiring, acme)
    ledger = DispatchLedger(wiring.dispatcher, 30.0)
    with wiring.database.transaction() as stranger:
        for name in ("capliquify claim interactive", "capliquify vendors"):
            stranger.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (name,))
        assert deliver(wiring, job).job_id == job.id
    again = place(wiring, globex)
    with wiring.dispatcher.transaction() as first:
        first.execute(
            "SELECT FROM public.dispatch_turns WHERE name = 'queue interactive' FOR UPDATE"
        )
        assert ledger.claim("interactive", 10, None, NO_CAPS).deliveries == ()
    assert deliver(wiring, again).job_id == again.id


def test_two_workers_of_one_name_are_distinguished(wiring: Wiring) -> None:
    leases = wiring.leases
    assert leases.sign_in("w@host", ["sync"], 2, "host/1/a")
    assert not leases.sign_in("w@host", ["sync", "forecast"], 8, "host/2/b")
    assert leases.sign_in("w@host", ["sync"], 2, "host/1/a")
    leases.sign_out("w@host", "host/2/b")
    assert not leases.sign_in("w@host", ["sync"], 2, "host/2/b")
    # One that was killed is forgotten after a lease.
    with wiring.dispatcher.transaction() as connection:
        connection.execute("UPDATE public.job_workers SET seen_at = now() - interval '1 hour'")
    assert leases.sign_in("w@host", ["sync"], 2, "host/2/b")
    leases.sign_out("w@host", "host/2/b")
    assert leases.sign_in("w@host", ["sync"], 2, "host/3/c")

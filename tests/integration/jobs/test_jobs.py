"""A job's life on a worker: how each end of an attempt is written down."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest
from billiard.exceptions import SoftTimeLimitExceeded

from shared.domain.job import JobState, Lease, Outcome
from shared.errors import (
    DatabaseUnavailable,
    InvalidInput,
    RateLimited,
    SchemaBehind,
    VendorUnavailable,
)
from shared.persistence.jobs.job_ledger import JobLedger
from shared.persistence.jobs.leases import Ending, Leases
from tests.fixtures.echo import Echo, deliver, echo_task, make_due, place, run
from workers.endings import ending_of
from workers.execution import _record, execute
from workers.shown_state import JobCancelledOnLedger, show_state
from workers.wiring import Wiring


@pytest.fixture
def echo(database_url: str) -> Iterator[Echo]:
    with echo_task(database_url) as task:
        yield task


def test_a_job_runs_once_and_its_result_is_kept(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    job = place(wiring, acme, "hi", times=3)
    assert (job.state, job.tenant_id, job.queue) == (JobState.QUEUED, acme, "interactive")
    lease = deliver(wiring, job)
    assert execute(echo, lease, wiring, worker="w1") is JobState.SUCCEEDED
    assert execute(echo, lease, wiring, worker="w2") is None
    ended = wiring.ledger.get(acme, job.id)
    assert (ended.attempt, ended.result, ended.worker) == (1, {"words": 3}, "w1")
    assert (ended.progress_done, ended.progress_total, ended.progress_message) == (3, 3, "hi")
    assert (ended.outcome, ended.error_message) == ("succeeded", None)


def test_a_job_that_is_cancelled_on_its_way_to_a_worker_is_shown_as_cancelled(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    cancelled = place(wiring, acme, "hi")
    lease = deliver(wiring, cancelled)
    assert wiring.ledger.cancel(acme, cancelled.id) is JobState.CANCELLED
    endings: list[Ending] = []
    state = execute(echo, lease, wiring, worker="w1", report=endings.append)
    assert (state, endings) == (JobState.CANCELLED, [Ending(Outcome.CANCELLED)])
    with pytest.raises(JobCancelledOnLedger):
        show_state(state, endings[-1])
    assert wiring.ledger.get(acme, cancelled.id).attempts == ()
    # A tenant's message does not learn of another tenant's job.
    foreign = Lease(globex, cancelled.id, lease.number)
    assert execute(echo, foreign, wiring, worker="w1") is None


def test_a_rate_limit_means_a_snooze_that_uses_no_attempt_up(
    wiring: Wiring, acme: UUID, echo: Echo
) -> None:
    job = place(wiring, acme, "busy")
    for _ in range(3):
        assert run(wiring, echo, job) is JobState.QUEUED
        waiting = wiring.ledger.get(acme, job.id)
        assert 6 < (waiting.run_at - waiting.attempts[-1].ended_at).total_seconds() <= 7  # type: ignore[operator]
        make_due(wiring)
    waiting = wiring.ledger.get(acme, job.id)
    assert (waiting.attempt, waiting.snoozes, waiting.error_message) == (0, 3, "vendor: busy")
    assert [each.outcome for each in waiting.attempts] == ["snoozed", "snoozed", "snoozed"]


def test_what_fails_for_now_is_tried_again_until_its_attempts_are_used_up(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    job = place(wiring, acme, "away for a while")
    assert run(wiring, echo, job) is JobState.QUEUED
    waiting = wiring.ledger.get(acme, job.id)
    # The vendor's own word on when to come again wins.
    assert 29 < (waiting.run_at - waiting.attempts[0].ended_at).total_seconds() <= 30  # type: ignore[operator]
    make_due(wiring)
    assert run(wiring, echo, job) is JobState.DEAD
    ended = wiring.ledger.get(acme, job.id)
    assert (ended.attempt, ended.outcome, ended.error_class, ended.error_message) == (
        2,
        "dead",
        "VendorUnavailable",
        "vendor: away",
    )
    assert [(each.number, each.outcome) for each in ended.attempts] == [(1, "retried")]


def test_a_wait_is_anything_up_to_a_ceiling_that_doubles(
    wiring: Wiring, acme: UUID, echo: Echo
) -> None:
    job = place(wiring, acme, "away")
    for attempt, ceiling_s in ((1, 4.0), (2, 8.0), (3, 16.0), (20, 600.0)):
        tried = replace(job, attempt=attempt)
        waits = [ending_of(VendorUnavailable("away"), echo, tried).wait_s for _ in range(200)]
        assert 0 <= min(waits) < ceiling_s / 4
        assert ceiling_s * 3 / 4 < max(waits) <= ceiling_s


def test_an_error_to_be_fixed_ends_the_job_with_its_line(
    wiring: Wiring, acme: UUID, echo: Echo
) -> None:
    job = place(wiring, acme, "wrong")
    assert run(wiring, echo, job) is JobState.FAILED
    ended = wiring.ledger.get(acme, job.id)
    assert (ended.outcome, ended.attempt, ended.error_message) == ("discarded", 1, "word: is wrong")


def test_a_crash_is_tried_again_and_its_words_stay_in_the_log(
    wiring: Wiring, acme: UUID, echo: Echo
) -> None:
    job = place(wiring, acme, "crash")
    assert run(wiring, echo, job) is JobState.QUEUED
    make_due(wiring)
    assert run(wiring, echo, job) is JobState.DEAD
    ended = wiring.ledger.get(acme, job.id)
    assert ended.error_message == "RuntimeError in task test.echo; see the worker's log"


def test_a_deadline_that_has_passed_is_named(wiring: Wiring, acme: UUID, echo: Echo) -> None:
    ending = ending_of(SoftTimeLimitExceeded(), echo, place(wiring, acme))
    assert (ending.outcome, ending.error_class, ending.error_message) == (
        Outcome.RETRIED,
        "DeadlineExceeded",
        "task test.echo was not done within its 1800 s",
    )


def test_a_schema_that_is_behind_uses_no_attempt_up(wiring: Wiring, acme: UUID, echo: Echo) -> None:
    ending = ending_of(SchemaBehind("tenant: behind", 60.0), echo, place(wiring, acme))
    assert (ending.outcome, ending.wait_s) == (Outcome.SNOOZED, 60.0)


def test_arguments_are_checked_by_the_worker_too(wiring: Wiring, acme: UUID, echo: Echo) -> None:
    job = place(wiring, acme)
    with wiring.admin.transaction() as connection:
        connection.execute("""UPDATE public.jobs SET arguments = '{"word": "hi", "times": "x"}'""")
    assert run(wiring, echo, job) is JobState.FAILED
    assert (wiring.ledger.get(acme, job.id).error_message or "").startswith("times: ")


def test_a_tenant_that_is_deleted_has_its_job_discarded(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo, database_url: str
) -> None:
    job = place(wiring, acme, "work")
    other = place(wiring, globex, "work")
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE public.tenants SET deleted_at = now() WHERE id = %s", (acme,))
    assert run(wiring, echo, job) is JobState.FAILED
    assert JobLedger(wiring.dispatcher).find(job.id).outcome == "discarded"
    make_due(wiring)
    with wiring.admin.transaction() as connection:
        connection.execute("UPDATE public.jobs SET state = 'queued' WHERE id = %s", (other.id,))
    assert run(wiring, echo, other) is JobState.SUCCEEDED


@pytest.mark.parametrize("named_s", [float("inf"), 99_999_999.0, float("nan")])
def test_no_vendor_puts_a_job_off_for_more_than_a_day(
    wiring: Wiring, acme: UUID, echo: Echo, named_s: float
) -> None:
    ending = ending_of(RateLimited("vendor: busy", named_s), echo, place(wiring, acme))
    assert ending.wait_s == 86_400.0


def test_an_end_that_cannot_be_written_down_is_reported_as_such(
    wiring: Wiring, acme: UUID, echo: Echo
) -> None:
    job = place(wiring, acme)
    lease = deliver(wiring, job)
    wiring.leases.start(lease, "w")
    ending = Ending(Outcome.RETRIED, None, "VendorUnavailable", "a text with \0 in it")
    assert _record(wiring, lease, ending) is JobState.FAILED
    found = wiring.ledger.get(acme, job.id)
    assert found.error_message == (
        "its end could not be written down; DataError, see the worker's log"
    )


def test_a_soft_limit_that_strikes_while_the_end_is_written_changes_nothing(
    wiring: Wiring, acme: UUID, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement that ends at the deadline ends at the moment of the signal."""
    finish = Leases.finish

    def struck(leases: Leases, lease: Lease, ending: Ending) -> JobState | None:
        os.kill(os.getpid(), signal.SIGUSR1)
        return finish(leases, lease, ending)

    def raise_soft_limit(*_: object) -> None:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(Leases, "finish", struck)
    before = signal.signal(signal.SIGUSR1, raise_soft_limit)
    try:
        assert run(wiring, echo, place(wiring, acme)) is JobState.SUCCEEDED
        assert signal.getsignal(signal.SIGUSR1) is raise_soft_limit
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_job_that_waits_is_cancelled_at_once(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    job, other = place(wiring, acme), place(wiring, globex)
    lease = deliver(wiring, job)
    assert JobLedger(wiring.admin).cancel(acme, job.id) is JobState.CANCELLED
    assert execute(echo, lease, wiring, worker="w") is JobState.CANCELLED
    assert JobLedger(wiring.admin).find(other.id).is_live


def test_a_job_that_ended_badly_is_replayed_with_all_its_attempts(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    job = place(wiring, acme, "wrong")
    run(wiring, echo, job)
    JobLedger(wiring.admin).replay(acme, job.id)
    waiting = wiring.ledger.get(acme, job.id)
    assert (waiting.state, waiting.attempt) == (JobState.QUEUED, 0)
    assert [(each.outcome, each.error_message) for each in waiting.attempts] == [
        ("discarded", "word: is wrong")
    ]
    with pytest.raises(InvalidInput, match="job: is queued; only a failed"):
        JobLedger(wiring.admin).replay(acme, job.id)


def test_a_job_that_is_none_is_named(wiring: Wiring, acme: UUID) -> None:
    with pytest.raises(InvalidInput, match="is not on the ledger"):
        wiring.ledger.get(acme, uuid4())


def test_another_tenants_job_is_none(wiring: Wiring, acme: UUID, globex: UUID, echo: Echo) -> None:
    job = place(wiring, globex)
    with pytest.raises(InvalidInput, match="is not on the ledger"):
        wiring.ledger.get(acme, job.id)
    with pytest.raises(InvalidInput, match="is not on the ledger"):
        wiring.ledger.cancel(acme, job.id)


def test_a_lost_connection_means_again_later(wiring: Wiring, acme: UUID, database_url: str) -> None:
    with (
        pytest.raises(DatabaseUnavailable, match="connection was lost"),
        wiring.database.transaction() as connection,
    ):
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND usename = 'capliquify_worker'"
            )
        connection.execute("SELECT 1")

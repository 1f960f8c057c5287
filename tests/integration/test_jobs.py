"""Jobs on the ledger, and the life that the typed task gives them."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg
import pytest

from shared.domain.job import JobState
from shared.errors import DatabaseUnavailable, InvalidInput, RateLimited, VendorUnavailable
from shared.persistence.contracts import publish
from shared.persistence.ledger import JobLedger
from workers.app import build_app
from workers.migrate import task_contracts
from workers.queues import Queue
from workers.task import TASKS, Arguments, JobContext, TaskDefinition, execute, task
from workers.wiring import Wiring


class Say(Arguments):
    word: str
    times: int = 1


@dataclass(frozen=True)
class Said:
    words: int


@pytest.fixture
def echo(database_url: str) -> Iterator[TaskDefinition[Say, Said]]:
    """A task of this test, known to the ledger."""

    @task(name="test.echo", queue=Queue.INTERACTIVE, arguments=Say, result=Said, max_attempts=2)
    def say(context: JobContext, arguments: Say) -> Said:
        context.report(arguments.times, arguments.times, arguments.word)
        match arguments.word:
            case "busy":
                raise RateLimited("vendor: busy", 7.0)
            case "away":
                raise VendorUnavailable("vendor: away")
            case "wrong":
                raise InvalidInput("word: is wrong")
            case "crash":
                raise RuntimeError("the password is hunter2")
        return Said(arguments.times)

    publish(database_url, task_contracts())
    yield say
    del TASKS["test.echo"]


def test_a_job_runs_once_and_its_result_is_kept(
    wiring: Wiring, acme: UUID, globex: UUID, echo: TaskDefinition[Say, Said]
) -> None:
    job = JobLedger(wiring.dispatcher).enqueue(
        acme, "test.echo", {"word": "hi", "times": 3}, requested_by="test"
    )
    assert (job.state, job.tenant_id, job.queue) == (JobState.QUEUED, acme, "interactive")
    execute(echo, acme, job.id, wiring)
    execute(echo, acme, job.id, wiring)
    ended = wiring.ledger.get(acme, job.id)
    assert (ended.state, ended.attempt, ended.result) == (JobState.SUCCEEDED, 1, {"words": 3})
    assert (ended.progress_done, ended.progress_total, ended.progress_message) == (3, 3, "hi")


def test_the_same_key_gives_the_job_that_lives(
    wiring: Wiring, acme: UUID, globex: UUID, echo: TaskDefinition[Say, Said]
) -> None:
    def enqueue(tenant: UUID) -> UUID:
        say = {"word": "hi"}
        return (
            JobLedger(wiring.dispatcher)
            .enqueue(tenant, "test.echo", say, requested_by="test", idempotency_key="k")
            .id
        )

    first = enqueue(acme)
    assert enqueue(acme) == first
    assert enqueue(globex) != first
    execute(echo, acme, first, wiring)
    assert enqueue(acme) != first


def test_a_busy_vendor_means_again_later_until_the_attempts_are_used_up(
    wiring: Wiring, acme: UUID, echo: TaskDefinition[Say, Said]
) -> None:
    job = JobLedger(wiring.dispatcher).enqueue(
        acme, "test.echo", {"word": "busy"}, requested_by="test"
    )
    assert execute(echo, acme, job.id, wiring) == 7.0
    assert wiring.ledger.get(acme, job.id).state is JobState.QUEUED
    # A message that comes too early finds the job not yet due.
    assert execute(echo, acme, job.id, wiring) is None
    assert wiring.ledger.get(acme, job.id).attempt == 1
    with wiring.admin.transaction() as connection:
        connection.execute("UPDATE public.jobs SET run_at = now()")
    assert execute(echo, acme, job.id, wiring) is None
    ended = wiring.ledger.get(acme, job.id)
    assert (ended.state, ended.attempt, ended.error_message) == (JobState.FAILED, 2, "vendor: busy")


def test_a_wait_grows_with_each_attempt(
    wiring: Wiring, acme: UUID, echo: TaskDefinition[Say, Said]
) -> None:
    job = JobLedger(wiring.dispatcher).enqueue(
        acme, "test.echo", {"word": "away"}, requested_by="test"
    )
    assert execute(echo, acme, job.id, wiring) == 2.0


def test_an_error_to_be_mended_ends_the_job_with_its_line(
    wiring: Wiring, acme: UUID, echo: TaskDefinition[Say, Said]
) -> None:
    job = JobLedger(wiring.dispatcher).enqueue(
        acme, "test.echo", {"word": "wrong"}, requested_by="test"
    )
    execute(echo, acme, job.id, wiring)
    assert wiring.ledger.get(acme, job.id).error_message == "word: is wrong"


def test_a_crash_ends_the_job_without_its_words(
    wiring: Wiring, acme: UUID, echo: TaskDefinition[Say, Said]
) -> None:
    job = JobLedger(wiring.dispatcher).enqueue(
        acme, "test.echo", {"word": "crash"}, requested_by="test"
    )
    execute(echo, acme, job.id, wiring)
    assert (
        wiring.ledger.get(acme, job.id).error_message
        == "RuntimeError in task test.echo; see the worker's log"
    )


def test_arguments_are_checked_by_the_worker_too(
    wiring: Wiring, acme: UUID, echo: TaskDefinition[Say, Said]
) -> None:
    job = JobLedger(wiring.dispatcher).enqueue(
        acme, "test.echo", {"word": "hi", "times": "x"}, requested_by="test"
    )
    execute(echo, acme, job.id, wiring)
    assert (wiring.ledger.get(acme, job.id).error_message or "").startswith("times: ")


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        ("no.such", {}, "name no.such: no such task"),
        ("test.echo", {"wrod": "hi"}, "arguments.wrod: task test.echo takes no such argument"),
    ],
)
def test_a_job_that_could_never_run_is_not_enqueued(
    wiring: Wiring,
    acme: UUID,
    echo: TaskDefinition[Say, Said],
    name: str,
    arguments: dict[str, object],
    problem: str,
) -> None:
    with pytest.raises(InvalidInput) as caught:
        JobLedger(wiring.dispatcher).enqueue(acme, name, arguments, requested_by="test")
    assert caught.value.message == problem


def test_nobody_enqueues_for_a_tenant_that_is_none(
    wiring: Wiring, echo: TaskDefinition[Say, Said]
) -> None:
    with pytest.raises(InvalidInput, match="not found"):
        JobLedger(wiring.dispatcher).enqueue(
            uuid4(), "test.echo", {"word": "hi"}, requested_by="test"
        )


def test_a_suspended_tenant_enqueues_nothing(
    wiring: Wiring, acme: UUID, globex: UUID, echo: TaskDefinition[Say, Said]
) -> None:
    with wiring.admin.transaction() as connection:
        connection.execute(
            "UPDATE public.tenants SET subscription_status = 'SUSPENDED' WHERE id = %s", (acme,)
        )
    with pytest.raises(InvalidInput, match="acme: is suspended"):
        JobLedger(wiring.dispatcher).enqueue(acme, "test.echo", {"word": "hi"}, requested_by="test")
    JobLedger(wiring.dispatcher).enqueue(globex, "test.echo", {"word": "hi"}, requested_by="test")


def test_a_job_that_is_none_is_named(wiring: Wiring, acme: UUID) -> None:
    with pytest.raises(InvalidInput, match="is not on the ledger"):
        wiring.ledger.get(acme, uuid4())


def test_a_retry_goes_to_the_tasks_own_queue(
    wiring: Wiring, acme: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = build_app(wiring.settings)
    sent: list[dict[str, object]] = []
    registered = app.tasks["forecasts.generate"]
    monkeypatch.setattr("workers.task.execute", lambda *_: 3.0)
    monkeypatch.setattr("workers.task.current_wiring", lambda: wiring)
    monkeypatch.setattr(registered, "apply_async", lambda **options: sent.append(options))
    registered.run(str(acme), str(uuid4()))
    assert [(each["queue"], each["countdown"]) for each in sent] == [("forecast", 3.0)]


def test_a_job_for_tomorrow_is_not_run_today(
    wiring: Wiring, acme: UUID, echo: TaskDefinition[Say, Said]
) -> None:
    job = JobLedger(wiring.dispatcher).enqueue(acme, "test.echo", {"word": "hi"}, requested_by="t")
    with wiring.admin.transaction() as connection:
        connection.execute("UPDATE public.jobs SET run_at = now() + interval '1 day'")
    execute(echo, acme, job.id, wiring)
    assert wiring.ledger.get(acme, job.id).state is JobState.QUEUED


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

"""What `enqueue_job` and `cancel_job` accept and refuse, in the words of the database itself."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from shared.domain.job import JobState
from shared.errors import InvalidInput
from shared.persistence.jobs.job_ledger import JobFilter, JobLedger, JobOrder
from shared.persistence.tenants.logins import login_url
from tests.conftest import PASSWORD
from tests.fixtures.echo import Echo, echo_task, place, run
from workers.wiring import Wiring


@pytest.fixture
def echo(database_url: str) -> Iterator[Echo]:
    with echo_task(database_url) as task:
        yield task


@pytest.fixture
def api(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(login_url(database_url, "api", PASSWORD)) as connection:
        yield connection


def enqueue(connection: psycopg.Connection, tenant_id: UUID, name: str, arguments: object) -> UUID:
    row = connection.execute(
        "SELECT public.enqueue_job(%s, %s, %s, p_requested_by => 'api')",
        (tenant_id, name, Jsonb(arguments)),
    ).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def name_tenant(connection: psycopg.Connection, tenant_id: UUID) -> None:
    connection.execute(
        sql.SQL("SET LOCAL app.current_tenant_id = {}").format(sql.Literal(str(tenant_id)))
    )


def jobs_on_ledger(wiring: Wiring) -> int:
    return len(JobLedger(wiring.admin).search(JobFilter()))


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        ("no.such", {}, "name no.such: no such task; public.task_contracts lists them"),
        (
            "test.echo",
            {"word": "hi", "wrod": 1},
            "arguments.wrod: task test.echo takes no such argument; it takes service, times, word",
        ),
        ("test.echo", {}, "arguments.word: is missing; task test.echo needs it"),
        (
            "test.echo",
            {"word": "hi", "times": "3"},
            "arguments.times: is string in JSON, task test.echo takes integer",
        ),
        (
            "test.echo",
            {"word": "hi", "times": 1.5},
            "arguments.times: is number in JSON, task test.echo takes integer",
        ),
        (
            "test.echo",
            {"word": None},
            "arguments.word: is null in JSON, task test.echo takes string",
        ),
        (
            "sales.pull",
            {"as_of": 5},
            "arguments.as_of: is number in JSON, task sales.pull takes string or null",
        ),
        (
            "books.pull",
            {"service": "shopify_uk"},
            "arguments.service: shopify_uk is none of those that task books.pull takes: xero",
        ),
        ("test.echo", ["hi"], "arguments: must be a JSON object, such as {}"),
        (
            "test.echo",
            {"word": "x" * 2_000_000},
            "arguments: 2000012 bytes, 65536 at most; store the data and give its id",
        ),
    ],
)
def test_a_job_that_could_never_run_is_refused_in_one_line(
    wiring: Wiring,
    acme: UUID,
    echo: Echo,
    api: psycopg.Connection,
    name: str,
    arguments: object,
    problem: str,
) -> None:
    name_tenant(api, acme)
    with pytest.raises(psycopg.errors.InvalidParameterValue) as caught:
        enqueue(api, acme, name, arguments)
    assert caught.value.diag.message_primary == problem
    assert jobs_on_ledger(wiring) == 0


def test_the_same_refusal_reaches_python_as_bad_input(
    wiring: Wiring, acme: UUID, echo: Echo
) -> None:
    with pytest.raises(InvalidInput) as caught:
        JobLedger(wiring.dispatcher).enqueue(acme, "test.echo", {"wrod": 1}, requested_by="test")
    assert caught.value.message == (
        "arguments.wrod: task test.echo takes no such argument; it takes service, times, word"
    )


def test_the_api_enqueues_for_the_tenant_that_it_has_named_and_no_other(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo, api: psycopg.Connection
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no tenant is set"):
        enqueue(api, acme, "test.echo", {"word": "hi"})
    api.rollback()
    name_tenant(api, acme)
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as caught:
        enqueue(api, globex, "test.echo", {"word": "hi"})
    assert caught.value.diag.message_primary == "tenant_id: is not the tenant of this transaction"
    assert "globex" not in str(caught.value)
    api.rollback()
    assert jobs_on_ledger(wiring) == 0


def test_a_job_is_there_when_its_transaction_is_and_only_then(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo, api: psycopg.Connection
) -> None:
    name_tenant(api, acme)
    enqueue(api, acme, "test.echo", {"word": "hi"})
    api.rollback()
    assert jobs_on_ledger(wiring) == 0
    name_tenant(api, acme)
    job_id = enqueue(api, acme, "test.echo", {"word": "hi", "service": "amazon_uk"})
    api.commit()
    job = wiring.ledger.get(acme, job_id)
    assert (job.state, job.requested_by) == (JobState.QUEUED, "api")


def test_the_api_changes_a_job_through_functions_only(
    wiring: Wiring, acme: UUID, echo: Echo, api: psycopg.Connection
) -> None:
    job = place(wiring, acme)
    for statement in (
        "UPDATE public.jobs SET state = 'succeeded'",
        "UPDATE public.jobs SET result = '{}'",
        "DELETE FROM public.jobs",
        "INSERT INTO public.jobs (tenant_id, name, queue, requested_by, state) "
        "SELECT tenant_id, name, queue, 'x', 'succeeded' FROM public.jobs",
    ):
        name_tenant(api, acme)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            api.execute(statement)
        api.rollback()
    name_tenant(api, acme)
    assert api.execute("SELECT public.cancel_job(%s)", (job.id,)).fetchone() == ("cancelled",)


def test_another_tenants_job_cannot_be_cancelled(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo, api: psycopg.Connection
) -> None:
    job = place(wiring, globex)
    for named in (False, True):
        if named:
            name_tenant(api, acme)
        with pytest.raises(psycopg.errors.NoDataFound, match="is not on the ledger"):
            api.execute("SELECT public.cancel_job(%s)", (job.id,))
        api.rollback()
    assert JobLedger(wiring.admin).find(job.id).state is JobState.QUEUED


def test_injected_sql_cannot_cancel_by_forging_the_setting(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo, api: psycopg.Connection
) -> None:
    job = place(wiring, globex)
    api.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(f"tenant_{acme}")))
    name_tenant(api, globex)
    with pytest.raises(psycopg.errors.NoDataFound, match="is not on the ledger"):
        api.execute("SELECT public.cancel_job(%s)", (job.id,))


def test_the_same_key_gives_the_job_that_lives(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    ledger = JobLedger(wiring.dispatcher)

    def ask(tenant: UUID) -> UUID:
        order = JobOrder(tenant, "test.echo", {"word": "hi"}, "test", idempotency_key="k")
        return ledger.place(order)

    first = ask(acme)
    assert ask(acme) == first
    assert ask(globex) != first
    run(wiring, echo, ledger.find(first))
    assert ask(acme) != first


def test_nobody_enqueues_for_a_tenant_that_is_none(wiring: Wiring, echo: Echo) -> None:
    with pytest.raises(InvalidInput, match="not found"):
        JobLedger(wiring.dispatcher).enqueue(
            uuid4(), "test.echo", {"word": "hi"}, requested_by="test"
        )


def test_a_suspended_tenant_enqueues_nothing(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    with wiring.admin.transaction() as connection:
        connection.execute(
            "UPDATE public.tenants SET subscription_status = 'SUSPENDED' WHERE id = %s", (acme,)
        )
    with pytest.raises(InvalidInput, match="acme: is suspended"):
        place(wiring, acme)
    place(wiring, globex)
    assert jobs_on_ledger(wiring) == 1


def test_many_jobs_are_placed_together_or_not_at_all(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo
) -> None:
    ledger = JobLedger(wiring.dispatcher)
    good = JobOrder(acme, "test.echo", {"word": "hi"}, "test")
    bad = JobOrder(acme, "test.echo", {}, "test")
    with pytest.raises(InvalidInput, match=r"arguments\.word: is missing"):
        ledger.place_all([good, good, bad])
    assert jobs_on_ledger(wiring) == 0
    assert len(set(ledger.place_all([good, good]))) == 2


def test_a_job_for_tomorrow_and_one_of_priority_are_kept_as_asked(
    wiring: Wiring, acme: UUID, echo: Echo
) -> None:
    at = datetime.now(UTC) + timedelta(days=1)
    order = JobOrder(acme, "test.echo", {"word": "hi"}, "test", run_at=at, priority=7)
    job = wiring.ledger.get(acme, JobLedger(wiring.dispatcher).place(order))
    assert (job.run_at, job.priority) == (at, 7)
    with pytest.raises(InvalidInput, match="priority 101: must lie between"):
        JobLedger(wiring.dispatcher).place(
            JobOrder(acme, "test.echo", {"word": "hi"}, "test", priority=101)
        )


def test_watchers_hear_of_each_change_by_id_and_figures_only(
    wiring: Wiring, acme: UUID, globex: UUID, echo: Echo, database_url: str
) -> None:
    with psycopg.connect(login_url(database_url, "api", PASSWORD), autocommit=True) as listening:
        listening.execute("LISTEN capliquify_jobs")
        job = place(wiring, acme, "secret word", times=3)
        run(wiring, echo, job)
        heard = [each.payload for each in listening.notifies(timeout=2.0, stop_after=4)]
    states = [
        f'{{"id" : "{job.id}", "state" : "{state}"'
        for state in ("dispatched", "running", "running", "succeeded")
    ]
    assert [payload[: len(state)] for payload, state in zip(heard, states, strict=True)] == states
    assert not any("secret" in payload or "acme" in payload for payload in heard)

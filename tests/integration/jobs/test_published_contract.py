"""What the published contract of jobs promises holds in the database."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from shared.domain.job import JobState
from shared.errors import InvalidInput
from shared.persistence.binding import schema_of
from shared.persistence.jobs.job_ledger import JobLedger, JobOrder
from shared.persistence.tenants.logins import login_url
from tests.conftest import PASSWORD
from tests.fixtures.echo import Echo, deliver, echo_task, place, run
from workers.contract import COLUMNS, DOCUMENT
from workers.execution import execute
from workers.wiring import Wiring

EXAMPLE_TENANT = "550e8400-e29b-41d4-a716-446655440000"
Api = psycopg.Connection[DictRow]


@pytest.fixture
def echo(database_url: str) -> Iterator[Echo]:
    with echo_task(database_url) as task:
        yield task


@pytest.fixture
def api(database_url: str) -> Iterator[Api]:
    url = login_url(database_url, "api", PASSWORD)
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        yield connection


def example(tenant_id: UUID, begin: str = "BEGIN") -> list[str]:
    """The statements of the document's first example that begins so, for a tenant of ours."""
    text = DOCUMENT.read_text(encoding="utf-8").replace(EXAMPLE_TENANT, str(tenant_id))
    found = re.search(rf"```sql\n({begin};.*?)```", text, re.S)
    assert found is not None
    return [each for each in found[1].split(";\n") if each.strip()]


def reading(tenant_id: UUID) -> list[str]:
    """The statements of the document's example of reading figures."""
    return example(tenant_id, "BEGIN READ ONLY")


def run_example(api: Api, tenant_id: UUID) -> list[list[DictRow]]:
    answers = (api.execute(each) for each in example(tenant_id))
    return [answer.fetchall() if answer.description else [] for answer in answers]


def status(api: Api, tenant_id: UUID, job_id: UUID) -> dict[str, Any]:
    with api.transaction():
        api.execute("SELECT set_config('app.current_tenant_id', %s, true)", (str(tenant_id),))
        row = api.execute("SELECT * FROM public.job_status WHERE id = %s", (job_id,)).fetchone()
    assert row is not None
    return row


def test_the_example_puts_a_job_on_the_ledger_that_only_its_tenant_sees(
    wiring: Wiring, acme: UUID, globex: UUID, api: Api
) -> None:
    _, _, [asked], [seen], _ = run_example(api, acme)
    assert seen == {
        "id": asked["job_id"], "state": "queued", "attempt": 0, "run_at": seen["run_at"]
    }  # fmt: skip
    job = wiring.ledger.get(acme, asked["job_id"])
    assert (job.name, job.arguments, job.requested_by) == (
        "sales.pull",
        {"service": "shopify_uk"},
        "user:42",
    )
    # The key is alive: pressing the button again gives the same job.
    assert run_example(api, acme)[2] == [asked]
    _, _, [others], theirs, _ = run_example(api, globex)
    assert [each["id"] for each in theirs] == [others["job_id"]] != [asked["job_id"]]
    assert api.execute("SELECT * FROM public.job_status").fetchall() == []


def put_figures(database_url: str, tenant_id: UUID, cash: int) -> None:
    """A month's cash, and a product with a forecast."""
    with psycopg.connect(database_url) as owner:
        owner.execute(f'SET search_path = "{schema_of(tenant_id)}"'.encode())
        owner.execute(
            "INSERT INTO working_capital_metrics (company_id, period_date, period_type, period_days, cash) "
            "SELECT id, '2026-03-01', 'MONTHLY', 31, %s FROM companies",
            (cash,),
        )
        owner.execute(
            "INSERT INTO products (company_id, sku, name) SELECT id, %s, 'A product' FROM companies",
            (f"SKU-{cash}",),
        )
        owner.execute(
            "INSERT INTO forecasts (company_id, product_id, forecast_date, forecast_origin, forecast_type, "
            "period_type, model_type, model_version, predicted_value) "
            "SELECT company_id, id, '2026-04-01', '2026-03-31', 'DEMAND', 'DAILY', 'ensemble', '1', 7 FROM products"
        )


def read_figures(api: Api, tenant_id: UUID) -> list[list[DictRow]]:
    """The answers of the document's example of reading, for a tenant of ours."""
    answers = (api.execute(each) for each in reading(tenant_id))
    return [answer.fetchall() if answer.description else [] for answer in answers]


def test_the_api_reads_the_figures_of_one_tenant_and_keeps_nothing_of_it(
    wiring: Wiring, acme: UUID, globex: UUID, api: Api, database_url: str
) -> None:
    for tenant, cash in ((acme, 100), (globex, 900)):
        put_figures(database_url, tenant, cash)
    for tenant, cash in ((acme, 100), (globex, 900), (acme, 100)):
        _, [bound], [month], [forecast], _ = read_figures(api, tenant)
        assert set(bound) == {"set_config"}
        assert (month["period_date"], month["cash"], month["working_capital"]) == (
            date(2026, 3, 1),
            cash,
            None,
        )
        assert (forecast["sku"], forecast["predicted_value"]) == (f"SKU-{cash}", 7)
        # The same connection is nobody's afterwards.
        assert api.execute("SELECT current_user AS is").fetchone() == {"is": "capliquify_api"}
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            api.execute(f'SELECT * FROM "{schema_of(tenant)}".working_capital_metrics'.encode())


def test_the_api_that_has_become_one_tenant_reads_no_other_and_an_unknown_one_is_none(
    wiring: Wiring, acme: UUID, globex: UUID, api: Api, database_url: str
) -> None:
    put_figures(database_url, globex, 900)
    begin, bind = reading(acme)[:2]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        api.execute(begin)
        api.execute(bind)
        api.execute(f'SELECT * FROM "{schema_of(globex)}".working_capital_metrics'.encode())
    api.execute("ROLLBACK")
    begin, bind, first, *_ = reading(uuid4())
    api.execute(begin)
    assert api.execute(bind).fetchall() == []
    with pytest.raises(psycopg.errors.UndefinedTable):
        api.execute(first)
    api.execute("ROLLBACK")


def test_the_view_has_the_columns_that_are_published_and_no_other(
    wiring: Wiring, acme: UUID, globex: UUID, api: Api
) -> None:
    shown = api.execute("SELECT * FROM public.job_status").description
    assert shown is not None
    assert [column.name for column in shown] == [name for name, *_ in COLUMNS]


def test_waiting_and_running_times_are_those_of_the_last_attempt(
    wiring: Wiring, acme: UUID, globex: UUID, api: Api, echo: Echo
) -> None:
    job = place(wiring, acme, "away for a while")
    assert run(wiring, echo, job) is JobState.QUEUED
    again = status(api, acme, job.id)
    assert (again["outcome"], again["waited_s"], again["ran_s"]) == ("retried", 0.0, None)
    later = JobOrder(
        acme, "test.echo", {"word": "hi"}, "test", run_at=datetime.now(UTC) + timedelta(days=1)
    )
    not_yet = status(api, acme, JobLedger(wiring.dispatcher).place(later))
    assert (not_yet["waited_s"], not_yet["ran_s"]) == (0.0, None)
    ended = place(wiring, acme)
    assert run(wiring, echo, ended) is JobState.SUCCEEDED
    done = status(api, acme, ended.id)
    assert 0 < done["waited_s"] < 30
    assert 0 < done["ran_s"] < 30


def test_a_notification_shows_state_attempt_and_progress(
    wiring: Wiring, acme: UUID, globex: UUID, api: Api, echo: Echo
) -> None:
    api.execute("LISTEN capliquify_jobs")
    job = place(wiring, acme, times=3)
    assert execute(echo, deliver(wiring, job), wiring, worker="w") is JobState.SUCCEEDED
    heard = [json.loads(each.payload) for each in api.notifies(timeout=5, stop_after=4)]
    common = {"id": str(job.id)}
    assert heard == [
        {**common, "state": "dispatched", "attempt": 0, "done": None, "total": None},
        {**common, "state": "running", "attempt": 1, "done": None, "total": None},
        {**common, "state": "running", "attempt": 1, "done": 3, "total": 3},
        {**common, "state": "succeeded", "attempt": 1, "done": 3, "total": 3},
    ]


def test_a_parent_of_another_tenant_is_as_unknown_as_none(
    wiring: Wiring, acme: UUID, globex: UUID, api: Api, echo: Echo
) -> None:
    theirs = place(wiring, globex)
    for parent in (theirs.id, uuid4()):
        with (
            pytest.raises(psycopg.errors.NoDataFound) as caught,
            api.transaction(),
        ):
            api.execute("SELECT set_config('app.current_tenant_id', %s, true)", (str(acme),))
            api.execute(
                "SELECT public.enqueue_job(%s, 'usage.sample', p_parent_id => %s)", (acme, parent)
            )
        assert caught.value.diag.message_primary == f"parent_id: {parent} is not on the ledger"
    with pytest.raises(InvalidInput):
        wiring.ledger.get(acme, theirs.id)

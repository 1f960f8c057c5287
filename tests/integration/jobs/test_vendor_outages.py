"""An outage of a vendor: nobody hammers it, no attempt is used up, and everything is done once it is back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
import pytest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.app import SHOPIFY_TOKEN, build_app
from shared.domain.events import nothing_follows
from shared.domain.job import Job, JobState
from shared.domain.quota import Tier
from shared.embedded.urls import ServiceUrls
from shared.persistence.jobs.dispatching import DispatchLedger
from shared.persistence.jobs.job_ledger import JobFilter, JobLedger
from shared.persistence.jobs.many_jobs import RETRIED, JobsInCommon, retry_jobs
from shared.use_cases.register_tenant import NewTenant, register_tenant
from shared.use_cases.store_credential import store_credential
from tests.conftest import settings_of
from tests.fixtures.echo import NO_CAPS
from tests.fixtures.sandbox import serve
from tests.fixtures.shop_pulls import rows
from workers.definition import TASKS
from workers.execution import execute
from workers.migrate import task_contracts
from workers.wiring import Wiring, build_wiring

TENANTS = 6
LAST_DAY = "2011-12-09"
pytestmark = pytest.mark.usefixtures("quick_retries")


@dataclass
class Gate:
    """Before the stand-in: it counts who comes, and sends away all, or those of some shops."""

    app: ASGIApp
    is_down: Callable[[str], bool] = lambda _domain: False
    asked: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http":
            domain = scope["path"].split("/")[2]
            self.asked.append(domain)
            if self.is_down(domain):
                response = Response("down for now", status_code=503)
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)


@pytest.fixture
def gate() -> Iterator[tuple[Gate, str]]:
    """The gift shop, once for each tenant's domain."""
    app = build_app()

    async def by_shop(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = "/" + "/".join(scope["path"].split("/")[3:])
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await app(scope, receive, send)

    made = Gate(by_shop)
    with serve(made) as url:  # type: ignore[arg-type]
        yield made, url


@pytest.fixture
def night(
    database_url: str, services: ServiceUrls, gate: tuple[Gate, str]
) -> Iterator[tuple[Wiring, dict[str, UUID]]]:
    """Tenants with a shop each, and a pull of each that waits."""
    task_contracts()
    settings = settings_of(database_url, services.redis_url).model_copy(
        update={"shopify_base_url": f"{gate[1]}/shops/{{shop_domain}}"}
    )
    with build_wiring(settings) as wiring:
        tenants = {}
        for number in range(TENANTS):
            slug = f"shop-{number}"
            tenant = register_tenant(
                wiring.registry(), NewTenant(slug, slug, Tier.STARTER, "UTC", "GBP")
            )
            secret = {"shop_domain": f"{slug}.myshopify.com", "access_token": SHOPIFY_TOKEN}
            opener = wiring.unit_of_work(tenant, actor="test", react=nothing_follows)
            store_credential(opener, wiring.vault, "shopify_uk", "ecommerce", secret)
            JobLedger(wiring.dispatcher).enqueue(
                tenant, "sales.pull", {"service": "shopify_uk", "as_of": LAST_DAY}, requested_by="t"
            )
            tenants[slug] = tenant
        yield wiring, tenants


def pass_minutes(wiring: Wiring, minutes: int) -> None:
    """Each minute what is due runs here; then everything that is kept becomes a minute older."""
    for _ in range(minutes):
        claimed = DispatchLedger(wiring.dispatcher, 30.0).claim("sync", 1000, None, NO_CAPS)
        for delivery in claimed.deliveries:
            job = JobLedger(wiring.admin).find(delivery.lease.job_id)
            execute(TASKS[job.name], delivery.lease, wiring, worker="w")
        with psycopg.connect(wiring.settings.url_of("direct") or "") as connection:
            connection.execute(
                "UPDATE public.jobs SET run_at = run_at - interval '1 minute', "
                "away_since = away_since - interval '1 minute' WHERE state = 'queued'"
            )
            connection.execute(
                "UPDATE public.vendor_circuits SET probe_at = probe_at - interval '1 minute', "
                "opened_at = opened_at - interval '1 minute', last_failed_at = last_failed_at - interval '1 minute', "
                "first_failed_at = first_failed_at - interval '1 minute'"
            )


def pulls(wiring: Wiring, tenants: dict[str, UUID]) -> list[Job]:
    """Every pull of everybody."""
    ledger = JobLedger(wiring.admin)
    return [
        job for each in tenants.values() for job in ledger.search(JobFilter(each, "sales.pull"))
    ]


def test_after_an_hour_without_the_vendor_every_tenant_is_pulled_once(
    night: tuple[Wiring, dict[str, UUID]], gate: tuple[Gate, str]
) -> None:
    (wiring, tenants), (vendor, _) = night, gate
    vendor.is_down = lambda _domain: True
    pass_minutes(wiring, 60)
    waiting = pulls(wiring, tenants)
    assert [(job.state, job.attempt) for job in waiting] == [(JobState.QUEUED, 0)] * TENANTS
    assert {job.waits_for for job in waiting} == {"shopify"}
    assert all("shopify: " in (job.error_message or "") for job in waiting)
    # Three tenants find it out. Then one asks for all, at last every five minutes.
    assert len(vendor.asked) <= 3 + 16
    vendor.is_down = lambda _domain: False
    pass_minutes(wiring, 16)
    done = pulls(wiring, tenants)
    assert [(job.state, job.attempt) for job in done] == [(JobState.SUCCEEDED, 1)] * TENANTS
    found = [rows(wiring, each, "SELECT count(*) FROM products") for each in tenants.values()]
    assert found == [[(24,)]] * TENANTS


def test_one_shop_that_is_down_holds_up_no_other(
    night: tuple[Wiring, dict[str, UUID]], gate: tuple[Gate, str]
) -> None:
    (wiring, tenants), (vendor, _) = night, gate
    vendor.is_down = lambda domain: domain == "shop-0.myshopify.com"
    pass_minutes(wiring, 2)
    states = {
        slug: JobLedger(wiring.admin).search(JobFilter(tenant, "sales.pull"))[0].state
        for slug, tenant in tenants.items()
    }
    assert states.pop("shop-0") is JobState.QUEUED
    assert set(states.values()) == {JobState.SUCCEEDED}


def test_when_patience_is_over_the_attempts_are_used_up(
    night: tuple[Wiring, dict[str, UUID]], gate: tuple[Gate, str]
) -> None:
    (wiring, tenants), (vendor, _) = night, gate
    vendor.is_down = lambda _domain: True
    wiring.settings.vendor_patience_s = 600.0
    pass_minutes(wiring, 9)
    assert {job.attempt for job in pulls(wiring, tenants)} == {0}
    pass_minutes(wiring, 40)
    dead = pulls(wiring, tenants)
    assert {job.state for job in dead} == {JobState.DEAD}
    # Retried, each has its patience and its attempts again.
    first, *others = dead
    JobLedger(wiring.admin).replay(first.tenant_id, first.id)
    assert retry_jobs(wiring.admin, JobsInCommon(RETRIED, error="VendorAway")) == len(others)
    assert {job.away_since for job in pulls(wiring, tenants)} == {None}
    pass_minutes(wiring, 1)
    again = pulls(wiring, tenants)
    assert {(job.state, job.attempt) for job in again} == {(JobState.QUEUED, 0)}

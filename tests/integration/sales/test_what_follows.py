"""What pulls and backfills publish, and what is enqueued because of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from shared.domain.events import Event, Follower, RecordsSetAside, SalesBackfilled, SalesPulled
from shared.domain.products import Product
from shared.domain.quota import Overrides, Tier
from shared.domain.sales import RejectedRecord
from shared.domain.stream_positions import Backward, Done
from shared.errors import InvalidInput, VendorUnavailable
from shared.persistence.jobs.job_ledger import JobFilter, JobLedger, JobOrder
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.ask_services import pull_everything
from shared.use_cases.ports.unit_of_work import OpenUnitOfWork
from shared.use_cases.pull_sales import BACKFILL
from shared.use_cases.vendors import Page
from tests.fixtures.shop_pulls import backfill, credential_of, past, pull, two_pages
from tests.fixtures.shops import FakeShop
from workers.vendors.services import TYPES
from workers.wiring import Wiring

Heard = tuple[OpenUnitOfWork, list[Event]]


@pytest.fixture
def heard_of(wiring: Wiring) -> Callable[[UUID], Heard]:
    """Units of work of a tenant, and what is published on them; nothing follows."""

    def listen(tenant_id: UUID) -> Heard:
        events: list[Event] = []

        def react(event: Event) -> Sequence[Follower]:
            events.append(event)
            return ()

        return wiring.unit_of_work(tenant_id, actor="test", react=react), events

    return listen


def jobs_of(wiring: Wiring, tenant_id: UUID) -> list[tuple[str, dict[str, object]]]:
    found = JobLedger(wiring.admin).search(JobFilter(tenant_id))
    return sorted(((job.name, job.arguments) for job in found), key=str)


@dataclass
class ShopWithoutProducts(FakeShop):
    """Its products cannot be read today."""

    def product_pages(self, _cursor: str | None) -> Iterator[Page[Product]]:
        raise VendorUnavailable("products: the shop answered 503")


def test_a_pull_says_what_it_changed(acme: UUID, heard_of: Callable[[UUID], Heard]) -> None:
    opener, events = heard_of(acme)
    pull(opener, two_pages())
    assert events == [SalesPulled("shopify_uk", None, 4, 2, backfilled=False)]


def test_orders_that_are_here_are_published_though_products_are_to_be_read_again(
    acme: UUID, heard_of: Callable[[UUID], Heard]
) -> None:
    opener, events = heard_of(acme)
    shop = two_pages()
    with pytest.raises(VendorUnavailable):
        pull(opener, ShopWithoutProducts([], shop.order_pages))
    # The next run of the job finds nothing new: forecasts would wait for the next sale.
    assert events == [SalesPulled("shopify_uk", None, 4, 0, backfilled=False)]


def test_what_is_set_aside_is_published_beside_it(
    acme: UUID, heard_of: Callable[[UUID], Heard]
) -> None:
    opener, events = heard_of(acme)
    shop = two_pages()
    shop.rejected = [RejectedRecord("9", "sku", "sku: is missing")]
    pull(opener, shop)
    assert events == [
        RecordsSetAside("shopify_uk", "orders", 1),
        SalesPulled("shopify_uk", None, 4, 2, backfilled=False),
    ]


def test_a_past_that_is_whole_is_published_once_and_not_where_nothing_was_to_do(
    acme: UUID, heard_of: Callable[[UUID], Heard]
) -> None:
    opener, events = heard_of(acme)
    backfill(opener, FakeShop([], [[]]))
    assert events == []
    pull(opener, two_pages())
    events.clear()
    for _ in range(2):
        backfill(opener, FakeShop([], [[]]))
    assert past(opener).done is Done.WHOLE
    assert events == [SalesBackfilled("shopify_uk", None, 0)]


def test_a_column_that_was_edited_beside_its_position_is_healed_when_it_is_read(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    opener = wiring.unit_of_work(acme, actor="test")
    identity = credential_of(opener).id
    whole = Backward(datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC), Done.WHOLE)
    with opener() as work:
        assert work.cursors.move(identity, BACKFILL, None, whole)
    # As a worker of the release before leaves it.
    with tenant_transaction(wiring.database, acme) as connection:
        connection.execute("UPDATE sync_cursors SET complete_until = NULL")
    with opener() as work:
        assert work.cursors.get(identity, BACKFILL, Backward) == whole
    with tenant_transaction(wiring.database, acme) as connection:
        row = connection.execute("SELECT complete_until FROM sync_cursors").fetchone()
    assert row == {"complete_until": datetime(2024, 3, 1, tzinfo=UTC)}


def test_the_service_says_what_kind_of_pull_is_due_whatever_its_credential_says(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    opener = wiring.unit_of_work(acme, actor="test")
    with opener() as work:
        company = work.companies.get().id
        for service in ("shopify_uk", "xero"):
            # Whoever wrote the row of the books took them for a shop.
            identity = work.credentials.reserve(company, service, "ecommerce")
            work.credentials.store(identity, "sealed")
    assert pull_everything(opener, TYPES).services == ["shopify_uk", "xero"]
    assert jobs_of(wiring, acme) == [
        ("books.pull", {"service": "xero"}),
        ("sales.pull", {"service": "shopify_uk"}),
    ]
    assert jobs_of(wiring, globex) == []


def test_a_tenant_whose_queue_is_full_gets_another_tier_all_the_same(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    with wiring.admin.transaction() as connection:
        connection.execute(
            "UPDATE public.tenants SET settings = settings || '{\"max_waiting_jobs\": 1}' WHERE id = %s",
            (acme,),
        )
    waiting = JobOrder(acme, "working_capital.roll_up", {"as_of": "2026-03-01"}, "test")
    JobLedger(wiring.admin).place(waiting)
    with pytest.raises(InvalidInput, match="1 jobs wait already"):
        JobLedger(wiring.admin).place(waiting)
    wiring.lifecycle("test").set_tier("acme", Tier.ENTERPRISE, Overrides())
    assert wiring.registry().find("acme").tier is Tier.ENTERPRISE
    assert [name for name, _ in jobs_of(wiring, acme)] == [
        "usage.sample",
        "working_capital.roll_up",
    ]


def test_a_worker_of_the_release_before_still_ends_its_jobs_with_what_follows(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    order = JobOrder(acme, "sales.pull", {}, "test")
    job = JobLedger(wiring.dispatcher).place_here(order)
    wiring.leases.start(job.as_lease(), "w")
    lease = job.as_lease()
    followers = [{"name": "usage.sample", "arguments": {}}]
    ended = wiring.database.call(
        "SELECT public.finish_job(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)::text AS state",
        (acme, job.id, lease.number, "succeeded", Jsonb({}), None, None, 0.0, Jsonb(followers), 0, None),
    )  # fmt: skip
    assert ended == [{"state": "succeeded"}]
    children = JobLedger(wiring.admin).children(job.id)
    assert [(each.name, each.requested_by) for each in children] == [
        ("usage.sample", "reaction:sales.pull")
    ]

"""Pulling sales: a page is one transaction, a replay changes nothing, a cut-off run goes on."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shared.domain.catalogue import Product, StockLevel
from shared.domain.sales import FeeRule, RejectedRecord, SaleFee
from shared.domain.sync import Basis, Position, SyncWindow
from shared.errors import (
    CredentialRejected,
    CursorExpired,
    ScopeMissing,
    Snooze,
    StreamBusy,
    WindowTooLarge,
)
from shared.persistence.database import Connection
from shared.persistence.ledger import JobLedger, JobOrder
from shared.persistence.reports import SalesTotals, read_sales_totals
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.backfill_sales import BackfillResult, backfill_sales
from shared.use_cases.keep_sales import keep_fees, keep_orders
from shared.use_cases.ports import OpenUnitOfWork, StoredCredential
from shared.use_cases.pull_sales import PullResult, SalesPull
from shared.use_cases.slices import Slice
from shared.use_cases.vendors import Page, SalePage, Shop
from tests.fixtures.shops import CutOff, FakeShop, product, sale
from workers.wiring import Wiring

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = date(2026, 3, 1)
BEFORE = NOW - timedelta(days=1)
CONNECTED = {
    "orders": {"since": BEFORE.isoformat()},
    "orders_backfill": {
        "from": datetime(2024, 3, 1, tzinfo=UTC).isoformat(),
        "until": BEFORE.isoformat(),
    },
}
LOOK_BACK = timedelta(minutes=10)
Opener = Callable[[UUID], OpenUnitOfWork]


def credential_of(opener: OpenUnitOfWork) -> StoredCredential:
    with opener() as work:
        identity = work.credentials.reserve(work.companies.get().id, "shopify_uk", "ecommerce")
        work.credentials.store(identity, "sealed")
        return work.credentials.get("shopify_uk")


def pull(opener: OpenUnitOfWork, shop: FakeShop, now: datetime = NOW) -> PullResult:
    """A pull of a shop that was connected the day before."""
    credential = credential_of(opener)
    with opener() as work:
        for stream, position in CONNECTED.items():
            work.cursors.move(credential.id, stream, {}, position)
    return SalesPull(opener, shop, credential, lambda *_: None).run(now)


def backfill(opener: OpenUnitOfWork, shop: FakeShop, *, again: bool = False) -> BackfillResult:
    return backfill_sales(opener, shop, credential_of(opener), lambda *_: None, again=again)


def position(opener: OpenUnitOfWork, stream: str) -> Position:
    with opener() as work:
        return work.cursors.get(credential_of(opener).id, stream)


def rows(wiring: Wiring, tenant_id: UUID, query: Any) -> list[tuple[Any, ...]]:
    with tenant_transaction(wiring.database, tenant_id) as connection:
        return [tuple(row.values()) for row in connection.execute(query)]


def totals(wiring: Wiring, tenant_id: UUID) -> SalesTotals:
    with tenant_transaction(wiring.database, tenant_id) as connection:
        return read_sales_totals(connection)


def two_pages() -> FakeShop:
    return FakeShop(
        products=[product("MUG"), product("TEA", cost=None)],
        order_pages=[
            [sale(1, "MUG", 2, DAY), sale(1, "TEA", 1, DAY)],
            [sale(2, "MUG", 3, DAY), sale(2, "MUG", -1, DAY + timedelta(days=1))],
        ],
    )


def test_a_pull_brings_orders_products_stock_and_costs(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    result = pull(unit_of_work_of(acme), two_pages())
    assert result == PullResult(2, 2, 4, 4, 0, backfilled=False)
    assert totals(wiring, acme) == SalesTotals(2, 5, Decimal("50.00"), DAY, DAY + timedelta(days=1))
    assert rows(wiring, acme, "SELECT sku, unit_cost::text FROM products ORDER BY sku") == [
        ("MUG", "4.00"),
        ("TEA", None),
    ]
    assert rows(
        wiring, acme, "SELECT location, quantity_on_hand, quantity_available FROM inventory"
    ) == [
        ("warehouse_uk", 10, 9),
        ("warehouse_uk", 10, 9),
    ]
    assert totals(wiring, globex).orders == 0


def test_a_second_pull_changes_no_row(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    pull(unit_of_work_of(acme), two_pages())
    before = rows(
        wiring,
        acme,
        "SELECT xmin::text, id FROM sales UNION ALL SELECT xmin::text, id FROM products",
    )
    again = pull(unit_of_work_of(acme), two_pages(), NOW + timedelta(hours=1))
    assert (again.products_changed, again.lines_changed) == (0, 0)
    assert (
        rows(
            wiring,
            acme,
            "SELECT xmin::text, id FROM sales UNION ALL SELECT xmin::text, id FROM products",
        )
        == before
    )


def test_a_run_that_is_cut_off_goes_on_at_its_page_with_the_same_window(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    shop = two_pages()
    shop.cut_off_at = 1
    with pytest.raises(CutOff):
        pull(unit_of_work_of(acme), shop)
    assert totals(wiring, acme).orders == 1
    shop.cut_off_at = None
    pull(unit_of_work_of(acme), shop, NOW + timedelta(hours=1))
    later = NOW + timedelta(hours=1)
    # First what was cut off, then what came since.
    first = SyncWindow(Basis.UPDATED, BEFORE - LOOK_BACK, NOW)
    assert shop.windows == [
        (first, None),
        (first, "1"),
        (SyncWindow(Basis.UPDATED, NOW - LOOK_BACK, later), None),
    ]
    assert totals(wiring, acme).revenue == Decimal("50.00")


def test_the_first_run_cuts_time_in_two_and_leaves_the_past_to_the_backfill(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener, shop = unit_of_work_of(acme), two_pages()
    shop.traits = replace(shop.traits, orders_again=(timedelta(days=4),))
    result = SalesPull(opener, shop, credential_of(opener), lambda *_: None).run(NOW)
    assert (result.lines_read, result.backfilled) == (0, False)
    assert shop.windows == []
    assert position(opener, "orders") == {"since": "2026-03-02T12:00:00+00:00"}
    assert position(opener, "orders_4d") == {"since": "2026-02-26T12:00:00+00:00"}
    assert position(opener, "orders_backfill") == {
        "from": "2024-03-02T00:00:00+00:00",
        "until": "2026-03-02T12:00:00+00:00",
    }
    assert backfill(opener, shop).lines_changed == 4
    assert shop.windows[0][0] == SyncWindow(Basis.CREATED, NOW - timedelta(days=30), NOW)
    assert shop.windows[-1][0].since == datetime(2024, 3, 2, tzinfo=UTC)
    assert "done" in position(opener, "orders_backfill")
    assert totals(wiring, acme).revenue == Decimal("50.00")


def test_a_backfill_that_is_cut_off_goes_on_at_its_page(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener, shop = unit_of_work_of(acme), two_pages()
    pull(opener, FakeShop([], [[]]))
    shop.cut_off_at = 1
    with pytest.raises(CutOff):
        backfill(opener, shop)
    shop.cut_off_at = None
    backfill(opener, shop)
    first = SyncWindow(Basis.CREATED, BEFORE - timedelta(days=30), BEFORE)
    assert shop.windows[:2] == [(first, None), (first, "1")]


def test_a_backfill_whose_time_is_up_leaves_what_it_has_and_goes_on_later(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener, shop = unit_of_work_of(acme), two_pages()
    pull(opener, FakeShop([], [[]]))
    times = iter((0.0, 5.0, 11.0))
    report = Slice(lambda *_: None, 10.0, lambda: next(times))
    with pytest.raises(Snooze, match="goes on in another slice"):
        backfill_sales(opener, shop, credential_of(opener), report)
    assert totals(wiring, acme).orders == 2
    backfill(opener, shop)
    assert "done" in position(opener, "orders_backfill")


def test_no_day_is_complete_before_the_past_is_there(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    pull(opener, two_pages())
    with opener() as work:
        assert work.sales.complete_until() == date.min
    backfill(opener, two_pages())
    with opener() as work:
        assert work.sales.complete_until() == DAY


def test_a_window_that_is_too_large_is_halved_and_the_next_one_is_no_larger(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    class Slow(FakeShop):
        def sale_pages(self, window: SyncWindow, cursor: str | None) -> Iterator[SalePage]:
            if window.until - window.since > timedelta(days=20):
                raise WindowTooLarge("vendor: too long")
            return super().sale_pages(window, cursor)

    opener = unit_of_work_of(acme)
    shop = Slow([], [[sale(1, "MUG", 2, DAY)]])
    pull(opener, shop)
    assert backfill(opener, shop).lines_changed == 0
    extents = {window.until - window.since for window, _ in shop.windows[1:]}
    assert max(extents) <= timedelta(days=20)
    assert totals(wiring, acme).orders == 1


def test_a_cursor_that_the_vendor_forgot_begins_its_window_again(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    class Forgetful(FakeShop):
        def sale_pages(self, window: SyncWindow, cursor: str | None) -> Iterator[SalePage]:
            if cursor is not None:
                raise CursorExpired("vendor: the cursor is not known")
            return super().sale_pages(window, cursor)

    opener = unit_of_work_of(acme)
    shop = Forgetful([], two_pages().order_pages)
    shop.cut_off_at = 1
    with pytest.raises(CutOff):
        pull(opener, shop)
    shop.cut_off_at = None
    pull(opener, shop)
    assert totals(wiring, acme).revenue == Decimal("50.00")


def test_a_run_whose_cursor_another_run_has_moved_writes_nothing(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)

    class Raced(FakeShop):
        def sale_pages(self, window: SyncWindow, cursor: str | None) -> Iterator[SalePage]:
            if not self.windows:
                self.windows.append((window, cursor))
                pull(opener, FakeShop([], [[sale(9, "TEA", 1, DAY)]]))
            return super().sale_pages(window, cursor)

    with pytest.raises(StreamBusy):
        pull(opener, Raced([], [[sale(1, "MUG", 2, DAY)]]))
    assert rows(wiring, acme, "SELECT channel_order_id FROM sales") == [("9",)]


def test_a_backfill_that_may_not_see_further_ends_and_says_why(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    class Hidden(FakeShop):
        shows_all = False

        def sale_pages(self, window: SyncWindow, cursor: str | None) -> Iterator[SalePage]:
            if not self.shows_all and window.since < NOW - timedelta(days=60):
                raise ScopeMissing("shopify: needs the scope read_all_orders")
            return super().sale_pages(window, cursor)

    opener, shop = unit_of_work_of(acme), Hidden([], [[sale(1, "MUG", 2, DAY)]])
    pull(opener, shop)
    with pytest.raises(ScopeMissing):
        backfill(opener, shop)
    assert position(opener, "orders_backfill")["done"] == "scope missing"
    assert totals(wiring, acme).orders == 1
    assert backfill(opener, shop) == BackfillResult(0, 0, 0)
    shop.shows_all = True
    assert backfill(opener, shop, again=True).lines_read > 0
    assert position(opener, "orders_backfill")["done"] == "whole"


def test_products_are_not_scanned_again_by_a_job_that_was_put_off(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener, shop = unit_of_work_of(acme), FakeShop([product("MUG")], [[]])
    scans = [
        pull(opener, shop, NOW + timedelta(minutes=minutes)).products_read
        for minutes in (0, 10, 119, 121)
    ]
    assert scans == [1, 0, 0, 1]


def test_a_product_scan_whose_place_the_vendor_forgot_begins_again(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    class Forgetful(FakeShop):
        def product_pages(self, cursor: str | None) -> Iterator[Page[Product]]:
            if cursor is not None:
                raise CursorExpired("vendor: the bulk operation is not known any more")
            yield Page((product("MUG"),), (), "bulk-1")
            if not self.products:
                raise CutOff
            yield Page((product("TEA"),), (), None)

    opener = unit_of_work_of(acme)
    with pytest.raises(CutOff):
        pull(opener, Forgetful([], [[]]))
    assert pull(opener, Forgetful([product("TEA")], [[]])).products_changed == 1
    assert rows(wiring, acme, "SELECT count(*) FROM products WHERE is_active") == [(2,)]


def test_what_a_vendor_kept_back_is_not_taken_off_the_shelf(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    class Half(FakeShop):
        def product_pages(self, _cursor: str | None) -> Iterator[Page[Product]]:
            yield Page((product("MUG"),), (), None, whole=False)

    pull(unit_of_work_of(acme), FakeShop([product("MUG"), product("TEA")], [[]]))
    pull(unit_of_work_of(acme), Half([], [[]]), NOW + timedelta(days=1))
    assert rows(wiring, acme, "SELECT count(*) FROM products WHERE is_active") == [(2,)]


def test_a_product_is_for_sale_while_one_channel_sells_it(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    active = "SELECT is_active, category FROM products WHERE sku = 'MUG'"
    here = replace(product("MUG"), category="Kitchen")
    there = replace(product("MUG"), channel="amazon_uk", is_active=False, stock=())

    def list_it(*products: Product) -> None:
        with opener() as work:
            work.products.upsert(work.companies.get().id, products, DAY)

    list_it(here)
    list_it(there)
    assert rows(wiring, acme, active) == [(True, "Kitchen")]
    list_it(replace(here, is_active=False))
    assert rows(wiring, acme, active) == [(False, "Kitchen")]
    list_it(replace(there, is_active=True))
    assert rows(wiring, acme, active) == [(True, "Kitchen")]
    # The shop lists it no more; Amazon, which was read the day before, still does.
    with opener() as work:
        work.products.retire_unseen("shopify_uk", DAY + timedelta(days=1))
    assert rows(wiring, acme, active) == [(True, "Kitchen")]
    with opener() as work:
        work.products.retire_unseen("amazon_uk", DAY + timedelta(days=1))
    assert rows(wiring, acme, active) == [(False, "Kitchen")]


def test_an_order_and_its_fee_that_are_written_side_by_side_find_each_other(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener, rule = unit_of_work_of(acme), FeeRule(Decimal("0.15"), Decimal(0))
    credential = credential_of(opener)
    told = SaleFee("shopify_uk", "1", "f1", None, Decimal("4.20"), "GBP", True, NOW)
    done = threading.Event()

    def write_fee() -> None:
        with opener() as work:
            keep_fees(work, credential, (told,), rule)
        done.set()

    with opener() as work:
        keep_orders(work, credential, (sale(1, "MUG", 2, DAY),), rule)
        other = threading.Thread(target=write_fee)
        other.start()
        # It waits for what it could not see yet.
        assert not done.wait(0.3)
    other.join()
    fees = "SELECT commission_amount::text, fee_estimated FROM sales"
    assert rows(wiring, acme, fees) == [("4.20", False)]


def test_a_shop_whose_past_is_on_its_way_holds_up_no_other(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    pull(opener, two_pages())
    backfill(opener, two_pages())
    with opener() as work:
        second = work.credentials.reserve(work.companies.get().id, "shopify_eu", "ecommerce")
        work.credentials.store(second, "sealed")
        for stream, position_of in CONNECTED.items():
            work.cursors.move(second, stream, {}, position_of)
        assert work.sales.complete_until() == DAY


def test_a_day_is_complete_in_the_shops_own_zone(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    class Pacific(FakeShop):
        def describe_shop(self) -> Shop:
            return Shop("Fake", "GBP", "America/Los_Angeles")

    opener, shop = unit_of_work_of(acme), Pacific([], [[]])
    pull(opener, shop, datetime(2026, 3, 3, 2, tzinfo=UTC))
    backfill(opener, shop)
    with opener() as work:
        # It is still the second of March there.
        assert work.sales.complete_until() == date(2026, 3, 1)


def test_a_good_pull_needs_no_reconnecting_and_an_old_one_does_not_spoil_a_new_credential(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    old = credential_of(opener)
    state = "SELECT needs_reconnect FROM api_credentials"
    with opener() as work:
        work.credentials.mark_failed(old.id, NOW, reconnect=True, sealed=old.sealed)
    assert rows(wiring, acme, state) == [(True,)]
    SalesPull(opener, FakeShop([], [[]]), old, lambda *_: None).run(NOW)
    assert rows(wiring, acme, state) == [(False,)]
    with opener() as work:
        work.credentials.store(old.id, "another secret")
        work.credentials.mark_failed(old.id, NOW, reconnect=True, sealed=old.sealed)
    assert rows(wiring, acme, state) == [(False,)]


def test_older_news_does_not_overwrite_newer(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    old = replace(sale(1, "MUG", 2, DAY), source_updated_at=NOW - timedelta(hours=3))
    new = replace(old, total_amount=Decimal("15.00"), source_updated_at=NOW - timedelta(hours=2))
    for hour, line in enumerate((old, new, old)):
        pull(unit_of_work_of(acme), FakeShop([], [[line]]), NOW + timedelta(hours=hour))
    assert totals(wiring, acme).revenue == Decimal("15.00")
    # In one page as well.
    pull(unit_of_work_of(globex), FakeShop([], [[new, old]]))
    assert totals(wiring, globex).revenue == Decimal("15.00")


def test_a_real_fee_takes_the_place_of_the_estimate_and_stays(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    fees = "SELECT commission_amount::text, commission_rate::text, net_revenue::text, fee_estimated FROM sales"
    opener = unit_of_work_of(acme)
    line = sale(1, "MUG", 2, DAY)
    pull(opener, FakeShop([], [[line]]))
    assert rows(wiring, acme, fees) == [("0.40", "0.0200", "19.60", True)]

    class Told(FakeShop):
        def sale_pages(self, window: SyncWindow, cursor: str | None) -> Iterator[SalePage]:
            told = SaleFee("shopify_uk", "1", "f1", None, Decimal("0.55"), "GBP", True, NOW)
            yield SalePage((line,), (), None, fees=(told,))

    pull(opener, Told([], []), NOW + timedelta(hours=1))
    assert rows(wiring, acme, fees) == [("0.55", "0.0275", "19.45", False)]
    pull(opener, FakeShop([], [[line]]), NOW + timedelta(hours=2))
    assert rows(wiring, acme, fees) == [("0.55", "0.0275", "19.45", False)]


@pytest.mark.parametrize("fees_first", [True, False])
def test_a_fee_that_comes_by_itself_finds_the_line_of_its_sku_before_or_after_it(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener, fees_first: bool
) -> None:
    told = (
        SaleFee("shopify_uk", "1", "f1", "MUG", Decimal("3.00"), "GBP", False, NOW),
        SaleFee("shopify_uk", "1", "f2", None, Decimal("0.30"), "GBP", True, NOW),
    )

    class Fees(FakeShop):
        told: tuple[SaleFee, ...] = ()

        def fee_pages(self, _window: SyncWindow, _cursor: str | None) -> Iterator[Page[SaleFee]]:
            yield Page(self.told, (), None)

    opener = unit_of_work_of(acme)
    lines = [sale(1, "MUG", 2, DAY), sale(1, "TEA", 1, DAY)]
    both = [Fees([], [lines]), Fees([], [[]])]
    both[1].told = told
    credential = credential_of(opener)
    with opener() as work:
        for stream in ("fees", "refunds"):
            work.cursors.move(credential.id, stream, {}, {"since": BEFORE.isoformat()})
    for hour, shop in enumerate(both[::-1] if fees_first else both):
        shop.traits = replace(shop.traits, fee_lags=(timedelta(0),))
        pull(opener, shop, NOW + timedelta(hours=hour))
    found = (
        "SELECT sku, commission_amount::text, fee_estimated "
        "FROM sales JOIN products p ON p.id = product_id ORDER BY sku"
    )
    assert rows(wiring, acme, found) == [("MUG", "3.20", True), ("TEA", "0.10", True)]
    final = Fees([], [[]])
    final.traits = both[0].traits
    final.told = (replace(told[0], amount=Decimal("3.10"), is_final=True),)
    pull(opener, final, NOW + timedelta(days=20))
    assert rows(wiring, acme, found) == [("MUG", "3.30", False), ("TEA", "0.10", False)]


def test_a_changed_line_is_corrected(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    pull(unit_of_work_of(acme), two_pages())
    shop = two_pages()
    shop.order_pages[0][0] = sale(1, "MUG", 2, DAY, amount="15.00")
    assert pull(unit_of_work_of(acme), shop, NOW + timedelta(hours=1)).lines_changed == 1
    assert totals(wiring, acme).revenue == Decimal("45.00")


def test_an_order_of_a_deleted_sku_is_kept_with_an_inactive_product(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    pull(unit_of_work_of(acme), FakeShop([product("MUG")], [[sale(1, "GONE", 1, DAY)]]))
    assert rows(wiring, acme, "SELECT sku, is_active FROM products ORDER BY sku") == [
        ("GONE", False),
        ("MUG", True),
    ]


def test_a_record_set_aside_is_counted_once_and_seen_twice(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    shop = two_pages()
    shop.rejected = [RejectedRecord("gid://shopify/LineItem/9", "sku", "is missing")]
    assert pull(unit_of_work_of(acme), shop).rejected == 1
    pull(unit_of_work_of(acme), shop, NOW + timedelta(hours=1))
    assert rows(wiring, acme, "SELECT stream, field, reason, times_seen FROM rejected_records") == [
        ("orders", "sku", "is missing", 2)
    ]


def test_a_sync_is_counted_once_a_job_however_often_it_runs(
    wiring: Wiring, acme: UUID, globex: UUID
) -> None:
    job = JobLedger(wiring.dispatcher).place_here(JobOrder(acme, "sales.pull", {}, "test"))
    wiring.leases.start(job.as_lease(), "w")
    opener = wiring.unit_of_work(acme, lease=job.as_lease(), actor="test")
    pull(opener, two_pages())
    pull(opener, two_pages())
    assert usage(wiring) == [(acme, 1)]


def test_the_cursor_stays_where_the_rows_are_not_kept(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    broken = sale(1, "MUG", 2, DAY)
    object.__setattr__(broken, "currency", "no currency")
    with pytest.raises(Exception, match="value too long"):
        pull(unit_of_work_of(acme), FakeShop([], [[broken]]))
    assert position(unit_of_work_of(acme), "orders") == CONNECTED["orders"]
    assert usage(wiring) == []


def usage(wiring: Wiring) -> list[tuple[Any, ...]]:
    with wiring.admin.transaction() as connection:
        return _usage(connection)


def _usage(connection: Connection) -> list[tuple[Any, ...]]:
    found = connection.execute("SELECT tenant_id, integrations_synced FROM public.usage_metrics")
    return [tuple(row.values()) for row in found]


def stock_of(wiring: Wiring, tenant_id: UUID) -> list[tuple[Any, ...]]:
    return rows(
        wiring,
        tenant_id,
        "SELECT sku, location, quantity_on_hand FROM inventory JOIN products p ON p.id = product_id "
        "ORDER BY sku, location",
    )


def test_a_location_that_is_renamed_does_not_count_twice(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    before = product("MUG")
    pull(unit_of_work_of(acme), FakeShop([before], [[]]))
    moved = replace(before, stock=(StockLevel("MUG", "depot_uk", 10, 1),))
    pull(unit_of_work_of(acme), FakeShop([moved], [[]]), NOW + timedelta(hours=3))
    assert stock_of(wiring, acme) == [("MUG", "depot_uk", 10), ("MUG", "warehouse_uk", 0)]


def test_two_variants_of_one_sku_add_up_their_stock(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    shop = FakeShop([product("MUG", on_hand=10), product("MUG", on_hand=3)], [[]])
    pull(unit_of_work_of(acme), shop)
    assert stock_of(wiring, acme) == [("MUG", "warehouse_uk", 13)]


def test_a_product_that_the_shop_lists_no_more_leaves_the_shelf(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    pull(unit_of_work_of(acme), FakeShop([product("MUG"), product("TEA")], [[]]))
    pull(unit_of_work_of(acme), FakeShop([product("MUG")], [[]]), NOW + timedelta(days=1))
    assert stock_of(wiring, acme) == [("MUG", "warehouse_uk", 10), ("TEA", "warehouse_uk", 0)]
    assert rows(wiring, acme, "SELECT sku FROM products WHERE is_active") == [("MUG",)]


def test_a_shop_of_another_currency_leaves_prices_and_costs_alone(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    pull(unit_of_work_of(acme), FakeShop([product("MUG")], [[]]))
    euro = replace(
        product("MUG"), currency="EUR", unit_price=Decimal("12.00"), unit_cost=Decimal("5.00")
    )
    again = pull(unit_of_work_of(acme), FakeShop([euro], [[]]), NOW + timedelta(hours=3))
    assert again.products_changed == 0
    assert rows(wiring, acme, "SELECT unit_price::text, unit_cost::text FROM products") == [
        ("10.00", "4.00")
    ]
    costs = "SELECT currency, unit_cost::text FROM product_costs ORDER BY currency"
    assert rows(wiring, acme, costs) == [("EUR", "5.0000"), ("GBP", "4.0000")]


def test_a_refused_credential_is_marked_for_its_owner(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    class Refused(FakeShop):
        def describe_shop(self) -> Shop:
            raise CredentialRejected("shopify: refused")

    with pytest.raises(CredentialRejected):
        pull(unit_of_work_of(acme), Refused([], [[]]))
    state = "SELECT last_sync_status, needs_reconnect FROM api_credentials"
    assert rows(wiring, acme, state) == [("FAILURE", True)]


def test_a_line_without_a_sku_counts_as_revenue_of_no_product(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    gift_card = replace(sale(1, "CARD", 1, DAY), sku=None)
    pull(unit_of_work_of(acme), FakeShop([], [[gift_card]]))
    assert totals(wiring, acme).revenue == Decimal("10.00")
    assert rows(wiring, acme, "SELECT count(*) FROM products") == [(0,)]

"""Pulling sales: a page is one transaction, a replay changes nothing, a cut-off run goes on."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shared.domain.catalogue import StockLevel
from shared.domain.sales import RejectedRecord
from shared.errors import CredentialRejected
from shared.persistence.database import Connection
from shared.persistence.ledger import JobLedger, JobOrder
from shared.persistence.reports import SalesTotals, read_sales_totals
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.ports import OpenUnitOfWork, Shop, StoredCredential
from shared.use_cases.pull_sales import PullResult, SalesPull
from tests.fixtures.shops import CutOff, FakeShop, product, sale
from workers.wiring import Wiring

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = date(2026, 3, 1)
Opener = Callable[[UUID], OpenUnitOfWork]


def credential_of(opener: OpenUnitOfWork) -> StoredCredential:
    with opener() as work:
        identity = work.credentials.reserve(work.companies.get().id, "shopify_uk", "ecommerce")
        work.credentials.store(identity, "sealed")
        return work.credentials.get("shopify_uk")


def pull(opener: OpenUnitOfWork, shop: FakeShop, now: datetime = NOW) -> PullResult:
    return SalesPull(opener, shop, credential_of(opener), lambda *_: None).run(now)


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
    assert result == PullResult(2, 2, 4, 4, 0)
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
    again = pull(unit_of_work_of(acme), two_pages())
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
    assert shop.windows[:2] == [(None, NOW, None), (None, NOW, "1")]
    assert shop.windows[2:] == [(NOW - timedelta(minutes=10), later, None)]
    assert totals(wiring, acme).revenue == Decimal("50.00")


def test_the_next_run_looks_back_ten_minutes(
    acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    shop = two_pages()
    pull(unit_of_work_of(acme), shop)
    pull(unit_of_work_of(acme), shop, NOW + timedelta(days=1))
    assert shop.windows[1] == (NOW - timedelta(minutes=10), NOW + timedelta(days=1), None)


def test_a_changed_line_is_corrected(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    pull(unit_of_work_of(acme), two_pages())
    shop = two_pages()
    shop.order_pages[0][0] = sale(1, "MUG", 2, DAY, amount="15.00")
    assert pull(unit_of_work_of(acme), shop).lines_changed == 1
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
    pull(unit_of_work_of(acme), shop)
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
    assert (
        rows(wiring, acme, "SELECT stream, position FROM sync_cursors WHERE stream = 'orders'")
        == []
    )
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
    pull(unit_of_work_of(acme), FakeShop([moved], [[]]))
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
    again = pull(unit_of_work_of(acme), FakeShop([euro], [[]]))
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

"""Products and stock: scanned now and then, off the shelf when no channel lists them any more."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shared.domain.products import Product, StockLevel
from shared.domain.sales import RejectedRecord
from shared.errors import CursorExpired
from shared.persistence.repositories.renames import MOVES, _rename
from shared.persistence.unit_of_work import tenant_transaction
from shared.use_cases.vendors import Page
from tests.fixtures.shop_pulls import DAY, NOW, Opener, pull, rows
from tests.fixtures.shops import CutOff, FakeShop, product, sale
from workers.wiring import Wiring


def stock_of(wiring: Wiring, tenant_id: UUID) -> list[tuple[Any, ...]]:
    return rows(
        wiring,
        tenant_id,
        "SELECT sku, location, quantity_on_hand FROM inventory JOIN products p ON p.id = product_id "
        "ORDER BY sku, location",
    )


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


def test_a_product_that_the_shop_lists_no_more_leaves_the_shelf(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    pull(unit_of_work_of(acme), FakeShop([product("MUG"), product("TEA")], [[]]))
    pull(unit_of_work_of(acme), FakeShop([product("MUG")], [[]]), NOW + timedelta(days=1))
    assert stock_of(wiring, acme) == [("MUG", "warehouse_uk", 10), ("TEA", "warehouse_uk", 0)]
    assert rows(wiring, acme, "SELECT sku FROM products WHERE is_active") == [("MUG",)]


def test_a_product_that_cannot_be_read_for_a_day_keeps_its_stock_and_its_place(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    class Odd(FakeShop):
        def product_pages(self, _cursor: str | None) -> Iterator[Page[Product]]:
            aside = RejectedRecord("gid://shopify/ProductVariant/72", "price", "is below zero")
            yield Page((mug,), (aside,), None)

    mug, tea = product("MUG"), replace(product("TEA"), channel_product_id="72")
    pull(unit_of_work_of(acme), FakeShop([mug, tea, product("POT")], [[]]))
    pull(unit_of_work_of(acme), Odd([], [[]]), NOW + timedelta(days=1))
    stock = [("MUG", "warehouse_uk", 10), ("POT", "warehouse_uk", 0), ("TEA", "warehouse_uk", 10)]
    assert sorted(stock_of(wiring, acme)) == stock
    active = "SELECT sku FROM products WHERE is_active ORDER BY sku"
    assert rows(wiring, acme, active) == [("MUG",), ("TEA",)]


def test_a_line_that_names_no_product_takes_none_off_the_shelf(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    class Torn(FakeShop):
        def product_pages(self, _cursor: str | None) -> Iterator[Page[Product]]:
            aside = RejectedRecord("bulk line 2", "line", "is not a JSON object with an id")
            yield Page((product("MUG"),), (aside,), None)

    pull(unit_of_work_of(acme), FakeShop([product("MUG"), product("TEA")], [[]]))
    pull(unit_of_work_of(acme), Torn([], [[]]), NOW + timedelta(days=1))
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
            work.products.upsert(work.companies.get().id, products, DAY, NOW)

    list_it(here)
    list_it(there)
    assert rows(wiring, acme, active) == [(True, "Kitchen")]
    list_it(replace(here, is_active=False))
    assert rows(wiring, acme, active) == [(False, "Kitchen")]
    list_it(replace(there, is_active=True))
    assert rows(wiring, acme, active) == [(True, "Kitchen")]
    # The shop lists it no more; Amazon, which was read the day before, still does.
    with opener() as work:
        work.products.retire_unseen("shopify_uk", NOW + timedelta(days=1), DAY + timedelta(days=1))
    assert rows(wiring, acme, active) == [(True, "Kitchen")]
    with opener() as work:
        work.products.retire_unseen("amazon_uk", NOW + timedelta(days=1), DAY + timedelta(days=1))
    assert rows(wiring, acme, active) == [(False, "Kitchen")]


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


def listed(variant: str, sku: str, on_hand: int = 10, **more: Any) -> Product:
    stock = (StockLevel(sku, "warehouse_uk", on_hand, 1),)
    return replace(product(sku), channel_product_id=variant, stock=stock, **more)


HISTORY = (
    "SELECT p.sku, sum(s.quantity)::int AS sold FROM sales s JOIN products p ON p.id = s.product_id "
    "GROUP BY p.sku ORDER BY p.sku"
)
TODAY = (
    "SELECT p.sku, sum(h.quantity_on_hand)::int AS units FROM inventory_history h "
    "JOIN products p ON p.id = h.product_id WHERE snapshot_date = (SELECT max(snapshot_date) FROM inventory_history) "
    "GROUP BY p.sku ORDER BY p.sku"
)


@pytest.mark.parametrize("hours", [3, 30])
def test_a_renamed_sku_keeps_its_history_and_never_stands_twice(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener, hours: int
) -> None:
    opener = unit_of_work_of(acme)
    old, other = listed("v1", "MUG"), listed("v2", "TEA")
    pull(opener, FakeShop([old, other], [[sale(1, "MUG", 2, DAY), sale(2, "TEA", 1, DAY)]]))
    [(identity,)] = rows(
        wiring, acme, "UPDATE products SET safety_stock = 5 WHERE sku = 'MUG' RETURNING id"
    )
    shop = FakeShop(
        [listed("v1", "MUG-BIG", 9, name="Big mug"), other], [[sale(3, "MUG-BIG", 4, DAY)]]
    )
    pull(opener, shop, NOW + timedelta(hours=hours))
    assert rows(wiring, acme, HISTORY) == [("MUG-BIG", 6), ("TEA", 1)]
    assert rows(wiring, acme, "SELECT id, sku, name, safety_stock, is_active FROM products WHERE sku LIKE 'MUG%'") == [
        (identity, "MUG-BIG", "Big mug", 5, True)
    ]  # fmt: skip
    assert stock_of(wiring, acme) == [("MUG-BIG", "warehouse_uk", 9), ("TEA", "warehouse_uk", 10)]
    assert rows(wiring, acme, TODAY) == [("MUG-BIG", 9), ("TEA", 10)]
    # An older order that still bears the old name is about the same product; again changes nothing.
    pull(
        opener,
        FakeShop(shop.products, [[sale(4, "MUG", 1, DAY)]]),
        NOW + timedelta(hours=hours + 3),
    )
    assert rows(wiring, acme, HISTORY) == [("MUG-BIG", 7), ("TEA", 1)]
    assert rows(wiring, acme, TODAY) == [("MUG-BIG", 9), ("TEA", 10)]


def test_an_order_under_the_new_name_may_come_before_the_products_are_read(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    pull(opener, FakeShop([listed("v1", "MUG")], [[sale(1, "MUG", 2, DAY)]]))
    new = sale(2, "MUG-BIG", 4, DAY)._replace(channel_product_id="v1")
    # The products were read a short while ago: this pull does not scan them again.
    pull(opener, FakeShop([], [[new]]), NOW + timedelta(hours=1))
    assert rows(wiring, acme, HISTORY) == [("MUG", 6)]


def test_a_name_that_another_variant_still_bears_keeps_its_history(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    pull(opener, FakeShop([listed("v1", "MUG"), listed("v2", "MUG")], [[sale(1, "MUG", 2, DAY)]]))
    pull(
        opener, FakeShop([listed("v1", "MUG"), listed("v2", "CUP")], [[]]), NOW + timedelta(hours=3)
    )
    assert rows(wiring, acme, HISTORY) == [("MUG", 2)]
    assert stock_of(wiring, acme) == [("CUP", "warehouse_uk", 10), ("MUG", "warehouse_uk", 10)]


def test_two_skus_that_change_their_names_with_each_other_lose_nothing(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    pull(opener, FakeShop([listed("v1", "A", 1), listed("v2", "B", 2)], [[sale(1, "A", 3, DAY)]]))
    pull(
        opener,
        FakeShop([listed("v1", "B", 1), listed("v2", "A", 2)], [[]]),
        NOW + timedelta(hours=3),
    )
    assert stock_of(wiring, acme) == [("A", "warehouse_uk", 2), ("B", "warehouse_uk", 1)]
    assert rows(wiring, acme, "SELECT sum(quantity)::int FROM sales") == [(3,)]


def test_a_freed_name_can_be_given_to_a_new_product(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    pull(opener, FakeShop([listed("v1", "MUG")], [[sale(1, "MUG", 2, DAY)]]))
    both = [listed("v1", "MUG-BIG"), listed("v9", "OTHER")]
    pull(opener, FakeShop(both, [[]]), NOW + timedelta(hours=3))
    again = [listed("v1", "MUG-BIG"), listed("v9", "MUG")]
    pull(opener, FakeShop(again, [[sale(2, "MUG", 1, DAY)]]), NOW + timedelta(hours=6))
    assert rows(wiring, acme, HISTORY) == [("MUG", 1), ("MUG-BIG", 2)]


def test_a_channel_that_takes_the_name_of_another_brings_its_own_history_along(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    opener = unit_of_work_of(acme)
    there = replace(
        listed("B01", "MUG-1"), channel="amazon_uk", stock=(StockLevel("MUG-1", "fba_uk", 3, 0),)
    )
    with opener() as work:
        work.products.upsert(work.companies.get().id, [there], DAY, NOW)
    pull(opener, FakeShop([listed("v1", "MUG")], [[sale(1, "MUG", 2, DAY)]]))
    pull(opener, FakeShop([listed("v1", "MUG-1")], [[]]), NOW + timedelta(hours=3))
    assert rows(wiring, acme, HISTORY) == [("MUG-1", 2)]
    assert stock_of(wiring, acme) == [
        ("MUG", "warehouse_uk", 0), ("MUG-1", "fba_uk", 3), ("MUG-1", "warehouse_uk", 10),
    ]  # fmt: skip


def test_a_product_that_takes_over_leaves_no_row_of_the_other_behind(
    wiring: Wiring, acme: UUID, globex: UUID, unit_of_work_of: Opener
) -> None:
    """The new name was there before, with forecasts, their accuracy and a plan, as after a scan that was cut off."""
    opener = unit_of_work_of(acme)
    pull(opener, FakeShop([listed("v1", "MUG"), listed("v2", "MUG-BIG")], [[]]))
    with tenant_transaction(wiring.database, acme) as connection:
        ids = {row["sku"]: row["id"] for row in connection.execute("SELECT id, sku FROM products")}
        for statement in OF_PRODUCT:
            connection.execute(statement, {"id": ids["MUG-BIG"]})
        referring = connection.execute(
            "SELECT DISTINCT conrelid::regclass::text AS name FROM pg_constraint "
            "WHERE contype = 'f' AND confrelid = 'products'::regclass"
        ).fetchall()
        _rename(connection, ids["MUG"], ids["MUG-BIG"])
        names = [row["name"] for row in connection.execute("SELECT sku AS name FROM products")]
        planned = connection.execute("SELECT product_id FROM planned_events").fetchall()
    assert names == ["MUG-BIG"]
    assert planned == [{"product_id": ids["MUG"]}]
    assert [row["name"] for row in referring if row["name"] not in " ".join(MOVES)] == []


OF_PRODUCT = (
    "INSERT INTO planned_events (company_id, product_id, kind, first_day) "
    "SELECT company_id, id, 'LAUNCH', '2026-01-01' FROM products WHERE id = %(id)s",
    "INSERT INTO cumulative_forecasts (company_id, product_id, forecast_origin, days, model_version, "
    "predicted_value, p025, p10, p25, p50, p75, p90, p95, p975, p99) "
    "SELECT company_id, id, '2026-01-01', 7, '1', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 FROM products WHERE id = %(id)s",
    "INSERT INTO forecast_accuracy (company_id, product_id, week_start, model_type, days_ahead, forecasts) "
    "SELECT company_id, id, '2026-01-05', 'ensemble', 'all', 1 FROM products WHERE id = %(id)s",
)

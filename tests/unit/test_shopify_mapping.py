"""Shopify's JSON to our records."""

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.connectors.shopify.mapping import (
    collect,
    local_day,
    read_product,
    read_refund_line,
    read_sale_line,
)
from shared.domain.sales import LineKind
from shared.errors import SkipRecord

LONDON = ZoneInfo("Europe/London")


def bag(amount: str) -> dict[str, Any]:
    return {"shopMoney": {"amount": amount, "currencyCode": "GBP"}}


def line(**changes: Any) -> dict[str, Any]:
    return {
        "id": "gid://shopify/LineItem/11",
        "sku": "MUG",
        "name": "Mug",
        "quantity": 3,
        "originalUnitPriceSet": bag("12.00"),
        "discountedTotalSet": bag("30.00"),
        "taxLines": [{"priceSet": bag("5.00")}],
        **changes,
    }


def order(**changes: Any) -> dict[str, Any]:
    return {
        "id": "gid://shopify/Order/7",
        "createdAt": "2026-06-30T23:30:00Z",
        "cancelledAt": None,
        "test": False,
        "taxesIncluded": False,
        **changes,
    }


def test_a_line_is_net_of_discounts_and_on_the_shops_own_day() -> None:
    sale = read_sale_line(line(), order(), "shopify_uk", LONDON)
    assert sale.sale_date == date(2026, 7, 1)
    assert (sale.quantity, sale.unit_price) == (3, Decimal("12.00"))
    assert (sale.total_amount, sale.tax_amount) == (Decimal("30.00"), Decimal("5.00"))
    assert (sale.channel_order_id, sale.channel_line_id) == ("7", "11")
    assert (sale.market, sale.currency, sale.kind) == ("UK", "GBP", LineKind.SALE)


def test_tax_inside_the_price_is_split_off() -> None:
    sale = read_sale_line(line(), order(taxesIncluded=True), "shopify_uk", LONDON)
    assert sale.total_amount == Decimal("25.00")


def test_a_cancelled_order_counts_nothing() -> None:
    cancelled = order(cancelledAt="2026-07-02T00:00:00Z")
    sale = read_sale_line(line(), cancelled, "shopify_uk", LONDON)
    assert (sale.quantity, sale.total_amount, sale.tax_amount) == (0, 0, 0)


def test_a_refund_is_negative_and_dated_when_it_happened() -> None:
    item = {
        "id": "gid://shopify/RefundLineItem/5",
        "quantity": 2,
        "subtotalSet": bag("20.00"),
        "totalTaxSet": bag("3.33"),
        "lineItem": {"id": "gid://shopify/LineItem/11", "sku": "MUG", "name": "Mug"},
    }
    refund = {"id": "gid://shopify/Refund/3", "createdAt": "2026-08-15T10:00:00Z"}
    back = read_refund_line(item, refund, order(), "shopify_uk", LONDON)
    assert back.sale_date == date(2026, 8, 15)
    assert (back.quantity, back.total_amount, back.tax_amount) == (
        -2,
        Decimal("-20.00"),
        Decimal("-3.33"),
    )
    assert (back.channel_line_id, back.kind) == ("refund-5", LineKind.REFUND)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "a\0b"}, "text"),
        ({"sku": "x" * 101}, "sku"),
        ({"quantity": 2**31}, "quantity"),
        ({"quantity": -1}, "quantity"),
        ({"quantity": "3"}, "quantity"),
        ({"originalUnitPriceSet": bag("twelve")}, "originalUnitPriceSet"),
        ({"discountedTotalSet": None}, "discountedTotalSet"),
    ],
)
def test_a_bad_line_is_set_aside_naming_its_field(changes: dict[str, Any], field: str) -> None:
    records, rejected = collect(
        [line(**changes), line()], lambda node: read_sale_line(node, order(), "shopify_uk", LONDON)
    )
    assert len(records) == 1
    assert [(each.record_key, each.field) for each in rejected] == [
        ("gid://shopify/LineItem/11", field)
    ]


@pytest.mark.parametrize("sku", ["", None, "  "])
def test_a_line_without_a_sku_counts_its_revenue_and_no_product(sku: str | None) -> None:
    sale = read_sale_line(line(sku=sku), order(), "shopify_uk", LONDON)
    assert (sale.sku, sale.total_amount) == (None, Decimal("30.00"))


def test_a_product_without_a_sku_is_set_aside() -> None:
    _, rejected = collect(
        [{"id": "gid://shopify/ProductVariant/1", "sku": ""}],
        lambda node: read_product(node, "shopify_uk", "GBP", []),
    )
    assert [(each.field, each.reason) for each in rejected] == [
        ("sku", "is missing; give the product a SKU in the shop")
    ]


def test_a_name_with_emoji_is_kept() -> None:
    assert (
        read_sale_line(line(name="Mug ☕🎁"), order(), "shopify_uk", LONDON).product_name
        == "Mug ☕🎁"
    )


def test_an_instant_that_is_none_is_set_aside() -> None:
    with pytest.raises(SkipRecord, match="createdAt"):
        local_day("yesterday", LONDON)


def test_a_variant_carries_its_cost_and_stock() -> None:
    node = {
        "id": "gid://shopify/ProductVariant/9",
        "sku": " MUG-L ",
        "title": "Large",
        "price": "12.00",
        "product": {"title": "Mug", "productType": "", "status": "ACTIVE"},
        "inventoryItem": {
            "unitCost": {"amount": "4.5", "currencyCode": "GBP"},
        },
    }
    levels = [
        {
            "location": {"name": "warehouse_uk"},
            "quantities": [
                {"name": "on_hand", "quantity": 40},
                {"name": "available", "quantity": 36},
            ],
        }
    ]
    product = read_product(node, "shopify_uk", "GBP", levels)
    assert (product.sku, product.name, product.category) == ("MUG-L", "Mug Large", None)
    assert (product.unit_price, product.unit_cost) == (Decimal("12.00"), Decimal("4.5"))
    assert [(s.location, s.on_hand, s.reserved) for s in product.stock] == [("warehouse_uk", 40, 4)]

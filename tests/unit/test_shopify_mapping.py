"""Shopify's JSON to our records."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.connectors.shopify.fields import collect
from shared.connectors.shopify.orders import OrderRecords
from shared.connectors.shopify.products import read_product
from shared.domain.sales import LineKind
from tests.fixtures.shopify_records import (
    bag,
    level,
    line,
    only,
    order,
    read,
    refund,
    refunded,
    variant,
)


def test_a_line_is_net_of_every_discount_and_on_the_shops_own_day() -> None:
    sale = only(read(line()))
    assert sale.sale_date == date(2026, 7, 1)
    assert (sale.quantity, sale.unit_price) == (3, Decimal("12.00"))
    assert (sale.total_amount, sale.tax_amount) == (Decimal("30.00"), Decimal("5.00"))
    assert (sale.channel_order_id, sale.channel_line_id) == ("7", "11")
    assert (sale.market, sale.currency, sale.kind) == ("UK", "GBP", LineKind.SALE)
    assert (sale.presentment_amount, sale.presentment_currency) == (None, None)
    assert sale.source_updated_at == datetime(2026, 7, 5, 8, tzinfo=UTC)


def test_tax_inside_the_price_is_split_off() -> None:
    sale = only(read(line(), order_node=order(taxesIncluded=True)))
    assert (sale.total_amount, sale.tax_amount) == (Decimal("25.00"), Decimal("5.00"))


def test_what_the_customer_paid_in_another_currency_stands_beside_it() -> None:
    sold = line(
        originalTotalSet=bag("36.00", "45.00"),
        discountAllocations=[{"allocatedAmountSet": bag("6.00", "7.50")}],
        taxLines=[{"priceSet": bag("5.00", "6.25")}],
    )
    sale = only(read(sold, order_node=order(taxesIncluded=True)))
    assert (sale.total_amount, sale.currency) == (Decimal("25.00"), "GBP")
    assert (sale.presentment_amount, sale.presentment_currency) == (Decimal("31.25"), "USD")


def test_a_line_of_no_units_is_worth_nothing_whatever_is_written_on_it() -> None:
    sale = only(read(line(quantity=0, currentQuantity=0)))
    assert (sale.quantity, sale.total_amount, sale.tax_amount) == (0, Decimal(0), Decimal(0))


def test_units_that_an_edit_took_off_were_never_sold() -> None:
    sale = only(read(line(currentQuantity=2)))
    assert (sale.quantity, sale.total_amount, sale.tax_amount) == (
        2,
        Decimal("20.00"),
        Decimal("3.33"),
    )


def test_units_that_were_given_back_stay_sold_and_stand_on_the_day_of_the_refund() -> None:
    sale, back = read(line(currentQuantity=1), refunds=(refund(refunded()),)).lines
    assert (sale.quantity, sale.total_amount) == (3, Decimal("30.00"))
    assert back.sale_date == date(2026, 8, 15)
    assert (back.quantity, back.total_amount, back.tax_amount) == (
        -2,
        Decimal("-20.00"),
        Decimal("-3.33"),
    )
    assert (back.channel_line_id, back.kind, back.sku) == ("refund-5", LineKind.REFUND, "MUG")


def test_of_units_that_are_gone_those_not_given_back_were_edited_off() -> None:
    sale, _ = read(line(currentQuantity=0), refunds=(refund(refunded()),)).lines
    assert (sale.quantity, sale.total_amount) == (2, Decimal("20.00"))


def test_shipping_stands_on_a_line_of_its_own() -> None:
    paid = {
        "id": "gid://shopify/ShippingLine/8",
        "isRemoved": False,
        "discountedPriceSet": bag("6.00"),
        "taxLines": [{"priceSet": bag("1.00")}],
    }
    taken_off = {**paid, "id": "gid://shopify/ShippingLine/9", "isRemoved": True}
    included = order(taxesIncluded=True)
    shipped, removed = read(order_node=included, shipping=(paid, taken_off)).lines
    assert (shipped.channel_line_id, shipped.sku, shipped.quantity) == ("shipping-8", None, 0)
    assert (shipped.total_amount, shipped.shipping_amount, shipped.tax_amount) == (
        0,
        Decimal("5.00"),
        Decimal("1.00"),
    )
    assert (removed.shipping_amount, removed.tax_amount) == (0, 0)


def test_shipping_and_money_given_back_without_a_product_count_on_their_day() -> None:
    shipping = {
        "id": "gid://shopify/RefundShippingLine/4",
        "subtotalAmountSet": bag("5.00"),
        "taxAmountSet": bag("1.00"),
    }
    good_will = {
        "id": "gid://shopify/OrderAdjustment/6",
        "amountSet": bag("-2.50"),
        "taxAmountSet": bag("-0.50"),
    }
    kept_back = {**good_will, "id": "gid://shopify/OrderAdjustment/7", "amountSet": bag("1.00")}
    back, less, more = read(
        refunds=(refund(shipping=[shipping], adjustments=[good_will, kept_back]),)
    ).lines
    assert (back.kind, back.shipping_amount, back.tax_amount) == ("REFUND", -5, -1)
    assert (less.kind, less.sku, less.total_amount, less.tax_amount) == (
        "REFUND",
        None,
        Decimal("-2.50"),
        Decimal("-0.50"),
    )
    assert (more.kind, more.total_amount) == ("SALE", Decimal("1.00"))
    assert {each.sale_date for each in (back, less, more)} == {date(2026, 8, 15)}


def test_a_cancelled_order_stays_and_counts_nothing() -> None:
    cancelled = order(cancelledAt="2026-07-02T00:00:00Z", transactions=[paid_with("0.85")])
    found = read(line(), order_node=cancelled, refunds=(refund(refunded()),))
    assert [(each.quantity, each.total_amount, each.tax_amount) for each in found.lines] == [
        (0, 0, 0),
        (0, 0, 0),
    ]
    assert found.fees == ()


def test_a_test_order_has_no_lines() -> None:
    found = read(line(), order_node=order(test=True))
    assert found == OrderRecords((), (), (), left_out={"test_order": 1})


def paid_with(fee: str, status: str = "SUCCESS") -> dict[str, Any]:
    amount = {"amount": fee, "currencyCode": "GBP"}
    fees = [{"id": "gid://shopify/TransactionFee/2", "amount": amount}]
    return {"kind": "SALE", "status": status, "fees": fees}


def test_the_fees_of_payments_that_succeeded_are_taken() -> None:
    paid = order(transactions=[paid_with("0.85"), paid_with("9.99", "FAILURE")])
    (fee,) = read(line(), order_node=paid).fees
    assert (fee.channel_order_id, fee.fee_key, fee.amount, fee.is_final) == (
        "7",
        "2",
        Decimal("0.85"),
        True,
    )


def test_fees_that_are_not_all_reported_stay_an_estimate_and_are_shown() -> None:
    whole = read(line(), order_node=order(transactions=[paid_with("0.10")] * 20))
    assert (len(whole.fees), whole.rejected) == (20, ())
    cut = read(line(), order_node=order(transactions=[paid_with("0.10")] * 21))
    assert (len(cut.lines), cut.fees, [each.field for each in cut.rejected]) == (
        1,
        (),
        ["transactions"],
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "a\0b"}, "name"),
        ({"sku": "x" * 101}, "sku"),
        ({"quantity": 2**31}, "quantity"),
        ({"quantity": -1}, "quantity"),
        ({"quantity": "3"}, "quantity"),
        ({"currentQuantity": "two"}, "currentQuantity"),
        ({"originalUnitPriceSet": bag("twelve")}, "originalUnitPriceSet"),
        ({"originalTotalSet": bag("1e400")}, "originalTotalSet"),
        ({"originalTotalSet": None}, "originalTotalSet"),
        ({"originalTotalSet": {"shopMoney": {"amount": 36, "currencyCode": "GBP"}}}, "originalTotalSet"),
        ({"originalTotalSet": {"shopMoney": {"amount": "36", "currencyCode": "£"}}}, "originalTotalSet"),
        ({"taxLines": "none"}, "taxLines"),
    ],
)  # fmt: skip
def test_a_bad_line_is_set_aside_naming_its_field(changes: dict[str, Any], field: str) -> None:
    found = read(line(**changes), line(id="gid://shopify/LineItem/12"))
    assert [each.channel_line_id for each in found.lines] == ["12"]
    assert [(each.record_key, each.field) for each in found.rejected] == [
        ("gid://shopify/LineItem/11", field)
    ]


@pytest.mark.parametrize("text", ["yesterday", "2026-07-01T10:00:00", None])
def test_an_order_without_an_instant_is_set_aside(text: str | None) -> None:
    found = read(line(), order_node=order(createdAt=text))
    assert found.lines == ()
    assert [each.field for each in found.rejected] == ["createdAt"]


@pytest.mark.parametrize("sku", ["", None, "  "])
def test_a_line_without_a_sku_counts_its_revenue_and_no_product(sku: str | None) -> None:
    sale = only(read(line(sku=sku)))
    assert (sale.sku, sale.total_amount) == (None, Decimal("30.00"))


def test_a_name_with_emoji_is_kept() -> None:
    assert only(read(line(name="Mug ☕🎁"))).product_name == "Mug ☕🎁"


def test_half_of_an_emoji_is_replaced() -> None:
    assert only(read(line(name="Mug \ud83d"))).product_name == "Mug ?"


def test_a_product_without_a_sku_is_set_aside() -> None:
    _, rejected = collect(
        [{"id": "gid://shopify/ProductVariant/1", "sku": ""}],
        lambda node: read_product(node, "shopify_uk", "GBP", []),
    )
    assert [(each.field, each.reason) for each in rejected] == [
        ("sku", "is missing; give the product a SKU in the shop")
    ]


def test_a_variant_carries_its_cost_and_stock() -> None:
    product = read_product(variant(), "shopify_uk", "GBP", [level(40, 36)])
    assert (product.sku, product.name, product.category) == ("MUG-L", "Mug Large", None)
    assert (product.unit_price, product.unit_cost) == (Decimal("12.00"), Decimal("4.5"))
    assert [(s.location, s.on_hand, s.reserved) for s in product.stock or ()] == [
        ("shopify_uk: warehouse_uk", 40, 4)
    ]


@pytest.mark.parametrize(
    ("node", "on_hand", "field"),
    [
        (variant(price=12.0), 40, "price"),
        (variant(price="a lot"), 40, "price"),
        (variant(product=None), 40, "product"),
        (variant(), 2**31, "quantities"),
        (variant(), "many", "quantities"),
    ],
)
def test_a_bad_variant_is_set_aside_naming_its_field(
    node: dict[str, Any], on_hand: Any, field: str
) -> None:
    found, rejected = collect(
        [node, variant()],
        lambda each: read_product(
            each, "shopify_uk", "GBP", [level(on_hand if each is node else 40, 36)]
        ),
    )
    assert len(found) == 1
    assert [each.field for each in rejected] == [field]

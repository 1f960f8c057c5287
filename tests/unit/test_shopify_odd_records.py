"""Single odd values in Shopify's records: which of them are set aside, and what stays."""

from decimal import Decimal
from typing import Any

import pytest

from shared.connectors.shopify import documents
from shared.connectors.shopify.pages import Variant
from shared.connectors.shopify.shelves import read_products
from shared.domain.products import Product
from shared.domain.sales import RejectedRecord
from shared.errors import VendorUnavailable
from tests.fixtures.shopify_records import bag, level, line, order, read, refund, refunded, variant
from tests.fixtures.shopify_shop import (
    WINDOW,
    RawShop,
    always,
    connection,
    orders_read,
    shop_of,
    whole_order,
    whole_variant,
)

D = Decimal
LARGEST_INT = 2**31 - 1
ORDER = "gid://shopify/Order/7"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": None}, "id"),
        ({"id": "gid://shopify/LineItem/" + "9" * 300}, "id"),
        ({"id": "gid://shopify/LineItem/"}, "id"),
        ({"sku": 5}, "sku"),
        ({"sku": "a\0b"}, "sku"),
        ({"quantity": True}, "quantity"),
        ({"quantity": 3.5}, "quantity"),
        ({"originalUnitPriceSet": bag("-1.00")}, "originalUnitPriceSet"),
        ({"originalTotalSet": bag("99999999999999.00")}, "originalTotalSet"),
        ({"originalTotalSet": bag("1.00", "1.00", "€€€")}, "originalTotalSet"),
        ({"discountAllocations": [{"allocatedAmountSet": bag("-9999999999999.99")}] * 2}, "originalTotalSet"),
        ({"discountAllocations": {"nodes": []}}, "discountAllocations"),
        ({"taxLines": [{"priceSet": bag("9999999999999.99")}] * 2}, "originalTotalSet"),
        ({"taxLines": [{"priceSet": bag("1.00", "1.00", "EUR")}]}, "taxLines"),
        ({"taxLines": [None]}, "record"),
        ({"variant": 5}, "variant"),
        ({"variant": {"id": None}}, "variant"),
        ({"isGiftCard": "no"}, "isGiftCard"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_kept_is_set_aside_alone(changes: dict[str, Any], field: str) -> None:
    found = read(line(**changes), line(id="gid://shopify/LineItem/12"))
    assert [each.channel_line_id for each in found.lines] == ["12"]
    assert [each.field for each in found.rejected] == [field]
    assert found.rejected[0].record_key.startswith("gid://shopify/")


@pytest.mark.parametrize("node", [None, 5, "line", [], [[]], True])
def test_a_line_that_is_no_object_is_set_aside_under_its_order(node: Any) -> None:
    found = read(node, line(id="gid://shopify/LineItem/12"))
    assert [each.channel_line_id for each in found.lines] == ["12"]
    assert [(each.record_key, each.field) for each in found.rejected] == [(ORDER, "record")]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": None}, "id"),
        ({"updatedAt": "0001-01-01T00:00:00Z"}, "updatedAt"),
        ({"processedAt": "soon"}, "processedAt"),
        ({"cancelledAt": 5}, "cancelledAt"),
        ({"taxesIncluded": "yes"}, "taxesIncluded"),
    ],
)
def test_an_order_that_cannot_be_kept_is_set_aside_once(
    changes: dict[str, Any], field: str
) -> None:
    found = read(line(), line(id="gid://shopify/LineItem/12"), order_node=order(**changes))
    assert (found.lines, found.fees) == ((), ())
    assert [each.field for each in found.rejected] == [field]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"subtotalSet": bag("-20.00")}, "subtotalSet"),
        ({"subtotalSet": bag("1.00"), "totalTaxSet": bag("1.01")}, "subtotalSet"),
        ({"totalTaxSet": bag("1.00", "1.00", "EUR")}, "totalTaxSet"),
        ({"lineItem": None}, "lineItem"),
        ({"quantity": None}, "quantity"),
    ],
)
def test_a_refund_that_cannot_be_kept_is_set_aside_alone(
    changes: dict[str, Any], field: str
) -> None:
    found = read(
        line(), order_node=order(taxesIncluded=True), refunds=(refund(refunded(**changes)),)
    )
    assert [each.channel_line_id for each in found.lines] == ["11"]
    assert [(each.record_key, each.field) for each in found.rejected] == [
        ("gid://shopify/RefundLineItem/5", field)
    ]


@pytest.mark.parametrize("changes", [{"quantity": "2"}, {"lineItem": {"sku": "MUG"}}])
def test_units_are_not_taken_for_edited_off_while_a_refund_does_not_say_what_it_gave_back(
    changes: dict[str, Any],
) -> None:
    found = read(line(currentQuantity=1), refunds=(refund(refunded(**changes)),))
    assert all(each.kind == "REFUND" for each in found.lines)
    assert "currentQuantity" in {each.field for each in found.rejected}


@pytest.mark.parametrize(
    "transactions",
    [
        5,
        [None],
        [{"status": "SETTLED_LATER", "fees": [{"id": "gid://shopify/TransactionFee/2"}]}],
        [{"status": "SUCCESS", "fees": 5}],
    ],
)
def test_fees_that_are_not_understood_are_set_aside_and_the_lines_stay(transactions: Any) -> None:
    found = read(line(), order_node=order(transactions=transactions))
    assert (len(found.lines), found.fees, len(found.rejected)) == (1, (), 1)
    assert found.rejected[0].record_key == ORDER


def test_a_part_of_the_fees_is_not_the_fee() -> None:
    good = {
        "id": "gid://shopify/TransactionFee/2",
        "amount": {"amount": "0.85", "currencyCode": "GBP"},
    }
    bad = {
        "id": "gid://shopify/TransactionFee/3",
        "amount": {"amount": "a lot", "currencyCode": "GBP"},
    }
    paid = [{"kind": "SALE", "status": "SUCCESS", "fees": [good, bad]}]
    found = read(line(), order_node=order(transactions=paid))
    assert (found.fees, [each.field for each in found.rejected]) == ((), ["fees", "fees"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"refunds": 5}, "refunds"),
        ({"refunds": None}, "refunds"),
        ({"refunds": [None]}, "refunds"),
        ({"lineItems": {"nodes": None}}, "lineItems"),
        ({"lineItems": None}, "lineItems"),
        ({"shippingLines": {"nodes": [], "pageInfo": {}}}, "shippingLines"),
        ({"lineItems": {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": None}}}, "lineItems"),
        ({"returnStatus": 5}, "returnStatus"),
        ({"edited": "maybe"}, "edited"),
        ({"id": "gid://shopify/Order/x"}, "id"),
    ],
)  # fmt: skip
def test_an_order_that_is_not_whole_is_set_aside_and_the_page_goes_on(
    changes: dict[str, Any], field: str
) -> None:
    odd = {**whole_order(2), **changes}
    page = orders_read(shop_of([whole_order(1), odd, None, whole_order(3)], AGREED))
    assert {each.channel_order_id for each in page.records} == {"1", "3"}
    assert [each.field for each in page.rejected] == [field, "order"]


AGREED = {f"gid://shopify/Order/{number}": {"agreements": connection([])} for number in (1, 2, 3)}


def test_a_page_that_leads_to_itself_is_not_followed_for_ever() -> None:
    again = {"nodes": [line()], "pageInfo": {"hasNextPage": True, "endCursor": "x"}}
    odd = {**whole_order(2), "lineItems": again}
    page = orders_read(shop_of([whole_order(1), odd], AGREED, {"lineItems": again}))
    assert {each.channel_order_id for each in page.records} == {"1"}
    assert [each.field for each in page.rejected] == ["lineItems"]


def test_an_order_that_is_gone_before_its_agreements_are_known_is_set_aside() -> None:
    agreements = {key: each for key, each in AGREED.items() if key != "gid://shopify/Order/2"}
    page = orders_read(shop_of([whole_order(1), whole_order(2)], agreements))
    assert {each.channel_order_id for each in page.records} == {"1"}
    assert [(each.record_key, each.field) for each in page.rejected] == [
        ("gid://shopify/Order/2", "agreements")
    ]


def shelf(*variants: Variant) -> tuple[list[Product], list[RejectedRecord]]:
    return read_products(variants, "shopify_uk", "GBP")


@pytest.mark.parametrize(
    "cost",
    [
        {"amount": "5012345678900", "currencyCode": "GBP"},
        {"amount": "100000000000.00", "currencyCode": "GBP"},
        {"amount": "-0.01", "currencyCode": "GBP"},
        {"amount": "4.50", "currencyCode": "gbp"},
        {"amount": "4.50", "currencyCode": "USD"},
        {"amount": 4.5, "currencyCode": "GBP"},
        {"amount": None, "currencyCode": "GBP"},
        {"currencyCode": "GBP"},
        "4.50",
        [],
        5,
    ],
)
def test_what_is_no_cost_is_set_aside_and_its_product_stays(cost: Any) -> None:
    node = variant(inventoryItem={"unitCost": cost})
    (product,), (aside,) = shelf(Variant(node, [level(40, 36)]))
    assert (product.sku, product.unit_cost, product.currency) == ("MUG-L", None, "GBP")
    assert (product.unit_price, product.stock) != (None, None)
    assert (aside.record_key, aside.field) == ("gid://shopify/ProductVariant/9", "unitCost")


def test_the_largest_cost_is_one() -> None:
    cost = {"amount": "99999999999.9999", "currencyCode": "GBP"}
    products, aside = shelf(Variant(variant(inventoryItem={"unitCost": cost}), []))
    assert ([each.unit_cost for each in products], aside) == ([D("99999999999.9999")], [])


@pytest.mark.parametrize(
    ("changes", "levels", "field"),
    [
        ({"price": "-1.00"}, [], "price"),
        ({"price": None}, [], "price"),
        ({"id": None}, [], "id"),
        ({"sku": "x" * 101}, [], "sku"),
        ({"product": {"title": 5}}, [], "product title"),
        ({}, [level(LARGEST_INT, -1)], "quantities"),
        ({}, [level(-LARGEST_INT, 2)], "quantities"),
        ({}, [level(LARGEST_INT, 0), level(1, 0)], "quantities"),
        ({}, [{"location": {"name": "a"}, "quantities": [{"name": "available", "quantity": 3}]}], "quantities"),
        ({}, [{"location": {"name": "a"}, "quantities": None}], "quantities"),
        ({}, [{**level(1, 1), "location": None}], "location"),
        ({}, [{**level(1, 1), "location": {"name": "a\0"}}], "location name"),
        ({}, [None], "record"),
    ],
)  # fmt: skip
def test_a_variant_that_cannot_be_kept_is_set_aside_alone(
    changes: dict[str, Any], levels: list[Any], field: str
) -> None:
    other = variant(id="gid://shopify/ProductVariant/10", sku="OTHER")
    products, aside = shelf(Variant(variant(**changes), levels), Variant(other, [level(1, 1)]))
    assert [each.sku for each in products] == ["OTHER"]
    assert [each.field for each in aside] == [field]


def test_the_stock_of_two_variants_of_one_sku_is_no_more_than_the_tables_hold() -> None:
    second = variant(id="gid://shopify/ProductVariant/10")
    products, aside = shelf(
        Variant(variant(), [level(LARGEST_INT, 1)]), Variant(second, [level(1, 1)])
    )
    assert [each.channel_product_id for each in products] == ["9"]
    assert [(each.record_key, each.field) for each in aside] == [
        ("gid://shopify/ProductVariant/10", "quantities")
    ]


def test_a_place_is_its_shops_own_and_two_of_one_name_stay_two_levels() -> None:
    long_name = {**level(3, 3), "location": {"name": "x" * 200}}
    (product,), _ = shelf(Variant(variant(), [level(40, 36), level(2, 2), long_name]))
    assert product.stock is not None
    assert [each.location for each in product.stock] == [
        "shopify_uk: warehouse_uk",
        "shopify_uk: warehouse_uk",
        "shopify_uk: " + "x" * 88,
    ]


@pytest.mark.parametrize(
    ("item", "stock"),
    [
        (None, None),
        ({"id": "gid://shopify/InventoryItem/2", "inventoryLevels": None}, None),
        ({"id": "gid://shopify/InventoryItem/2"}, None),
        ({"id": "gid://shopify/InventoryItem/2", "inventoryLevels": {"nodes": None}}, None),
        ({"id": "gid://shopify/InventoryItem/2", "inventoryLevels": connection([])}, ()),
    ],
)
def test_stock_that_a_page_leaves_out_is_not_zero(item: Any, stock: object) -> None:
    nodes = [whole_variant(1), whole_variant(2, inventoryItem=item)]
    shop = RawShop({documents.PRODUCTS: lambda _v: {"productVariants": connection(nodes)}})
    (page,) = shop.connector().product_pages(None)
    assert (page.records[1].stock, page.rejected) == (stock, ())
    assert page.records[0].stock != stock


def test_an_answer_without_its_list_ends_no_window() -> None:
    answers: tuple[Any, ...] = (None, {"nodes": None}, {"nodes": [], "pageInfo": None}, 5)
    for answer in answers:
        shop = RawShop({documents.ORDERS: always({"orders": answer})})
        with pytest.raises(VendorUnavailable):
            list(shop.connector().sale_pages(WINDOW, None))

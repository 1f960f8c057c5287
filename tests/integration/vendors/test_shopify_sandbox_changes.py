"""What Shopify's stand-in says of orders that are out of the ordinary, and of a shop whose owner changes it."""

from typing import Any

from sandbox.shop_ledger import Ledger
from shared.connectors.shopify import documents
from shared.connectors.shopify.client import ShopifyClient
from shared.connectors.shopify.connector import ShopifyConnector
from shared.http.client import VendorHttp
from tests.fixtures.sandbox import SandboxClient

DOMAIN = "uk-7.myshopify.com"


def lines_of(order: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = order["lineItems"]["nodes"]
    return found


def test_orders_say_what_is_out_of_the_ordinary_in_them(shop: SandboxClient) -> None:
    orders = list(shop.orders(documents.ORDERS))
    assert any(order["processedAt"] < order["createdAt"] for order in orders)
    assert {order["returnStatus"] for order in orders} == {"NO_RETURN", "RETURNED"}
    assert {order["edited"] for order in orders} == {True, False}
    assert {order["sourceName"] for order in orders} == {"web", "amazon-us", "1424624"}
    assert {
        order["channelInformation"]["channelDefinition"]["handle"]
        for order in orders
        if order["channelInformation"]
    } == {"ebay-app"}
    tips = {order["totalTipReceivedSet"]["shopMoney"]["amount"] for order in orders}
    assert tips == {"0.0", "3.5"}
    assert any(line["isGiftCard"] for order in orders for line in lines_of(order))
    taxed = (order for order in orders if order["dutiesIncluded"])
    duties = next(line["duties"] for order in taxed for line in lines_of(order) if line["duties"])
    assert [each["price"]["shopMoney"]["amount"] for each in duties] == ["1.2", "0.41"]
    assert any(line["variant"] is None for order in orders for line in lines_of(order))


def test_agreements_say_when_each_line_was_sold(shop: SandboxClient) -> None:
    orders = list(shop.orders(documents.ORDERS))
    edited = next(order for order in orders if order["edited"] and len(lines_of(order)) == 15)
    place, after = 0, None
    sales: list[list[dict[str, Any]]] = []
    reasons: list[str] = []
    while True:
        asked = {"id": edited["id"], "after": after}
        page = shop.ask(documents.ONE_AGREEMENT, **asked)["order"]["agreements"]
        (agreement,) = page["nodes"]
        reasons.append(agreement["reason"])
        sales.append(agreement["sales"]["nodes"])
        after, place = page["pageInfo"]["endCursor"], place + 1
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert reasons == ["ORDER"] + ["ORDER_EDIT"] * 7
    goods = [[each for each in sale if each["lineType"] == "PRODUCT"] for sale in sales]
    assert [len(each) for each in goods] == [3, 1, 1, 1, 32, 1, 1, 1]
    exchanged = next(order for order in orders if order["returnStatus"] == "RETURNED")
    (given,) = shop.ask(documents.AGREEMENTS, ids=[exchanged["id"]])["nodes"]
    kinds = [each["reason"] for each in given["agreements"]["nodes"]]
    assert sorted(kinds) == ["ORDER", "REFUND", "RETURN"]


def test_an_order_that_its_shop_deletes_is_listed_and_found_no_more(
    shop: SandboxClient, ledger: Ledger
) -> None:
    first, second = sorted(change.number for change in ledger.changes())[:2]
    headers = {"X-Shopify-Access-Token": shop.token}
    with VendorHttp("shopify", f"{shop.url}/shops/{DOMAIN}", headers) as http:
        connector = ShopifyConnector(ShopifyClient(http), http, "shopify_uk")
        before = [order for page in connector.listed_orders() for order in page]
        shop.set(delete_order=first)
        after = [order for page in connector.listed_orders() for order in page]
        assert len(before) == 40
        assert set(before) - set(after) == {str(first)}
        assert connector.still_there([str(first), str(second)]) == {str(second)}
    assert str(first) not in ledger.truth().commissions


def test_a_sku_that_its_shop_changes_takes_its_stock_with_it(shop: SandboxClient) -> None:
    def levels(sku: str) -> list[dict[str, Any]]:
        nodes = shop.ask(documents.PRODUCTS, first=50)["productVariants"]["nodes"]
        return [each for each in nodes if each["sku"] == sku]

    (before,) = levels("UK-005")
    shop.set(rename_sku=["UK-005", "UK-5000"])
    (after,) = levels("UK-5000")
    assert (levels("UK-005"), after) == ([], {**before, "sku": "UK-5000"})

"""The stand-in of Shopify: answers as the vendor's schema wants, pages, scopes, tokens."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from graphql import GraphQLSchema

from sandbox.shop_events import FeeCharged
from sandbox.shop_ledger import Ledger
from shared.connectors.shopify import documents
from tests.fixtures.graphql_answers import problems_of, read_rows
from tests.fixtures.sandbox import SandboxClient
from tests.fixtures.served_shop import LAST

DOMAIN = "uk-7.myshopify.com"


def test_every_answer_is_valid_for_the_vendor(shop: SandboxClient, official: GraphQLSchema) -> None:
    orders = list(shop.orders(documents.ORDERS))
    long = next(order for order in orders if order["lineItems"]["pageInfo"]["hasNextPage"])
    refunds = [refund for order in orders for refund in order["refunds"]]
    wide = next(each for each in refunds if each["refundLineItems"]["pageInfo"]["hasNextPage"])
    costly = next(each for each in orders if each["shippingLines"]["pageInfo"]["hasNextPage"])
    item = shop.ask(documents.PRODUCTS, first=50)["productVariants"]["nodes"][0]["inventoryItem"]
    run = shop.ask(documents.BULK_RUN, query=documents.BULK_ORDERS % "")
    operation = run["bulkOperationRunQuery"]["bulkOperation"]["id"]
    asked: dict[str, dict[str, object]] = {
        "SHOP": {},
        "COUNT_VARIANTS": {},
        "COUNT_ORDERS": {"search": ""},
        "PRODUCTS": {"first": 50},
        "MORE_LEVELS": {"id": item["id"]},
        "ORDERS": {"first": 30, "search": "", "sortKey": "CREATED_AT"},
        "MORE_LINES": {"id": long["id"]},
        "MORE_SHIPPING": {"id": costly["id"]},
        "MORE_REFUND_LINES": {"id": wide["id"]},
        "MORE_REFUND_SHIPPING": {"id": costly["refunds"][0]["id"]},
        "MORE_ADJUSTMENTS": {"id": costly["refunds"][0]["id"]},
        "REFUNDS": {"ids": [each["id"] for each in refunds[:20]] + ["gid://shopify/Refund/1"]},
        "AGREEMENTS": {"ids": [each["id"] for each in orders if each["edited"]][:10]},
        "ONE_AGREEMENT": {"id": long["id"]},
        "COUNT_ALL_ORDERS": {},
        "ORDER_IDS": {"first": 250},
        "ORDERS_THERE": {"ids": [long["id"], "gid://shopify/Order/1"]},
        "BULK_RUN": {"query": "{ shop { name } }"},
        "BULK_POLL": {"id": operation},
    }
    shop.ask(documents.BULK_POLL, id=operation)
    for name, variables in asked.items():
        document = getattr(documents, name)
        assert problems_of(official, document, shop.ask(document, **variables)) == [], name


def test_shipping_that_an_edit_took_off_is_reported_on_further_pages_too(
    shop: SandboxClient,
) -> None:
    orders = shop.orders(documents.ORDERS)
    costly = next(each for each in orders if each["shippingLines"]["pageInfo"]["hasNextPage"])
    more = shop.ask(documents.MORE_SHIPPING, id=costly["id"])["order"]["shippingLines"]["nodes"]
    assert [each["isRemoved"] for each in more] == [False] * 7 + [True]


def test_the_check_of_answers_notices_what_is_wrong(
    shop: SandboxClient, official: GraphQLSchema
) -> None:
    data = shop.ask(documents.PRODUCTS, first=1)
    variant = data["productVariants"]["nodes"][0]
    variant |= {"price": 12.5, "title": None, "extra": 1}
    variant["product"]["status"] = "SOLD"
    del variant["inventoryItem"]["id"]
    assert problems_of(official, documents.PRODUCTS, data) == [
        "data.productVariants.nodes[0].title: null is not allowed",
        "data.productVariants.nodes[0].price: 12.5 is no Money",
        "data.productVariants.nodes[0].product.status: 'SOLD' is no ProductStatus",
        "data.productVariants.nodes[0].inventoryItem.id: missing",
        "data.productVariants.nodes[0].extra: was not asked for",
    ]


def test_pages_hold_each_order_once_in_their_order(shop: SandboxClient, ledger: Ledger) -> None:
    by_change = [order["updatedAt"] for order in shop.orders(documents.ORDERS, first=7)]
    assert by_change == sorted(by_change) and len(by_change) == 40
    by_day = list(shop.orders(documents.ORDERS, first=7, sortKey="CREATED_AT"))
    assert [order["createdAt"] for order in by_day] == sorted(each["createdAt"] for each in by_day)
    assert len({order["id"] for order in by_day}) == len(ledger.changes())


def test_a_search_takes_bounds_of_both_instants(shop: SandboxClient, ledger: Ledger) -> None:
    since, until = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC)
    search = (
        f"created_at:>='{since.isoformat()}' created_at:<='{until.isoformat()}' "
        f"updated_at:>={since + timedelta(days=9):%Y-%m-%dT%H:%M:%SZ}"
    )
    expected = {
        change.number
        for change in ledger.changes()
        if since <= change.created_at <= until and change.updated_at >= since + timedelta(days=9)
    }
    found = {int(each["id"].split("/")[-1]) for each in shop.orders(documents.ORDERS, search)}
    assert found == expected != set()
    count = shop.ask(documents.COUNT_ORDERS, search=search)["ordersCount"]["count"]
    assert count == len(expected)


def test_old_orders_are_silently_missing_without_their_scope(
    shop: SandboxClient, ledger: Ledger
) -> None:
    shop.set(scopes=["read_orders", "read_products"])
    scopes = shop.ask(documents.SHOP)["currentAppInstallation"]["accessScopes"]
    assert scopes == [{"handle": "read_orders"}, {"handle": "read_products"}]
    young = [each for each in ledger.changes() if each.created_at >= LAST - timedelta(days=60)]
    assert len(list(shop.orders(documents.ORDERS))) == len(young) < 40
    rows = read_rows(shop.download(shop.run_bulk(documents.BULK_ORDERS % "")["url"]).content)
    assert sum("__parentId" not in row for row in rows) == len(young)
    shop.set(scopes=[])
    (error,) = shop.send(documents.COUNT_ORDERS, search="").json()["errors"]
    assert error["extensions"]["code"] == "ACCESS_DENIED"


def test_the_clock_shows_what_has_happened_by_then(shop: SandboxClient, ledger: Ledger) -> None:
    created = {change.number: change.created_at for change in ledger.changes()}
    fees = (event for event in ledger.events if isinstance(event, FeeCharged))
    late = next(fee for fee in fees if fee.at > created[fee.order])
    before = late.at - timedelta(hours=1)
    assert shop.set(clock=before.isoformat())["clock"] == before.isoformat()
    first = {order["id"]: order for order in shop.orders(documents.ORDERS)}
    assert max(order["updatedAt"] for order in first.values()) <= before.isoformat()
    ledger.move_clock(LAST)
    later = {order["id"]: order for order in shop.orders(documents.ORDERS)}
    assert first.keys() < later.keys()
    paid = f"gid://shopify/Order/{late.order}"
    # A fee that comes late does not change the order's instant.
    assert first[paid]["updatedAt"] == later[paid]["updatedAt"]
    assert first[paid]["transactions"][-1]["fees"] == []
    assert len(later[paid]["transactions"][-1]["fees"]) == 1


def test_the_lines_mean_what_the_vendor_says(shop: SandboxClient) -> None:
    orders = list(shop.orders(documents.ORDERS))
    amounts = [
        (
            line["quantity"],
            Decimal(line["originalUnitPriceSet"]["shopMoney"]["amount"]),
            Decimal(line["originalTotalSet"]["shopMoney"]["amount"]),
        )
        for order in orders
        for line in order["lineItems"]["nodes"]
    ]
    assert all(quantity * price == total for quantity, price, total in amounts)
    removed = [
        line
        for order in orders
        if not order["refunds"]
        for line in order["lineItems"]["nodes"]
        if line["currentQuantity"] < line["quantity"]
    ]
    assert removed != []
    adjustments = [
        each
        for order in orders
        for refund in order["refunds"]
        for each in refund["orderAdjustments"]["nodes"]
    ]
    given = {each["amountSet"]["shopMoney"]["amount"] for each in adjustments}
    assert given == {"-1.25", "-0.5"}
    money = {
        order["transactions"][-1]["kind"]: order["lineItems"]["nodes"][0]["originalTotalSet"]
        for order in orders
    }
    assert money.keys() == {"SALE", "REFUND"}
    paid_in = Counter(
        order["lineItems"]["nodes"][0]["originalTotalSet"]["presentmentMoney"]["currencyCode"]
        for order in orders
    )
    assert paid_in.keys() == {"GBP", "EUR"}


def test_two_variants_have_one_sku_and_stock_is_at_two_places(shop: SandboxClient) -> None:
    variants = shop.ask(documents.PRODUCTS, first=50)["productVariants"]["nodes"]
    counts = Counter(variant["sku"] for variant in variants)
    assert (counts["UK-001"], counts[None], counts["UK-024"]) == (2, 1, 0)
    levels = variants[0]["inventoryItem"]["inventoryLevels"]["nodes"]
    assert [level["location"]["name"] for level in levels] == ["Main warehouse", "Shop floor"]
    assert [each["name"] for each in levels[0]["quantities"]] == ["on_hand", "available"]
    count = shop.ask(documents.COUNT_VARIANTS)["productVariantsCount"]["count"]
    assert count == len(variants) == 23


def test_an_unknown_shop_is_not_found_and_the_root_is_the_retail_shop(shop: SandboxClient) -> None:
    other = SandboxClient(shop.url, "nobody.myshopify.com")
    assert (other.send(documents.SHOP).status_code, other.send("").json()) == (
        404,
        {"errors": "Not Found"},
    )
    assert other.refresh("x").status_code == 404
    answer = shop.http.post(
        f"{shop.url}/admin/api/2026-07/graphql.json",
        json={"query": documents.ORDERS, "variables": {"first": 1, "search": "", "sortKey": "ID"}},
        headers={"X-Shopify-Access-Token": "sandbox-token"},
    )
    assert len(answer.json()["data"]["orders"]["nodes"]) == 1


def test_a_refresh_token_rotates_and_may_be_retried_until_its_successor_is_used(
    shop: SandboxClient,
) -> None:
    old = f"refresh-{DOMAIN}"
    first = shop.refresh(old).json()
    assert first.keys() == {
        "access_token",
        "expires_in",
        "refresh_token",
        "refresh_token_expires_in",
        "scope",
    }
    assert first["expires_in"] == 3600
    assert shop.refresh(old).json() == first
    second = shop.refresh(first["refresh_token"]).json()
    assert second["access_token"] != first["access_token"]
    refused = shop.refresh(old)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert shop.refresh(second["refresh_token"], client_secret="wrong").status_code == 400
    shop.token = second["access_token"]
    assert shop.send(documents.SHOP).status_code == 200
    shop.set(advance_tokens_s=3601)
    assert shop.send(documents.SHOP).status_code == 401
    shop.token = f"token-{DOMAIN}"
    assert shop.send(documents.SHOP).status_code == 200
    shop.set(revoke=True)
    assert shop.send(documents.SHOP).status_code == 401
    assert shop.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_bucket_of_its_own_throttles_a_shop(shop: SandboxClient) -> None:
    shop.set(bucket={"maximum": 12, "rate": 0.001})
    assert shop.ask(documents.BULK_RUN, query="{ shop { name } }") != {}
    answer = shop.send(documents.BULK_RUN, query="{ shop { name } }")
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (200, "THROTTLED")
    cost = answer.json()["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["throttleStatus"]["maximumAvailable"]) == (10, 12)
    assert shop.state()["shops"][DOMAIN]["bucket"]["throttled"] == 1

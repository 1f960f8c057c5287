"""Bulk operations of Shopify's stand-in: their files, their polls, and what is refused as the vendor does."""

import pytest
from graphql import GraphQLSchema
from starlette.applications import Starlette

from sandbox.shop_ledger import Ledger
from sandbox.shopify.api import ShopifySandbox
from sandbox.shopify.large_store import LargeStore
from shared.connectors.shopify import documents
from tests.fixtures.graphql_answers import problems_of_rows, read_rows
from tests.fixtures.sandbox import SandboxClient
from tests.fixtures.served_shop import LAST

DOMAIN = "uk-7.myshopify.com"


def test_a_bulk_file_has_every_order_line_and_shipping(
    shop: SandboxClient, official: GraphQLSchema
) -> None:
    pages = list(shop.orders(documents.ORDERS))
    done = shop.run_bulk(documents.BULK_ORDERS % "created_at:>='2026-01-01T00:00:00Z'")
    content = shop.download(done["url"]).content
    rows = read_rows(content)
    assert done["status"] == "COMPLETED" and not content.endswith(b"\n")
    assert (done["objectCount"], done["fileSize"]) == (str(len(rows)), str(len(content)))
    assert done["rootObjectCount"] == str(len(pages)) == "40"
    assert problems_of_rows(official, documents.BULK_ORDERS, rows) == []
    shown = {order["id"]: order for order in pages}
    for row in rows:
        if "__parentId" not in row:
            assert row["transactions"] == shown[row["id"]]["transactions"]
            assert [each["id"] for each in row["refunds"]] == [
                each["id"] for each in shown[row["id"]]["refunds"]
            ]
    # Grouped: a child stands behind its parent.
    assert all(
        row["__parentId"] in {each["id"] for each in rows[:place]}
        for place, row in enumerate(rows)
        if "__parentId" in row
    )


def test_a_shuffled_bulk_file_has_the_same_rows(shop: SandboxClient) -> None:
    grouped = read_rows(shop.download(shop.run_bulk(documents.BULK_ORDERS % "")["url"]).content)
    shop.set(bulk_order="shuffled", bulk_last_newline=True)
    content = shop.download(shop.run_bulk(documents.BULK_ORDERS % "")["url"]).content
    rows = read_rows(content)
    assert content.endswith(b"\n") and rows != grouped
    assert sorted(map(str, rows)) == sorted(map(str, grouped))
    places = {row["id"]: place for place, row in enumerate(rows)}
    early = [row for row in rows if places[row["id"]] < places[row.get("__parentId", row["id"])]]
    assert early != []


def test_stock_of_a_bulk_file_names_its_variant(
    shop: SandboxClient, official: GraphQLSchema
) -> None:
    done = shop.run_bulk(documents.BULK_PRODUCTS)
    rows = read_rows(shop.download(done["url"]).content)
    assert problems_of_rows(official, documents.BULK_PRODUCTS, rows) == []
    assert (done["rootObjectCount"], done["objectCount"]) == ("23", "69")
    assert "/ProductVariant/" in rows[1]["__parentId"]


def test_a_bulk_operation_takes_its_polls_and_gives_what_is_there_at_its_end(
    shop: SandboxClient, ledger: Ledger
) -> None:
    shop.set(polls=3, clock="2026-06-01T00:00:00+00:00")
    run = shop.ask(documents.BULK_RUN, query=documents.BULK_ORDERS % "")
    operation = run["bulkOperationRunQuery"]["bulkOperation"]
    assert (operation["status"], operation["objectCount"]) == ("CREATED", "0")
    ledger.move_clock(LAST)
    polls = [shop.ask(documents.BULK_POLL, id=operation["id"])["bulkOperation"] for _ in range(4)]
    assert [each["status"] for each in polls] == ["CREATED", "RUNNING", "COMPLETED", "COMPLETED"]
    assert [each["url"] is None for each in polls] == [True, True, False, False]
    assert polls[-1]["rootObjectCount"] == "40"


def test_a_bulk_url_must_not_receive_the_secret(shop: SandboxClient) -> None:
    url = shop.run_bulk(documents.BULK_ORDERS % "")["url"]
    secret = {"X-Shopify-Access-Token": shop.token}
    assert shop.download(url, **secret).status_code == 400
    assert shop.download(url.replace("signature=", "signature=0")).status_code == 403
    assert shop.download(url).status_code == 200
    assert shop.state()["shops"][DOMAIN]["bulk_downloads"] == 1


def test_six_bulk_operations_are_one_too_many(shop: SandboxClient) -> None:
    query = documents.BULK_ORDERS % ""
    answers = [shop.ask(documents.BULK_RUN, query=query) for _ in range(6)]
    last = answers[-1]["bulkOperationRunQuery"]
    assert last["bulkOperation"] is None
    (error,) = last["userErrors"]
    assert (error["code"], error["field"]) == ("OPERATION_IN_PROGRESS", None)
    assert error["message"].count("gid://shopify/BulkOperation/") == 5


LINES = "lineItems { edges { node { id } } }"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "Invalid bulk query: Syntax Error"),
        ("mutation { x }", "Invalid operation type. Only `query` operations are supported."),
        ("{ shop { name } }", "must contain at least one connection"),
        ("{ orders { edges { node { nothing } } } }", "Cannot query field 'nothing'"),
        ("{ orders { nodes { id } } }", "Invalid connection fields: 'orders'"),
        ("{ orders { edges { node { name " + LINES + " } } } }", "without 'id': orders"),
        (
            "{ orders { edges { node { id refunds { refundLineItems { edges { node { id } } } } } } } }",
            "connection field within a list field",
        ),
        (
            "{ orders { edges { node { id "
            + " ".join(f"l{each}: {LINES}" for each in range(5))
            + " } } } }",
            "more than 5 connections",
        ),
        (
            "{ productVariants { edges { node { id inventoryItem { inventoryLevels { edges { node { id "
            "item { inventoryLevels { edges { node { id item { inventoryLevels { edges { node { id } } } "
            "} } } } } } } } } } } } }",
            "nesting depth greater than 2",
        ),
        ("{ node(id: 1) { id } }", "cannot contain a top level `node` field"),
    ],
)
def test_a_bulk_query_is_refused_as_the_vendor_does(
    shop: SandboxClient, query: str, message: str
) -> None:
    answer = shop.ask(documents.BULK_RUN, query=query)["bulkOperationRunQuery"]
    assert answer["bulkOperation"] is None
    assert message in answer["userErrors"][0]["message"]
    assert answer["userErrors"][0]["code"] == "INVALID"
    assert answer["userErrors"][0]["field"] == ["query"]


def test_a_large_shop_is_made_as_it_is_read(served: tuple[Starlette, str]) -> None:
    store = LargeStore(seed=1, orders=1_500)
    app, url = served
    large = ShopifySandbox(store, f"token-{DOMAIN}", domain=DOMAIN)
    # Its file is written beside the polls.
    large.root.bulk.settings.threaded_from = 1_000
    app.state.reception.open(large)
    shop = SandboxClient(url, DOMAIN)
    done = shop.run_bulk(documents.BULK_ORDERS % "")
    units = sum(row.get("quantity", 0) for row in read_rows(shop.download(done["url"]).content))
    assert done["rootObjectCount"] == "1500"
    sold, given_back, revenue = store.totals()
    assert (units, given_back) == (sold, 60) and revenue > 0

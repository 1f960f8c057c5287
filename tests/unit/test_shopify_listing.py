"""Which orders a shop still has."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.connectors.shopify import documents
from shared.connectors.shopify.client import ShopifyClient
from shared.connectors.shopify.connector import ShopifyConnector
from shared.errors import VendorUnavailable
from shared.use_cases.vendors import ForgettingShop
from tests.fixtures.shopify_shop import ABOUT, RawShop, always, gid

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def listing(pages: list[list[Any]], *counts: Any) -> RawShop:
    """A shop that lists these orders, and counts them so before and after."""
    left = list(counts)

    def page(asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["first"] == 250
        place = int(asked["after"] or 0)
        more = {"hasNextPage": place + 1 < len(pages), "endCursor": str(place + 1)}
        return {"orders": {"nodes": pages[place], "pageInfo": more}}

    return RawShop(
        {
            documents.ORDER_IDS: page,
            documents.COUNT_ALL_ORDERS: lambda _v: {"ordersCount": left.pop(0)},
        }
    )


def order(number: int) -> dict[str, str]:
    return {"id": gid("Order", number)}


def test_all_orders_are_listed_by_the_ids_that_the_lines_have() -> None:
    shop = listing([[order(1), order(2)], [order(3)]], {"count": 3}, {"count": 3})
    assert list(shop.connector().listed_orders()) == [["1", "2"], ["3"]]


def test_an_order_that_comes_or_goes_meanwhile_does_not_matter() -> None:
    came = listing([[order(1)]], {"count": 1}, {"count": 2})
    assert list(came.connector().listed_orders()) == [["1"]]
    went = listing([[order(1)]], {"count": 2}, {"count": 1})
    assert list(went.connector().listed_orders()) == [["1"]]


@pytest.mark.parametrize(
    ("pages", "counts"),
    [
        ([[order(1)]], [{"count": 2}, {"count": 2}]),
        ([[order(1), order(1)]], [{"count": 2}, {"count": 2}]),
        ([[order(1), None]], [{"count": 1}, {"count": 1}]),
        ([[order(1), {"id": "2"}]], [{"count": 1}, {"count": 1}]),
        ([[order(1)]], [None, {"count": 1}]),
        ([[order(1)]], [{"count": True}, {"count": 1}]),
        ([[order(1)]], [{"count": 1}, {"count": "1"}]),
    ],
)
def test_a_list_that_is_not_whole_is_not_believed(
    pages: list[list[Any]], counts: list[Any]
) -> None:
    with pytest.raises(VendorUnavailable):
        list(listing(pages, *counts).connector().listed_orders())


def test_orders_are_asked_for_by_their_ids_a_hundred_at_a_time() -> None:
    sizes = []

    def there(asked: dict[str, Any]) -> dict[str, Any]:
        sizes.append(len(asked["ids"]))
        return {"nodes": [{"id": each} if each.endswith("7") else None for each in asked["ids"]]}

    shop = RawShop({documents.ORDERS_THERE: there})
    found = shop.connector().still_there([str(number) for number in range(1, 151)])
    assert (len(found), sizes) == (15, [100, 50])
    # What cannot be the id of an order is never asked for, and never taken for gone.
    assert shop.connector().still_there(["imported-by-hand"]) == {"imported-by-hand"}


def test_an_answer_that_says_less_than_was_asked_deletes_nothing() -> None:
    for answer in ([], None, [None, None]):
        shop = RawShop({documents.ORDERS_THERE: always({"nodes": answer})})
        with pytest.raises(VendorUnavailable):
            shop.connector().still_there(["1"])


@pytest.mark.parametrize(
    ("scopes", "since"),
    [
        (["read_orders"], datetime(2026, 9, 21, tzinfo=UTC)),
        (["read_orders", "read_all_orders"], None),
        ([], None),
    ],
)
def test_without_the_scope_older_orders_are_not_listed(
    scopes: list[str], since: datetime | None
) -> None:
    installed = {"accessScopes": [{"handle": scope} for scope in scopes]}
    about = {**ABOUT, "currentAppInstallation": installed}
    shop = RawShop({documents.SHOP: lambda _v: about})
    connector = ShopifyConnector(ShopifyClient(shop), shop, "shopify_uk", now=lambda: NOW)
    assert isinstance(connector, ForgettingShop)
    assert connector.listed_since() == since


def test_a_shop_without_orders_lists_none() -> None:
    shop = listing([[]], {"count": 0}, {"count": 0})
    assert list(shop.connector().listed_orders()) == [[]]

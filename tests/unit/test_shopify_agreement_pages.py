"""All agreements of an order with all their sales, however many queries that takes."""

from typing import Any

import pytest

from shared.connectors.shopify import documents
from shared.errors import CursorExpired
from tests.fixtures.shopify_records import bag, sold
from tests.fixtures.shopify_shop import RawShop, connection, gid, orders_read, whole_order

DAYS = ("2026-06-30", "2026-07-09", "2026-07-20")


def more(nodes: list[Any], cursor: str) -> dict[str, Any]:
    """A page that is not the last one."""
    return {"nodes": nodes, "pageInfo": {"hasNextPage": True, "endCursor": cursor}}


def agreed(place: int, sales: dict[str, Any]) -> dict[str, Any]:
    reason = "ORDER_EDIT" if place else "ORDER"
    return {"happenedAt": f"{DAYS[place]}T10:00:00Z", "reason": reason, "sales": sales}


# Three agreements of which two come at first, and the second's sales come one a page.
SALES: dict[tuple[str | None, str | None], dict[str, Any]] = {
    (None, None): agreed(0, connection([])),
    ("a", None): agreed(1, more([sold(5)], "s")),
    ("a", "s"): agreed(1, connection([sold(10)])),
    ("b", None): agreed(2, connection([sold(11)])),
}
FOLLOWING = {None: "a", "a": "b"}


def one(asked: dict[str, Any]) -> dict[str, Any]:
    node = SALES[asked["after"], asked["salesAfter"]]
    cursor = FOLLOWING.get(asked["after"])
    found = connection([node]) if cursor is None else more([node], cursor)
    return {"order": {"agreements": found}}


def first(asked: dict[str, Any]) -> dict[str, Any]:
    assert asked["ids"] == [gid("Order", 1)]
    return {"nodes": [{"agreements": more([SALES[None, None], SALES["a", None]], "b")}]}


def shop(reply: Any = one) -> RawShop:
    return RawShop(
        {
            documents.ORDERS: lambda _v: {"orders": connection([whole_order(1)])},
            documents.AGREEMENTS: first,
            documents.ONE_AGREEMENT: reply,
        }
    )


def test_agreements_and_sales_beyond_the_first_page_are_asked_for_one_by_one() -> None:
    vendor = shop()
    days = {each.channel_line_id: str(each.sale_date) for each in orders_read(vendor).records}
    # One line stands on the second page of an agreement, the other in an agreement of the second page.
    assert (days["10"], days["11"]) == ("2026-07-09", "2026-07-20")
    assert vendor.asked.count(documents.ONE_AGREEMENT) == 4


def test_an_order_without_more_is_asked_for_once() -> None:
    node = {"agreements": connection([agreed(0, connection([sold(10), sold(11)]))])}
    vendor = RawShop(
        {
            documents.ORDERS: lambda _v: {"orders": connection([whole_order(1)])},
            documents.AGREEMENTS: lambda _v: {"nodes": [node]},
        }
    )
    assert len(orders_read(vendor).records) == 6
    assert documents.ONE_AGREEMENT not in vendor.asked


@pytest.mark.parametrize("changes", [{"edited": False}, {"edited": None}])
def test_agreements_of_a_plain_order_are_not_asked_for(changes: dict[str, Any]) -> None:
    plain = {**whole_order(1), **changes}
    vendor = RawShop({documents.ORDERS: lambda _v: {"orders": connection([plain])}})
    assert len(orders_read(vendor).records) == 6
    assert documents.AGREEMENTS not in vendor.asked


@pytest.mark.parametrize(
    "changes", [{"returnStatus": "RETURNED"}, {"totalTipReceivedSet": bag("1.0")}]
)
def test_agreements_of_an_order_with_an_exchange_or_a_tip_are_asked_for(
    changes: dict[str, Any],
) -> None:
    plain = {**whole_order(1), "edited": False, **changes}
    vendor = RawShop(
        {
            documents.ORDERS: lambda _v: {"orders": connection([plain])},
            documents.AGREEMENTS: lambda _v: {"nodes": [{"agreements": connection([])}]},
        }
    )
    assert len(orders_read(vendor).records) == 6
    assert vendor.asked.count(documents.AGREEMENTS) == 1


def forgotten(_asked: dict[str, Any]) -> dict[str, Any]:
    raise CursorExpired("shopify: Invalid cursor")


@pytest.mark.parametrize(
    "reply",
    [
        forgotten,
        lambda _v: {"order": None},
        lambda _v: {"order": {"agreements": connection([5])}},
        lambda v: {"order": {"agreements": more([SALES[None, None]], v["after"] or "a")}},
    ],
)
def test_an_order_whose_agreements_end_in_the_middle_is_set_aside(reply: Any) -> None:
    page = orders_read(shop(reply))
    assert page.records == ()
    assert [(each.record_key, each.field) for each in page.rejected] == [
        (gid("Order", 1), "agreements")
    ]

"""Orders that the app of a marketplace has copied into the shop: no sales of the shop."""

from typing import Any

import pytest

from shared.connectors.shopify.marketplaces import marketplace_of
from tests.fixtures.shopify_records import line, order, read, refund, refunded


def by_channel(handle: str, *, is_marketplace: bool) -> dict[str, Any]:
    definition = {"handle": handle, "isMarketplace": is_marketplace}
    return {"channelInformation": {"channelDefinition": definition}}


@pytest.mark.parametrize(
    ("given", "marketplace"),
    [
        ({"sourceName": "amazon"}, "amazon"),
        ({"sourceName": "amazon-us"}, "amazon"),
        ({"sourceName": "channel:amazon-us"}, "amazon"),
        ({"sourceName": "Amazon.de"}, "amazon"),
        ({"sourceName": "ebay_uk"}, "ebay"),
        ({"sourceName": "1424624", "sourceIdentifier": "205-1111111-1111111"}, "amazon"),
        ({"sourceName": None, "attribution": {"handle": "etsy"}}, "etsy"),
        (by_channel("walmart-marketplace", is_marketplace=False), "walmart"),
        (by_channel("corner-shop", is_marketplace=True), "corner"),
        (by_channel("", is_marketplace=True), "marketplace"),
        ({"sourceName": "web"}, None),
        ({"sourceName": "pos", "sourceIdentifier": "1234-12-1000"}, None),
        ({"sourceName": "amazonas-shop"}, None),
        ({"sourceName": "shopify_draft_order", "sourceIdentifier": ""}, None),
        ({"sourceIdentifier": "2205-1111111-1111111"}, None),
        (by_channel("instagram", is_marketplace=False), None),
        ({"channelInformation": {"channelDefinition": None}, "attribution": None}, None),
        ({}, None),
    ],
)
def test_a_copy_is_known_by_where_it_came_from(
    given: dict[str, Any], marketplace: str | None
) -> None:
    assert marketplace_of(order(**given)) == marketplace


COPY = order(
    sourceName="amazon",
    sourceIdentifier="205-1111111-1111111",
    transactions=[{"status": "SUCCESS", "fees": [{"id": "x"}]}],
)


def test_a_copy_brings_nothing_and_what_was_kept_of_it_is_gone() -> None:
    found = read(line(), line(sku=5), order_node=COPY, refunds=(refund(refunded()),))
    assert (found.lines, found.fees, found.rejected) == ((), (), ())
    assert (found.gone, found.left_out) == (("7",), {"marketplace_copy": 1})


def test_a_copy_counts_where_the_shops_owner_says_so() -> None:
    ebay = order(sourceName="ebay")
    found = read(line(), order_node=ebay, count_copies_of=frozenset({"ebay"}))
    assert ([each.quantity for each in found.lines], found.gone, found.left_out) == ([3], (), {})
    other = read(line(), order_node=ebay, count_copies_of=frozenset({"etsy"}))
    assert (other.lines, other.gone) == ((), ("7",))


@pytest.mark.parametrize(
    "field", ["sourceName", "sourceIdentifier", "attribution", "channelInformation"]
)
def test_an_order_that_does_not_say_where_it_came_from_is_set_aside(field: str) -> None:
    found = read(line(), order_node=order(**{field: 5}))
    assert (found.lines, found.gone) == ((), ())
    assert [(each.record_key, each.field) for each in found.rejected] == [
        ("gid://shopify/Order/7", field)
    ]

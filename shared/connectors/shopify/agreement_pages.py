"""The agreements of an order, all of them with all their sales."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from shared.connectors.shopify import documents
from shared.connectors.shopify.agreements import WholeAgreement
from shared.connectors.shopify.client import ShopifyClient
from shared.connectors.shopify.connections import read_page
from shared.domain.fields import Node, part, require_node
from shared.errors import CursorExpired, SkipRecord


class _Place(NamedTuple):
    """One agreement with some of its sales; where its next sales, and where the next agreement are."""

    node: Node
    sales: list[Any]
    next_sales: str | None
    next_agreement: str | None


def agreements_of(order: Node) -> list[WholeAgreement] | None:
    """Those that came with an answer; None where that is not all of them."""
    nodes, following = read_page(order.get("agreements"), "agreements", None)
    found, whole = [], following is None
    for node in nodes:
        sales, more = read_page(require_node(node, "agreements").get("sales"), "sales", None)
        whole = whole and more is None
        found.append(WholeAgreement(node, sales))
    return found if whole else None


def each_agreement(client: ShopifyClient, order: str) -> Iterator[WholeAgreement]:
    """The agreements of an order with very many: one a query, since sales cannot be asked for by themselves."""
    after: str | None = None
    while True:
        place = _ask(client, order, after, None)
        if place is None:
            return
        node, sales, more, following = place
        while more is not None:
            place = _ask(client, order, after, more)
            if place is None:
                raise SkipRecord("agreements: one of them is not there any more")
            sales, more = sales + place.sales, place.next_sales
        yield WholeAgreement(node, sales)
        if following is None:
            return
        after = following


def _ask(
    client: ShopifyClient, order: str, after: str | None, sales_after: str | None
) -> _Place | None:
    asked = {"id": order, "after": after, "salesAfter": sales_after}
    try:
        answer = client.query(documents.ONE_AGREEMENT, asked)
    except CursorExpired:
        raise SkipRecord("agreements: the vendor does not know its own next page") from None
    nodes, following = read_page(part(answer, "order").get("agreements"), "agreements", after)
    if not nodes:
        return None
    node = require_node(nodes[0], "agreements")
    sales, more = read_page(node.get("sales"), "sales", sales_after)
    return _Place(node, sales, more, following)

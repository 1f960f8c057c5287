"""A shop read by paged queries: nested pages are followed until each record is whole."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.connectors.shopify import documents
from shared.connectors.shopify.client import ShopifyClient
from shared.connectors.shopify.fields import Node
from shared.connectors.shopify.orders import WholeOrder, WholeRefund

# The first query's size; it grows to what one query may cost.
FIRST_PAGE = 10
REFUNDS_A_QUERY = 10


@dataclass(frozen=True, slots=True)
class Variant:
    """A product variant with all its stock levels."""

    node: Node
    levels: list[Node]


class Paging:
    """Follows the connections of one shop."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    def variants(self) -> Iterator[Variant]:
        """All variants, page by page."""
        for connection in self._pages(documents.PRODUCTS, "productVariants", {}, None):
            for node in connection["nodes"]:
                yield Variant(node, self._levels(node))

    def orders(
        self, search: str, sort_key: str, after: str | None
    ) -> Iterator[tuple[list[WholeOrder], str | None]]:
        """Pages of whole orders, each with the cursor of the next."""
        variables = {"search": search, "sortKey": sort_key}
        for connection in self._pages(documents.ORDERS, "orders", variables, after):
            orders = [self._whole_order(node) for node in connection["nodes"]]
            yield orders, _next_cursor(connection)

    def refunds(self, ids: Sequence[str]) -> dict[str, WholeRefund]:
        """The refunds of these ids, by id; one that the vendor does not know any more is left out."""
        found: dict[str, WholeRefund] = {}
        for start in range(0, len(ids), REFUNDS_A_QUERY):
            asked = list(ids[start : start + REFUNDS_A_QUERY])
            for node in self._client.query(documents.REFUNDS, {"ids": asked})["nodes"]:
                if node:
                    found[node["id"]] = self._whole_refund(node)
        return found

    def _pages(
        self, document: str, field: str, variables: Mapping[str, object], after: str | None
    ) -> Iterator[dict[str, Any]]:
        while True:
            asked = {**variables, "after": after}
            connection = self._client.query_page(document, asked, FIRST_PAGE)[field]
            yield connection
            after = _next_cursor(connection)
            if after is None:
                return

    def _levels(self, variant: Node) -> list[Node]:
        item = variant["inventoryItem"]
        return self._all_nodes(item, "inventoryLevels", "inventoryItem", documents.MORE_LEVELS)

    def _whole_order(self, node: Node) -> WholeOrder:
        return WholeOrder(
            node,
            self._all_nodes(node, "lineItems", "order", documents.MORE_LINES),
            self._all_nodes(node, "shippingLines", "order", documents.MORE_SHIPPING),
            [self._whole_refund(refund) for refund in node["refunds"]],
        )

    def _whole_refund(self, node: Node) -> WholeRefund:
        return WholeRefund(
            node,
            self._all_nodes(node, "refundLineItems", "refund", documents.MORE_REFUND_LINES),
            self._all_nodes(node, "refundShippingLines", "refund", documents.MORE_REFUND_SHIPPING),
            self._all_nodes(node, "orderAdjustments", "refund", documents.MORE_ADJUSTMENTS),
        )

    def _all_nodes(self, owner: Node, field: str, kind: str, document: str) -> list[Node]:
        """The nodes of a nested connection, its further pages included."""
        connection, nodes = owner[field], []
        while True:
            nodes += connection["nodes"]
            after = _next_cursor(connection)
            if after is None:
                return nodes
            variables = {"id": owner["id"], "after": after}
            connection = self._client.query(document, variables)[kind][field]


def _next_cursor(connection: Mapping[str, Any]) -> str | None:
    info = connection["pageInfo"]
    return str(info["endCursor"]) if info["hasNextPage"] else None

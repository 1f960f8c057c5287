"""A shop read by paged queries: nested pages are followed until each record is whole.

A record that has not the vendor's shape stands in the page with its problem; an answer that has not is asked
for again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shared.connectors.shopify import documents
from shared.connectors.shopify.agreement_pages import agreements_of, each_agreement
from shared.connectors.shopify.agreements import needs_agreements
from shared.connectors.shopify.client import LARGEST_PAGE, ShopifyClient
from shared.connectors.shopify.connections import read_page
from shared.connectors.shopify.fields import is_gid
from shared.connectors.shopify.orders import WholeOrder, WholeRefund
from shared.domain.fields import Node, part, require_node, show
from shared.errors import CursorExpired, SkipRecord, VendorUnavailable

# The first query's size; it grows to what one query may cost.
FIRST_PAGE = 10
REFUNDS_A_QUERY = AGREEMENTS_A_QUERY = 10
# What a document with further nodes is about.
KINDS = {
    documents.MORE_LEVELS: "InventoryItem",
    documents.MORE_LINES: "Order",
    documents.MORE_SHIPPING: "Order",
    documents.MORE_REFUND_LINES: "Refund",
    documents.MORE_REFUND_SHIPPING: "Refund",
    documents.MORE_ADJUSTMENTS: "Refund",
}
Refunds = dict[str, WholeRefund | SkipRecord]


@dataclass(frozen=True, slots=True)
class Variant:
    """A product variant with all its stock levels, None where they are not there; or why they cannot be read."""

    node: Any
    levels: list[Any] | None
    problem: SkipRecord | None = None


class Paging:
    """Follows the connections of one shop."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    def variants(self) -> Iterator[Variant]:
        """All variants, page by page."""
        for nodes, _ in self._pages(documents.PRODUCTS, "productVariants", {}, None):
            for node in nodes:
                try:
                    yield Variant(node, self._levels(node))
                except SkipRecord as error:
                    yield Variant(node, None, error)

    def orders(
        self, search: str, sort_key: str, after: str | None
    ) -> Iterator[tuple[list[WholeOrder], str | None]]:
        """Pages of whole orders, each with the cursor of the next."""
        variables = {"search": search, "sortKey": sort_key}
        for nodes, following in self._pages(documents.ORDERS, "orders", variables, after):
            yield self.with_agreements([self._order(node) for node in nodes]), following

    def order_ids(self) -> Iterator[list[Any]]:
        """The global ids of all orders, page by page; None for a record without one."""
        for nodes, _ in self._pages(documents.ORDER_IDS, "orders", {}, None, LARGEST_PAGE):
            yield [node.get("id") if isinstance(node, dict) else None for node in nodes]

    def refunds(self, ids: Sequence[str]) -> Refunds:
        """The refunds of these ids, by id, or why they cannot be read; one that is gone is left out."""
        found: Refunds = {}
        for asked, node in self._ask_for(documents.REFUNDS, ids, REFUNDS_A_QUERY):
            if node is None:
                continue
            try:
                found[asked] = self._whole_refund({**require_node(node, "refunds"), "id": asked})
            except SkipRecord as error:
                found[asked] = error
        return found

    def with_agreements(self, orders: list[WholeOrder]) -> list[WholeOrder]:
        """The orders, with the agreements of those whose lines may have come later or be tips."""
        places = []
        for place, order in enumerate(orders):
            try:
                wanted = order.problem is None and _needs_agreements(order.node)
            except SkipRecord as error:
                orders[place] = replace(order, problem=error)
            else:
                places += [place] if wanted else []
        ids = [orders[place].node["id"] for place in places]
        answers = self._ask_for(documents.AGREEMENTS, ids, AGREEMENTS_A_QUERY)
        for place, (_, node) in zip(places, answers, strict=True):
            orders[place] = self._agree(orders[place], node)
        return orders

    def existing(self, document: str, ids: Sequence[str], at_once: int) -> Iterator[str]:
        """Those of these ids that the vendor still knows."""
        return (asked for asked, node in self._ask_for(document, ids, at_once) if node is not None)

    def _ask_for(
        self, document: str, ids: Sequence[str], at_once: int
    ) -> Iterator[tuple[str, Any]]:
        """Each id with its record; None where the vendor knows it no more."""
        for start in range(0, len(ids), at_once):
            asked = list(ids[start : start + at_once])
            nodes = self._client.query(document, {"ids": asked}).get("nodes")
            if not isinstance(nodes, list) or len(nodes) != len(asked):
                raise VendorUnavailable("shopify: the answer has not a record for each id")
            yield from zip(asked, nodes, strict=True)

    def _pages(
        self,
        document: str,
        field: str,
        variables: Mapping[str, object],
        after: str | None,
        size: int = FIRST_PAGE,
    ) -> Iterator[tuple[list[Any], str | None]]:
        """The records of each page, and the cursor behind them."""
        while True:
            asked = {**variables, "after": after}
            answer = self._client.query_page(document, asked, size).get(field)
            try:
                nodes, following = read_page(answer, field, after)
            except SkipRecord as error:
                # An answer without its list is never an empty list.
                raise VendorUnavailable(f"shopify: {error.message}") from None
            yield nodes, following
            after = following
            if after is None:
                return

    def _levels(self, variant: object) -> list[Any] | None:
        item = require_node(variant, "variant").get("inventoryItem")
        if item is None:
            return None
        levels = require_node(item, "inventoryItem").get("inventoryLevels")
        if levels is None or (isinstance(levels, dict) and levels.get("nodes", ()) is None):
            return None
        more = documents.MORE_LEVELS
        return self._all_nodes(item, "inventoryLevels", "inventoryItem", more)

    def _order(self, node: Any) -> WholeOrder:
        try:
            return self._whole_order(require_node(node, "order"))
        except SkipRecord as error:
            return WholeOrder(node, [], [], [], problem=error)

    def _whole_order(self, node: Node) -> WholeOrder:
        refunds = node.get("refunds")
        if not isinstance(refunds, list):
            raise SkipRecord(f"refunds: {show(refunds)} is not a list")
        return WholeOrder(
            node,
            self._all_nodes(node, "lineItems", "order", documents.MORE_LINES),
            self._all_nodes(node, "shippingLines", "order", documents.MORE_SHIPPING),
            [self._whole_refund(require_node(refund, "refunds")) for refund in refunds],
        )

    def _whole_refund(self, node: Node) -> WholeRefund:
        return WholeRefund(
            node,
            self._all_nodes(node, "refundLineItems", "refund", documents.MORE_REFUND_LINES),
            self._all_nodes(node, "refundShippingLines", "refund", documents.MORE_REFUND_SHIPPING),
            self._all_nodes(node, "orderAdjustments", "refund", documents.MORE_ADJUSTMENTS),
        )

    def _agree(self, order: WholeOrder, answer: Any) -> WholeOrder:
        """The order with its agreements, asked for one by one where not all of them came at once."""
        if answer is None:
            gone = SkipRecord("agreements: the shop does not know the order any more")
            return replace(order, problem=gone)
        try:
            agreements = agreements_of(require_node(answer, "agreements"))
            if agreements is None:
                agreements = list(each_agreement(self._client, order.node["id"]))
            return replace(order, agreements=agreements)
        except SkipRecord as error:
            return replace(order, problem=error)

    def _all_nodes(self, owner: Node, field: str, kind: str, document: str) -> list[Any]:
        """The nodes of a nested connection, its further pages included."""
        nodes, after = read_page(owner.get(field), field, None)
        while after is not None:
            connection = part(self._ask_more(document, owner, after, field), kind).get(field)
            more, after = read_page(connection, field, after)
            nodes = nodes + more
        return nodes

    def _ask_more(self, document: str, owner: Node, after: str, field: str) -> dict[str, Any]:
        kind = KINDS[document]
        if not is_gid(owner.get("id"), kind):
            raise SkipRecord(f"id: is none of {kind}, so that its {field} cannot be asked for")
        try:
            return self._client.query(document, {"id": owner["id"], "after": after})
        except CursorExpired:
            raise SkipRecord(f"{field}: the vendor does not know its own next page") from None


def _needs_agreements(order: Node) -> bool:
    if not needs_agreements(order):
        return False
    if not is_gid(order.get("id"), "Order"):
        raise SkipRecord("id: is no id of an order, so that its agreements are not known")
    return True

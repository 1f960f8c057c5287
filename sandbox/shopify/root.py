"""The vendor's root fields, answered from one shop's store."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from graphql import GraphQLError, GraphQLSchema, build_schema

from sandbox.faults import Faults
from sandbox.shop_ledger import Change
from sandbox.shopify.bulk import BulkOperations
from sandbox.shopify.nodes import (
    Connection,
    Node,
    gid,
    number_of,
    page_node,
    require_page_size,
)
from sandbox.shopify.search import OrderIndex, place_of, read_cursor, write_cursor
from sandbox.shopify.stores import LedgerStore, Store

# The vendor counts orders no further, unless it is asked to.
LARGEST_COUNT = 10_000
SCOPES = ("read_orders", "read_all_orders", "read_products", "read_inventory")
DEFAULT_SORT = "ID"


@cache
def read_schema() -> GraphQLSchema:
    """The schema of what the sandbox answers."""
    return build_schema((Path(__file__).parent / "schema.graphql").read_text(encoding="utf-8"))


class Root:
    """The root of queries and mutations; methods have the vendor's names, and `info.context` the base URL."""

    def __init__(self, domain: str, store: Store) -> None:
        self.store = store
        self.scopes: Sequence[str] = SCOPES
        self.faults = Faults()
        self.bulk = BulkOperations(domain, read_schema(), store.now)
        self._domain = domain
        self._index = OrderIndex(store)
        self._disturbances = 0

    def shop(self, _info: object) -> Node:
        """Query.shop"""
        return {"id": gid("Shop", crc32(self._domain.encode())), **self.store.shop_node()}

    def currentAppInstallation(self, _info: object) -> Node:  # noqa: N802 - vendor's name
        """Query.currentAppInstallation"""
        return {"accessScopes": [{"handle": scope} for scope in self.scopes]}

    def productVariantsCount(self, _info: object, **_rest: object) -> Node:  # noqa: N802
        """Query.productVariantsCount"""
        self._require("read_products", "productVariantsCount")
        return {"count": len(self.store.variants()), "precision": "EXACT"}

    def ordersCount(  # noqa: N802
        self, _info: object, query: str = "", limit: int | None = LARGEST_COUNT
    ) -> Node:
        """Query.ordersCount"""
        count = len(self._find(query or "", DEFAULT_SORT, "ordersCount"))
        most = limit or math.inf
        return {
            "count": int(min(count, most)),
            "precision": "EXACT" if count <= most else "AT_LEAST",
        }

    def productVariants(self, info: object, **arguments: Any) -> Node:  # noqa: N802
        """Query.productVariants"""
        self._require("read_products", "productVariants")
        return Connection(self.store.variants())(info, **arguments)

    def orders(
        self,
        _info: object,
        first: int | None = None,
        after: str | None = None,
        query: str | None = None,
        sortKey: str | None = None,  # noqa: N803 - vendor's name
    ) -> Node:
        """Query.orders"""
        size = require_page_size(first)
        sort = sortKey or DEFAULT_SORT
        found = self._find(query or "", sort, "orders")
        start = 0
        if after is not None:
            start = bisect_right(found, read_cursor(after), key=lambda each: place_of(each, sort))
            if start > 0 and self.faults.fire(self._domain, "duplicate_across_pages"):
                start -= 1
        page = found[start : start + size]
        nodes = list(self._order_nodes(page))
        more = start + size < len(found)
        self._disturb(page, found[start + size :])
        return page_node(nodes, [write_cursor(place_of(each, sort)) for each in page], more=more)

    def order(self, _info: object, id: str) -> Node | None:  # noqa: A002 - vendor's name
        """Query.order"""
        self._require("read_orders", "order")
        return self.store.order_node(number_of(id))

    def refund(self, _info: object, id: str) -> Node | None:  # noqa: A002 - vendor's name
        """Query.refund"""
        self._require("read_orders", "refund")
        return self.store.refund_node(number_of(id))

    def inventoryItem(self, _info: object, id: str) -> Node | None:  # noqa: A002, N802
        """Query.inventoryItem"""
        items = (variant["inventoryItem"] for variant in self.store.variants())
        return next((item for item in items if item["id"] == id), None)

    def node(self, info: Any, id: str) -> Node | None:  # noqa: A002 - vendor's name
        """Query.node"""
        kind = id.removeprefix("gid://shopify/").partition("/")[0]
        match kind:
            case "Order":
                return self.order(info, id)
            case "Refund":
                return self.refund(info, id)
            case "BulkOperation":
                return self.bulkOperation(info, id)
            case "ProductVariant":
                return next((each for each in self.store.variants() if each["id"] == id), None)
        return None

    def nodes(self, info: Any, ids: list[str]) -> list[Node | None]:
        """Query.nodes"""
        return [self.node(info, each) for each in ids]

    def bulkOperation(  # noqa: N802
        self,
        info: Any,
        id: str,  # noqa: A002 - vendor's name
    ) -> Node | None:
        """Query.bulkOperation"""
        size = len(self._index.find("", DEFAULT_SORT, all_orders=True))
        return self.bulk.poll(number_of(id), self._roots, self.faults, str(info.context), size)

    def bulkOperationRunQuery(  # noqa: N802
        self, _info: object, query: str, **_rest: object
    ) -> Node:
        """Mutation.bulkOperationRunQuery"""
        return self.bulk.run(query)

    def _roots(self, name: str, arguments: dict[str, Any]) -> Iterable[Node]:
        """The root objects of a bulk operation."""
        if name == "orders":
            sort = arguments.get("sortKey") or DEFAULT_SORT
            return self._order_nodes(self._find(arguments.get("query") or "", sort, "orders"))
        if name == "productVariants":
            return self.store.variants()
        return ()

    def _order_nodes(self, changes: Iterable[Change]) -> Iterable[Node]:
        nodes = (self.store.order_node(change.number) for change in changes)
        return (node for node in nodes if node is not None)

    def _find(self, query: str, sort: str, field: str) -> Sequence[Change]:
        self._require("read_orders", field)
        return self._index.find(query, sort, all_orders="read_all_orders" in self.scopes)

    def _require(self, scope: str, field: str) -> None:
        if scope not in self.scopes:
            message = f"Access denied for {field} field. Required access: `{scope}` access scope."
            raise GraphQLError(message, extensions={"code": "ACCESS_DENIED"})

    def _disturb(self, served: Sequence[Change], waiting: Sequence[Change]) -> None:
        """Changes an order of the window once its page is built: by turns one served, one still to come."""
        if not isinstance(self.store, LedgerStore) or not served:
            return
        if self.faults.fire(self._domain, "change_mid_sync"):
            orders = [each.number for each in served], [each.number for each in waiting]
            first, second = orders if self._disturbances % 2 == 0 else orders[::-1]
            self._disturbances += 1
            self.store.disturb([*first, *second])

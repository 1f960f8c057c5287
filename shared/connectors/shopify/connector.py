"""The pages of a Shopify shop."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any
from zoneinfo import ZoneInfo

from shared.connectors.shopify import documents
from shared.connectors.shopify.client import ShopifyClient
from shared.connectors.shopify.mapping import (
    collect,
    read_product,
    read_refund_line,
    read_sale_line,
)
from shared.domain.catalogue import Product
from shared.domain.sales import RejectedRecord, SaleLine
from shared.use_cases.ports import Page, Shop

# A query may cost 1,000 points at most; ten orders with their lines and refunds stay under it.
PRODUCTS_A_PAGE = 50
ORDERS_A_PAGE = 10


class ShopifyConnector:
    """Reads one shop as one channel (`shopify_uk`, …)."""

    def __init__(self, client: ShopifyClient, channel: str) -> None:
        self._client = client
        self._channel = channel

    def describe_shop(self) -> Shop:
        """Name, currency and time zone."""
        return self._shop

    @cached_property
    def _shop(self) -> Shop:
        shop = self._client.query(documents.SHOP)["shop"]
        return Shop(shop["name"], shop["currencyCode"], shop["ianaTimezone"])

    def product_pages(self, cursor: str | None) -> Iterator[Page[Product]]:
        """All product variants with cost and stock; the last page has no next cursor."""
        variables: dict[str, object] = {"first": PRODUCTS_A_PAGE}
        for connection in self._connections(
            documents.PRODUCTS, "productVariants", variables, cursor
        ):
            records, rejected = collect(connection["nodes"], self._read_product)
            yield Page(records, rejected, _next_cursor(connection))

    def _read_product(self, node: dict[str, Any]) -> Product:
        item = node["inventoryItem"]
        levels = self._all_nodes(
            item["inventoryLevels"],
            documents.MORE_LEVELS,
            item["id"],
            "inventoryItem",
            "inventoryLevels",
        )
        return read_product(node, self._channel, self._shop.currency, list(levels))

    def sale_pages(
        self, *, updated_since: datetime | None, updated_until: datetime, cursor: str | None
    ) -> Iterator[Page[SaleLine]]:
        """Lines and refunds of the orders updated in the window; the last page has no next cursor."""
        search = f"updated_at:<='{_instant(updated_until)}'"
        if updated_since is not None:
            search += f" updated_at:>='{_instant(updated_since)}'"
        variables: dict[str, object] = {"first": ORDERS_A_PAGE, "search": search}
        for connection in self._connections(documents.ORDERS, "orders", variables, cursor):
            records: list[SaleLine] = []
            rejected: list[RejectedRecord] = []
            for order in connection["nodes"]:
                for read, aside in self._order_lines(order):
                    records.extend(read)
                    rejected.extend(aside)
            yield Page(tuple(records), tuple(rejected), _next_cursor(connection))

    def _order_lines(
        self, order: dict[str, Any]
    ) -> Iterator[tuple[tuple[SaleLine, ...], tuple[RejectedRecord, ...]]]:
        if order["test"]:
            return
        channel, zone = self._channel, ZoneInfo(self._shop.timezone)
        yield collect(
            self._all_nodes(
                order["lineItems"], documents.MORE_LINES, order["id"], "order", "lineItems"
            ),
            partial(read_sale_line, order=order, channel=channel, zone=zone),
        )
        for refund in order["refunds"]:
            lines = self._all_nodes(
                refund["refundLineItems"],
                documents.MORE_REFUND_LINES,
                refund["id"],
                "refund",
                "refundLineItems",
            )
            yield collect(
                lines,
                partial(read_refund_line, refund=refund, order=order, channel=channel, zone=zone),
            )

    def _connections(
        self, document: str, field: str, variables: dict[str, object], cursor: str | None
    ) -> Iterator[dict[str, Any]]:
        while True:
            connection = self._client.query(document, {**variables, "after": cursor})[field]
            yield connection
            cursor = _next_cursor(connection)
            if cursor is None:
                return

    def _all_nodes(
        self, connection: dict[str, Any], document: str, owner_id: str, owner: str, field: str
    ) -> Iterator[dict[str, Any]]:
        """The nodes of a nested connection, its further pages included."""
        while True:
            yield from connection["nodes"]
            cursor = _next_cursor(connection)
            if cursor is None:
                return
            variables = {"id": owner_id, "after": cursor}
            connection = self._client.query(document, variables)[owner][field]


def _next_cursor(connection: dict[str, Any]) -> str | None:
    info = connection["pageInfo"]
    return str(info["endCursor"]) if info["hasNextPage"] else None


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

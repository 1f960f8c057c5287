"""The shop's records in the vendor's shape."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shared.sandbox.retail import ZONE, Article, Line, Order, Refund

CURRENCY = "GBP"
LOCATION = "warehouse_uk"

Node = dict[str, Any]


def shop_node() -> Node:
    """The shop itself."""
    return {"name": "Online Retail", "currencyCode": CURRENCY, "ianaTimezone": ZONE.key}


def variant_node(article: Article) -> Node:
    """A product variant with its cost and its stock at the one location."""
    quantities = {
        "on_hand": article.on_hand,
        "reserved": 0,
        "available": article.on_hand - article.reserved,
        "committed": article.reserved,
    }

    def stock(_info: object, names: list[str]) -> list[Node]:
        return [{"name": name, "quantity": quantities[name]} for name in names]

    level = {
        "id": gid("InventoryLevel", article.number),
        "location": {"id": gid("Location", 1), "name": LOCATION},
        "quantities": stock,
    }
    return {
        "id": gid("ProductVariant", article.number),
        "sku": article.sku,
        "title": "Default Title",
        "price": str(article.unit_price),
        "product": {
            "id": gid("Product", article.number),
            "title": f"Article {article.sku}",
            "productType": "Gifts",
            "status": "ACTIVE",
        },
        "inventoryItem": {
            "id": gid("InventoryItem", article.number),
            "unitCost": money(article.unit_cost),
            "inventoryLevels": connection([level]),
        },
    }


def order_node(order: Order) -> Node:
    """An order with its lines and refunds."""
    return {
        "id": gid("Order", order.number),
        "name": f"#{order.number}",
        "createdAt": instant(order.at),
        "updatedAt": instant(order.updated_at),
        "cancelledAt": None,
        "test": False,
        "taxesIncluded": False,
        "lineItems": connection([line_node(line) for line in order.lines]),
        "refunds": [refund_node(refund) for refund in order.refunds],
    }


def line_node(line: Line) -> Node:
    """An order line; the prices of the data carry no tax."""
    return {
        "id": gid("LineItem", line.number),
        "sku": line.sku,
        "name": f"Article {line.sku}",
        "quantity": line.quantity,
        "originalUnitPriceSet": money_bag(line.unit_price),
        "discountedTotalSet": money_bag(line.unit_price * line.quantity),
        "taxLines": [],
    }


def refund_node(refund: Refund) -> Node:
    """A refund of units of one line."""
    item = {
        "id": gid("RefundLineItem", refund.number),
        "quantity": refund.quantity,
        "subtotalSet": money_bag(refund.amount),
        "totalTaxSet": money_bag(Decimal(0)),
        "lineItem": line_node(refund.line),
    }
    return {
        "id": gid("Refund", refund.number),
        "createdAt": instant(refund.at),
        "refundLineItems": connection([item]),
    }


def connection(nodes: Sequence[Node]) -> Any:
    """A resolver that pages over nodes; the cursor is the number of nodes before the page."""

    def resolve(
        _info: object, first: int | None = None, after: str | None = None, **_rest: object
    ) -> Node:
        start = int(after) if after else 0
        end = start + (first or len(nodes))
        return {
            "nodes": nodes[start:end],
            "pageInfo": {"hasNextPage": end < len(nodes), "endCursor": str(min(end, len(nodes)))},
        }

    return resolve


def gid(kind: str, number: int) -> str:
    """A global id, as the vendor writes it."""
    return f"gid://shopify/{kind}/{number}"


def money(amount: Decimal) -> Node:
    """An amount in the shop's currency."""
    return {"amount": str(amount), "currencyCode": CURRENCY}


def money_bag(amount: Decimal) -> Node:
    """The same amount to the shop and to the customer: the shop sells in one currency."""
    return {"shopMoney": money(amount), "presentmentMoney": money(amount)}


def instant(moment: datetime) -> str:
    """ISO 8601 in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

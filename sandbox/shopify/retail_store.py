"""The retail shop of real orders in the vendor's shape."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from sandbox.retail import ZONE, Article, Line, Order, Refund, RetailShop
from sandbox.shop_ledger import Change
from sandbox.shopify.nodes import (
    Connection,
    Node,
    gid,
    instant,
    money,
    money_bag,
    plain_order,
    stock_node,
)

CURRENCY = "GBP"
LOCATION = "warehouse_uk"


class RetailStore:
    """The retail shop; nothing in it ever changes."""

    version = 0

    def __init__(self, shop: RetailShop) -> None:
        self._orders = {order.number: order for order in shop.orders}
        self._variants = [variant_node(article) for article in shop.articles]
        self._refunds = {
            refund.number: (order, refund) for order in shop.orders for refund in order.refunds
        }

    def now(self) -> datetime:
        """The wall clock's now."""
        return datetime.now(UTC)

    def shop_node(self) -> Node:
        """The shop itself."""
        return {"name": "Online Retail", "currencyCode": CURRENCY, "ianaTimezone": ZONE.key}

    def variants(self) -> Sequence[Node]:
        """All articles."""
        return self._variants

    def changes(self) -> Sequence[Change]:
        """All orders with their instants."""
        return [Change(order.number, order.at, order.updated_at) for order in self._orders.values()]

    def order_node(self, number: int) -> Node | None:
        """One order."""
        order = self._orders.get(number)
        return order_node(order) if order is not None else None

    def refund_node(self, number: int) -> Node | None:
        """One refund."""
        order, refund = self._refunds.get(number, (None, None))
        return refund_node(order, refund) if order is not None and refund is not None else None


def variant_node(article: Article) -> Node:
    """A product variant with its cost and its stock at the one location."""
    item: Node = {
        "id": gid("InventoryItem", article.number),
        "unitCost": money(article.unit_cost, CURRENCY),
    }
    units = (article.on_hand, article.reserved)
    item["inventoryLevels"] = Connection([stock_node(item, article.number, 1, LOCATION, units)])
    return {
        "__typename": "ProductVariant",
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
        "inventoryItem": item,
    }


def order_node(order: Order) -> Node:
    """An order with its lines and refunds; the data hold no shipping and no fees."""
    return {
        "__typename": "Order",
        "id": gid("Order", order.number),
        "name": f"#{order.number}",
        **plain_order(order.at, CURRENCY),
        "updatedAt": instant(order.updated_at),
        "cancelledAt": None,
        "test": False,
        "taxesIncluded": False,
        "transactions": [],
        "lineItems": Connection([line_node(order, line) for line in order.lines]),
        "shippingLines": Connection([]),
        "refunds": [refund_node(order, refund) for refund in order.refunds],
    }


def line_node(order: Order, line: Line) -> Node:
    """An order line; the prices of the data carry no tax."""
    given_back = sum(each.quantity for each in order.refunds if each.line.number == line.number)
    total = money_bag(line.unit_price * line.quantity, CURRENCY)
    return {
        "id": gid("LineItem", line.number),
        "sku": line.sku,
        "name": f"Article {line.sku}",
        "quantity": line.quantity,
        "currentQuantity": line.quantity - given_back,
        "isGiftCard": False,
        "variant": None,
        "duties": [],
        "originalUnitPriceSet": money_bag(line.unit_price, CURRENCY),
        "originalTotalSet": total,
        "discountedTotalSet": total,
        "discountAllocations": [],
        "taxLines": [],
    }


def refund_node(order: Order, refund: Refund) -> Node:
    """A refund of units of one line."""
    item = {
        "id": gid("RefundLineItem", refund.number),
        "quantity": refund.quantity,
        "restockType": "RETURN",
        "subtotalSet": money_bag(refund.amount, CURRENCY),
        "totalTaxSet": money_bag(Decimal(0), CURRENCY),
        "lineItem": line_node(order, refund.line),
    }
    return {
        "__typename": "Refund",
        "id": gid("Refund", refund.number),
        "createdAt": instant(refund.at),
        "processedAt": instant(refund.at),
        "refundLineItems": Connection([item]),
        "refundShippingLines": Connection([]),
        "orderAdjustments": Connection([]),
    }

"""A ledger's orders, refunds and articles in the vendor's shape."""

from collections.abc import Iterable
from decimal import Decimal

from sandbox.made_up_products import LOCATIONS
from sandbox.shop_events import Article, OrderLine, Refunded, ShippingCharge, ShopFacts
from sandbox.shop_ledger import OrderState
from sandbox.shopify.agreement_nodes import AgreementWriter, source_of
from sandbox.shopify.nodes import (
    PENNY,
    Connection,
    Node,
    ShippingLines,
    gid,
    instant,
    money,
    money_bag,
    plain_order,
    stock_node,
)

# Every so many orders a payment fails before the one that succeeds.
FAILED_PAYMENT = 7


def variant_node(article: Article, currency: str) -> Node:
    """A product variant with its cost and its stock at each location."""
    item: Node = {
        "id": gid("InventoryItem", article.number),
        "unitCost": money(article.cost, currency),
    }
    levels = []
    for place, units in enumerate(zip(article.stock, article.reserved, strict=True)):
        name = LOCATIONS[place % len(LOCATIONS)]
        levels.append(stock_node(item, article.number * 100 + place, place + 1, name, units))
    item["inventoryLevels"] = Connection(levels)
    return {
        "__typename": "ProductVariant",
        "id": gid("ProductVariant", article.number),
        "sku": article.sku,
        "title": "Default Title",
        "price": str(article.price.quantize(PENNY)),
        "product": {
            "id": gid("Product", article.number),
            "title": article.name,
            "productType": "Gifts",
            "status": "ACTIVE",
        },
        "inventoryItem": item,
    }


class OrderWriter:
    """Writes one order, in the money of the shop and of the customer."""

    def __init__(self, shop: ShopFacts, state: OrderState) -> None:
        self._shop = shop
        self._state = state
        self._agreements = AgreementWriter(state, self.line, self._shipping)

    def order(self) -> Node:
        """The whole order."""
        state, placed = self._state, self._state.placed
        cancelled = instant(state.cancelled_at) if state.cancelled_at is not None else None
        return {
            "__typename": "Order",
            "id": gid("Order", placed.order),
            "name": f"#{placed.order}",
            **plain_order(placed.at, self._shop.currency),
            **self._particulars(),
            "updatedAt": instant(state.updated_at),
            "cancelledAt": cancelled,
            "test": placed.test,
            "taxesIncluded": self._shop.taxes_included,
            "transactions": self._transactions(),
            "agreements": Connection(self._agreements.all()),
            "lineItems": Connection([self.line(line) for line in state.lines]),
            "shippingLines": ShippingLines([self._shipping(each) for each in placed.shipping]),
            "refunds": [self.refund(refund) for refund in state.refunds],
        }

    def _particulars(self) -> Node:
        """What is out of the ordinary in the order."""
        state, placed = self._state, self._state.placed
        tips = sum((line.unit_price for line in state.lines if line.tip), Decimal(0))
        exchanged = any(each.exchange for each in state.added)
        fee = Decimal("1.50") if placed.duties_included else None
        return {
            "processedAt": instant(placed.processed_at or placed.at),
            "dutiesIncluded": placed.duties_included,
            "edited": state.edited,
            "returnStatus": "RETURNED" if exchanged else "NO_RETURN",
            "totalTipReceivedSet": self._bag(tips),
            **source_of(placed),
            "additionalFees": []
            if fee is None
            else [
                {
                    "id": gid("AdditionalFee", placed.order),
                    "name": "Import",
                    "price": self._bag(fee),
                }
            ],
        }

    def line(self, line: OrderLine) -> Node:
        """A line as ordered, with what is left of its units."""
        total = line.unit_price * line.quantity
        return {
            "id": gid("LineItem", line.number),
            "sku": line.sku,
            "name": line.name,
            "quantity": line.quantity,
            "currentQuantity": self._state.current(line),
            "isGiftCard": line.gift_card,
            "variant": None
            if line.article is None
            else {"__typename": "ProductVariant", "id": gid("ProductVariant", line.article)},
            "duties": [
                {"id": gid("Duty", line.number * 10 + place), "price": self._bag(duty)}
                for place, duty in enumerate(line.duties)
            ],
            "originalUnitPriceSet": self._bag(line.unit_price),
            "originalTotalSet": self._bag(total),
            "discountedTotalSet": self._bag(total - sum(line.discounts, Decimal(0))),
            "discountAllocations": [
                {"allocatedAmountSet": self._bag(amount)} for amount in line.discounts
            ],
            "taxLines": self._taxes(line.taxes),
        }

    def refund(self, refund: Refunded) -> Node:
        """A refund of lines, of shipping, or of money alone."""
        lines = {line.number: line for line in self._state.lines}
        units = [
            {
                "id": gid("RefundLineItem", each.number),
                "quantity": each.quantity,
                "restockType": each.restock,
                "subtotalSet": self._bag(each.subtotal),
                "totalTaxSet": self._bag(each.tax),
                "lineItem": self.line(lines[each.line]),
            }
            for each in refund.units
        ]
        return {
            "__typename": "Refund",
            "id": gid("Refund", refund.number),
            "createdAt": instant(refund.at),
            "processedAt": instant(refund.at),
            "refundLineItems": Connection(units),
            "refundShippingLines": Connection(self._refunded_shipping(refund)),
            "orderAdjustments": Connection(self._adjustments(refund)),
        }

    def _refunded_shipping(self, refund: Refunded) -> list[Node]:
        return [
            {
                "id": gid("RefundShippingLine", each.number),
                "subtotalAmountSet": self._bag(each.subtotal),
                "taxAmountSet": self._bag(each.tax),
            }
            for each in refund.shipping
        ]

    def _adjustments(self, refund: Refunded) -> list[Node]:
        return [
            {
                "id": gid("OrderAdjustment", each.number),
                "amountSet": self._bag(each.amount),
                "taxAmountSet": self._bag(each.tax),
            }
            for each in refund.amounts
        ]

    def _shipping(self, charge: ShippingCharge) -> Node:
        return {
            "id": gid("ShippingLine", charge.number),
            "isRemoved": charge.number in self._state.removed_shipping,
            "discountedPriceSet": self._bag(charge.price),
            "taxLines": self._taxes(charge.taxes),
        }

    def _transactions(self) -> list[Node]:
        order, failed = self._state.placed.order, []
        if order % FAILED_PAYMENT == 0:
            failed = [_transaction(order * 100 + 1, "SALE", "FAILURE")]
        fees = [
            {
                "id": gid("TransactionFee", fee.number),
                "amount": money(fee.amount, self._shop.currency),
            }
            for fee in self._state.fees
        ]
        if self._state.placed.by_gift_card:
            failed.append(_transaction(order * 100 + 2, "SALE", "SUCCESS"))
        refunds = [
            _transaction(refund.number * 100, "REFUND", "SUCCESS") for refund in self._state.refunds
        ]
        return [*failed, _transaction(order * 100, "SALE", "SUCCESS", fees), *refunds]

    def _taxes(self, amounts: Iterable[Decimal]) -> list[Node]:
        return [{"title": "Tax", "priceSet": self._bag(amount)} for amount in amounts]

    def _bag(self, amount: Decimal) -> Node:
        return money_bag(amount, self._shop.currency, self._state.placed.presentment)


def _transaction(number: int, kind: str, status: str, fees: Iterable[Node] = ()) -> Node:
    return {
        "id": gid("OrderTransaction", number),
        "kind": kind,
        "status": status,
        "fees": list(fees),
    }

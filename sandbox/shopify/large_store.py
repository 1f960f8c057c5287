"""A shop of very many orders, each made when it is asked for: for measuring memory and speed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sandbox.shop_ledger import Change
from sandbox.shopify.nodes import (
    Connection,
    Node,
    gid,
    instant,
    money,
    money_bag,
    plain_order,
)
from shared.errors import InvalidInput

CURRENCY = "GBP"
FIRST_INSTANT = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(minutes=2)
FIRST_NUMBER = 8_000_001
LINES = 3
SKUS = 200
# Every so many orders have given one unit back, a day after.
REFUND_EVERY = 25
PRIME, WORD = 2_654_435_761, 2**32
VAT = Decimal(6)


class LargeStore:
    """So many orders of one to three lines, two minutes apart; a refund changes the order it belongs to."""

    version = 0

    def __init__(self, seed: int, orders: int = 100_000) -> None:
        if orders < 1:
            raise InvalidInput("orders: at least one")
        self._seed = seed
        self._orders = orders

    def now(self) -> datetime:
        """An hour after the last refund."""
        return FIRST_INSTANT + STEP * self._orders + timedelta(days=1, hours=1)

    def shop_node(self) -> Node:
        """The shop itself."""
        return {"name": "Large shop", "currencyCode": CURRENCY, "ianaTimezone": "Europe/London"}

    def variants(self) -> Sequence[Node]:
        """No products: only orders are measured."""
        return ()

    def changes(self) -> Sequence[Change]:
        """All orders with their instants."""
        return [self._change(place) for place in range(self._orders)]

    def order_node(self, number: int) -> Node | None:
        """One order, made of its number."""
        place = number - FIRST_NUMBER
        if not 0 <= place < self._orders:
            return None
        change = self._change(place)
        fee = {"id": gid("TransactionFee", number), "amount": money(Decimal("0.55"), CURRENCY)}
        lines = [self._line(place, line) for line in range(self.line_count(place))]
        sale = {"id": gid("OrderTransaction", number), "kind": "SALE", "status": "SUCCESS"}
        refund = self.refund_node(number)
        return {
            "__typename": "Order",
            "id": gid("Order", number),
            "name": f"#{number}",
            **plain_order(change.created_at, CURRENCY),
            "updatedAt": instant(change.updated_at),
            "cancelledAt": None,
            "test": False,
            "taxesIncluded": True,
            "transactions": [{**sale, "fees": [fee]}],
            "lineItems": Connection(lines),
            "shippingLines": Connection([]),
            "refunds": [refund] if refund is not None else [],
        }

    def refund_node(self, number: int) -> Node | None:
        """The refund that has the number of its order; None where the order has none."""
        place = number - FIRST_NUMBER
        if not 0 <= place < self._orders or place % REFUND_EVERY:
            return None
        line = self._line(place, 0)
        price, _ = self.price_and_units(place, 0)
        unit = {
            "id": gid("RefundLineItem", number),
            "quantity": 1,
            "restockType": "RETURN",
            "subtotalSet": money_bag(price, CURRENCY),
            "totalTaxSet": money_bag(_tax(price), CURRENCY),
            "lineItem": line,
        }
        return {
            "__typename": "Refund",
            "id": gid("Refund", number),
            "createdAt": instant(self._change(place).updated_at),
            "processedAt": instant(self._change(place).updated_at),
            "refundLineItems": Connection([unit]),
            "refundShippingLines": Connection([]),
            "orderAdjustments": Connection([]),
        }

    def totals(self) -> tuple[int, int, Decimal]:
        """Units sold, units given back, and revenue net of tax after refunds: counted without nodes."""
        sold = given_back = 0
        revenue = Decimal(0)
        for place in range(self._orders):
            for line in range(self.line_count(place)):
                price, units = self.price_and_units(place, line)
                sold += units
                revenue += price * units - _tax(price * units)
            if place % REFUND_EVERY == 0:
                price, _ = self.price_and_units(place, 0)
                given_back += 1
                revenue -= price - _tax(price)
        return sold, given_back, revenue

    def line_count(self, place: int) -> int:
        """How many lines the order at this place has."""
        return 1 + self._roll(place, 7) % LINES

    def price_and_units(self, place: int, line: int) -> tuple[Decimal, int]:
        """The price of one unit, tax included, and how many were bought."""
        return Decimal(199 + self._roll(place, line) % 5000) / 100, 1 + self._roll(place, line) % 4

    def _change(self, place: int) -> Change:
        created = FIRST_INSTANT + STEP * place
        late = timedelta(days=1) if place % REFUND_EVERY == 0 else timedelta(0)
        return Change(FIRST_NUMBER + place, created, created + late)

    def _line(self, place: int, line: int) -> Node:
        price, units = self.price_and_units(place, line)
        number = (FIRST_NUMBER + place) * 10 + line
        given_back = int(line == 0 and place % REFUND_EVERY == 0)
        sku = self._roll(place, line) % SKUS
        total = money_bag(price * units, CURRENCY)
        return {
            "id": gid("LineItem", number),
            "sku": f"LARGE-{sku:03}",
            "name": f"Article {sku}",
            "quantity": units,
            "currentQuantity": units - given_back,
            "isGiftCard": False,
            "variant": {"id": gid("ProductVariant", 1 + sku)},
            "duties": [],
            "originalUnitPriceSet": money_bag(price, CURRENCY),
            "originalTotalSet": total,
            "discountedTotalSet": total,
            "discountAllocations": [],
            "taxLines": [{"title": "VAT", "priceSet": money_bag(_tax(price * units), CURRENCY)}],
        }

    def _roll(self, place: int, line: int) -> int:
        """A number that looks like chance, the same every time."""
        mixed = ((place * 11 + line + 1) * PRIME + self._seed * 40_503) % WORD
        return (mixed ^ (mixed >> 15)) * PRIME % WORD >> 8


def _tax(paid: Decimal) -> Decimal:
    """A fifth on top is a sixth of the whole."""
    return (paid / VAT).quantize(Decimal("0.01"))

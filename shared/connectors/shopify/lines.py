"""One line of a Shopify order, of its shipping or of its refunds, as a sale line; each raises `SkipRecord`."""

from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from shared.connectors.shopify.amounts import (
    NOTHING,
    Amounts,
    line_amounts,
    price_amounts,
    taxed_amounts,
)
from shared.connectors.shopify.fields import (
    MARKETS,
    Node,
    clean_text,
    local_day,
    read_instant,
    read_money,
    read_quantity,
    read_sku,
    shop_money,
    short_id,
)
from shared.domain.money import round_money
from shared.domain.sales import LineKind, SaleFee, SaleLine


class LineReader:
    """Reads what belongs to one order. `refunded` are units given back by line item."""

    def __init__(self, order: Node, channel: str, zone: ZoneInfo, refunded: dict[str, int]) -> None:
        self._order, self._channel, self._zone = order, channel, zone
        self._refunded = refunded
        self._tax_inside = bool(order.get("taxesIncluded"))
        self._market = MARKETS.get(channel, "")[:10]

    def sale(self, node: Node) -> SaleLine:
        """An order line: the units that were sold, without those that an edit took off again."""
        ordered = read_quantity(node)
        kept = ordered - self._removed(node, ordered)
        amounts = line_amounts(node, tax_inside=self._tax_inside).part(kept, ordered)
        price, _ = shop_money(node, "originalUnitPriceSet")
        line = self._line(short_id(node["id"]), LineKind.SALE, self._ordered_on, amounts, node)
        return line._replace(quantity=kept, unit_price=round_money(price))

    def shipping(self, node: Node) -> SaleLine:
        """What the customer paid for the way; nothing where it was taken off the order."""
        amounts = price_amounts(node, "discountedPriceSet", tax_inside=self._tax_inside)
        if node.get("isRemoved"):
            amounts = amounts.part(0, 1)
        identity = f"shipping-{short_id(str(node.get('id')))}"
        return self._shipping_line(identity, LineKind.SALE, self._ordered_on, amounts)

    def refunded_line(self, node: Node, refund: Node) -> SaleLine:
        """Units given back, dated when they were."""
        units = read_quantity(node)
        amounts = taxed_amounts(
            node, "subtotalSet", "totalTaxSet", tax_inside=self._tax_inside
        ).negative()
        identity, item = f"refund-{short_id(node['id'])}", node.get("lineItem") or {}
        line = self._line(identity, LineKind.REFUND, self._day(refund), amounts, item)
        subtotal = abs(shop_money(node, "subtotalSet")[0])
        price = round_money(subtotal / units) if units else NOTHING
        return line._replace(quantity=-units, unit_price=price)

    def refunded_shipping(self, node: Node, refund: Node) -> SaleLine:
        """Shipping given back."""
        amounts = taxed_amounts(
            node, "subtotalAmountSet", "taxAmountSet", tax_inside=self._tax_inside
        ).negative()
        identity = f"refund-shipping-{short_id(node['id'])}"
        return self._shipping_line(identity, LineKind.REFUND, self._day(refund), amounts)

    def adjustment(self, node: Node, refund: Node) -> SaleLine:
        """What was given back beyond lines and shipping, or kept back of them: net, with its own sign."""
        amounts = taxed_amounts(node, "amountSet", "taxAmountSet", tax_inside=False)
        kind = LineKind.REFUND if amounts.net <= 0 else LineKind.SALE
        identity = f"adjustment-{short_id(node['id'])}"
        return self._line(identity, kind, self._day(refund), amounts, {})

    def fee(self, node: Node) -> SaleFee:
        """What the payment cost."""
        amount, currency = read_money(node["amount"], "fees")
        return SaleFee(
            channel=self._channel,
            channel_order_id=self._order_id,
            fee_key=short_id(node["id"]),
            sku=None,
            amount=round_money(amount),
            currency=currency,
            is_final=True,
            posted_at=self._updated_at,
        )

    def _removed(self, node: Node, ordered: int) -> int:
        """Units that are neither there any more nor given back: an edit took them off."""
        if node.get("currentQuantity") is None:
            return 0
        current = read_quantity(node, "currentQuantity")
        return max(0, ordered - current - self._refunded.get(short_id(node["id"]), 0))

    def _line(
        self, identity: str, kind: LineKind, day: date, amounts: Amounts, item: Node
    ) -> SaleLine:
        customer = amounts.customer_net
        return SaleLine(
            channel=self._channel,
            channel_order_id=self._order_id,
            channel_line_id=identity,
            kind=kind,
            sku=read_sku(item),
            product_name=clean_text(str(item.get("name") or "")),
            sale_date=day,
            quantity=0,
            unit_price=NOTHING,
            total_amount=round_money(amounts.net),
            tax_amount=round_money(amounts.tax),
            currency=amounts.currency,
            market=self._market,
            presentment_amount=None if customer is None else round_money(customer),
            presentment_currency=amounts.customer_currency,
            source_updated_at=self._updated_at,
        )

    def _shipping_line(
        self, identity: str, kind: LineKind, day: date, amounts: Amounts
    ) -> SaleLine:
        line = self._line(identity, kind, day, amounts, {})
        return line._replace(shipping_amount=line.total_amount, total_amount=NOTHING)

    # What all lines of the order share; where it cannot be read, each of them says so.

    @cached_property
    def _order_id(self) -> str:
        return short_id(self._order["id"])

    @cached_property
    def _ordered_on(self) -> date:
        return self._day(self._order)

    @cached_property
    def _updated_at(self) -> datetime:
        return read_instant(self._order, "updatedAt")

    def _day(self, dated: Node) -> date:
        return local_day(dated, "createdAt", self._zone)

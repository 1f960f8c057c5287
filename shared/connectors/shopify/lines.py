"""One line of a Shopify order, of its shipping or of its refunds, as a sale line; each raises `SkipRecord`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from shared.connectors.shopify.amounts import Amounts, line_amounts, price_amounts, taxed_amounts
from shared.connectors.shopify.fields import (
    MARKETS,
    key_of,
    read_bag,
    read_flag,
    read_goods,
    read_money,
    read_shop_money,
    read_units,
    short_id,
)
from shared.connectors.shopify.net_sales import LeftOut, included_duties, line_rule
from shared.domain.fields import (
    Node,
    fit_money,
    local_day,
    read_instant,
    require_node,
    show,
)
from shared.domain.money import NOTHING, round_money
from shared.domain.sales import LineKind, SaleFee, SaleLine
from shared.errors import SkipRecord


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What all lines of an order share. `days` are those of lines that came later, by global id.

    `refunded` are units given back by line; None where one of the refunds does not say what it gave back.
    """

    node: Node
    order_id: str
    ordered_on: date
    updated_at: datetime
    days: dict[str, date]
    tips: frozenset[str]
    refunded: dict[str, int] | None
    lines: Sequence[Any]


def ordered_on(order: Node, zone: ZoneInfo) -> date:
    """The day of the vendor's own reports: an order that was imported says there when it was placed."""
    return _day_of(order, zone)


class LineReader:
    """Reads what belongs to one order; counts the lines that are no sale by their rules."""

    def __init__(self, facts: OrderFacts, channel: str, zone: ZoneInfo) -> None:
        self._facts, self._channel, self._zone = facts, channel, zone
        self._tax_inside = read_flag(facts.node, "taxesIncluded")
        self._duties_inside = read_flag(facts.node, "dutiesIncluded")
        self._market = MARKETS.get(channel, "")[:10]
        self.left_out: Counter[str] = Counter()

    def sale(self, node: Node) -> SaleLine:
        """An order line: the units that were sold, without those that an edit took off again."""
        identity, day = short_id(node.get("id")), self._day_of_line(node)
        rule = line_rule(node, self._facts.tips)
        if rule is not None:
            return self._nothing(identity, LineKind.SALE, day, node, rule, "originalTotalSet")
        ordered = read_units(node)
        kept = ordered - self._removed(node, ordered)
        amounts = line_amounts(node, tax_inside=self._tax_inside)
        if self._duties_inside:
            amounts = amounts.without(*included_duties(node))
        return self._line(
            identity,
            LineKind.SALE,
            day,
            amounts.part(kept, ordered),
            node,
            "originalTotalSet",
            quantity=kept,
            unit_price=_unit_price(node),
        )

    def shipping(self, node: Node) -> SaleLine:
        """What the customer paid for the way; nothing where it was taken off the order."""
        identity = f"shipping-{short_id(node.get('id'))}"
        amounts = price_amounts(node, "discountedPriceSet", tax_inside=self._tax_inside)
        if read_flag(node, "isRemoved"):
            amounts = amounts.part(0, 1)
        day = self._day_of_line(node)
        return self._shipping_line(identity, LineKind.SALE, day, amounts, "discountedPriceSet")

    def refunded_line(self, node: Node, refund: Node) -> SaleLine:
        """Units given back, dated when they were."""
        identity, day = f"refund-{short_id(node.get('id'))}", _day_of(refund, self._zone)
        units, item = read_units(node), require_node(node.get("lineItem"), "lineItem")
        rule = line_rule(item, self._facts.tips)
        if rule is not None:
            return self._nothing(identity, LineKind.REFUND, day, item, rule, "subtotalSet", node)
        amounts = taxed_amounts(node, "subtotalSet", "totalTaxSet", tax_inside=self._tax_inside)
        if self._duties_inside:
            amounts = amounts.without(*self._duty_of(item, units))
        subtotal = abs(read_shop_money(node, "subtotalSet"))
        price = round_money(subtotal / units) if units else NOTHING
        line = self._line(
            identity,
            LineKind.REFUND,
            day,
            amounts.negative(),
            item,
            "subtotalSet",
            quantity=-units,
            unit_price=price,
        )
        if line.total_amount > 0:
            raise SkipRecord("subtotalSet: less than nothing cannot be given back")
        return line

    def refunded_shipping(self, node: Node, refund: Node) -> SaleLine:
        """Shipping given back."""
        field = "subtotalAmountSet"
        amounts = taxed_amounts(node, field, "taxAmountSet", tax_inside=self._tax_inside)
        identity = f"refund-shipping-{short_id(node.get('id'))}"
        day = _day_of(refund, self._zone)
        return self._shipping_line(identity, LineKind.REFUND, day, amounts.negative(), field)

    def adjustment(self, node: Node, refund: Node) -> SaleLine:
        """What was given back beyond lines and shipping, or kept back of them: net, with its own sign."""
        amounts = taxed_amounts(node, "amountSet", "taxAmountSet", tax_inside=False)
        kind = LineKind.REFUND if amounts.net <= 0 else LineKind.SALE
        identity = f"adjustment-{short_id(node.get('id'))}"
        return self._line(identity, kind, _day_of(refund, self._zone), amounts, {}, "amountSet")

    def fee(self, node: Node) -> SaleFee:
        """What the payment cost."""
        amount, currency = read_money(node.get("amount"), "fees")
        return SaleFee(
            channel=self._channel,
            channel_order_id=self._facts.order_id,
            fee_key=short_id(node.get("id")),
            sku=None,
            amount=fit_money(amount, "fees"),
            currency=currency,
            is_final=True,
            posted_at=self._facts.updated_at,
        )

    def _day_of_line(self, node: Node) -> date:
        return self._facts.days.get(node["id"], self._facts.ordered_on)

    def _removed(self, node: Node, ordered: int) -> int:
        """Units that are neither there any more nor given back: an edit took them off."""
        if node.get("currentQuantity") is None:
            return 0
        current = read_units(node, "currentQuantity")
        if current >= ordered:
            return 0
        if self._facts.refunded is None:
            raise SkipRecord("currentQuantity: a refund does not say which units it gave back")
        return max(0, ordered - current - self._facts.refunded.get(node["id"], 0))

    def _duty_of(self, item: Node, units: int) -> tuple[Decimal, Decimal]:
        """The duty within the price of some units of a line."""
        wanted = item.get("id")
        line = next((each for each in self._facts.lines if key_of(each) == wanted), None)
        if line is None:
            raise SkipRecord("lineItem: is no line of the order, so that its duties are not known")
        ordered = read_units(line) or 1
        shop, customer = included_duties(line)
        return shop * units / ordered, customer * units / ordered

    def _nothing(
        self,
        identity: str,
        kind: LineKind,
        day: date,
        item: Node,
        rule: LeftOut,
        field: str,
        priced: Node | None = None,
    ) -> SaleLine:
        """A line that is no sale: it is written, so that an older row of it counts nothing any more."""
        currency = read_bag(item if priced is None else priced, field).currency
        named = {"name": item.get("name")}
        nothing = Amounts(NOTHING, NOTHING, currency, None, None)
        line = self._line(identity, kind, day, nothing, named, field)
        self.left_out[rule] += 1
        return line

    def _line(
        self,
        identity: str,
        kind: LineKind,
        day: date,
        amounts: Amounts,
        item: Node,
        field: str,
        *,
        quantity: int = 0,
        unit_price: Decimal = NOTHING,
    ) -> SaleLine:
        net, tax, currency, customer, customer_currency = amounts
        sku, name = read_goods(item)
        # By place, which is quicker than by name; there are hundreds of thousands of them.
        return SaleLine(
            self._channel,
            self._facts.order_id,
            identity,
            kind,
            sku,
            name,
            day,
            quantity,
            unit_price,
            fit_money(net, field),
            fit_money(tax, field),
            currency,
            self._market,
            presentment_amount=None if customer is None else fit_money(customer, field),
            presentment_currency=customer_currency,
            source_updated_at=self._facts.updated_at,
            channel_product_id=_variant_of(item),
        )

    def _shipping_line(
        self, identity: str, kind: LineKind, day: date, amounts: Amounts, field: str
    ) -> SaleLine:
        line = self._line(identity, kind, day, amounts, {}, field)
        return line._replace(shipping_amount=line.total_amount, total_amount=NOTHING)


def _unit_price(node: Node) -> Decimal:
    price = read_shop_money(node, "originalUnitPriceSet")
    if price < 0:
        raise SkipRecord("originalUnitPriceSet: is below zero")
    return round_money(price)


def _variant_of(item: Node) -> str | None:
    """The vendor's own id of what was sold, which stays when its SKU changes."""
    variant: Any = item.get("variant")
    if variant is None:
        return None
    if not isinstance(variant, dict):
        raise SkipRecord(f"variant: {show(variant)} is not an object")
    return short_id(variant.get("id"), "variant")


def _day_of(dated: Node, zone: ZoneInfo) -> date:
    """The shop's day on which an order or a refund happened; of what was imported that is not when it was written."""
    field = "createdAt" if dated.get("processedAt") is None else "processedAt"
    return local_day(read_instant(dated.get(field), field), zone)

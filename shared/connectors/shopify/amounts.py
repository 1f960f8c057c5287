"""Net and tax of Shopify's money, in the shop's currency and in the customer's; pure."""

from dataclasses import dataclass
from decimal import Decimal

from shared.connectors.shopify.fields import Node, customer_money, shop_money
from shared.domain.money import round_money

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Amounts:
    """Net and tax in the shop's currency, unrounded; the net in the customer's currency where it is another."""

    net: Decimal
    tax: Decimal
    currency: str
    customer_net: Decimal | None
    customer_currency: str | None

    def part(self, kept: int, of: int) -> "Amounts":
        """The amounts of so many of the units; each rounded where that is not all of them."""

        if kept == of and of:
            return self

        def share(amount: Decimal) -> Decimal:
            # Multiplied first: a third of three is one.
            return round_money(amount * kept / of) if of else NOTHING

        customer = None if self.customer_net is None else share(self.customer_net)
        return Amounts(
            share(self.net), share(self.tax), self.currency, customer, self.customer_currency
        )

    def negative(self) -> "Amounts":
        """The same, given back."""
        customer = None if self.customer_net is None else -self.customer_net
        return Amounts(-self.net, -self.tax, self.currency, customer, self.customer_currency)


def line_amounts(node: Node, *, tax_inside: bool) -> Amounts:
    """Those of an order line, after every discount that was allocated to it."""
    tax, customer_tax = _taxes(node)
    shop, currency = shop_money(node, "originalTotalSet")
    customer, customer_currency = customer_money(node, "originalTotalSet")
    for allocation in node.get("discountAllocations") or ():
        shop -= shop_money(allocation, "allocatedAmountSet")[0]
        customer -= customer_money(allocation, "allocatedAmountSet")[0]
    return _amounts(
        (shop, currency), tax, (customer, customer_currency), customer_tax, tax_inside=tax_inside
    )


def price_amounts(node: Node, field: str, *, tax_inside: bool) -> Amounts:
    """Those of a price whose taxes stand beside it, line by line."""
    tax, customer_tax = _taxes(node)
    return _amounts(
        shop_money(node, field),
        tax,
        customer_money(node, field),
        customer_tax,
        tax_inside=tax_inside,
    )


def taxed_amounts(node: Node, field: str, tax_field: str, *, tax_inside: bool) -> Amounts:
    """Those of a subtotal whose tax is told as one amount."""
    return _amounts(
        shop_money(node, field),
        shop_money(node, tax_field)[0],
        customer_money(node, field),
        customer_money(node, tax_field)[0],
        tax_inside=tax_inside,
    )


def _amounts(
    shop: tuple[Decimal, str],
    tax: Decimal,
    customer: tuple[Decimal, str],
    customer_tax: Decimal,
    *,
    tax_inside: bool,
) -> Amounts:
    foreign = customer[1] != shop[1]
    customer_net = customer[0] - customer_tax if tax_inside else customer[0]
    return Amounts(
        net=shop[0] - tax if tax_inside else shop[0],
        tax=tax,
        currency=shop[1],
        customer_net=customer_net if foreign else None,
        customer_currency=customer[1] if foreign else None,
    )


def _taxes(node: Node) -> tuple[Decimal, Decimal]:
    shop = customer = NOTHING
    for line in node.get("taxLines") or ():
        shop += shop_money(line, "priceSet")[0]
        customer += customer_money(line, "priceSet")[0]
    return shop, customer

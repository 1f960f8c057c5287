"""Net and tax of Shopify's money, in the shop's currency and in the customer's; pure."""

from decimal import Decimal
from typing import NamedTuple

from shared.connectors.shopify.fields import Money, read_bag, read_nodes
from shared.domain.fields import Node
from shared.domain.money import NOTHING, round_money
from shared.errors import SkipRecord

NO_PARTS = NOTHING, NOTHING


class Amounts(NamedTuple):
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

    def without(self, shop: Decimal, customer: Decimal) -> "Amounts":
        """The same without a part of the net, given in both currencies."""
        if not shop and not customer:
            return self
        left = None if self.customer_net is None else self.customer_net - customer
        return self._replace(net=self.net - shop, customer_net=left)


def line_amounts(node: Node, *, tax_inside: bool) -> Amounts:
    """Those of an order line, after every discount that was allocated to it."""
    total = read_bag(node, "originalTotalSet")
    less = _add_up(node, "discountAllocations", "allocatedAmountSet", total)
    if less is not None:
        total = total._replace(shop=total.shop - less[0], customer=total.customer - less[1])
    taxes = _add_up(node, "taxLines", "priceSet", total) or NO_PARTS
    return _amounts(total, *taxes, tax_inside=tax_inside)


def price_amounts(node: Node, field: str, *, tax_inside: bool) -> Amounts:
    """Those of a price whose taxes stand beside it, line by line."""
    price = read_bag(node, field)
    taxes = _add_up(node, "taxLines", "priceSet", price) or NO_PARTS
    return _amounts(price, *taxes, tax_inside=tax_inside)


def taxed_amounts(node: Node, field: str, tax_field: str, *, tax_inside: bool) -> Amounts:
    """Those of a subtotal whose tax is given as one amount."""
    price, tax = read_bag(node, field), read_bag(node, tax_field)
    _check_currency(tax, price, tax_field)
    return _amounts(price, tax.shop, tax.customer, tax_inside=tax_inside)


def _amounts(price: Money, tax: Decimal, customer_tax: Decimal, *, tax_inside: bool) -> Amounts:
    customer_net, customer_currency = None, None
    if price.customer_currency != price.currency:
        customer_net = price.customer - customer_tax if tax_inside else price.customer
        customer_currency = price.customer_currency
    net = price.shop - tax if tax_inside else price.shop
    return Amounts(net, tax, price.currency, customer_net, customer_currency)


def _add_up(node: Node, field: str, name: str, whole: Money) -> tuple[Decimal, Decimal] | None:
    """What the parts in a list come to, in both currencies; None where there are none."""
    parts = node.get(field)
    if type(parts) is not list:
        parts = read_nodes(node, field)
    if not parts:
        return None
    shop = customer = NOTHING
    for each in parts:
        part = read_bag(each, name)
        _check_currency(part, whole, field)
        shop += part.shop
        customer += part.customer
    return shop, customer


def _check_currency(part: Money, whole: Money, field: str) -> None:
    """A part in another currency than its whole cannot be taken off it."""
    if part.currency != whole.currency or part.customer_currency != whole.customer_currency:
        raise SkipRecord(
            f"{field}: is in {part.currency} and {part.customer_currency}, and the price in "
            f"{whole.currency} and {whole.customer_currency}"
        )

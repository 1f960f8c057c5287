"""Prices, discounts and taxes of made-up order lines, to the penny."""

from decimal import ROUND_HALF_UP, Decimal

from sandbox.shop_events import Article, OrderLine

PENNY = Decimal("0.01")


def price_line(
    number: int,
    article: Article,
    quantity: int,
    discounts: tuple[Decimal, ...],
    rates: tuple[Decimal, ...],
    *,
    included: bool,
) -> OrderLine:
    """A line of so many units; `rates` are taxes that stand together, in the price or on top of it."""
    paid = article.price * quantity - sum(discounts, Decimal(0))
    return OrderLine(
        number,
        article.sku,
        article.name,
        quantity,
        article.price,
        discounts,
        tax_on(paid, rates, included=included),
        article=None if article.deleted else article.number,
    )


def tax_on(paid: Decimal, rates: tuple[Decimal, ...], *, included: bool) -> tuple[Decimal, ...]:
    """The tax by each rate, on an amount or within it."""
    net = paid / (1 + sum(rates, Decimal(0))) if included else paid
    return tuple(round_penny(net * rate) for rate in rates)


def share_of(line: OrderLine, before: int, units: int) -> tuple[Decimal, Decimal]:
    """What some units of a line cost and their tax; over all refunds it adds up to the whole line."""
    paid = line.unit_price * line.quantity - sum(line.discounts, Decimal(0))
    return _part(paid, before, units, line.quantity), _part(
        sum(line.taxes, Decimal(0)), before, units, line.quantity
    )


def round_penny(amount: Decimal) -> Decimal:
    """Half a penny goes up."""
    return amount.quantize(PENNY, rounding=ROUND_HALF_UP)


def _part(amount: Decimal, before: int, units: int, quantity: int) -> Decimal:
    return round_penny(amount * (before + units) / quantity) - round_penny(
        amount * before / quantity
    )

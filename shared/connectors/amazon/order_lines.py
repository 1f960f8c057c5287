"""Orders as both sources report them, searchOrders and the order report, and their lines; pure.

The report knows no order item ids, so a line is a SKU of an order: items of one SKU are added up, and
`channel_line_id` is the SKU. Both sources make the same lines, whichever order their items come in, and
the news of one replaces the other's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from shared.connectors.amazon.marketplaces import Marketplace
from shared.domain.fields import LARGEST_INT, fit_money, local_day
from shared.domain.money import NOTHING
from shared.domain.rejections import reject
from shared.domain.sales import LineKind, RejectedRecord, SaleLine
from shared.errors import SkipRecord

SHIPPING_NAME = "Shipping"


@dataclass(frozen=True, slots=True)
class OrderItem:
    """What one item brought. `goods` and `shipping` are net of the tax reported and of discounts.

    `unit_price` is as listed.
    """

    sku: str
    name: str
    quantity: int
    unit_price: Decimal
    goods: Decimal
    goods_tax: Decimal
    shipping: Decimal
    shipping_tax: Decimal
    currency: str
    # Whether the channel says nothing of the tax at all, not even that there is none.
    is_tax_blank: bool = False
    is_shipping_tax_blank: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """One order with the items that could be read. A cancelled one counts nothing."""

    order_id: str
    created_at: datetime
    updated_at: datetime
    is_cancelled: bool
    items: tuple[OrderItem, ...]
    rejected: tuple[RejectedRecord, ...]

    @property
    def has_tax(self) -> bool:
        """Whether the channel computes the tax of this order: then a zero is a zero."""
        return any(item.goods_tax or item.shipping_tax for item in self.items)


def order_lines(
    order: Order, market: Marketplace
) -> tuple[tuple[SaleLine, ...], tuple[RejectedRecord, ...]]:
    """A line for each SKU, and one for the shipping where there is any; lines that do not fit are set aside.

    A sum of which an item could not be read is left out: what was read before must not be made less.
    """
    unread = _unread_skus(order)
    by_sku: dict[str, list[OrderItem]] = {}
    for item in order.items:
        by_sku.setdefault(item.sku, []).append(item)
    lines: list[SaleLine] = []
    rejected = list(order.rejected)
    try:
        for sku, items in by_sku.items():
            if sku not in unread:
                lines.append(_goods_line(order, items, market))
        shipping = None if order.rejected else _shipping_line(order, market)
    except SkipRecord as error:
        rejected.append(reject(order.order_id, error))
        return (), tuple(rejected)
    if shipping is not None:
        lines.append(shipping)
    return tuple(lines), tuple(rejected)


def shipping_line_id(order_id: str) -> str:
    """The identity of an order's shipping among its lines."""
    return f"shipping-{order_id}"


def _unread_skus(order: Order) -> set[str]:
    return {record.record_key.removeprefix(order.order_id).strip() for record in order.rejected}


def _goods_line(order: Order, items: Sequence[OrderItem], market: Marketplace) -> SaleLine:
    first = items[0]
    counted = () if order.is_cancelled else items
    missing = [_is_tax_missing(order, item, market) for item in counted if item.goods]
    if any(missing) and not all(missing):
        raise SkipRecord("item-tax: is reported for a part of the units only")
    return _line(
        order,
        market,
        line_id=first.sku,
        sku=first.sku,
        name=first.name,
        quantity=sum(item.quantity for item in counted),
        unit_price=max(item.unit_price for item in items),
        total=_add([item.goods for item in counted]),
        tax=_add([item.goods_tax for item in counted]),
        currency=_one_currency(order, market),
        tax_estimated=any(missing),
    )


def _is_tax_missing(order: Order, item: OrderItem, market: Marketplace) -> bool:
    """Whether the price holds tax of which the channel says nothing; a zero says nothing where no tax is reported."""
    if not market.prices_include_tax or item.goods_tax:
        return False
    return item.is_tax_blank or not order.has_tax


def _shipping_line(order: Order, market: Marketplace) -> SaleLine | None:
    """The shipping; a cancelled order's is reported as nothing, so that what was reported before does not stay."""
    counted = () if order.is_cancelled else order.items
    shipping = _add([item.shipping for item in counted])
    tax = _add([item.shipping_tax for item in counted])
    if not order.items or (shipping == 0 and tax == 0 and not order.is_cancelled):
        return None
    is_blank = all(item.is_shipping_tax_blank for item in counted if item.shipping)
    missing = market.prices_include_tax and shipping != 0 and tax == 0
    return _line(
        order,
        market,
        line_id=shipping_line_id(order.order_id),
        sku=None,
        name=SHIPPING_NAME,
        tax=tax,
        shipping=shipping,
        currency=_one_currency(order, market),
        tax_estimated=missing and (is_blank or not order.has_tax),
    )


def _line(  # noqa: PLR0913 - a record's fields
    order: Order,
    market: Marketplace,
    *,
    line_id: str,
    sku: str | None,
    name: str,
    currency: str,
    quantity: int = 0,
    unit_price: Decimal = NOTHING,
    total: Decimal = NOTHING,
    tax: Decimal = NOTHING,
    shipping: Decimal = NOTHING,
    tax_estimated: bool = False,
) -> SaleLine:
    if quantity > LARGEST_INT:
        raise SkipRecord(f"quantity: {quantity} units do not fit a number of units")
    return SaleLine(
        channel=market.channel,
        channel_order_id=order.order_id,
        channel_line_id=line_id,
        kind=LineKind.SALE,
        sku=sku,
        product_name=name,
        sale_date=local_day(order.created_at, ZoneInfo(market.timezone)),
        quantity=quantity,
        unit_price=unit_price,
        total_amount=total,
        tax_amount=tax,
        currency=currency,
        market=market.market,
        shipping_amount=shipping,
        source_updated_at=order.updated_at,
        tax_estimated=tax_estimated,
    )


def _add(amounts: Sequence[Decimal]) -> Decimal:
    return fit_money(sum(amounts, NOTHING), "total")


def _one_currency(order: Order, market: Marketplace) -> str:
    currencies = {item.currency for item in order.items}
    if len(currencies) > 1:
        raise SkipRecord(f"currencyCode: one order in {', '.join(sorted(currencies))}")
    currency = currencies.pop()
    if currency != market.currency:
        raise SkipRecord(f"currencyCode: {currency} is not the money of {market.channel}")
    return currency

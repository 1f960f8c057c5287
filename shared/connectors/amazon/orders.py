"""An order of searchOrders (Orders 2026-01-01) to an `Order`; pure.

Whether tax and discounts lie inside the prices is not written anywhere: what adds up to the item's
`proceedsTotal` is what Amazon meant. The official examples add tax to the price, in the UK too.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from shared.connectors.amazon.fields import read_money
from shared.connectors.amazon.marketplaces import Marketplace
from shared.connectors.amazon.order_lines import Order, OrderItem
from shared.domain.fees import allocate
from shared.domain.fields import (
    LONGEST_ID,
    part,
    parts,
    read_count,
    read_instant,
    read_name,
    read_price,
    read_sku,
    read_text,
)
from shared.domain.money import NOTHING, round_money
from shared.domain.rejections import collect
from shared.errors import SkipRecord

# Prices may be missing until the payment is authorized; the order is reported again when they come.
UNPRICED = ("PENDING", "PENDING_AVAILABILITY")
CANCELLED = "CANCELLED"
# Sent out for another shop's order: that shop reports the sale.
FOREIGN_CHANNEL, FOREIGN_STATUS = "NON_AMAZON", "UNFULFILLABLE"
GOODS = ("ITEM", "GIFT_WRAP", "COD_FEE", "OTHER")
KNOWN = frozenset({*GOODS, "SHIPPING", "TAX", "DISCOUNT"})
CLOSE_ENOUGH = Decimal("0.05")

Proceeds = dict[str, Decimal]


def read_order(node: Mapping[str, Any], market: Marketplace) -> Order | None:
    """The order, or None where it brings no line: not priced yet, or another shop's; raises `SkipRecord`."""
    order_id = read_text(node.get("orderId"), "orderId", LONGEST_ID - 20)
    status = part(node, "fulfillment").get("fulfillmentStatus")
    if _is_foreign(node, status, market):
        return None
    items = node.get("orderItems")
    if not isinstance(items, list) or not items:
        raise SkipRecord("orderItems: is missing or empty")
    created_at = read_instant(node.get("createdTime"), "createdTime")
    updated_at = read_instant(node.get("lastUpdatedTime"), "lastUpdatedTime")
    is_cancelled = status == CANCELLED
    if status in UNPRICED and not all(_has_price(item) for item in items):
        return None
    is_free = is_cancelled or bool(parts(node, "associatedOrders"))
    read, rejected = collect(
        items,
        lambda item: f"{order_id} {part(item, 'product').get('sellerSku') or ''}".strip(),
        lambda item: _read_item(item, market, is_free=is_free),
    )
    return Order(order_id, created_at, updated_at, is_cancelled, tuple(read), tuple(rejected))


def _is_foreign(node: Mapping[str, Any], status: object, market: Marketplace) -> bool:
    channel = part(node, "salesChannel")
    if channel.get("channelName") == FOREIGN_CHANNEL or status == FOREIGN_STATUS:
        return True
    return channel.get("marketplaceId") not in (None, market.marketplace_id)


def _has_price(item: object) -> bool:
    return any(each.get("type") == "ITEM" for each in parts(part(item, "proceeds"), "breakdowns"))


def _read_item(item: object, market: Marketplace, *, is_free: bool) -> OrderItem:
    if not isinstance(item, Mapping):
        raise SkipRecord("orderItems: is no object")
    product = part(item, "product")
    sku = read_sku(product.get("sellerSku"))
    quantity = read_count(item.get("quantityOrdered"), "quantityOrdered")
    if _is_cancelled(item):
        quantity = 0
    if not _has_price(item):
        if not is_free and quantity:
            raise SkipRecord("proceeds: has no price of the item")
        return _free_item(sku, product, quantity, market)
    amounts, currency = _read_proceeds(item)
    if quantity == 0 and _is_cancelled(item):
        return _free_item(sku, product, 0, market)
    goods, goods_tax, shipping, shipping_tax = _split(amounts, market)
    return OrderItem(
        sku,
        read_name(product.get("title"), "title"),
        quantity,
        _unit_price(product, amounts, quantity),
        goods,
        goods_tax,
        shipping,
        shipping_tax,
        currency,
        is_tax_blank="TAX" not in amounts,
        is_shipping_tax_blank="TAX" not in amounts,
    )


def _unit_price(product: Mapping[str, Any], amounts: Proceeds, quantity: int) -> Decimal:
    """The price as listed, which a report writes too, or what one unit brought."""
    listed = part(product, "price").get("unitPrice")
    if listed is not None:
        return round_money(
            read_price(part(product["price"], "unitPrice").get("amount"), "unitPrice")
        )
    return abs(round_money(amounts.get("ITEM", NOTHING) / quantity)) if quantity else NOTHING


def _is_cancelled(item: Mapping[str, Any]) -> bool:
    """Whether an item of a living order was cancelled: executed, and nothing of it sent or to be sent."""
    executed = part(part(item, "cancellation"), "cancellationExecution")
    counts = part(item, "fulfillment")
    return bool(executed) and not any(
        counts.get(name) for name in ("quantityFulfilled", "quantityUnfulfilled")
    )


def _free_item(
    sku: str, product: Mapping[str, Any], quantity: int, market: Marketplace
) -> OrderItem:
    name = read_name(product.get("title"), "title")
    return OrderItem(
        sku, name, quantity, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, market.currency
    )


def _read_proceeds(item: Mapping[str, Any]) -> tuple[Proceeds, str]:
    """The amounts by type, and those reported in more detail as `TAX/SHIPPING`."""
    proceeds = part(item, "proceeds")
    amounts: Proceeds = {}
    currencies = set()
    for each in parts(proceeds, "breakdowns"):
        kind = str(each.get("type"))
        if kind not in KNOWN:
            raise SkipRecord(f"proceeds {kind[:40]}: is an amount under a name that is not known")
        amount, currency = read_money(each.get("subtotal"), f"proceeds {kind}")
        amounts[kind] = amounts.get(kind, NOTHING) + amount
        currencies.add(currency)
        for detail in parts(each, "detailedBreakdowns"):
            name = f"{kind}/{detail.get('subtype')}"
            value, _ = read_money(detail.get("value"), f"proceeds {name}")
            amounts[name] = amounts.get(name, NOTHING) + value
    if proceeds.get("proceedsTotal") is not None:
        amounts["TOTAL"], currency = read_money(proceeds["proceedsTotal"], "proceedsTotal")
        currencies.add(currency)
    if len(currencies) != 1:
        raise SkipRecord(f"currencyCode: one item in {', '.join(sorted(currencies))}")
    return amounts, currencies.pop()


def _split(amounts: Proceeds, market: Marketplace) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Goods, their tax, shipping and its tax; goods and shipping net of tax and discounts."""
    discount = abs(amounts.get("DISCOUNT", NOTHING))
    shipping_discount = min(abs(amounts.get("DISCOUNT/SHIPPING", NOTHING)), discount)
    goods = sum((amounts.get(kind, NOTHING) for kind in GOODS), NOTHING)
    goods -= discount - shipping_discount
    shipping = amounts.get("SHIPPING", NOTHING) - shipping_discount
    tax = amounts.get("TAX", NOTHING)
    goods_tax, shipping_tax = _share_tax(amounts, tax, goods, shipping)
    if _is_tax_inside(amounts, goods + shipping, tax, market):
        goods, shipping = goods - goods_tax, shipping - shipping_tax
    return goods, goods_tax, shipping, shipping_tax


def _share_tax(
    amounts: Proceeds, tax: Decimal, goods: Decimal, shipping: Decimal
) -> tuple[Decimal, Decimal]:
    if any(name.startswith("TAX/") for name in amounts):
        shipping_tax = amounts.get("TAX/SHIPPING", NOTHING)
        return tax - shipping_tax, shipping_tax
    shared = allocate(round_money(tax), [goods, shipping])
    return shared[0], shared[1]


def _is_tax_inside(
    amounts: Proceeds, gross_or_net: Decimal, tax: Decimal, market: Marketplace
) -> bool:
    if tax == 0:
        return False
    total = amounts.get("TOTAL")
    if total is not None:
        beside, inside = abs(gross_or_net + tax - total), abs(gross_or_net - total)
        if min(beside, inside) <= CLOSE_ENOUGH:
            return inside < beside
    return market.prices_include_tax

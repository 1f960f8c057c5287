"""Shopify's JSON to our records; pure. A record that cannot be read is set aside, the rest goes on."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from shared.domain.catalogue import Product, StockLevel
from shared.domain.money import parse_money, round_money
from shared.domain.sales import LineKind, RejectedRecord, SaleLine
from shared.errors import SkipRecord

RecordT = TypeVar("RecordT")

LARGEST_INT = 2**31 - 1
MARKETS = {"shopify_uk": "UK", "shopify_eu": "EU", "shopify_usa": "USA"}


def collect(
    nodes: Iterable[dict[str, Any]], read: Callable[[dict[str, Any]], RecordT]
) -> tuple[tuple[RecordT, ...], tuple[RejectedRecord, ...]]:
    """What could be read of the nodes, and what was set aside."""
    records, rejected = [], []
    for node in nodes:
        try:
            records.append(read(node))
        except SkipRecord as error:
            field, _, reason = error.message.partition(": ")
            rejected.append(RejectedRecord(str(node.get("id", "?"))[:255], field[:100], reason))
    return tuple(records), tuple(rejected)


def read_product(
    node: dict[str, Any], channel: str, currency: str, levels: list[dict[str, Any]]
) -> Product:
    """One product variant with its cost and its stock levels; raises `SkipRecord`."""
    sku = require_sku(node)
    item = node.get("inventoryItem") or {}
    cost = item.get("unitCost")
    parent = node["product"]
    variant = node.get("title")
    name = parent["title"] if variant in {None, "Default Title"} else f"{parent['title']} {variant}"
    return Product(
        sku=sku,
        name=clean_text(name),
        category=clean_text(parent.get("productType") or "") or None,
        unit_price=parse_money(node.get("price"), "price"),
        unit_cost=parse_money(cost["amount"], "unitCost") if cost else None,
        currency=cost["currencyCode"] if cost else currency,
        channel=channel,
        channel_sku=sku,
        channel_product_id=short_id(node["id"]),
        is_active=parent.get("status") == "ACTIVE",
        stock=tuple(_read_stock(level, sku) for level in levels),
    )


def read_sale_line(
    node: dict[str, Any], order: dict[str, Any], channel: str, zone: ZoneInfo
) -> SaleLine:
    """One order line, net of tax and discounts; raises `SkipRecord`. A cancelled order counts nothing."""
    total, currency = _shop_money(node, "discountedTotalSet")
    tax = sum((_shop_money(line, "priceSet")[0] for line in node.get("taxLines") or []), Decimal(0))
    price, _ = _shop_money(node, "originalUnitPriceSet")
    cancelled = order.get("cancelledAt") is not None
    net = total - tax if order.get("taxesIncluded") else total
    return SaleLine(
        channel=channel,
        channel_order_id=short_id(order["id"]),
        channel_line_id=short_id(node["id"]),
        kind=LineKind.SALE,
        sku=read_sku(node),
        product_name=clean_text(str(node.get("name") or "")),
        sale_date=local_day(order["createdAt"], zone),
        quantity=0 if cancelled else read_quantity(node),
        unit_price=round_money(price),
        total_amount=Decimal(0) if cancelled else round_money(net),
        tax_amount=Decimal(0) if cancelled else round_money(tax),
        currency=currency,
        market=MARKETS.get(channel, "")[:10],
    )


def read_refund_line(
    node: dict[str, Any],
    refund: dict[str, Any],
    order: dict[str, Any],
    channel: str,
    zone: ZoneInfo,
) -> SaleLine:
    """One refunded line, negative, dated on the day of the refund; raises `SkipRecord`."""
    subtotal, currency = _shop_money(node, "subtotalSet")
    tax, _ = _shop_money(node, "totalTaxSet")
    quantity = read_quantity(node)
    cancelled = order.get("cancelledAt") is not None
    net = subtotal - tax if order.get("taxesIncluded") else subtotal
    item = node.get("lineItem") or {}
    return SaleLine(
        channel=channel,
        channel_order_id=short_id(order["id"]),
        channel_line_id=f"refund-{short_id(node['id'])}",
        kind=LineKind.REFUND,
        sku=read_sku(item),
        product_name=clean_text(str(item.get("name") or "")),
        sale_date=local_day(refund["createdAt"], zone),
        quantity=0 if cancelled else -quantity,
        unit_price=round_money(abs(subtotal) / quantity) if quantity else Decimal(0),
        total_amount=Decimal(0) if cancelled else -round_money(net),
        tax_amount=Decimal(0) if cancelled else -round_money(tax),
        currency=currency,
        market=MARKETS.get(channel, "")[:10],
    )


def short_id(gid: str) -> str:
    """The number at the end of a global id such as `gid://shopify/Order/1`."""
    return gid.rpartition("/")[2].partition("?")[0]


def local_day(instant: str, zone: ZoneInfo) -> date:
    """The day of an ISO 8601 instant in the shop's zone; raises `SkipRecord`."""
    try:
        return datetime.fromisoformat(instant).astimezone(zone).date()
    except ValueError:
        raise SkipRecord(f"createdAt: {instant[:40]!r} is not an instant") from None


def require_sku(node: dict[str, Any]) -> str:
    """The SKU of a product; raises `SkipRecord` if there is none."""
    sku = read_sku(node)
    if sku is None:
        raise SkipRecord("sku: is missing; give the product a SKU in the shop")
    return sku


def read_sku(node: dict[str, Any]) -> str | None:
    """The SKU, trimmed, or None; raises `SkipRecord` if it is no SKU that can be kept."""
    sku = clean_text(str(node.get("sku") or "")).strip()
    if len(sku) > 100:
        raise SkipRecord("sku: is longer than 100 characters; shorten it in the shop")
    return sku or None


def clean_text(text: str) -> str:
    """Text that PostgreSQL keeps; raises `SkipRecord` for a NUL character."""
    if "\0" in text:
        raise SkipRecord("text: holds a NUL character; remove it in the shop")
    return text


def read_quantity(node: dict[str, Any]) -> int:
    """A quantity that a table can hold; raises `SkipRecord`."""
    quantity = node.get("quantity")
    if not isinstance(quantity, int) or not 0 <= quantity <= LARGEST_INT:
        raise SkipRecord(f"quantity: {quantity!r} is not a number of units")
    return quantity


def _shop_money(node: dict[str, Any], field: str) -> tuple[Decimal, str]:
    money = (node.get(field) or {}).get("shopMoney")
    if not money:
        raise SkipRecord(f"{field}: is missing")
    return parse_money(money.get("amount"), field), str(money["currencyCode"])


def _read_stock(level: dict[str, Any], sku: str) -> StockLevel:
    quantities = {each["name"]: int(each["quantity"]) for each in level["quantities"]}
    on_hand = quantities.get("on_hand", 0)
    return StockLevel(
        sku=sku,
        location=clean_text(str(level["location"]["name"]))[:100],
        on_hand=on_hand,
        # All that is not for sale: sold and unshipped, set aside, damaged.
        reserved=on_hand - quantities.get("available", on_hand),
    )

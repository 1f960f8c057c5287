"""Orders in the shape of Orders 2026-01-01, as they stood at an instant."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.amazon.account_ledger import NOTHING, Item, Order, Site, net


def instant(moment: datetime) -> str:
    """ISO 8601 as the vendor writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def order_node(order: Order, site: Site, at: datetime) -> dict[str, Any]:
    """One order; pending ones have no prices."""
    status = order.status(at)
    priced = status not in {"PENDING", "CANCELLED"} and not order.is_foreign
    channel: dict[str, str] = {"channelName": "NON_AMAZON" if order.is_foreign else "AMAZON"}
    if not order.is_foreign:
        channel |= {"marketplaceId": site.marketplace_id, "marketplaceName": site.name}
    node: dict[str, Any] = {
        "orderId": order.order_id,
        "createdTime": instant(order.created_at),
        "lastUpdatedTime": instant(order.updated_at(at)),
        "salesChannel": channel,
        "fulfillment": {"fulfillmentStatus": status, "fulfilledBy": "AMAZON"},
        "orderItems": [_item_node(order, item, site, priced, status) for item in order.items],
    }
    if order.replaces is not None:
        associated = {"orderId": order.replaces, "associationType": "REPLACEMENT_ORIGINAL_ID"}
        node["associatedOrders"] = [associated]
    return node


def _item_node(order: Order, item: Item, site: Site, priced: bool, status: str) -> dict[str, Any]:
    product: dict[str, Any] = {
        "asin": item.article.asin,
        "title": item.article.name,
        "sellerSku": item.article.sku,
    }
    sent = item.quantity if status == "SHIPPED" else 0
    node: dict[str, Any] = {
        "orderItemId": item.item_id,
        "quantityOrdered": 0 if status == "CANCELLED" else item.quantity,
        "product": product,
        "fulfillment": {"quantityFulfilled": sent, "quantityUnfulfilled": item.quantity - sent},
    }
    if priced and order.replaces is None:
        product["price"] = {"unitPrice": _money(item.article.price, site)}
        node["proceeds"] = _proceeds(item, site)
        if item.discount:
            node["promotion"] = {"breakdowns": [{"promotionId": "SPRING-10"}]}
    return node


def _proceeds(item: Item, site: Site) -> dict[str, Any]:
    """Prices without tax and the tax beside them, as in the vendor's own examples."""
    gross = {"ITEM": item.price, "SHIPPING": item.shipping, "GIFT_WRAP": item.gift_wrap}
    if not site.reports_tax:
        return _untaxed(item, site, {kind: price for kind, price in gross.items() if price})
    amounts = {kind: net(site, price) for kind, price in gross.items() if price}
    taxes = {kind: site.tax_of(price) for kind, price in gross.items() if price}
    if item.discount:
        amounts["DISCOUNT"] = -net(site, item.discount)
        taxes["DISCOUNT"] = -site.tax_of(item.discount)
    tax = sum(taxes.values(), NOTHING)
    breakdowns: list[dict[str, Any]] = [
        {"type": kind, "subtotal": _money(amount, site)} for kind, amount in amounts.items()
    ]
    details = [{"subtype": kind, "value": _money(amount, site)} for kind, amount in taxes.items()]
    breakdowns.append({"type": "TAX", "subtotal": _money(tax, site), "detailedBreakdowns": details})
    total = sum(amounts.values(), tax)
    return {"proceedsTotal": _money(total, site), "breakdowns": breakdowns}


def _untaxed(item: Item, site: Site, amounts: dict[str, Decimal]) -> dict[str, Any]:
    """Prices as the customer paid them, without a word of the tax inside."""
    amounts |= {"DISCOUNT": -item.discount} if item.discount else {}
    breakdowns = [
        {"type": kind, "subtotal": _money(amount, site)} for kind, amount in amounts.items()
    ]
    total = sum(amounts.values(), NOTHING)
    return {"proceedsTotal": _money(total, site), "breakdowns": breakdowns}


def _money(amount: Decimal, site: Site) -> dict[str, str]:
    return {"amount": str(amount), "currencyCode": site.currency}

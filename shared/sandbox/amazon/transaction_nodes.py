"""Payments and refunds in the shape of Finances 2024-06-19, as they stood at an instant."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from shared.sandbox.amazon.ledger import (
    Ledger,
    Order,
    Refund,
    Site,
    fees_of,
    net,
    pennies,
    returned_fees,
)
from shared.sandbox.amazon.order_nodes import instant

FEE_TAX = Decimal("0.20")
Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Posted:
    """A transaction that was posted; its node is written when it is told."""

    at: datetime
    identity: str
    write: Callable[[], Node]


def transactions(ledger: Ledger, at: datetime) -> list[Posted]:
    """All that was posted by then, in the order of posting."""
    found = [each for order in ledger.orders for each in _of_order(order, ledger.site, at)]
    return sorted(found, key=lambda each: (each.at, each.identity))


def _of_order(order: Order, site: Site, at: datetime) -> Iterator[Posted]:
    posted_at, released_at = order.posted_at, order.released_at
    if posted_at is not None and released_at is not None and posted_at <= at:
        is_deferred = released_at > posted_at
        is_released = released_at <= at
        state = ("DEFERRED_RELEASED" if is_released else "DEFERRED") if is_deferred else "RELEASED"
        first = f"T-{order.order_id}"
        write = partial(_shipment, order, site, posted_at, first, state, None)
        yield Posted(posted_at, first, write)
        if is_deferred and is_released:
            second = f"TR-{order.order_id}"
            write = partial(_shipment, order, site, released_at, second, "RELEASED", first)
            yield Posted(released_at, second, write)
    for refund in order.refunds:
        if refund.at <= at:
            yield Posted(refund.at, refund.refund_id, partial(_refund, order, refund, site))


def _shipment(
    order: Order, site: Site, posted_at: datetime, identity: str, state: str, root: str | None
) -> Node:
    items = []
    for item in order.items:
        goods = net(site, item.price) + net(site, item.gift_wrap)
        breakdowns = [
            _tax(
                site,
                site.tax_of(item.price) + site.tax_of(item.gift_wrap) - site.tax_of(item.discount),
                site.tax_of(item.shipping),
            ),
            _branch("ProductCharges", site, {"OurPricePrincipal": goods}),
            _fees(site, fees_of(item, site)),
        ]
        if item.shipping:
            shipping = {"ShippingPrincipal": net(site, item.shipping)}
            breakdowns.append(_branch("Shipping", site, shipping))
        if item.discount:
            promotion = {"OurPricePromotion": -net(site, item.discount)}
            breakdowns.append(_branch("Promotions", site, promotion))
        items.append(_item(item.article.name, item.article.sku, item.quantity, site, breakdowns))
    node = _transaction(order, site, posted_at, identity, state, items)
    node |= {"transactionType": "Shipment", "description": "Order Payment"}
    if root is not None:
        _relate(node, "DEFERRED_TRANSACTION_ID", root)
    elif state == "DEFERRED_RELEASED":
        _relate(node, "RELEASE_TRANSACTION_ID", f"TR-{order.order_id}")
    return node


def _refund(order: Order, refund: Refund, site: Site) -> Node:
    item = refund.item
    prices = net(site, item.price) + net(site, item.gift_wrap)
    whole = prices - net(site, item.discount)
    taxes = site.tax_of(item.price) + site.tax_of(item.gift_wrap) - site.tax_of(item.discount)
    given, promoted = refund.share(whole), refund.share(net(site, item.discount))
    breakdowns = [
        _tax(site, -refund.share(taxes), Decimal(0)),
        _branch("ProductCharges", site, {"OurPricePrincipal": -(given + promoted)}),
        _fees(site, returned_fees(refund, site)),
    ]
    if promoted:
        breakdowns.append(_branch("Promotions", site, {"OurPricePromotion": promoted}))
    items = [_item(item.article.name, item.article.sku, refund.quantity, site, breakdowns)]
    node = _transaction(order, site, refund.at, f"T-{refund.refund_id}", "RELEASED", items)
    _relate(node, "REFUND_ID", refund.refund_id)
    return node | {"transactionType": "Refund", "description": "Refund Order"}


def _transaction(
    order: Order, site: Site, posted_at: datetime, identity: str, state: str, items: list[Node]
) -> Node:
    """With the sums by `Sales` and `Expenses` that the vendor puts beside the items."""
    total = sum((Decimal(str(each["totalAmount"]["currencyAmount"])) for each in items), Decimal(0))
    fees = sum(
        (
            Decimal(str(each["breakdownAmount"]["currencyAmount"]))
            for item in items
            for each in item["breakdowns"]
            if each["breakdownType"] == "AmazonFees"
        ),
        Decimal(0),
    )
    return {
        "sellingPartnerMetadata": {
            "marketplaceId": site.marketplace_id,
            "accountType": "Standard Orders",
        },
        "marketplaceDetails": {"marketplaceId": site.marketplace_id, "marketplaceName": site.name},
        "transactionId": identity,
        "transactionStatus": state,
        "postedDate": instant(posted_at),
        "relatedIdentifiers": [
            {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order.order_id}
        ],
        "totalAmount": _currency(total, site),
        "items": items,
        "breakdowns": [
            _branch("Sales", site, {"ProductCharges": total - fees}),
            _branch("Expenses", site, {"AmazonFees": fees}),
        ],
        "contexts": [],
    }


def _relate(node: Node, name: str, value: str) -> None:
    node["relatedIdentifiers"].append(
        {"relatedIdentifierName": name, "relatedIdentifierValue": value}
    )


def _item(name: str, sku: str, quantity: int, site: Site, breakdowns: list[Node]) -> Node:
    amounts = (Decimal(str(each["breakdownAmount"]["currencyAmount"])) for each in breakdowns)
    return {
        "description": name,
        "totalAmount": _currency(sum(amounts, Decimal(0)), site),
        "relatedIdentifiers": [],
        "breakdowns": breakdowns,
        "contexts": [
            {
                "contextType": "ProductContext",
                "sku": sku,
                "quantityShipped": quantity,
                "fulfillmentNetwork": "AFN",
            }
        ],
    }


def _tax(site: Site, goods: Decimal, shipping: Decimal) -> Node:
    parts = {"OurPriceTax": goods}
    return _branch("Tax", site, {**parts, "ShippingTax": shipping} if shipping else parts)


def _fees(site: Site, fees: dict[str, Decimal]) -> Node:
    """Each fee is charged with VAT, which stands beside its base."""
    branches = [
        _branch(kind, site, {"Base": -base, "Tax": -pennies(base * FEE_TAX)})
        for kind, base in fees.items()
    ]
    amounts = (Decimal(str(each["breakdownAmount"]["currencyAmount"])) for each in branches)
    amount = _currency(sum(amounts, Decimal(0)), site)
    return {"breakdownType": "AmazonFees", "breakdownAmount": amount, "breakdowns": branches}


def _branch(kind: str, site: Site, parts: dict[str, Decimal]) -> Node:
    return {
        "breakdownType": kind,
        "breakdownAmount": _currency(sum(parts.values(), Decimal(0)), site),
        "breakdowns": [
            {"breakdownType": name, "breakdownAmount": _currency(amount, site), "breakdowns": []}
            for name, amount in parts.items()
        ],
    }


def _currency(amount: Decimal, site: Site) -> dict[str, Any]:
    return {"currencyCode": site.currency, "currencyAmount": float(amount)}

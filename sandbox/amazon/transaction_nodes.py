"""Payments and refunds in the shape of Finances 2024-06-19, as they stood at an instant."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from sandbox.amazon.account_ledger import (
    Item,
    Ledger,
    Order,
    Refund,
    Site,
    fee_tax,
    fees_of,
    net,
    returned_fees,
)
from sandbox.amazon.order_nodes import instant

FEE_BRANCHES = ("AmazonFees", "FBAFees")
Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Posted:
    """A transaction that was posted; its node is written when it is reported."""

    at: datetime
    identity: str
    write: Callable[[], Node]


def transactions(ledger: Ledger, at: datetime) -> list[Posted]:
    """All that was posted by then, in the order of posting."""
    found = [each for order in ledger.orders for each in _of_order(order, ledger.site, at)]
    return sorted(found, key=lambda each: (each.at, each.identity))


def _of_order(order: Order, site: Site, at: datetime) -> Iterator[Posted]:
    if order.posted_at is not None:
        posting = Posting(
            f"T-{order.order_id}", order.posted_at, order.release_after, order.is_linked
        )
        yield from posting.posted(at, partial(_shipment, order, site))
    for refund in order.refunds:
        posting = Posting(f"T-{refund.refund_id}", refund.at, refund.release_after, order.is_linked)
        yield from posting.posted(at, partial(_refund, order, refund, site))


@dataclass(frozen=True, slots=True)
class Posting:
    """A payment that is reported once, or twice where it is deferred: when it is posted and when it is released."""

    identity: str
    posted_at: datetime
    release_after: timedelta
    is_linked: bool

    def posted(self, at: datetime, write: Callable[[], Node]) -> Iterator[Posted]:
        """Its transactions as they stood at an instant."""
        if self.posted_at > at:
            return
        released_at = self.posted_at + self.release_after
        is_deferred, is_released = bool(self.release_after), released_at <= at
        state = ("DEFERRED_RELEASED" if is_released else "DEFERRED") if is_deferred else "RELEASED"
        release = f"TR{self.identity[1:]}"
        link = ("RELEASE_TRANSACTION_ID", release) if is_deferred and is_released else None
        first = partial(self._node, write, self.identity, self.posted_at, state, link)
        yield Posted(self.posted_at, self.identity, first)
        if is_deferred and is_released:
            link = ("DEFERRED_TRANSACTION_ID", self.identity)
            second = partial(self._node, write, release, released_at, "RELEASED", link)
            yield Posted(released_at, release, second)

    def _node(
        self,
        write: Callable[[], Node],
        identity: str,
        posted_at: datetime,
        state: str,
        link: tuple[str, str] | None,
    ) -> Node:
        node = write()
        node |= {
            "transactionId": identity,
            "transactionStatus": state,
            "postedDate": instant(posted_at),
        }
        # The link is missing at times.
        if link is not None and self.is_linked:
            _relate(node, *link)
        return node


def _shipment(order: Order, site: Site) -> Node:
    items = []
    for item in order.items:
        breakdowns = _sold(item, site)
        breakdowns += _fees(site, fees_of(item, site), beside=order.has_fba_beside)
        items.append(_item(item.article.name, item.article.sku, item.quantity, site, breakdowns))
    node = _transaction(order, site, items)
    _relate(node, "SHIPMENT_ID", f"S-{order.order_id}")
    return node | {"transactionType": "Shipment", "description": "Order Payment"}


def _sold(item: Item, site: Site) -> list[Node]:
    """What the customer paid: net with the tax beside it, or as paid where nothing is said of the tax."""
    amount = partial(net, site) if site.reports_tax else Decimal
    goods = amount(item.price) + amount(item.gift_wrap)
    breakdowns = [_branch("ProductCharges", site, {"OurPricePrincipal": goods})]
    if site.reports_tax:
        on_goods = (
            site.tax_of(item.price) + site.tax_of(item.gift_wrap) - site.tax_of(item.discount)
        )
        breakdowns.insert(0, _tax(site, on_goods, site.tax_of(item.shipping)))
    if item.shipping:
        breakdowns.append(_branch("Shipping", site, {"ShippingPrincipal": amount(item.shipping)}))
    if item.discount:
        breakdowns.append(
            _branch("Promotions", site, {"OurPricePromotion": -amount(item.discount)})
        )
    return breakdowns


def _refund(order: Order, refund: Refund, site: Site) -> Node:
    item = refund.item
    amount = partial(net, site) if site.reports_tax else Decimal
    whole = amount(item.price) + amount(item.gift_wrap) - amount(item.discount)
    taxes = site.tax_of(item.price) + site.tax_of(item.gift_wrap) - site.tax_of(item.discount)
    given, promoted = refund.share(whole), refund.share(amount(item.discount))
    breakdowns = [_branch("ProductCharges", site, {"OurPricePrincipal": -(given + promoted)})]
    if site.reports_tax:
        breakdowns.insert(0, _tax(site, -refund.share(taxes), Decimal(0)))
    breakdowns += _fees(site, returned_fees(refund, site), beside=False)
    if promoted:
        # Two names for discounts that are taken back, in older and in newer transactions.
        newer = order.has_fba_beside
        kind, leaf = (
            ("PromoRebates", "OurPriceDiscount") if newer else ("Promotions", "OurPricePromotion")
        )
        breakdowns.append(_branch(kind, site, {leaf: promoted}))
    items = [_item(item.article.name, item.article.sku, refund.quantity, site, breakdowns)]
    node = _transaction(order, site, items)
    _relate(node, "REFUND_ID", refund.refund_id)
    return node | {"transactionType": "Refund", "description": "Refund Order"}


def _transaction(order: Order, site: Site, items: list[Node]) -> Node:
    """With the sums by `Sales` and `Expenses` that the vendor puts beside the items."""
    total = sum((_amount(each["totalAmount"]) for each in items), Decimal(0))
    branches = _merged([each for item in items for each in item["breakdowns"]], site)
    fees = [each for each in branches if each["breakdownType"] in FEE_BRANCHES]
    sales = [each for each in branches if each not in fees]
    if order.is_summed:
        # All of the money stands at the transaction, and the items name the SKUs only.
        left = ("description", "relatedIdentifiers", "contexts")
        items = [{name: item[name] for name in left} for item in items]
    return {
        "sellingPartnerMetadata": {
            "marketplaceId": site.marketplace_id,
            "accountType": "Standard Orders",
        },
        "marketplaceDetails": {"marketplaceId": site.marketplace_id, "marketplaceName": site.name},
        "relatedIdentifiers": [
            {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order.order_id}
        ],
        "totalAmount": _currency(total, site),
        "items": items,
        "breakdowns": [_sum("Sales", site, sales), _sum("Expenses", site, fees)],
        "contexts": [],
    }


def _merged(branches: list[Node], site: Site) -> list[Node]:
    """Branches of one name added up, and those below them."""
    found: dict[str, list[Node]] = {}
    for each in branches:
        found.setdefault(each["breakdownType"], []).append(each)
    return [
        {
            "breakdownType": kind,
            "breakdownAmount": _currency(
                sum((_amount(each["breakdownAmount"]) for each in same), Decimal(0)), site
            ),
            "breakdowns": _merged([below for each in same for below in each["breakdowns"]], site),
        }
        for kind, same in found.items()
    ]


def _sum(kind: str, site: Site, branches: list[Node]) -> Node:
    total = sum((_amount(each["breakdownAmount"]) for each in branches), Decimal(0))
    return {
        "breakdownType": kind,
        "breakdownAmount": _currency(total, site),
        "breakdowns": branches,
    }


def _amount(currency: Node) -> Decimal:
    return Decimal(str(currency["currencyAmount"]))


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


def _fees(site: Site, fees: dict[str, Decimal], *, beside: bool) -> list[Node]:
    """Each fee with its VAT beside its base; fulfilment fees inside `AmazonFees`, or `beside` them."""
    branches = [
        _branch(kind, site, {"Base": -base, "Tax": -fee_tax(base)}) for kind, base in fees.items()
    ]
    stored = [each for each in branches if each["breakdownType"].startswith("FBA")]
    if not beside or not stored:
        return [_sum("AmazonFees", site, branches)]
    others = [each for each in branches if each not in stored]
    return [_sum("AmazonFees", site, others), _sum("FBAFees", site, stored)]


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

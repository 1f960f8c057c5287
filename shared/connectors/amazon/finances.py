"""Transactions of Finances 2024-06-19 to fees and refund lines; pure.

A deferred transaction is listed twice once it is released: as DEFERRED_RELEASED where it was posted, and
as RELEASED, naming the first. Both carry the same money. Keys are made of the first one's id, so a fee is
the same fee whichever of the two tells it; refunds are read of the first alone, which has their day.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from shared.connectors.amazon.fields import (
    LONGEST_ID,
    local_day,
    part,
    parts,
    read_count,
    read_currency_amount,
    read_instant,
    read_name,
    read_sku,
    read_text,
)
from shared.connectors.amazon.marketplaces import MARKETPLACES, Marketplace
from shared.domain.money import LARGEST, round_money
from shared.domain.sales import LineKind, SaleFee, SaleLine
from shared.errors import SkipRecord

NOTHING = Decimal(0)
FINAL = {"RELEASED", "DEFERRED_RELEASED"}
REFUNDS = {"REFUND", "GUARANTEECLAIM", "CHARGEBACK"}
# Below `Sales` and `Expenses`, which only add up.
FEES, TAX, SHIPPING = "AmazonFees", "Tax", "Shipping"
GOODS = ("ProductCharges", "Principal", "GiftWrap", "Giftwrap", "Promotions", "PromotionalRebates")
SUMS = {"Sales", "Expenses"}


@dataclass(frozen=True, slots=True)
class Transaction:
    """What stands in every transaction of an order of this marketplace. `root` stays while it is released."""

    root: str
    order_id: str
    kind: str
    is_final: bool
    is_release: bool
    posted_at: datetime
    node: Mapping[str, Any]


def read_transaction(node: Mapping[str, Any], market: Marketplace) -> Transaction | None:
    """The transaction, or None where it is of no order or of another marketplace; raises `SkipRecord`."""
    related = {
        str(each.get("relatedIdentifierName")): each.get("relatedIdentifierValue")
        for each in parts(node, "relatedIdentifiers")
    }
    if not related.get("ORDER_ID") or not _is_here(node, market):
        return None
    deferred = related.get("DEFERRED_TRANSACTION_ID")
    return Transaction(
        root=read_text(deferred or node.get("transactionId"), "transactionId", 120),
        order_id=read_text(related["ORDER_ID"], "ORDER_ID", LONGEST_ID - 20),
        kind=str(node.get("transactionType") or "").upper(),
        is_final=str(node.get("transactionStatus") or "").upper() in FINAL,
        is_release=bool(deferred),
        posted_at=read_instant(node.get("postedDate"), "postedDate"),
        node=node,
    )


def read_fees(told: Transaction, market: Marketplace) -> tuple[SaleFee, ...]:
    """What Amazon took for each SKU of the order, net of the VAT on it; negative where it gave back."""
    by_sku: dict[str | None, list[tuple[Decimal, str]]] = {}
    for sku, breakdowns in _by_item(told.node):
        fees = _under(breakdowns, (FEES,))
        if fees:
            by_sku.setdefault(sku, []).extend(fees)
    return tuple(_fee(told, market, sku, amounts) for sku, amounts in by_sku.items())


def read_refunds(told: Transaction, market: Marketplace) -> tuple[SaleLine, ...]:
    """The lines of a refund, negative, on the day that it was posted; none of another transaction."""
    if told.kind not in REFUNDS or told.is_release:
        return ()
    by_sku: dict[str, list[Mapping[str, Any]]] = {}
    for item in parts(told.node, "items"):
        by_sku.setdefault(read_sku(_product(item).get("sku")), []).append(item)
    lines = [_refund_line(told, market, sku, items) for sku, items in by_sku.items()]
    shipping = _refund_shipping(told, market)
    found = [*lines, *([] if shipping is None else [shipping])]
    return tuple(line for line in found if line is not None)


def _is_here(node: Mapping[str, Any], market: Marketplace) -> bool:
    """Whether it is this marketplace's. Merchant-fulfilled orders of the USA may name none: the currency does."""
    told = part(node, "marketplaceDetails").get("marketplaceId") or part(
        node, "sellingPartnerMetadata"
    ).get("marketplaceId")
    if told:
        return bool(told == market.marketplace_id)
    currency = part(node, "totalAmount").get("currencyCode")
    sharing = [each for each in MARKETPLACES.values() if each.currency == currency]
    if len(sharing) > 1 and market in sharing:
        raise SkipRecord("marketplaceId: is missing, and several marketplaces have this currency")
    return market in sharing


def _by_item(
    node: Mapping[str, Any],
) -> Iterator[tuple[str | None, list[Mapping[str, Any]]]]:
    """Breakdowns by SKU; those of the transaction, which add up the items', only where no item has any."""
    items = parts(node, "items")
    told = [item for item in items if parts(item, "breakdowns")]
    for item in told:
        sku = _product(item).get("sku")
        yield (None if sku is None else read_sku(sku)), parts(item, "breakdowns")
    if not told:
        skus = {str(_product(item).get("sku")) for item in items if _product(item).get("sku")}
        sku = read_sku(skus.pop()) if len(skus) == 1 else None
        yield sku, parts(node, "breakdowns")


def _product(item: Mapping[str, Any]) -> Mapping[str, Any]:
    contexts = parts(item, "contexts")
    named = [each for each in contexts if each.get("contextType") == "ProductContext"]
    return next(iter(named or [each for each in contexts if "sku" in each]), {})


def _under(
    breakdowns: list[Mapping[str, Any]], kinds: tuple[str, ...]
) -> list[tuple[Decimal, str]]:
    """The amounts at the ends of these branches, each once; the tax on them is left out."""
    found: list[tuple[Decimal, str]] = []
    for each in breakdowns:
        kind = str(each.get("breakdownType"))
        if kind in SUMS:
            found += _under(parts(each, "breakdowns"), kinds)
        elif kind in kinds:
            found += _ends(each, kind)
    return found


def _ends(node: Mapping[str, Any], name: str) -> list[tuple[Decimal, str]]:
    below = parts(node, "breakdowns")
    if not below:
        return [read_currency_amount(node.get("breakdownAmount"), name)]
    found = []
    for each in below:
        kind = str(each.get("breakdownType"))
        if kind != TAX:
            found += _ends(each, kind)
    return found


def _fee(
    told: Transaction, market: Marketplace, sku: str | None, amounts: list[tuple[Decimal, str]]
) -> SaleFee:
    amount, currency = _sum(amounts, FEES)
    return SaleFee(
        channel=market.channel,
        channel_order_id=told.order_id,
        fee_key=told.root if sku is None else f"{told.root}:{sku}",
        sku=sku,
        amount=-amount,
        currency=currency,
        is_final=told.is_final,
        posted_at=told.posted_at,
    )


def _refund_line(
    told: Transaction, market: Marketplace, sku: str, items: list[Mapping[str, Any]]
) -> SaleLine | None:
    goods: list[tuple[Decimal, str]] = []
    tax: list[tuple[Decimal, str]] = []
    quantity = 0
    for item in items:
        breakdowns = parts(item, "breakdowns")
        goods += _under(breakdowns, GOODS)
        tax += _taxes(breakdowns, shipping=False)
        count = _product(item).get("quantityShipped")
        quantity += read_count(abs(count) if isinstance(count, int) else 0, "quantityShipped")
    if not goods:
        return None
    read_count(quantity, "quantityShipped")
    total, currency = _sum(goods, "ProductCharges")
    if total > 0:
        raise SkipRecord(f"ProductCharges: {total} is no refund")
    return SaleLine(
        channel=market.channel,
        channel_order_id=told.order_id,
        channel_line_id=f"refund-{told.root}:{sku}",
        kind=LineKind.REFUND,
        sku=sku,
        product_name=read_name(items[0].get("description"), "description"),
        sale_date=local_day(told.posted_at, ZoneInfo(market.timezone), "postedDate"),
        quantity=-quantity,
        unit_price=round_money(-total / quantity) if quantity else NOTHING,
        total_amount=total,
        tax_amount=_sum(tax, TAX)[0] if tax else NOTHING,
        currency=currency,
        market=market.market,
        source_updated_at=told.posted_at,
    )


def _refund_shipping(told: Transaction, market: Marketplace) -> SaleLine | None:
    shipping: list[tuple[Decimal, str]] = []
    tax: list[tuple[Decimal, str]] = []
    for item in parts(told.node, "items"):
        breakdowns = parts(item, "breakdowns")
        shipping += _under(breakdowns, (SHIPPING,))
        tax += _taxes(breakdowns, shipping=True)
    if not shipping:
        return None
    amount, currency = _sum(shipping, SHIPPING)
    return SaleLine(
        channel=market.channel,
        channel_order_id=told.order_id,
        channel_line_id=f"refund-shipping-{told.root}",
        kind=LineKind.REFUND,
        sku=None,
        product_name="Shipping",
        sale_date=local_day(told.posted_at, ZoneInfo(market.timezone), "postedDate"),
        quantity=0,
        unit_price=NOTHING,
        total_amount=NOTHING,
        tax_amount=_sum(tax, TAX)[0] if tax else NOTHING,
        currency=currency,
        market=market.market,
        shipping_amount=amount,
        source_updated_at=told.posted_at,
    )


def _taxes(breakdowns: list[Mapping[str, Any]], *, shipping: bool) -> list[tuple[Decimal, str]]:
    """The tax that the customer paid, on the goods or on the shipping."""
    found: list[tuple[Decimal, str]] = []
    for each in breakdowns:
        kind = str(each.get("breakdownType"))
        if kind in SUMS:
            found += _taxes(parts(each, "breakdowns"), shipping=shipping)
        elif kind == TAX:
            for end in parts(each, "breakdowns") or [each]:
                name = str(end.get("breakdownType"))
                if name.startswith(SHIPPING) == shipping:
                    found += _ends(end, name)
    return found


def _sum(amounts: list[tuple[Decimal, str]], field: str) -> tuple[Decimal, str]:
    currencies = {currency for _, currency in amounts}
    if len(currencies) != 1:
        raise SkipRecord(f"{field}: in {', '.join(sorted(currencies))} at once")
    total = round_money(sum((amount for amount, _ in amounts), NOTHING))
    if abs(total) > LARGEST:
        raise SkipRecord(f"{field}: does not fit an amount of money")
    return total, currencies.pop()

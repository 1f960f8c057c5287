"""What counts as a sale by Shopify's own definition of net sales, rule by rule; pure.

- A gift card that is sold is a debt to its holder. Redeeming it is a payment, and what it buys is the sale.
- A tip is no sale of goods.
- A test order has sold nothing.
- An order that was copied from a marketplace is the marketplace's sale.
- Duties within the prices are the customs', and go off the line; duties and fees beside the prices are on no line.
- An order that is paid in part, such as a deposit, counts whole.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any

from shared.connectors.shopify.agreements import tip_of
from shared.connectors.shopify.fields import read_bag, read_flag, read_nodes
from shared.connectors.shopify.marketplaces import marketplace_of
from shared.domain.fields import Node
from shared.errors import SkipRecord


class LeftOut(StrEnum):
    """Why a line or an order counts nothing."""

    GIFT_CARD = "gift_card"
    TIP = "tip"
    TEST_ORDER = "test_order"
    MARKETPLACE_COPY = "marketplace_copy"


def order_rule(order: Node, count_copies_of: frozenset[str]) -> LeftOut | None:
    """The rule by which a whole order counts nothing; None where it counts."""
    if read_flag(order, "test"):
        return LeftOut.TEST_ORDER
    marketplace = marketplace_of(order)
    if marketplace is not None and marketplace not in count_copies_of:
        return LeftOut.MARKETPLACE_COPY
    return None


def line_rule(line: Node, tips: frozenset[str]) -> LeftOut | None:
    """The rule by which a line counts nothing; None where it counts."""
    if line.get("isGiftCard") and read_flag(line, "isGiftCard"):
        return LeftOut.GIFT_CARD
    return LeftOut.TIP if tips and line.get("id") in tips else None


def tips_among(order: Node, lines: Sequence[Any], agreed: frozenset[str]) -> frozenset[str]:
    """The ids of the lines that are tips: by the agreements, else by what the customer gave in all.

    Without a word of the agreements it is the line of that price which names neither a SKU nor a variant, or
    all such lines, where they come to it together.
    """
    if agreed:
        return agreed
    given = tip_of(order)
    if not given:
        return agreed
    totals = {line["id"]: _total(line) for line in lines if _may_be_tip(line)}
    known = [total for total in totals.values() if total is not None]
    if sum(known, Decimal(0)) == given:
        return frozenset(totals)
    return frozenset([line for line, total in totals.items() if total == given][-1:])


def included_duties(line: Node) -> tuple[Decimal, Decimal]:
    """What of a line's price is duty, in the shop's currency and the customer's; the tax on it included."""
    shop = customer = Decimal(0)
    price = read_bag(line, "originalTotalSet")
    for duty in read_nodes(line, "duties"):
        part = read_bag(duty, "price")
        if part[1::2] != price[1::2]:
            raise SkipRecord("duties: are in another currency than the price")
        shop, customer = shop + part.shop, customer + part.customer
    return shop, customer


def _may_be_tip(line: object) -> bool:
    """Whether nothing but its price says what a line is."""
    return (
        isinstance(line, dict)
        and isinstance(line.get("id"), str)
        and not line.get("sku")
        and not line.get("variant")
        and not line.get("isGiftCard")
    )


def _total(line: Node) -> Decimal | None:
    try:
        return read_bag(line, "originalTotalSet").shop
    except SkipRecord:
        return None

"""What the agreements of an order say of its lines: which came later than the order, and which are tips; pure.

The vendor writes an agreement when an order is placed, edited or given back in part. A line belongs to the day of
the agreement that sold it first. Units that an edit adds to a line that is there stay on the line's own day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from shared.connectors.shopify.fields import read_flag, read_shop_money
from shared.domain.fields import Node, local_day, part, read_instant, require_node, show
from shared.errors import SkipRecord

NO_RETURN = "NO_RETURN"
NO_TIP = Decimal(0)
# Kinds of sales that name a line of the order.
OF_A_LINE = frozenset({"PRODUCT", "TIP", "GIFT_CARD"})


@dataclass(frozen=True, slots=True)
class WholeAgreement:
    """An agreement with all its sales."""

    node: Any
    sales: list[Any]


class Agreed(NamedTuple):
    """The days of lines that came after the order, and the tips, by global id."""

    days: dict[str, date]
    tips: frozenset[str]


NOTHING_AGREED = Agreed({}, frozenset())


def needs_agreements(order: Node) -> bool:
    """Whether a line may have come later, or be a tip; of all other orders the agreements say nothing new."""
    later = order.get("returnStatus")
    if later is not None and not isinstance(later, str):
        raise SkipRecord(f"returnStatus: {show(later)} is not a status")
    given_back = later is not None and later != NO_RETURN
    return read_flag(order, "edited") or given_back or tip_of(order) > 0


def tip_of(order: Node) -> Decimal:
    """What the customer gave as a tip, in the shop's currency."""
    if order.get("totalTipReceivedSet") is None:
        return NO_TIP
    return read_shop_money(order, "totalTipReceivedSet")


def read_agreements(
    agreements: Iterable[WholeAgreement], zone: ZoneInfo, ordered_on: date
) -> Agreed:
    """What they say, the earliest first; raises `SkipRecord`."""
    dated = [(read_instant(_instant_of(each), "happenedAt"), each) for each in agreements]
    first: dict[str, date | None] = {}
    tips: set[str] = set()
    for moment, agreement in sorted(dated, key=lambda each: each[0]):
        day = None if _is_the_order(agreement.node) else local_day(moment, zone)
        for sale in agreement.sales:
            line = _line_of(require_node(sale, "agreements"))
            if line is None:
                continue
            if sale.get("lineType") == "TIP":
                tips.add(line)
            if not _is_given_back(sale):
                first.setdefault(line, day)
    days = {line: max(day, ordered_on) for line, day in first.items() if day is not None}
    return Agreed(days, frozenset(tips))


def _instant_of(agreement: WholeAgreement) -> object:
    return require_node(agreement.node, "agreements").get("happenedAt")


def _is_the_order(node: Node) -> bool:
    reason = node.get("reason")
    if not isinstance(reason, str):
        raise SkipRecord(f"agreements: {show(reason)} is not a reason")
    return reason == "ORDER"


def _line_of(sale: Node) -> str | None:
    """The global id of the line, of goods or of shipping, that a sale is of; None for a sale of anything else."""
    kind = sale.get("lineType")
    name = "shippingLine" if kind == "SHIPPING" else "lineItem"
    line = part(sale, name).get("id")
    if isinstance(line, str) and line:
        return line
    if not isinstance(kind, str) or kind in OF_A_LINE:
        raise SkipRecord(f"agreements: a sale of {show(kind)} names no line")
    return None


def _is_given_back(sale: Node) -> bool:
    quantity = sale.get("quantity")
    if quantity is not None and (isinstance(quantity, bool) or not isinstance(quantity, int)):
        raise SkipRecord(f"agreements: {show(quantity)} is not a number of units")
    return sale.get("actionType") == "RETURN" or (quantity or 0) < 0

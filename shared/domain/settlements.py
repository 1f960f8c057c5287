"""What a channel paid out, held against the fees that it reported before.

What is paid out includes the VAT on fees, so the fees are compared with theirs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.money import NOTHING
from shared.domain.sales import RejectedRecord, SaleFee

PENNY = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class SettledOrder:
    """What was paid out for one order: the principal, and the fees as a positive amount."""

    channel_order_id: str
    principal: Decimal
    fees: Decimal
    last_posted_at: datetime

    def plus(self, other: "SettledOrder") -> "SettledOrder":
        """The same order in another row or another settlement, added."""
        return SettledOrder(
            self.channel_order_id,
            self.principal + other.principal,
            self.fees + other.fees,
            max(self.last_posted_at, other.last_posted_at),
        )


@dataclass(frozen=True, slots=True)
class Settlement:
    """The orders of one settlement, and the rows that could not be read."""

    orders: tuple[SettledOrder, ...]
    rejected: tuple[RejectedRecord, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """An order whose fees are not what was paid out; `collected` is None where none were collected."""

    channel_order_id: str
    settled: Decimal
    collected: Decimal | None


def add_up(orders: Iterable[SettledOrder]) -> tuple[SettledOrder, ...]:
    """Each order once, over all rows and settlements."""
    found: dict[str, SettledOrder] = {}
    for order in orders:
        known = found.get(order.channel_order_id)
        found[order.channel_order_id] = order if known is None else known.plus(order)
    return tuple(found.values())


def reconcile(
    settled: Iterable[SettledOrder], fees: Iterable[SaleFee], tolerance: Decimal = PENNY
) -> tuple[Difference, ...]:
    """The settled orders whose collected fees differ by more than `tolerance`."""
    collected: dict[str, Decimal] = {}
    for fee in fees:
        known = collected.get(fee.channel_order_id, NOTHING)
        collected[fee.channel_order_id] = known + fee.amount + fee.tax_amount
    found = (
        Difference(each.channel_order_id, each.fees, collected.get(each.channel_order_id))
        for each in settled
    )
    return tuple(
        each for each in found if abs(each.settled - (each.collected or NOTHING)) > tolerance
    )

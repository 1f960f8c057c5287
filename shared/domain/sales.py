"""Order lines as the tables keep them: sales positive, refunds negative and dated when they happened."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class LineKind(StrEnum):
    """What a line of `sales` is."""

    SALE = "SALE"
    REFUND = "REFUND"


@dataclass(frozen=True, slots=True)
class SaleLine:
    """One line of an order or of a refund; unique by channel, order id and line id.

    `sale_date` is the day in the shop's own time zone. `total_amount` is net of tax, shipping
    and discounts, in `currency`; negative on refunds, as is `quantity`. `sku` is None only on
    refunds that belong to no product.
    """

    channel: str
    channel_order_id: str
    channel_line_id: str
    kind: LineKind
    sku: str | None
    product_name: str
    sale_date: date
    quantity: int
    unit_price: Decimal
    total_amount: Decimal
    tax_amount: Decimal
    currency: str
    market: str


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A vendor's record that could not be taken in, the field at fault and why."""

    record_key: str
    field: str
    reason: str

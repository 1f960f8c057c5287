"""Order lines as the tables keep them: sales positive, refunds negative and dated when they happened."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class LineKind(StrEnum):
    """What a line of `sales` is."""

    SALE = "SALE"
    REFUND = "REFUND"


class SaleLine(NamedTuple):
    """One line of an order or of a refund; unique by channel, order id and line id.

    `sale_date` is the day in the shop's own time zone. `total_amount` is net of tax, shipping
    and discounts, in `currency`; negative on refunds, as is `quantity`. Shipping stands on lines of
    its own, whose total is zero. `sku` is None on what belongs to no product.
    `source_updated_at` is when the vendor last changed the order: older news never overwrites newer.

    A tuple, since a pull makes hundreds of thousands of them.
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
    shipping_amount: Decimal = Decimal(0)
    # What the customer paid of the total in another currency, where it was another one.
    presentment_amount: Decimal | None = None
    presentment_currency: str | None = None
    commission_amount: Decimal | None = None
    fee_estimated: bool = False
    source_updated_at: datetime | None = None
    # As read: the price includes tax that the channel does not report. As kept: a rule has split it.
    tax_estimated: bool = False
    # The vendor's own id of what was sold, which stays when its SKU changes; used to find the product.
    channel_product_id: str | None = None
    # Of a refund: the part of its total and of its tax that the channel reports for several SKUs at once.
    shared_total: Decimal = Decimal(0)
    shared_tax: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class SaleFee:
    """What a channel took for an order, or for one SKU of it, net of the VAT on it; negative where it gave back.

    `fee_key` is unique in the channel and stays the same while a fee becomes final.
    """

    channel: str
    channel_order_id: str
    fee_key: str
    sku: str | None
    amount: Decimal
    currency: str
    is_final: bool
    posted_at: datetime
    tax_amount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class FeeRule:
    """What a channel takes by its price list, until it reports the fee: `rate` of the total, and `fixed` an order."""

    rate: Decimal
    fixed: Decimal


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A vendor's record that could not be taken in, the field at fault and why."""

    record_key: str
    field: str
    reason: str

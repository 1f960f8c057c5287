"""What can happen in a made-up shop: plain facts, of which the vendor's answers and the truth are made apart.

Money is in the shop's currency, to the penny. Instants are aware and whole seconds.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """What a shop is; `timezone` is an IANA name, `presentment_currency` the other money it takes."""

    channel: str
    name: str
    currency: str
    timezone: str
    taxes_included: bool
    presentment_currency: str


@dataclass(frozen=True, slots=True)
class Article:
    """Something that the shop sells; `stock` and `reserved` are units at each location.

    A deleted article is named by orders, but is in no list of products.
    """

    number: int
    sku: str | None
    name: str
    price: Decimal
    cost: Decimal
    stock: tuple[int, ...]
    reserved: tuple[int, ...]
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class OrderLine:
    """Units of one article as ordered; discounts and taxes are for all of them.

    `unit_price` includes tax where the shop's prices do, and the duties where the order's do. `article` is the
    number of what was sold, None where the shop has it no more. A gift card and a tip are no goods.
    """

    number: int
    sku: str | None
    name: str
    quantity: int
    unit_price: Decimal
    discounts: tuple[Decimal, ...] = ()
    taxes: tuple[Decimal, ...] = ()
    duties: tuple[Decimal, ...] = ()
    article: int | None = None
    gift_card: bool = False
    tip: bool = False

    @property
    def goods(self) -> bool:
        """Whether selling it is a sale."""
        return not (self.gift_card or self.tip)


@dataclass(frozen=True, slots=True)
class ShippingCharge:
    """What the customer pays for shipping, after discounts; with tax where the shop's prices are."""

    number: int
    price: Decimal
    taxes: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True)
class Presentment:
    """The customer's money: one unit of the shop's currency is `rate` of it."""

    currency: str
    rate: Decimal


@dataclass(frozen=True, slots=True)
class OrderPlaced:
    """An order came in; `presentment` is None where the customer paid in the shop's money.

    `processed_at` is when an order was placed that was imported `at` a later instant. `marketplace` is whose
    app has copied the order into the shop. What a gift card paid is `by_gift_card`.
    """

    order: int
    at: datetime
    lines: tuple[OrderLine, ...]
    shipping: tuple[ShippingCharge, ...] = ()
    test: bool = False
    presentment: Presentment | None = None
    processed_at: datetime | None = None
    marketplace: str | None = None
    duties_included: bool = False
    by_gift_card: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class LinesAdded:
    """Somebody edited the order and added lines, or gave them in exchange; they count on the day of the edit."""

    order: int
    at: datetime
    lines: tuple[OrderLine, ...]
    exchange: bool = False


@dataclass(frozen=True, slots=True)
class UnitsRemoved:
    """Somebody edited the order and took units of a line out; there is no refund for them."""

    order: int
    at: datetime
    line: int
    quantity: int


@dataclass(frozen=True, slots=True)
class ShippingRemoved:
    """Somebody edited the order and took a shipping charge out; it counts no more."""

    order: int
    at: datetime
    shipping: int


@dataclass(frozen=True, slots=True)
class OrderCancelled:
    """The order was cancelled and counts no more."""

    order: int
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderDeleted:
    """The order was deleted: nothing lists or finds it any more."""

    order: int
    at: datetime


@dataclass(frozen=True, slots=True)
class RefundedUnits:
    """Units given back; `subtotal` is after discounts, with the tax where the shop's prices include it."""

    number: int
    line: int
    quantity: int
    subtotal: Decimal
    tax: Decimal
    restock: str = "RETURN"


@dataclass(frozen=True, slots=True)
class RefundedShipping:
    """Shipping given back; `subtotal` with the tax where the shop's prices include it."""

    number: int
    subtotal: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class AmountGiven:
    """Money given back for no line: both amounts negative, `amount` without the tax."""

    number: int
    amount: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Refunded:
    """A refund; counts on its own day."""

    order: int
    at: datetime
    number: int
    units: tuple[RefundedUnits, ...] = ()
    shipping: tuple[RefundedShipping, ...] = ()
    amounts: tuple[AmountGiven, ...] = ()


@dataclass(frozen=True, slots=True)
class FeeCharged:
    """The payment provider's fee for an order; does not change when the order was last changed."""

    order: int
    at: datetime
    number: int
    amount: Decimal


Event = (
    OrderPlaced
    | LinesAdded
    | UnitsRemoved
    | ShippingRemoved
    | OrderCancelled
    | OrderDeleted
    | Refunded
    | FeeCharged
)

"""What a shop sold, counted from its events alone; shares no code with the vendor's answers or a connector."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from shared.sandbox.catalogue import LOCATIONS
from shared.sandbox.events import (
    Article,
    Event,
    FeeCharged,
    LinesAdded,
    OrderCancelled,
    OrderLine,
    OrderPlaced,
    Refunded,
    ShippingCharge,
    ShippingRemoved,
    ShopFacts,
    UnitsRemoved,
)

PENNY = Decimal("0.01")

# Channel, the shop's local day, SKU (None for what belongs to no product).
Key = tuple[str, date, str | None]
# Units on hand and reserved, by SKU and location.
Stock = dict[tuple[str, str], tuple[int, int]]


@dataclass(slots=True)
class Figures:
    """What one SKU did on one day, in the shop's money; refunds negative but for their units.

    `revenue` is net of tax, discounts and shipping; `tax` is that of the goods, `shipping` is net of
    `shipping_tax`.
    """

    units_sold: int = 0
    units_refunded: int = 0
    revenue: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    shipping: Decimal = Decimal(0)
    shipping_tax: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Truth:
    """Figures other than zero, and per order number the fees seen so far (None where there are none)."""

    figures: dict[Key, Figures]
    commissions: dict[str, Decimal | None]


@dataclass(slots=True)
class _Story:
    """All that happened to one order."""

    placed: OrderPlaced
    lines: dict[int, OrderLine] = field(default_factory=dict)
    removed: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    refunds: list[Refunded] = field(default_factory=list)
    fees: list[Decimal] = field(default_factory=list)
    dropped_shipping: set[int] = field(default_factory=set)
    cancelled: bool = False


def count_truth(shop: ShopFacts, events: Iterable[Event], until: datetime) -> Truth:
    """The figures of all that happened until the instant, that instant included."""
    stories = _tell_stories(event for event in events if event.at <= until)
    figures: dict[Key, Figures] = defaultdict(Figures)
    commissions: dict[str, Decimal | None] = {}
    for number, story in stories.items():
        if story.cancelled or story.placed.test:
            continue
        commissions[str(number)] = sum(story.fees, Decimal(0)) if story.fees else None
        _count_sale(shop, story, figures)
        for refund in story.refunds:
            _count_refund(shop, story, refund, figures)
    return Truth({key: each for key, each in figures.items() if each != Figures()}, commissions)


def count_stock(articles: Iterable[Article]) -> Stock:
    """What lies at each location; articles of one SKU add up, one without a SKU or deleted counts nowhere."""
    stock: Stock = {}
    for article in articles:
        if article.sku is None or article.deleted:
            continue
        places = zip(LOCATIONS, article.stock, article.reserved, strict=True)
        for location, on_hand, reserved in places:
            before = stock.get((article.sku, location), (0, 0))
            stock[article.sku, location] = before[0] + on_hand, before[1] + reserved
    return stock


def _tell_stories(events: Iterable[Event]) -> dict[int, _Story]:
    stories: dict[int, _Story] = {}
    for event in sorted(events, key=lambda each: not isinstance(each, OrderPlaced)):
        if isinstance(event, OrderPlaced):
            lines = {line.number: line for line in event.lines}
            stories[event.order] = _Story(event, lines)
        elif event.order in stories:
            _go_on(stories[event.order], event)
    return stories


def _go_on(story: _Story, event: Event) -> None:
    match event:
        case LinesAdded():
            story.lines |= {line.number: line for line in event.lines}
        case UnitsRemoved():
            story.removed[event.line] += event.quantity
        case ShippingRemoved():
            story.dropped_shipping.add(event.shipping)
        case OrderCancelled():
            story.cancelled = True
        case Refunded():
            story.refunds.append(event)
        case FeeCharged():
            story.fees.append(event.amount)


def _count_sale(shop: ShopFacts, story: _Story, figures: dict[Key, Figures]) -> None:
    day = _local_day(shop, story.placed.at)
    for number, line in story.lines.items():
        kept = line.quantity - story.removed[number]
        tax = sum(line.taxes, Decimal(0))
        net = line.unit_price * line.quantity - sum(line.discounts, Decimal(0))
        if shop.taxes_included:
            net -= tax
        figure = figures[shop.channel, day, line.sku]
        figure.units_sold += kept
        figure.revenue += _share(net, kept, line.quantity)
        figure.tax += _share(tax, kept, line.quantity)
    for charge in story.placed.shipping:
        if charge.number not in story.dropped_shipping:
            _count_shipping(shop, charge, figures[shop.channel, day, None])


def _count_shipping(shop: ShopFacts, charge: ShippingCharge, figure: Figures) -> None:
    tax = sum(charge.taxes, Decimal(0))
    figure.shipping += charge.price - tax if shop.taxes_included else charge.price
    figure.shipping_tax += tax


def _count_refund(
    shop: ShopFacts, story: _Story, refund: Refunded, figures: dict[Key, Figures]
) -> None:
    day = _local_day(shop, refund.at)
    for units in refund.units:
        figure = figures[shop.channel, day, story.lines[units.line].sku]
        figure.units_refunded += units.quantity
        figure.revenue -= units.subtotal - (units.tax if shop.taxes_included else 0)
        figure.tax -= units.tax
    nameless = figures[shop.channel, day, None]
    for shipping in refund.shipping:
        nameless.shipping -= shipping.subtotal - (shipping.tax if shop.taxes_included else 0)
        nameless.shipping_tax -= shipping.tax
    for given in refund.amounts:
        nameless.revenue += given.amount
        nameless.tax += given.tax


def _share(amount: Decimal, kept: int, quantity: int) -> Decimal:
    return (amount * kept / quantity).quantize(PENNY, rounding=ROUND_HALF_UP)


def _local_day(shop: ShopFacts, at: datetime) -> date:
    return at.astimezone(ZoneInfo(shop.timezone)).date()

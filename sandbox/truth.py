"""What a shop sold, counted from its events alone; shares no code with the vendor's answers or a connector."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from sandbox.made_up_products import LOCATIONS
from sandbox.shop_events import (
    Article,
    Event,
    FeeCharged,
    LinesAdded,
    OrderCancelled,
    OrderDeleted,
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
    added: dict[int, datetime] = field(default_factory=dict)
    cancelled: bool = False
    deleted: bool = False

    @property
    def counts(self) -> bool:
        """Whether the order is a sale of the shop."""
        mine = not self.placed.test and self.placed.marketplace is None
        return mine and not self.cancelled and not self.deleted

    def duty(self, line: OrderLine, units: int) -> Decimal:
        """What of the price of so many units is duty."""
        if not self.placed.duties_included:
            return Decimal(0)
        return sum(line.duties, Decimal(0)) * units / line.quantity


def count_truth(
    shop: ShopFacts,
    events: Iterable[Event],
    until: datetime,
    renamed: Mapping[int, str | None] | None = None,
) -> Truth:
    """The figures of all that happened until the instant, that instant included.

    Articles that were `renamed` stand under the SKU that they have now.
    """
    names = renamed or {}
    stories = _collect_stories(event for event in events if event.at <= until)
    figures: dict[Key, Figures] = defaultdict(Figures)
    commissions: dict[str, Decimal | None] = {}
    for number, story in stories.items():
        if not story.counts:
            continue
        commissions[str(number)] = sum(story.fees, Decimal(0)) if story.fees else None
        _count_sale(shop, story, figures, names)
        for refund in story.refunds:
            _count_refund(shop, story, refund, figures, names)
    return Truth({key: each for key, each in figures.items() if each != Figures()}, commissions)


def count_stock(channel: str, articles: Iterable[Article]) -> Stock:
    """What lies at each place of a shop; articles of one SKU add up, one without a SKU or deleted counts nowhere."""
    stock: Stock = {}
    for article in articles:
        if article.sku is None or article.deleted:
            continue
        places = zip(LOCATIONS, article.stock, article.reserved, strict=True)
        for name, on_hand, reserved in places:
            location = f"{channel}: {name}"
            before = stock.get((article.sku, location), (0, 0))
            stock[article.sku, location] = before[0] + on_hand, before[1] + reserved
    return stock


def _collect_stories(events: Iterable[Event]) -> dict[int, _Story]:
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
            story.added |= {line.number: event.at for line in event.lines}
        case UnitsRemoved():
            story.removed[event.line] += event.quantity
        case ShippingRemoved():
            story.dropped_shipping.add(event.shipping)
        case OrderCancelled():
            story.cancelled = True
        case OrderDeleted():
            story.deleted = True
        case Refunded():
            story.refunds.append(event)
        case FeeCharged():
            story.fees.append(event.amount)


def _count_sale(
    shop: ShopFacts,
    story: _Story,
    figures: dict[Key, Figures],
    names: Mapping[int, str | None],
) -> None:
    placed_at = story.placed.processed_at or story.placed.at
    for number, line in story.lines.items():
        if not line.goods:
            continue
        kept = line.quantity - story.removed[number]
        tax = sum(line.taxes, Decimal(0))
        net = line.unit_price * line.quantity - sum(line.discounts, Decimal(0))
        net -= story.duty(line, line.quantity)
        if shop.taxes_included:
            net -= tax
        day = _local_day(shop, story.added.get(number, placed_at))
        figure = figures[shop.channel, day, _sku_of(line, names)]
        figure.units_sold += kept
        figure.revenue += _share(net, kept, line.quantity)
        figure.tax += _share(tax, kept, line.quantity)
    for charge in story.placed.shipping:
        if charge.number not in story.dropped_shipping:
            _count_shipping(shop, charge, figures[shop.channel, _local_day(shop, placed_at), None])


def _count_shipping(shop: ShopFacts, charge: ShippingCharge, figure: Figures) -> None:
    tax = sum(charge.taxes, Decimal(0))
    figure.shipping += charge.price - tax if shop.taxes_included else charge.price
    figure.shipping_tax += tax


def _count_refund(
    shop: ShopFacts,
    story: _Story,
    refund: Refunded,
    figures: dict[Key, Figures],
    names: Mapping[int, str | None],
) -> None:
    day = _local_day(shop, refund.at)
    for units in refund.units:
        line = story.lines[units.line]
        if not line.goods:
            continue
        figure = figures[shop.channel, day, _sku_of(line, names)]
        figure.units_refunded += units.quantity
        net = units.subtotal - (units.tax if shop.taxes_included else 0)
        net -= story.duty(line, units.quantity)
        figure.revenue -= net.quantize(PENNY, rounding=ROUND_HALF_UP)
        figure.tax -= units.tax
    nameless = figures[shop.channel, day, None]
    for shipping in refund.shipping:
        nameless.shipping -= shipping.subtotal - (shipping.tax if shop.taxes_included else 0)
        nameless.shipping_tax -= shipping.tax
    for given in refund.amounts:
        nameless.revenue += given.amount
        nameless.tax += given.tax


def _sku_of(line: OrderLine, names: Mapping[int, str | None]) -> str | None:
    return line.sku if line.article is None else names.get(line.article, line.sku)


def _share(amount: Decimal, kept: int, quantity: int) -> Decimal:
    return (amount * kept / quantity).quantize(PENNY, rounding=ROUND_HALF_UP)


def _local_day(shop: ShopFacts, at: datetime) -> date:
    return at.astimezone(ZoneInfo(shop.timezone)).date()

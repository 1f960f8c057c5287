"""What was really ordered, given back, taken and stored; and what that adds up to. Pure and seeded."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

PENNY = Decimal("0.01")
NOTHING = Decimal(0)
FEE_TAX = Decimal("0.20")


def pennies(amount: Decimal) -> Decimal:
    """The amount at two places."""
    return amount.quantize(PENNY, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Site:
    """The marketplace of the ledger. `tax_inside` says whether prices hold the tax at `tax_rate`."""

    channel: str = "amazon_uk"
    marketplace_id: str = "A1F83G8C2ARO7P"
    name: str = "Amazon.co.uk"
    country: str = "GB"
    currency: str = "GBP"
    timezone: str = "Europe/London"
    tax_rate: Decimal = Decimal("0.20")
    tax_inside: bool = True
    # Whether Amazon computes the tax: sellers outside its VAT service get prices without a word of it.
    reports_tax: bool = True
    # What order numbers begin with.
    prefix: str = "205"

    def tax_of(self, price: Decimal) -> Decimal:
        """The tax in a price, or on it."""
        divisor = 1 + self.tax_rate if self.tax_inside else Decimal(1)
        return pennies(price * self.tax_rate / divisor)


@dataclass(frozen=True, slots=True)
class Article:
    """An offer. `price` as the customer sees it."""

    sku: str
    asin: str
    name: str
    price: Decimal
    fulfillable: int
    reserved: int
    is_digital: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One item of an order; amounts are for all its units, as the customer sees them."""

    item_id: str
    article: Article
    quantity: int
    discount: Decimal = NOTHING
    shipping: Decimal = NOTHING
    gift_wrap: Decimal = NOTHING

    @property
    def price(self) -> Decimal:
        """What the units cost before the discount."""
        return self.article.price * self.quantity


@dataclass(frozen=True, slots=True)
class Refund:
    """Units of one item given back, with all that was paid for them but shipping."""

    refund_id: str
    item: Item
    quantity: int
    at: datetime
    release_after: timedelta = timedelta(0)

    def share(self, amount: Decimal) -> Decimal:
        """The part of an item's amount that comes back."""
        return pennies(amount * self.quantity / self.item.quantity)


@dataclass(slots=True)
class Order:
    """One order and its life. Instants are aware; None has not come."""

    order_id: str
    created_at: datetime
    items: list[Item]
    priced_at: datetime
    shipped_at: datetime | None
    cancelled_at: datetime | None = None
    replaces: str | None = None
    is_foreign: bool = False
    release_after: timedelta = timedelta(0)
    # Whether a release names what it releases; whether fulfilment fees stand beside the others; whether the
    # money stands at the transaction and not at its items.
    is_linked: bool = True
    has_fba_beside: bool = False
    is_summed: bool = False
    refunds: list[Refund] = field(default_factory=list)

    def status(self, at: datetime) -> str:
        """Amazon's word for where the order stood."""
        if self.cancelled_at is not None and self.cancelled_at <= at:
            return "CANCELLED"
        if at < self.priced_at:
            return "PENDING"
        return "SHIPPED" if self.shipped_at is not None and self.shipped_at <= at else "UNSHIPPED"

    def updated_at(self, at: datetime) -> datetime:
        """When it last changed, seen from then. A refund is no change of the order."""
        instants = (self.created_at, self.priced_at, self.shipped_at, self.cancelled_at)
        return max(each for each in instants if each is not None and each <= at)

    @property
    def posted_at(self) -> datetime | None:
        """When its payment was posted; a replacement has none."""
        if self.shipped_at is None or self.replaces is not None or self.is_foreign:
            return None
        return self.shipped_at + timedelta(hours=30)

    @property
    def released_at(self) -> datetime | None:
        """When its payment was released."""
        return None if self.posted_at is None else self.posted_at + self.release_after


@dataclass(frozen=True, slots=True)
class Total:
    """What one SKU brought on one day; shipping stands under no SKU."""

    units: int = 0
    revenue: Decimal = NOTHING
    tax: Decimal = NOTHING
    shipping: Decimal = NOTHING

    def __add__(self, other: "Total") -> "Total":
        return Total(
            self.units + other.units,
            self.revenue + other.revenue,
            self.tax + other.tax,
            self.shipping + other.shipping,
        )


Key = tuple[str, date, str | None]


@dataclass(frozen=True, slots=True)
class Ledger:
    """All orders of a seller at one marketplace, by creation."""

    site: Site
    articles: tuple[Article, ...]
    orders: tuple[Order, ...]

    def truth(self, until: datetime) -> dict[Key, Total]:
        """Sums by channel, local day and SKU of what had happened by then; days of nothing are left out."""
        totals: defaultdict[Key, Total] = defaultdict(Total)
        for order in self.orders:
            if order.created_at > until or order.is_foreign:
                continue
            for day, sku, total in _of_order(order, self.site, until):
                totals[self.site.channel, day, sku] += total
        return {key: total for key, total in totals.items() if total != Total()}

    def fees_truth(self, until: datetime) -> dict[str, Decimal]:
        """What Amazon had taken for each order by then, net of VAT."""
        taken: defaultdict[str, Decimal] = defaultdict(lambda: NOTHING)
        for order in self.orders:
            if order.posted_at is not None and order.posted_at <= until:
                for item in order.items:
                    taken[order.order_id] += sum(fees_of(item, self.site).values(), NOTHING)
            for refund in order.refunds:
                if refund.at <= until:
                    given_back = returned_fees(refund, self.site)
                    taken[order.order_id] += sum(given_back.values(), NOTHING)
        return dict(taken)


def net(site: Site, price: Decimal) -> Decimal:
    """A price without its tax."""
    return price - site.tax_of(price) if site.tax_inside else price


def fees_of(item: Item, site: Site) -> dict[str, Decimal]:
    """Amazon's fees for an item, positive, net of the VAT on them."""
    commission = pennies(net(site, item.price - item.discount) * Decimal("0.15"))
    if item.article.is_digital:
        return {"Commission": commission}
    return {
        "Commission": commission,
        "FBAPerUnitFulfillmentFee": Decimal("2.41") * item.quantity,
    }


def fee_tax(fee: Decimal) -> Decimal:
    """The VAT on a fee."""
    return pennies(fee * FEE_TAX)


def returned_fees(refund: Refund, site: Site) -> dict[str, Decimal]:
    """The commission that comes back, negative, and the fee for giving it back."""
    commission = refund.share(fees_of(refund.item, site)["Commission"])
    return {"Commission": -commission, "RefundCommission": pennies(commission * Decimal("0.2"))}


def _of_order(
    order: Order, site: Site, until: datetime
) -> Iterator[tuple[date, str | None, Total]]:
    zone = ZoneInfo(site.timezone)
    if order.status(until) not in {"PENDING", "CANCELLED"}:
        day = order.created_at.astimezone(zone).date()
        for sku, paid in _paid(order).items():
            yield day, sku, _total(order, sku, paid, site)
        shipping = [item.shipping for item in order.items]
        if order.replaces is None and any(shipping):
            yield day, None, _shipping_total(shipping, site)
    for refund in order.refunds:
        if refund.at <= until:
            yield refund.at.astimezone(zone).date(), refund.item.article.sku, _given(refund, site)


def _paid(order: Order) -> dict[str, list[Decimal]]:
    """What the customer paid for each SKU, price by price; a discount is negative."""
    paid: defaultdict[str, list[Decimal]] = defaultdict(list)
    for item in order.items:
        paid[item.article.sku] += [item.price, item.gift_wrap, -item.discount]
    return paid


def _total(order: Order, sku: str, paid: list[Decimal], site: Site) -> Total:
    units = sum(item.quantity for item in order.items if item.article.sku == sku)
    if order.replaces is not None:
        return Total(units=units)
    revenue, tax = _split(paid, site)
    return Total(units, revenue, tax)


def _split(paid: list[Decimal], site: Site) -> tuple[Decimal, Decimal]:
    """Net and tax: price by price where the channel says so, of the whole where the rule must say it."""
    if site.reports_tax:
        net_of_all = sum((net(site, each) for each in paid), NOTHING)
        return net_of_all, sum((site.tax_of(each) for each in paid), NOTHING)
    whole = sum(paid, NOTHING)
    revenue = pennies(whole / (1 + site.tax_rate))
    return revenue, whole - revenue


def _shipping_total(shipping: list[Decimal], site: Site) -> Total:
    amount, tax = _split([each for each in shipping if each], site)
    return Total(tax=tax, shipping=amount)


def _given(refund: Refund, site: Site) -> Total:
    item = refund.item
    paid = [item.price, item.gift_wrap, -item.discount]
    if not site.reports_tax:
        revenue, tax = _split([refund.share(sum(paid, NOTHING))], site)
        return Total(-refund.quantity, -revenue, -tax)
    revenue, tax = _split(paid, site)
    return Total(-refund.quantity, -refund.share(revenue), -refund.share(tax))


@dataclass(slots=True)
class Writer:
    """Writes a ledger of `days` days from `first` on, the same for the same seed."""

    seed: int = 7
    orders: int = 300
    first: datetime = datetime(2026, 3, 1, tzinfo=UTC)
    days: int = 20
    site: Site = field(default_factory=Site)
    # Of every so many orders the money stands at the transaction only; of none if 0.
    summed_every: int = 0

    def write(self) -> Ledger:
        """The ledger: mostly plain orders, and some of each kind that goes wrong in practice."""
        random_source = random.Random(self.seed)  # noqa: S311 - a stand-in's data
        articles = tuple(_article(number, random_source) for number in range(1, 13))
        span_s = self.days * 86_400
        instants = sorted(random_source.randrange(span_s) for _ in range(self.orders))
        orders: list[Order] = []
        for number, second in enumerate(instants, start=1):
            created_at = self.first + timedelta(seconds=second)
            orders.append(self._order(number, created_at, articles, random_source, orders))
        return Ledger(self.site, articles, tuple(orders))

    def _order(
        self,
        number: int,
        created_at: datetime,
        articles: tuple[Article, ...],
        source: random.Random,
        before: list[Order],
    ) -> Order:
        items = [
            _item(f"{number:07d}{place}", source.choice(articles), source)
            for place in range(source.choice((1, 1, 1, 2, 3)))
        ]
        priced_at = created_at + timedelta(seconds=source.choice((0, 0, 1800, 86_400)))
        order = Order(
            f"{self.site.prefix}-{number:07d}-{source.randrange(10**7):07d}",
            created_at,
            items,
            priced_at,
            priced_at + timedelta(hours=source.randrange(4, 60)),
            is_linked=number % 2 == 0,
            has_fba_beside=number % 3 == 0,
            is_summed=bool(self.summed_every) and number % self.summed_every == 0,
        )
        self._decide(order, source, before)
        return order

    def _decide(self, order: Order, source: random.Random, before: list[Order]) -> None:
        """What becomes of an order."""
        fate = source.random()
        if fate < 0.06:
            order.shipped_at = None
            order.cancelled_at = order.priced_at + timedelta(hours=3)
        elif fate < 0.09 and before:
            order.replaces = before[-1].order_id
        elif fate < 0.11:
            order.is_foreign = True
        elif fate < 0.26 and order.shipped_at is not None:
            order.release_after = timedelta(days=source.randrange(1, 21))
        if order.replaces is None and not order.is_foreign and order.shipped_at is not None:
            self._refund(order, source)

    def _refund(self, order: Order, source: random.Random) -> None:
        if source.random() < 0.12 and order.shipped_at is not None:
            item = source.choice(order.items)
            at = order.shipped_at + timedelta(days=source.randrange(2, 25), seconds=17)
            quantity = source.randrange(1, item.quantity + 1)
            late = timedelta(days=6) if order.has_fba_beside else timedelta(0)
            order.refunds.append(Refund(f"R-{order.order_id}", item, quantity, at, late))


def _article(number: int, source: random.Random) -> Article:
    return Article(
        sku=f"CL-{number:03d}",
        asin=f"B0{number:08d}",
        name=f"Candle {number} 🕯" if number % 4 == 0 else f"Candle {number}",
        price=Decimal(source.randrange(299, 8999)) / 100,
        fulfillable=source.randrange(500),
        reserved=source.randrange(40),
        is_digital=number == 12,
    )


def _item(item_id: str, article: Article, source: random.Random) -> Item:
    quantity = source.choice((1, 1, 1, 2, 5))
    price = article.price * quantity
    return Item(
        item_id,
        article,
        quantity,
        discount=pennies(price / 10) if source.random() < 0.2 else NOTHING,
        shipping=NOTHING if article.is_digital or source.random() < 0.6 else Decimal("3.99"),
        gift_wrap=Decimal("2.50") if source.random() < 0.05 else NOTHING,
    )

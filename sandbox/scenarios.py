"""The lives of orders: each scenario writes the events of one order, the awkward case it is named for."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.made_up_products import Market
from sandbox.pricing import price_line, round_penny, share_of, tax_on
from sandbox.shop_events import (
    AmountGiven,
    Article,
    Event,
    FeeCharged,
    LinesAdded,
    OrderCancelled,
    OrderLine,
    OrderPlaced,
    Presentment,
    Refunded,
    RefundedShipping,
    RefundedUnits,
    ShippingCharge,
    ShippingRemoved,
    UnitsRemoved,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
RESTOCKS = ("RETURN", "NO_RESTOCK", "CANCEL")


class Scribe:
    """Writes events with numbers that are unique in the shop."""

    def __init__(
        self,
        dice: random.Random,
        market: Market,
        articles: Sequence[Article],
        numbers: Iterator[int],
    ) -> None:
        self.dice = dice
        self.market = market
        self.articles = articles
        self.events: list[Event] = []
        self._numbers = numbers

    @property
    def number(self) -> int:
        """The next number."""
        return next(self._numbers)

    def line(
        self, article: Article, quantity: int, discounts: tuple[Decimal, ...] = ()
    ) -> OrderLine:
        """A line of the article at its price, taxed by one of the market's rates."""
        rates = self.dice.choice(self.market.tax_rates)
        included = self.market.shop.taxes_included
        return price_line(self.number, article, quantity, discounts, rates, included=included)

    def lines(self, count: int) -> tuple[OrderLine, ...]:
        """Lines of several articles, some with a discount of their own."""
        chosen = self.dice.sample(self.articles[:20], count)
        return tuple(
            self.line(each, self.dice.randint(1, 4), self._discount(each)) for each in chosen
        )

    def gift_card(self) -> OrderLine:
        """A gift card over fifty, which carries no tax."""
        price = Decimal("50.00")
        return OrderLine(self.number, "GIFT-50", "Gift card", 1, price, gift_card=True)

    def tip(self, given: Decimal) -> OrderLine:
        """What the customer gives beside the goods."""
        return OrderLine(self.number, None, "Tip", 1, given, tip=True)

    def _discount(self, article: Article) -> tuple[Decimal, ...]:
        if self.dice.random() < 0.7:
            return ()
        return (round_penny(article.price * self.dice.randint(5, 30) / 100),)

    def place(
        self,
        at: datetime,
        lines: tuple[OrderLine, ...],
        *,
        test: bool = False,
        foreign: bool | None = None,
        fee_after: timedelta | None = timedelta(0),
        charges: int | None = None,
        **particulars: Any,
    ) -> OrderPlaced:
        """An order with shipping, its fee so long after it (None: no fee is ever reported).

        `charges` is how many lines of shipping it has; one, or none, by the dice if None. `particulars` are
        fields of the event.
        """
        if charges is None:
            charges = 1 if self.dice.random() < 0.8 else 0
        shipping = tuple(self._shipping() for _ in range(charges))
        if foreign is None:
            foreign = self.dice.random() < 0.2
        currency = self.market.shop.presentment_currency
        presentment = Presentment(currency, self.market.presentment_rate) if foreign else None
        placed = OrderPlaced(self.number, at, lines, shipping, test, presentment, **particulars)
        self.events.append(placed)
        if fee_after is not None:
            paid = sum((line.unit_price * line.quantity for line in lines), Decimal(0))
            fee = round_penny(paid * Decimal("0.02")) + Decimal("0.25")
            self.events.append(FeeCharged(placed.order, at + fee_after, self.number, fee))
        return placed

    def _shipping(self) -> ShippingCharge:
        price = self.dice.choice([Decimal("3.95"), Decimal("5.99"), Decimal("12.50")])
        included = self.market.shop.taxes_included
        taxes = tax_on(price, self.market.tax_rates[0], included=included)
        return ShippingCharge(self.number, price, taxes)

    def refund(
        self,
        order: OrderPlaced,
        at: datetime,
        units: Sequence[tuple[OrderLine, int, int]] = (),
        *,
        shipping: bool = False,
        amounts: tuple[AmountGiven, ...] = (),
    ) -> None:
        """A refund of units, each given as line, units given back before and units given back now."""
        restock = self.dice.choice(RESTOCKS)
        items = tuple(
            RefundedUnits(self.number, line.number, now, *share_of(line, before, now), restock)
            for line, before, now in units
        )
        returned = tuple(
            RefundedShipping(self.number, each.price, sum(each.taxes, Decimal(0)))
            for each in (order.shipping if shipping else ())
        )
        self.events.append(Refunded(order.order, at, self.number, items, returned, amounts))


def _plain(scribe: Scribe, at: datetime) -> None:
    scribe.place(at, scribe.lines(scribe.dice.randint(1, 4)))


def _order_discount(scribe: Scribe, at: datetime) -> None:
    """Ten off three lines: 3.34, 3.33, 3.33."""
    shares = [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]
    chosen = scribe.dice.sample(scribe.articles[:20], 3)
    scribe.place(at, tuple(scribe.line(a, 7, (s,)) for a, s in zip(chosen, shares, strict=True)))


def _many_lines(scribe: Scribe, at: datetime) -> None:
    scribe.place(at, scribe.lines(20))


def _cancelled(scribe: Scribe, at: datetime) -> None:
    order = scribe.place(at, scribe.lines(2))
    scribe.events.append(OrderCancelled(order.order, at + 5 * HOUR))


def _cancelled_and_refunded(scribe: Scribe, at: datetime) -> None:
    order = scribe.place(at, scribe.lines(2))
    scribe.events.append(OrderCancelled(order.order, at + 26 * HOUR))
    units = [(line, 0, line.quantity) for line in order.lines]
    scribe.refund(order, at + 26 * HOUR, units, shipping=True)


def _test(scribe: Scribe, at: datetime) -> None:
    order = scribe.place(at, scribe.lines(1), test=True)
    scribe.refund(order, at + HOUR, [(order.lines[0], 0, 1)])


def _removed_units(scribe: Scribe, at: datetime) -> None:
    lines = (scribe.line(scribe.articles[3], 7, (Decimal("1.01"),)), *scribe.lines(2))
    order = scribe.place(at, lines)
    scribe.events.append(UnitsRemoved(order.order, at + 3 * HOUR, lines[0].number, 2))
    scribe.events.append(UnitsRemoved(order.order, at + 2 * DAY, lines[0].number, 1))


def _added_lines(scribe: Scribe, at: datetime) -> None:
    order = scribe.place(at, scribe.lines(1))
    scribe.events.append(LinesAdded(order.order, at + 30 * HOUR, scribe.lines(2)))
    for charge in order.shipping:
        scribe.events.append(ShippingRemoved(order.order, at + 31 * HOUR, charge.number))


def _partial_refunds(scribe: Scribe, at: datetime) -> None:
    line = scribe.line(scribe.articles[5], 3, (Decimal("0.50"), Decimal("0.27")))
    order = scribe.place(at, (line,))
    scribe.refund(order, at + 2 * DAY, [(line, 0, 1)])
    scribe.refund(order, at + 9 * DAY, [(line, 1, 1)])


def _full_refund(scribe: Scribe, at: datetime) -> None:
    order = scribe.place(at, scribe.lines(3))
    units = [(line, 0, line.quantity) for line in order.lines]
    scribe.refund(order, at + 4 * DAY, units, shipping=True)


def _shipping_refund(scribe: Scribe, at: datetime) -> None:
    order = scribe.place(at, scribe.lines(2))
    scribe.refund(order, at + DAY, shipping=True)


def _amount_refund(scribe: Scribe, at: datetime) -> None:
    order = scribe.place(at, scribe.lines(2))
    given = AmountGiven(scribe.number, Decimal("-1.25"), Decimal("-0.25"))
    scribe.refund(order, at + 3 * DAY, amounts=(given,))


def _long_refund(scribe: Scribe, at: datetime) -> None:
    order = scribe.place(at, scribe.lines(16))
    scribe.refund(order, at + DAY, [(line, 0, 1) for line in order.lines[:13]])


def _late_fee(scribe: Scribe, at: datetime) -> None:
    scribe.place(at, scribe.lines(2), fee_after=timedelta(days=scribe.dice.randint(3, 6)))


def _no_fee(scribe: Scribe, at: datetime) -> None:
    scribe.place(at, scribe.lines(2), fee_after=None)


def _foreign_money(scribe: Scribe, at: datetime) -> None:
    order = scribe.place(at, scribe.lines(3), foreign=True)
    scribe.refund(order, at + 2 * DAY, [(order.lines[0], 0, 1)])


def _deleted_article(scribe: Scribe, at: datetime) -> None:
    scribe.place(at, (scribe.line(scribe.articles[-1], 2), *scribe.lines(1)))


def _nameless_article(scribe: Scribe, at: datetime) -> None:
    order = scribe.place(at, (scribe.line(scribe.articles[-2], 2), *scribe.lines(1)))
    scribe.refund(order, at + DAY, [(order.lines[0], 0, 1)])


def _one_sku_twice(scribe: Scribe, at: datetime) -> None:
    scribe.place(at, (scribe.line(scribe.articles[0], 1), scribe.line(scribe.articles[-3], 2)))


def _removed_and_refunded(scribe: Scribe, at: datetime) -> None:
    line = scribe.line(scribe.articles[7], 5, (Decimal("0.99"),))
    order = scribe.place(at, (line, *scribe.lines(1)))
    scribe.events.append(UnitsRemoved(order.order, at + HOUR, line.number, 2))
    scribe.refund(order, at + 3 * DAY, [(line, 0, 1)])


def _many_charges(scribe: Scribe, at: datetime) -> None:
    """More of everything than comes with the first page of an order; an edit takes the last charge off."""
    order = scribe.place(at, scribe.lines(2), charges=8)
    last = order.shipping[-1]
    scribe.events.append(ShippingRemoved(order.order, at + 9 * DAY, last.number))
    order = replace(order, shipping=order.shipping[:-1])
    given = tuple(AmountGiven(scribe.number, Decimal("-0.50"), Decimal("-0.10")) for _ in range(6))
    scribe.refund(order, at + 2 * DAY, [(order.lines[0], 0, 1)], shipping=True, amounts=given)


def _imported(scribe: Scribe, at: datetime) -> None:
    """Placed in another shop long ago, and brought here `at`; a refund of it is from today."""
    order = scribe.place(at, scribe.lines(2), processed_at=at - 200 * DAY)
    scribe.refund(order, at + DAY, [(order.lines[0], 0, 1)])


def _gift_card_beside_goods(scribe: Scribe, at: datetime) -> None:
    scribe.place(at, (scribe.gift_card(), *scribe.lines(1)))


def _gift_card_alone(scribe: Scribe, at: datetime) -> None:
    order = scribe.place(at, (scribe.gift_card(),), charges=0)
    scribe.refund(order, at + DAY, [(order.lines[0], 0, 1)])


def _redeemed_and_tipped(scribe: Scribe, at: datetime) -> None:
    lines = (*scribe.lines(2), scribe.tip(Decimal("3.50")))
    order = scribe.place(at, lines, by_gift_card=Decimal("5.00"))
    scribe.refund(order, at + 2 * DAY, [(lines[0], 0, 1), (lines[-1], 0, 1)])


def _exchange(scribe: Scribe, at: datetime) -> None:
    """One article comes back after forty days, another goes out for it."""
    order = scribe.place(at, scribe.lines(2))
    scribe.refund(order, at + 40 * DAY, [(order.lines[0], 0, 1)])
    other = LinesAdded(order.order, at + 40 * DAY, scribe.lines(1), exchange=True)
    scribe.events.append(other)


def _many_edits(scribe: Scribe, at: datetime) -> None:
    """More agreements, and more sales in one of them, than come at once."""
    order = scribe.place(at, scribe.lines(3))
    for day in range(1, 8):
        lines = scribe.lines(20) + scribe.lines(12) if day == 4 else scribe.lines(1)
        scribe.events.append(LinesAdded(order.order, at + 5 * day * DAY, lines))


def _amazon_copy(scribe: Scribe, at: datetime) -> None:
    order = scribe.place(at, scribe.lines(2), marketplace="amazon")
    scribe.refund(order, at + DAY, [(order.lines[0], 0, 1)])


def _copy_known_by_its_channel(scribe: Scribe, at: datetime) -> None:
    scribe.place(at, scribe.lines(2), marketplace="ebay")


def _duties_included(scribe: Scribe, at: datetime) -> None:
    line = replace(scribe.line(scribe.articles[2], 3), duties=(Decimal("1.20"), Decimal("0.41")))
    order = scribe.place(at, (line, *scribe.lines(1)), duties_included=True)
    scribe.events.append(UnitsRemoved(order.order, at + HOUR, line.number, 1))
    scribe.refund(order, at + 3 * DAY, [(line, 0, 1)])


SCENARIOS: tuple[Callable[[Scribe, datetime], None], ...] = (
    _plain,
    _order_discount,
    _many_lines,
    _cancelled,
    _test,
    _removed_units,
    _added_lines,
    _partial_refunds,
    _full_refund,
    _shipping_refund,
    _amount_refund,
    _long_refund,
    _late_fee,
    _no_fee,
    _foreign_money,
    _deleted_article,
    _nameless_article,
    _one_sku_twice,
    _removed_and_refunded,
    _cancelled_and_refunded,
    _many_charges,
    _imported,
    _gift_card_beside_goods,
    _gift_card_alone,
    _redeemed_and_tipped,
    _exchange,
    _many_edits,
    _amazon_copy,
    _copy_known_by_its_channel,
    _duties_included,
)

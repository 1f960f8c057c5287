"""A shop's events behind a clock: what is later than the clock cannot be seen yet."""

import threading
from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

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
    ShippingRemoved,
    ShopFacts,
    UnitsRemoved,
)
from sandbox.truth import Truth, count_truth


class Change(NamedTuple):
    """An order with the instants of its creation and of its last change."""

    number: int
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class OrderState:
    """An order as it is to be seen now."""

    placed: OrderPlaced
    updated_at: datetime
    lines: list[OrderLine] = field(default_factory=list)
    added: list[LinesAdded] = field(default_factory=list)
    removed: dict[int, int] = field(default_factory=dict)
    removed_shipping: set[int] = field(default_factory=set)
    refunds: list[Refunded] = field(default_factory=list)
    fees: list[FeeCharged] = field(default_factory=list)
    cancelled_at: datetime | None = None
    edited: bool = False

    def refunded(self, line: int) -> int:
        """How many units of the line were given back."""
        items = (item for refund in self.refunds for item in refund.units)
        return sum(item.quantity for item in items if item.line == line)

    def current(self, line: OrderLine) -> int:
        """How many units are left of the line: neither removed nor given back."""
        return line.quantity - self.removed.get(line.number, 0) - self.refunded(line.number)


class Ledger:
    """One shop's events. `version` changes with the clock and with each event that is recorded."""

    def __init__(
        self,
        shop: ShopFacts,
        articles: Iterable[Article],
        events: Iterable[Event],
        clock: datetime,
    ) -> None:
        self.shop = shop
        self.articles = tuple(articles)
        self._renamed: dict[int, str | None] = {}
        self.version = 0
        self._clock = clock.replace(microsecond=0)
        self._lock = threading.RLock()
        self._events: dict[int, list[Event]] = {}
        for event in events:
            self.record(event)

    @property
    def clock(self) -> datetime:
        """The shop's now."""
        return self._clock

    @property
    def events(self) -> tuple[Event, ...]:
        """All events, also those after the clock, order by order."""
        with self._lock:
            return tuple(event for story in self._events.values() for event in story)

    def move_clock(self, to: datetime) -> None:
        """Sets the shop's now, in whole seconds."""
        with self._lock:
            self._clock = to.replace(microsecond=0)
            self.version += 1

    def record(self, event: Event) -> None:
        """Adds an event; an order's own events stay in the order of time."""
        with self._lock:
            insort(self._events.setdefault(event.order, []), event, key=_when)
            self.version += 1

    def rename(self, article: int, sku: str) -> None:
        """Gives an article another SKU. Its stock goes with it, and what was sold of it before.

        What was sold under a SKU that another article still bears stays there: whose it was cannot be said.
        """
        with self._lock:
            before = next(each.sku for each in self.articles if each.number == article)
            shared = any(each.sku == before and each.number != article for each in self.articles)
            self.articles = tuple(
                replace(each, sku=sku) if each.number == article else each for each in self.articles
            )
            if not shared:
                self._renamed[article] = sku
            self.version += 1

    def changes(self) -> list[Change]:
        """The orders that are to be seen."""
        with self._lock:
            states = (self.state(number) for number in self._events)
            return [
                Change(each.placed.order, each.placed.at, each.updated_at)
                for each in states
                if each is not None
            ]

    def state(self, order: int) -> OrderState | None:
        """The order as of the clock; None where it is not there yet."""
        with self._lock:
            seen = [event for event in self._events.get(order, ()) if event.at <= self._clock]
        if not seen or not isinstance(seen[0], OrderPlaced):
            return None
        if any(isinstance(event, OrderDeleted) for event in seen):
            return None
        state = OrderState(seen[0], seen[0].at, list(seen[0].lines))
        for event in seen[1:]:
            _apply(state, event)
        return state

    def find_refund(self, number: int) -> tuple[OrderState, Refunded] | None:
        """A refund with its order, if it is to be seen."""
        for order, story in list(self._events.items()):
            if any(isinstance(event, Refunded) and event.number == number for event in story):
                state = self.state(order)
                refunds = state.refunds if state is not None else []
                found = next((each for each in refunds if each.number == number), None)
                return (state, found) if state is not None and found is not None else None
        return None

    def truth(self, until: datetime | None = None) -> Truth:
        """What was sold until the instant, or until the clock."""
        return count_truth(self.shop, self.events, until or self._clock, self._renamed)


def _when(event: Event) -> tuple[datetime, bool]:
    return event.at, not isinstance(event, OrderPlaced)


def _apply(state: OrderState, event: Event) -> None:
    if isinstance(event, FeeCharged):
        state.fees.append(event)
        return
    state.updated_at = event.at
    edits = LinesAdded | UnitsRemoved | ShippingRemoved
    state.edited |= isinstance(event, edits) and not getattr(event, "exchange", False)
    match event:
        case LinesAdded():
            state.lines.extend(event.lines)
            state.added.append(event)
        case UnitsRemoved():
            state.removed[event.line] = state.removed.get(event.line, 0) + event.quantity
        case ShippingRemoved():
            state.removed_shipping.add(event.shipping)
        case OrderCancelled():
            state.cancelled_at = event.at
        case Refunded():
            state.refunds.append(event)

"""Planned events as matrices over the days of a panel and of the horizon behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from shared.domain.planned_events import EventKind, PlannedEvent
from shared.forecasting.arrays import Floats
from shared.forecasting.panels.panel import Panel

Flags = NDArray[np.bool_]
# Of which a SKU's price is the mean.
DAYS_OF_PRICE = 90


@dataclass(frozen=True, slots=True)
class Plan:
    """`depth` is −log(1 − discount) of a promotion, 0 without; `shut` are days on which nothing can sell.

    Shape of both: (series, periods + horizon).
    """

    depth: Floats
    shut: Flags

    @property
    def is_empty(self) -> bool:
        """Whether nothing is planned."""
        return not (self.depth.any() or self.shut.any())


def plan_of(events: Sequence[PlannedEvent], panel: Panel, horizon: int) -> Plan:
    """Lay events over a daily panel; where promotions meet, the deeper one counts."""
    shape = (len(panel.ids), panel.periods + horizon)
    plan = Plan(np.zeros(shape), np.zeros(shape, dtype=np.bool_))
    rows = {key: row for row, key in enumerate(panel.ids)}
    for event in events:
        row = slice(None) if event.sku is None else rows.get(event.sku)
        if row is None:
            continue
        first = max(0, (event.first_day - panel.day(0)).days)
        last = shape[1] if event.last_day is None else (event.last_day - panel.day(0)).days + 1
        days = slice(first, max(first, last))
        if event.kind is EventKind.PROMOTION and event.discount is not None:
            depth = -np.log1p(-float(event.discount))
            plan.depth[row, days] = np.maximum(plan.depth[row, days], depth)
        elif event.kind in {EventKind.CLOSED, EventKind.END_OF_SALE}:
            plan.shut[row, days] = True
        elif event.kind is EventKind.LAUNCH:
            plan.shut[row, : min(first, shape[1])] = True
    return plan


def prices_ahead(
    events: Sequence[PlannedEvent], sku: str, price: float, first: date, horizon: int
) -> Floats:
    """Return what a unit of the SKU brings on each day from `first` on: shape (horizon,).

    `price` is that of the last 90 days: a change that is older is in it already. The newest change
    counts; of promotions the deeper one takes its share off.
    """
    prices = np.full(horizon, price)
    last, known_since = first + timedelta(days=horizon - 1), first - timedelta(days=DAYS_OF_PRICE)
    ahead = [
        each
        for each in events
        if each.sku in {None, sku}
        and each.first_day <= last
        and (each.last_day is None or each.last_day >= first)
    ]
    off = np.zeros(horizon)
    for event in sorted(ahead, key=lambda each: each.first_day):
        end = last if event.last_day is None else min(last, event.last_day)
        days = slice(max(0, (event.first_day - first).days), (end - first).days + 1)
        if event.price is not None and event.first_day > known_since:
            prices[days] = float(event.price)
        if event.discount is not None:
            off[days] = np.maximum(off[days], float(event.discount))
    return prices * (1 - off)

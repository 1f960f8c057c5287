"""What to do about the stock of a product: order by a day, or see that it lies idle. Pure."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

# Nothing sold for so long is idle.
IDLE_DAYS = 90
# Beyond it nobody plans, and a product that hardly sells would last for centuries.
FURTHEST_DAYS = 3650


class Advice(StrEnum):
    """What an owner does next; the most urgent first."""

    ORDER_NOW = "order now"
    ORDER_BY = "order by"
    IDLE = "idle"
    ENOUGH = "enough"
    UNKNOWN = "not forecast"


@dataclass(frozen=True, slots=True)
class StockAdvice:
    """`runs_out_on` and `order_by` are None where demand is not known or too small to plan by."""

    advice: Advice
    runs_out_on: date | None = None
    order_by: date | None = None


def advise(
    units: int,
    a_day: Decimal | None,
    lead_time_days: int | None,
    last_sold_on: date | None,
    today: date,
    horizon_days: int = 30,
) -> StockAdvice:
    """Of units in stock, expected demand a day and the days a delivery takes (0 where that is not known).

    ORDER_NOW: it runs out before a delivery could come. ORDER_BY: that day lies within the horizon.
    """
    if units > 0 and (last_sold_on is None or (today - last_sold_on).days > IDLE_DAYS):
        return StockAdvice(Advice.IDLE)
    if a_day is None:
        return StockAdvice(Advice.UNKNOWN)
    if a_day <= 0 or (days := math.floor(units / a_day)) > FURTHEST_DAYS:
        return StockAdvice(Advice.ENOUGH)
    runs_out_on = today + timedelta(days=days)
    order_by = runs_out_on - timedelta(days=lead_time_days or 0)
    if order_by <= today:
        return StockAdvice(Advice.ORDER_NOW, runs_out_on, order_by)
    soon = (order_by - today).days <= horizon_days
    return StockAdvice(Advice.ORDER_BY if soon else Advice.ENOUGH, runs_out_on, order_by)

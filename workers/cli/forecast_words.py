"""What the commands of forecasts say in words: sums with their bounds, and why a SKU has no forecast."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from shared.persistence.operations.shown_forecasts import ForecastDay, ForecastHead
from shared.use_cases.forecast_inputs import DORMANT_DAYS


def total(days: Sequence[ForecastDay]) -> dict[str, object]:
    """How many days there are, their units and bounds; a bound that a day lacks is None."""
    lower = [each.lower for each in days if each.lower is not None]
    upper = [each.upper for each in days if each.upper is not None]
    return {
        "days": len(days),
        "units": sum((each.units for each in days), Decimal(0)),
        "lower": sum(lower, Decimal(0)) if len(lower) == len(days) else None,
        "upper": sum(upper, Decimal(0)) if len(upper) == len(days) else None,
    }


def why_none(head: ForecastHead, today: date) -> str | None:
    """Why a SKU has no forecast, or why it got no newer one; None where nothing is known against it."""
    if head.problem:
        return head.problem
    if head.origin is not None:
        return None
    if head.last_sold_on is None:
        return "nothing was sold yet"
    if head.last_sold_on < today - timedelta(days=DORMANT_DAYS):
        return f"nothing was sold for a year; the last on {head.last_sold_on}"
    return "not forecast yet, or beyond the SKUs of the tenant's tier"


def sum_text(days: Sequence[ForecastDay], asked: int) -> str:
    """The units of the days with their bounds; it says so where there are fewer days than asked."""
    found = total(days)
    text = units_text(found["units"])
    if found["lower"] is not None and found["upper"] is not None:
        text += f" ({units_text(found['lower'])} to {units_text(found['upper'])})"
    return text if len(days) == asked else f"{text} in {len(days)} days"


def units_text(value: object) -> str:
    """At one place; empty for what is not known."""
    return "" if value is None else f"{Decimal(str(value)):,.1f}"

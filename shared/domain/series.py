"""Daily series of one SKU, and what models say comes next, of it and of the company."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from shared.domain.planned_events import PlannedEvent


@dataclass(frozen=True, slots=True)
class Series:
    """History of one SKU: `values[i]` is the amount on the day `start + i` (no gaps).

    NaN is a day out of stock: what was wanted on it is not known.
    """

    unique_id: str
    start: date
    values: tuple[float, ...]

    @property
    def origin(self) -> date:
        """Last day of the history: forecasts made from it begin on the day after."""
        return self.start + timedelta(days=len(self.values) - 1)


@dataclass(frozen=True, slots=True)
class SkuFacts:
    """What is known of a SKU beside its sales; `price` is money a unit, net.

    `lead_time_days` pass from an order of it to its delivery.
    """

    price: float | None = None
    category: str | None = None
    lead_time_days: int | None = None


@dataclass(frozen=True, slots=True)
class ForecastInputs:
    """What is known of one tenant: series that all end on one day, facts by SKU, planned events."""

    series: Sequence[Series]
    facts: Mapping[str, SkuFacts] = field(default_factory=dict)
    events: Sequence[PlannedEvent] = ()


@dataclass(frozen=True, slots=True)
class Horizon:
    """How many days ahead, and the share of periods that bounds are to hold, between 0 and 1."""

    days: int
    level: float


@dataclass(frozen=True, slots=True)
class ForecastPoint:
    """What is expected of the period that begins on `day`, with bounds if known; none is negative."""

    day: date
    predicted: float
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one model says of one series: `points` for each period of the horizon, in order.

    `level` is the coverage asked of the bounds (0.95), None without bounds. `fallback` says which members are
    missing from it, or which simpler method was used, and why; None otherwise.
    """

    unique_id: str
    model_type: str
    model_version: str
    level: float | None
    points: tuple[ForecastPoint, ...]
    fallback: str | None = None
    forecast_type: str = "DEMAND"
    period_type: str = "DAILY"


@dataclass(frozen=True, slots=True)
class SumAhead:
    """Units of the first `days` of the horizon together; `quantiles` at SUM_PROBABILITIES, rising."""

    days: int
    expected: float
    quantiles: tuple[float, ...]


SUM_PROBABILITIES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99)


@dataclass(frozen=True, slots=True)
class NodeForecasts:
    """All that is said of one node: a SKU, a category of SKUs, or the company where both are None."""

    unique_id: str | None
    forecasts: tuple[Forecast, ...]
    sums: tuple[SumAhead, ...] = ()
    category: str | None = None

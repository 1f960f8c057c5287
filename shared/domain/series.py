"""Daily series of one SKU, and what a model says comes next."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Series:
    """History of one SKU: `values[i]` is the amount on the day `start + i` (no gaps)."""

    unique_id: str
    start: date
    values: tuple[float, ...]

    @property
    def origin(self) -> date:
        """Last day of the history: forecasts made from it begin on the day after."""
        return self.start + timedelta(days=len(self.values) - 1)


@dataclass(frozen=True, slots=True)
class ForecastPoint:
    """What is expected on one day, with the bounds of its interval; none of them negative."""

    day: date
    predicted: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one model says of one series: `points` for each day of the horizon, in order.

    `level` is the coverage asked of the bounds (0.95). `fallback` names the simpler
    method that was used because the model could not be fitted, and why; None otherwise.
    """

    unique_id: str
    model_type: str
    model_version: str
    level: float
    points: tuple[ForecastPoint, ...]
    fallback: str | None = None

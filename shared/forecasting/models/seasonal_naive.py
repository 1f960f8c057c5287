"""Seasonal naive: next week is like the last one. The fallback that always works."""

import math
from dataclasses import dataclass
from datetime import date

import numpy as np

from shared.domain.series import ForecastPoint, Series
from shared.forecasting.arrays import Floats, unit_scaled
from shared.forecasting.intervals import offsets
from shared.forecasting.points import points_after
from shared.forecasting.sanity import UPPER_MULTIPLE


@dataclass(frozen=True, slots=True)
class FittedSeasonalNaive:
    """The last season of one series and the residuals of having said so before.

    `last_season` and `residuals` are in units of `scale`, the maximum of the history.
    """

    origin: date
    scale: float
    last_season: Floats
    residuals: Floats
    least_width: float

    def predict(self, horizon_days: int, level: float) -> tuple[ForecastPoint, ...]:
        """Repeat the last season; the error grows with the root of the seasons ahead.

        Source: Hyndman, Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), 5.5.
        """
        ahead = np.arange(horizon_days)
        season = self.last_season.size
        predicted = self.last_season[ahead % season]
        growth = np.sqrt(ahead // season + 1.0)
        low, high = offsets(self.residuals, level)
        lower = predicted + min(low, -self.least_width) * growth
        upper = predicted + max(high, self.least_width) * growth
        upper = np.minimum(upper, UPPER_MULTIPLE)
        scale = self.scale
        return points_after(self.origin, predicted * scale, lower * scale, upper * scale)


@dataclass(frozen=True, slots=True)
class SeasonalNaive:
    """Repeats the last `season_days`; with fewer days of history, their mean.

    A history shorter than `short_days` cannot show its own spread: its bounds lie at least
    maximum / √days away from the prediction.
    """

    season_days: int = 7
    short_days: int = 28

    @property
    def minimum_days(self) -> int:
        """One day is enough."""
        return 1

    def fit(self, series: Series) -> FittedSeasonalNaive:
        """Keep the last season and the season-on-season differences of a prepared series."""
        values, scale = unit_scaled(series)
        season = self.season_days
        if values.size <= season:
            last = np.full(season, values.mean())
            residuals = values - values.mean()
        else:
            last = values[-season:]
            residuals = values[season:] - values[:-season]
        short = values.size < self.short_days and values.any()
        least_width = 1 / math.sqrt(values.size) if short else 0.0
        return FittedSeasonalNaive(series.origin, scale, last, residuals, least_width)

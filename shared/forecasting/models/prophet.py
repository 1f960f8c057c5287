"""Prophet: level, week and, on long histories, trend and year (Taylor, Letham 2018)."""

import logging
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from shared.domain.series import Series
from shared.forecasting.arrays import Floats, unit_scaled


@dataclass(frozen=True, slots=True)
class FittedProphet:
    """A fitted curve of amounts in units of `scale`; `origin` is the last day learnt from."""

    origin: date
    scale: float
    curve: Any

    def predict(self, horizon_days: int) -> Floats:
        """Read the curve onwards: shape (horizon_days,), none negative."""
        first = self.origin + timedelta(days=1)
        return np.maximum(_read(self.curve, first, horizon_days) * self.scale, 0.0)


@dataclass(frozen=True, slots=True)
class ProphetModel:
    """Parameters; a history of `long_days` or more gets a linear trend and a yearly season.

    Below that the level is flat: a trend learnt from one year of a product's sales is mostly
    its season, and extrapolating it costs accuracy.
    """

    long_days: int = 730
    weekly_terms: int = 3
    yearly_terms: int = 10
    seasonality_prior_scale: float = 10.0
    changepoint_prior_scale: float = 0.05
    seed: int = 1

    @property
    def minimum_days(self) -> int:
        """Four weeks: each weekday seen four times."""
        return 28

    def fit(self, series: Series) -> FittedProphet:
        """Find the most likely curve of a prepared series; same series, same curve.

        Raises RuntimeError when the optimiser finds none.
        """
        values, scale = unit_scaled(series)
        curve = self._curve(long=values.size >= self.long_days)
        curve.fit(_frame(series.start, values), seed=self.seed, algorithm="LBFGS")
        curve.stan_backend.cleanup()
        return FittedProphet(series.origin, scale, curve)

    def _curve(self, long: bool) -> Any:
        return _prophet_class()(
            growth="linear" if long else "flat",
            weekly_seasonality=self.weekly_terms,
            yearly_seasonality=self.yearly_terms if long else False,
            daily_seasonality=False,
            seasonality_prior_scale=self.seasonality_prior_scale,
            changepoint_prior_scale=self.changepoint_prior_scale,
            uncertainty_samples=0,
        )


def _prophet_class() -> Any:
    """Import late, 2 s, and quietly: both libraries log every fit."""
    logging.getLogger("prophet").setLevel(logging.CRITICAL)
    from cmdstanpy.utils import get_logger  # noqa: PLC0415
    from prophet import Prophet  # noqa: PLC0415

    get_logger().setLevel(logging.CRITICAL)  # its first call sets DEBUG, so it must be ours
    return Prophet


def _frame(start: date, values: Floats) -> Any:
    import pandas as pd  # noqa: PLC0415

    return pd.DataFrame({"ds": pd.date_range(start, periods=values.size, freq="D"), "y": values})


def _read(curve: Any, start: date, days: int) -> Floats:
    frame = _frame(start, np.zeros(days)).drop(columns="y")
    return np.asarray(curve.predict(frame)["yhat"], dtype=np.float64)

"""Prophet: level, week and, on long histories, trend and year (Taylor, Letham 2018)."""

import logging
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from shared.domain.series import Series
from shared.forecasting.arrays import Floats, unit_scaled

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class FittedProphet:
    """A fitted curve of amounts in units of `scale`; `origin` is the last day learnt from.

    The curve is kept as its parameters and read by the formulas of the paper: the library needs
    10 ms and a frame for each reading. `level` and `slope` begin on `start`, time is counted in
    spans of `span_days`, and the slope changes by `changes` at `changed_at`. `terms` are pairs of
    a period in days and the number of its sines; `waves` are their amplitudes, sine then cosine.
    """

    origin: date
    scale: float
    start: date
    span_days: float
    level: float
    slope: float
    changed_at: Floats
    changes: Floats
    terms: tuple[tuple[float, int], ...]
    waves: Floats

    def predict(self, horizon_days: int) -> Floats:
        """Read the curve onwards: shape (horizon_days,), none negative."""
        return np.maximum(self.read(self.origin + timedelta(days=1), horizon_days), 0.0)

    def read(self, first: date, days: int) -> Floats:
        """Return the curve on so many days from `first` on, shape (days,)."""
        ahead = np.arange(days, dtype=np.float64)
        time = ((first - self.start).days + ahead) / self.span_days
        over = self.changes * (self.changed_at <= time[:, None])
        trend = (self.slope + over.sum(axis=1)) * time
        trend += self.level - (over * self.changed_at).sum(axis=1)
        waves = _waves((first - EPOCH).days + ahead, self.terms) @ self.waves
        return np.asarray((trend + waves) * self.scale)


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
        return _parameters(curve, series, scale)

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


def _parameters(curve: Any, series: Series, scale: float) -> FittedProphet:
    """Take the parameters out of the library's object."""
    found = {name: np.asarray(value).mean(axis=0) for name, value in curve.params.items()}
    flat = curve.growth == "flat"
    return FittedProphet(
        series.origin,
        scale * float(curve.y_scale),
        series.start,
        curve.t_scale.total_seconds() / 86_400,
        float(found["m"].item()),
        0.0 if flat else float(found["k"].item()),
        np.zeros(0) if flat else np.asarray(curve.changepoints_t),
        np.zeros(0) if flat else found["delta"],
        tuple((each["period"], each["fourier_order"]) for each in curve.seasonalities.values()),
        found["beta"],
    )


def _waves(days: Floats, terms: tuple[tuple[float, int], ...]) -> Floats:
    """Return sine and cosine of each multiple of each period, shape (days, 2 × all numbers)."""
    columns = [
        wave(2 * np.pi * number * days / period)
        for period, most in terms
        for number in range(1, most + 1)
        for wave in (np.sin, np.cos)
    ]
    return np.stack(columns, axis=1)


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

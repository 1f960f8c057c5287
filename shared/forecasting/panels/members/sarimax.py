"""ARIMA of daily series: the grid of `forecasting.models.arima`, followed further without a refit."""

import warnings
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from shared.domain.series import Series
from shared.forecasting.arrays import Floats
from shared.forecasting.models.arima import Arima, FittedArima
from shared.forecasting.panels.panel import Panel

FIT_ERRORS = (ArithmeticError, ValueError, RuntimeError)
ANY_DAY = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class FittedSarimax:
    """What each series was fitted to; None where it was not."""

    fits: tuple[FittedArima | None, ...]
    longest: int

    def predict(self, panel: Panel, horizon: int) -> Floats:
        """Filter the newest periods with the parameters kept, and look ahead."""
        answer = np.full((len(panel.ids), horizon), np.nan)
        for row, fit in enumerate(self.fits):
            if fit is not None:
                values = panel.history(row)[-self.longest :] / fit.scale
                answer[row] = _ahead(fit.result, values, horizon) * fit.scale
        return answer


@dataclass(frozen=True, slots=True)
class Sarimax:
    """`longest` days are learnt from."""

    name: str = "arima"
    learns_alone: bool = True
    longest: int = 730
    model: Arima = field(default_factory=Arima)

    def fit(self, panel: Panel, _horizon: int) -> FittedSarimax:
        """Fit each series on its own."""
        return FittedSarimax(
            tuple(self._fit_one(panel.history(row)) for row in range(len(panel.ids))), self.longest
        )

    def _fit_one(self, values: Floats) -> FittedArima | None:
        values = values[-self.longest :]
        if values.size < self.model.minimum_days or np.ptp(values) <= 1e-9 * values.max():
            return None
        try:
            return self.model.fit(Series("", ANY_DAY, tuple(values.tolist())))
        except FIT_ERRORS:
            return None


def _ahead(result: Any, values: Floats, horizon: int) -> Floats:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = result.apply(values, copy_initialization=False).forecast(horizon)
    except FIT_ERRORS:
        return np.full(horizon, np.nan)
    return np.maximum(np.asarray(found, dtype=np.float64), 0.0)

"""ARIMA of daily series: the grid of `forecasting.models.arima`, followed further without a refit."""

import warnings
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np

from shared.domain.series import Series
from shared.forecasting.arrays import Floats
from shared.forecasting.models.arima import Arima, FittedArima
from shared.forecasting.panels.model import picked
from shared.forecasting.panels.panel import Panel

FIT_ERRORS = (ArithmeticError, ValueError, RuntimeError)
ANY_DAY = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Found:
    """The orders that were chosen, `parameters` as statsmodels has them, for amounts over `scale`.

    The library's own result holds 8 MB a series of two years; this is all that is needed of it.
    """

    order: tuple[int, int, int]
    weekly: tuple[int, int, int, int]
    parameters: Floats
    scale: float

    @classmethod
    def of(cls, fit: FittedArima) -> "Found":
        """Read a fit."""
        model = fit.result.model
        return cls(model.order, model.seasonal_order, np.asarray(fit.result.params), fit.scale)


@dataclass(frozen=True, slots=True)
class FittedSarimax:
    """What was found for each series; None where it was not fitted."""

    fits: tuple[Found | None, ...]
    longest: int

    def arranged(self, rows: Sequence[int | None]) -> "FittedSarimax":
        """The same for other series."""
        return replace(self, fits=picked(self.fits, rows))

    def packed(self) -> Any:
        """Orders and parameters of each series."""
        return [None if fit is None else astuple(fit) for fit in self.fits]

    def predict(self, panel: Panel, horizon: int) -> Floats:
        """Filter the newest periods with the parameters kept, and look ahead."""
        answer = np.full((len(panel.ids), horizon), np.nan)
        for row, fit in enumerate(self.fits):
            if fit is not None:
                values = panel.history(row)[-self.longest :] / fit.scale
                answer[row] = _ahead(fit, values, horizon) * fit.scale
        return answer


@dataclass(frozen=True, slots=True)
class Sarimax:
    """`longest` days are learnt from."""

    name: str = "arima"
    learns_alone: bool = True
    longest: int = 500
    model: Arima = field(default_factory=Arima)

    def fit(self, panel: Panel, _horizon: int) -> FittedSarimax:
        """Fit each series on its own."""
        return FittedSarimax(
            tuple(self._fit_one(panel.history(row)) for row in range(len(panel.ids))), self.longest
        )

    def unpacked(self, tree: Any) -> FittedSarimax:
        """Orders and parameters again."""
        return FittedSarimax(
            tuple(None if each is None else Found(*each) for each in tree), self.longest
        )

    def _fit_one(self, values: Floats) -> Found | None:
        values = values[-self.longest :]
        if values.size < self.model.minimum_days or np.ptp(values) <= 1e-9 * values.max():
            return None
        try:
            return Found.of(self.model.fit(Series("", ANY_DAY, tuple(values.tolist()))))
        except FIT_ERRORS:
            return None


def _ahead(fit: Found, values: Floats, horizon: int) -> Floats:
    from statsmodels.tsa.statespace.sarimax import SARIMAX  # noqa: PLC0415  3 s to import

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = SARIMAX(
                values, order=fit.order, seasonal_order=fit.weekly, concentrate_scale=True
            )
            # A filter is enough to look ahead; smoothing the past costs as much again.
            filtered = model.filter(fit.parameters, cov_type="none", low_memory=True)
            found = filtered.forecast(horizon)
    except FIT_ERRORS:
        return np.full(horizon, np.nan)
    return np.maximum(np.asarray(found, dtype=np.float64), 0.0)

"""Prophet of daily series: the curve of `forecasting.models.prophet`, read onwards."""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from shared.domain.series import Series
from shared.forecasting.arrays import Floats
from shared.forecasting.models.prophet import FittedProphet, ProphetModel
from shared.forecasting.panels.panel import Panel

FIT_ERRORS = (ArithmeticError, ValueError, RuntimeError)


@dataclass(frozen=True, slots=True)
class FittedCurves:
    """The curve of each series; None where there is none."""

    curves: tuple[FittedProphet | None, ...]

    def predict(self, panel: Panel, horizon: int) -> Floats:
        """Read each curve from the day after the panel on; newer sales do not move it."""
        origin = panel.day(panel.periods - 1)
        answer = np.full((len(panel.ids), horizon), np.nan)
        for row, curve in enumerate(self.curves):
            if curve is not None:
                answer[row] = _read(curve, origin, horizon)
        return answer


@dataclass(frozen=True, slots=True)
class Prophet:
    """Learns from the latest `longest` days: a flat level and a week (see `ProphetModel`)."""

    name: str = "prophet"
    learns_alone: bool = True
    longest: int = 729
    model: ProphetModel = field(default_factory=ProphetModel)

    def fit(self, panel: Panel, _horizon: int) -> FittedCurves:
        """Fit each series on its own."""
        end = panel.day(panel.periods - 1)
        return FittedCurves(
            tuple(self._fit_one(panel.history(row), end) for row in range(len(panel.ids)))
        )

    def _fit_one(self, values: Floats, end: date) -> FittedProphet | None:
        values = values[-self.longest :]
        if values.size < self.model.minimum_days or np.ptp(values) <= 1e-9 * values.max():
            return None
        start = end - timedelta(days=values.size - 1)
        try:
            return self.model.fit(Series("", start, tuple(values.tolist())))
        except FIT_ERRORS:
            return None


def _read(curve: FittedProphet, origin: date, horizon: int) -> Floats:
    return np.maximum(curve.read(origin + timedelta(days=1), horizon), 0.0)

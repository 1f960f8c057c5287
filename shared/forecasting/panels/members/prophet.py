"""Prophet of daily series: the curve of `forecasting.models.prophet`, read onwards."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from typing import Any

import numpy as np

from shared.domain.series import Series
from shared.forecasting.arrays import Floats
from shared.forecasting.models.prophet import FittedProphet, ProphetModel
from shared.forecasting.panels.model import picked
from shared.forecasting.panels.panel import Panel

FIT_ERRORS = (ArithmeticError, ValueError, RuntimeError)
DAYS = ("origin", "start")


@dataclass(frozen=True, slots=True)
class FittedCurves:
    """The curve of each series; None where there is none."""

    curves: tuple[FittedProphet | None, ...]

    def arranged(self, rows: Sequence[int | None]) -> "FittedCurves":
        """The same for other series."""
        return FittedCurves(picked(self.curves, rows))

    def packed(self) -> Any:
        """Parameters of each curve; days as their numbers in the calendar."""
        return [None if curve is None else _packed(curve) for curve in self.curves]

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

    def unpacked(self, tree: Any) -> FittedCurves:
        """The curves again."""
        return FittedCurves(tuple(None if each is None else _unpacked(each) for each in tree))

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


def _packed(curve: FittedProphet) -> dict[str, Any]:
    found = {each.name: getattr(curve, each.name) for each in fields(curve)}
    return found | {name: found[name].toordinal() for name in DAYS}


def _unpacked(tree: dict[str, Any]) -> FittedProphet:
    return FittedProphet(**tree | {name: date.fromordinal(tree[name]) for name in DAYS})

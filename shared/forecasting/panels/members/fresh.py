"""Methods for weeks and months that are fitted whenever they forecast: nothing of them is kept.

`temporal_ets` and `temporal_theta` forecast a series at several aggregations over time and
reconcile them: what is summed to quarters and years shows its trend where months show noise.
Source: Athanasopoulos et al. 2017, "Forecasting with temporal hierarchies" (THIEF), EJOR 262, with
structural scaling. `stl_ets` takes the season out by STL and smooths the rest.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.forecasting.arrays import Floats
from shared.forecasting.panels.attempts import attempt
from shared.forecasting.panels.panel import Panel

LEAST_BLOCKS = 8
SHORTEST = 8
# Takes values relative to their highest, periods of a season, and how many periods ahead.
Method = Callable[[Floats, int, int], Any]


@dataclass(frozen=True, slots=True)
class Fresh:
    """A method by its name; fitting is reading, forecasting is fitting."""

    name: str
    method: Method
    learns_alone: bool = True

    def fit(self, _panel: Panel, _horizon: int) -> "Fresh":
        """Nothing is learnt before the forecast itself."""
        return self

    def arranged(self, _rows: Sequence[int | None]) -> "Fresh":
        """It knows no series."""
        return self

    def packed(self) -> None:
        """Nothing is kept."""

    def unpacked(self, _tree: Any) -> "Fresh":
        """Nothing was kept."""
        return self

    def predict(self, panel: Panel, horizon: int) -> Floats:
        """Fit each series on its own; one that is short, or moves nowhere, is a row of NaN."""
        answer = np.full((len(panel.ids), horizon), np.nan)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for row in range(len(panel.ids)):
                values = panel.history(row)
                if values.size >= SHORTEST and np.ptp(values) > 0:
                    scale = float(values.max())
                    found = attempt(self._ahead, values / scale, panel.season, horizon)
                    answer[row] = np.nan if found is None else np.maximum(found, 0.0) * scale
        return answer

    def _ahead(self, values: Floats, season: int, horizon: int) -> Any:
        return self.method(values, season, horizon)


def temporal_ets(values: Floats, season: int, horizon: int) -> Any:
    """Exponential smoothing with all its trends, at each aggregation."""
    from statsforecast.models import AutoETS  # noqa: PLC0415  2 s to import

    return _reconciled(values, season, horizon, lambda m: AutoETS(season_length=m, model="ZZZ"))


def temporal_theta(values: Floats, season: int, horizon: int) -> Any:
    """The dynamic optimised theta method, at each aggregation."""
    from statsforecast.models import DynamicOptimizedTheta  # noqa: PLC0415

    return _reconciled(values, season, horizon, lambda m: DynamicOptimizedTheta(season_length=m))


def stl_ets(values: Floats, season: int, horizon: int) -> Any:
    """STL and smoothing of what it leaves; smoothing alone where there are less than two seasons."""
    from statsforecast.models import MSTL, AutoETS  # noqa: PLC0415

    smoothing = AutoETS(season_length=1, model="ZZN")
    has_season = season > 1 and values.size >= 2 * season
    method = MSTL(season_length=season, trend_forecaster=smoothing) if has_season else smoothing
    return method.forecast(y=values, h=horizon)["mean"]


def _reconciled(values: Floats, season: int, horizon: int, make: Callable[[int], Any]) -> Floats:
    """Least squares over the forecasts of all blocks, each weighing one over its length."""
    whole = -(-horizon // season) * season
    rows, amounts, weights = [], [], []
    for length in _lengths(values.size, season):
        blocks = whole // length
        ahead = _ahead(values, length, season // length, blocks, make)
        rows.append(np.repeat(np.eye(blocks), length, axis=1))
        amounts.append(ahead)
        weights.append(np.full(blocks, 1 / length))
    sums, weight = np.concatenate(rows), np.concatenate(weights)
    weighted = sums.T * weight
    found = np.linalg.solve(weighted @ sums, weighted @ np.concatenate(amounts))
    return np.asarray(found[:horizon])


def _lengths(periods: int, season: int) -> list[int]:
    """Divisors of the season of which the series has eight blocks; one period is always there."""
    divisors = [length for length in range(2, season + 1) if season % length == 0]
    return [1, *(length for length in divisors if periods // length >= LEAST_BLOCKS)]


def _ahead(
    values: Floats, length: int, season: int, blocks: int, make: Callable[[int], Any]
) -> Floats:
    whole = values.size // length * length
    summed = values[values.size - whole :].reshape(-1, length).sum(axis=1)
    scale = float(summed.max()) or 1.0
    method = make(season if summed.size >= 2 * season else 1)
    return np.asarray(method.forecast(y=summed / scale, h=blocks)["mean"]) * scale

"""Members that learn each series alone, fitted by statsforecast (Garza et al. 2022).

A fit that fails, or a series that is too short, leaves a row of NaN: the ensemble goes on without
that member for that series.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from shared.forecasting.arrays import Floats
from shared.forecasting.panels.model import picked
from shared.forecasting.panels.panel import Panel

FIT_ERRORS = (ArithmeticError, ValueError, RuntimeError, IndexError, TypeError, AssertionError)
# The names that statsforecast gives to the quantiles at PROBABILITIES.
LEVELS = (20, 40, 60, 80, 90, 95, 98)
QUANTILES = (
    *(f"lo-{level}" for level in reversed(LEVELS)),
    "mean",
    *(f"hi-{level}" for level in LEVELS),
)
# What the library keeps of the periods that it learnt from; it finds that again.
OF_THE_PAST = ("fit", "residuals", "actual_residuals", "fitted", "states", "x")


@dataclass(frozen=True, slots=True)
class Fit:
    """The library's model of the last `periods` of a series over `scale`, with that season."""

    model: Any
    season: int
    periods: int
    scale: float


@dataclass(frozen=True, slots=True)
class FittedLocal:
    """The fit of each series, None where there is none; `end` is where the panel ended."""

    fits: tuple[Fit | None, ...]
    end: int

    def arranged(self, rows: Sequence[int | None]) -> "FittedLocal":
        """The same for other series."""
        return replace(self, fits=picked(self.fits, rows))

    def packed(self) -> Any:
        """Parameters of each fit, without what the library says of the past."""
        return {"end": self.end, "fits": [fit and _packed(fit) for fit in self.fits]}

    def predict(self, panel: Panel, horizon: int) -> Floats:
        """Follow each series with its parameters and look ahead."""
        return self._answers(panel, horizon, ("mean",))[..., 0]

    def distribution(self, panel: Panel, horizon: int) -> Floats:
        """Return the quantiles of the method's own intervals, shape (series, horizon, 15)."""
        return np.sort(self._answers(panel, horizon, QUANTILES), axis=-1)

    def _answers(self, panel: Panel, horizon: int, names: tuple[str, ...]) -> Floats:
        answer = np.full((len(panel.ids), horizon, len(names)), np.nan)
        for row, fit in enumerate(self.fits):
            if fit is not None:
                values = followed(panel.history(row), fit, panel.end - self.end)
                answer[row] = _ahead(fit, values, horizon, names)
        return answer


@dataclass(frozen=True, slots=True)
class Local:
    """A model of statsforecast by its factory, which is given the season and the latest `longest` periods."""

    name: str
    make: Callable[[int], Any]
    shortest: int = 8
    seasons_needed: int = 2
    longest: int = 730
    learns_alone: bool = True

    def fit(self, panel: Panel, _horizon: int) -> FittedLocal:
        """Fit each series on its own."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fits = tuple(self._fit_one(panel, row) for row in range(len(panel.ids)))
        return FittedLocal(fits, panel.end)

    def unpacked(self, tree: Any) -> FittedLocal:
        """The fits again."""
        return FittedLocal(
            tuple(each and self._unpacked(each) for each in tree["fits"]), tree["end"]
        )

    def _unpacked(self, tree: dict[str, Any]) -> Fit:
        model = self.make(tree["season"])
        model.model_ = tree["model"]
        return Fit(model, tree["season"], tree["periods"], tree["scale"])

    def _fit_one(self, panel: Panel, row: int) -> Fit | None:
        values = panel.history(row)[-self.longest :]
        if values.size < self.shortest or np.ptp(values) == 0:
            return None
        season = panel.season if values.size >= self.seasons_needed * panel.season else 1
        scale = float(values.max())
        model = attempt(lambda: self.make(season).fit(y=values / scale))
        return None if model is None else Fit(model, season, values.size, scale)


def followed(history: Floats, fit: Fit, newer: int) -> Floats:
    """Return the periods that were learnt from and the newer ones.

    The first state of a fit belongs to its first period: where that one is gone, whole seasons
    are left out.
    """
    missing = max(0, fit.periods + newer - history.size)
    seasons = -(-missing // fit.season)
    return history[-max(1, fit.periods + newer - seasons * fit.season) :]


def _packed(fit: Fit) -> dict[str, Any]:
    kept = {
        name: None if name in OF_THE_PAST else value for name, value in fit.model.model_.items()
    }
    return {"season": fit.season, "periods": fit.periods, "scale": fit.scale, "model": kept}


def _ahead(fit: Fit, values: Floats, horizon: int, names: tuple[str, ...]) -> Floats:
    """Look ahead in the scale of the fit: its states belong to it, whatever sold since."""
    if not values.any():
        return np.full((horizon, len(names)), 0.0 if values.size else np.nan)
    levels = None if names == ("mean",) else list(LEVELS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = attempt(lambda: fit.model.forward(y=values / fit.scale, h=horizon, level=levels))
    if found is None:
        return np.full((horizon, len(names)), np.nan)
    ahead = np.stack([np.asarray(found[name], dtype=np.float64) for name in names], axis=-1)
    return np.maximum(ahead, 0.0) * fit.scale


def attempt(work: Callable[..., Any], *given: Any) -> Any:
    """Return its answer, None where the library finds no fit: it raises many errors, also a bare `Exception`.

    Errors of the machine and the job's deadline are other classes and pass through.
    """
    try:
        return work(*given)
    except FIT_ERRORS:
        return None
    except Exception as error:
        if type(error) is not Exception:
            raise
        return None


def ets(season: int) -> Any:
    """Exponential smoothing without a trend, by AICc (Hyndman, Khandakar 2008)."""
    from statsforecast.models import AutoETS  # noqa: PLC0415  2 s to import

    return AutoETS(season_length=season, model="ZNZ")


def trending_ets(season: int) -> Any:
    """Exponential smoothing with all its trends: for weeks and months."""
    from statsforecast.models import AutoETS  # noqa: PLC0415

    return AutoETS(season_length=season, model="ZZZ")


def theta(season: int) -> Any:
    """The dynamic optimised theta method (Fiorucci et al. 2016)."""
    from statsforecast.models import DynamicOptimizedTheta  # noqa: PLC0415

    return DynamicOptimizedTheta(season_length=season)


def auto_theta(season: int) -> Any:
    """The best of four theta methods, standard, optimised, and the dynamic ones of both."""
    from statsforecast.models import AutoTheta  # noqa: PLC0415

    return AutoTheta(season_length=season)


def ces(season: int) -> Any:
    """Complex exponential smoothing (Svetunkov, Kourentzes 2022)."""
    from statsforecast.models import AutoCES  # noqa: PLC0415

    return AutoCES(season_length=season)


def auto_arima(season: int) -> Any:
    """ARIMA by stepwise search (Hyndman, Khandakar 2008): for weeks and months."""
    from statsforecast.models import AutoARIMA  # noqa: PLC0415

    return AutoARIMA(season_length=season)

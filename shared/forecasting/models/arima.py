"""ARIMA: a small grid of seasonal models, the best by corrected Akaike criterion (AICc)."""

import math
import warnings
from dataclasses import dataclass
from typing import Any

from shared.domain.series import Series
from shared.forecasting.arrays import Floats, unit_scaled


@dataclass(frozen=True, slots=True)
class Order:
    """One candidate: (p,d,q) and weekly (P,D,Q), with the parameters its search starts from.

    `start` is in the order of the model (AR, MA, seasonal AR, seasonal MA) and typical of
    daily sales, so that a few iterations suffice.
    """

    order: tuple[int, int, int]
    weekly: tuple[int, int, int]
    start: tuple[float, ...]


GRID = (
    Order((0, 1, 1), (0, 0, 0), (-0.9,)),
    Order((1, 1, 1), (0, 0, 0), (0.1, -0.9)),
    Order((0, 1, 1), (1, 0, 0), (-0.9, 0.1)),
    Order((0, 1, 1), (1, 0, 1), (-0.9, 0.9, -0.8)),
)


@dataclass(frozen=True, slots=True)
class FittedArima:
    """The chosen candidate, of amounts in units of `scale`."""

    scale: float
    result: Any


@dataclass(frozen=True, slots=True)
class Arima:
    """Parameters of the search.

    All candidates difference once, and all leave out the same first `burn_days` from the
    likelihood: only then may their AICc be compared. Weekly terms join from `weekly_from_days`
    on. Only the latest `longest_days` are learnt from: older days cost time and teach a model
    of weekly terms little.
    """

    grid: tuple[Order, ...] = GRID
    burn_days: int = 8
    weekly_from_days: int = 56
    longest_days: int = 500
    iterations: int = 15

    @property
    def minimum_days(self) -> int:
        """Four weeks: twenty days beyond the burn-in."""
        return 28

    def fit(self, series: Series) -> FittedArima:
        """Fit every candidate to a prepared series and keep the one with the least AICc.

        Raises ValueError when no candidate has a finite AICc.
        """
        values, scale = unit_scaled(series)
        values = values[-self.longest_days :]
        weekly = values.size >= self.weekly_from_days
        fits = [self._fit_one(values, one) for one in self.grid if weekly or not any(one.weekly)]
        finite = [fit for fit in fits if math.isfinite(fit.aicc)]
        if not finite:
            raise ValueError("no candidate has a finite AICc")
        best = min(finite, key=lambda fit: float(fit.aicc))
        return FittedArima(scale, best)

    def _fit_one(self, values: Floats, candidate: Order) -> Any:
        from statsmodels.tsa.statespace.sarimax import SARIMAX  # noqa: PLC0415  3 s to import

        weekly = (*candidate.weekly, 7) if any(candidate.weekly) else (0, 0, 0, 0)
        model = SARIMAX(
            values, order=candidate.order, seasonal_order=weekly, concentrate_scale=True
        )
        model.loglikelihood_burn = self.burn_days
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # few iterations: "not converged" is expected
            return model.fit(
                start_params=list(candidate.start),
                maxiter=self.iterations,
                cov_type="none",
                disp=False,
            )

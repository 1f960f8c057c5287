"""What every model offers, so that the forecaster and the contract suite need no special case."""

from typing import Protocol

from shared.domain.series import ForecastPoint, Series


class Fitted(Protocol):
    """A model that has learnt one series."""

    def predict(self, horizon_days: int, level: float) -> tuple[ForecastPoint, ...]:
        """Return one point per day, `horizon_days` of them, from the day after the history.

        `level` is the coverage asked of the bounds, between 0 and 1 (0.95). Points and bounds
        are in the unit of the history and never negative.
        """
        ...


class Model(Protocol):
    """Parameters of one method; `fit` leaves them untouched."""

    @property
    def minimum_days(self) -> int:
        """Shortest history, in days, from which the method can learn."""
        ...

    def fit(self, series: Series) -> Fitted:
        """Learn from a prepared series (see `preparation`).

        Raises ValueError, ArithmeticError or RuntimeError when the method finds no fit.
        """
        ...

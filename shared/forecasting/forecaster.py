"""The forecaster: one prepared series in, one forecast per model and their ensemble out."""

from dataclasses import dataclass

from shared.domain.series import Forecast, ForecastPoint, Series
from shared.errors import InvalidInput
from shared.forecasting.ensemble import mean_of
from shared.forecasting.model import Model
from shared.forecasting.model_registry import ENSEMBLE_MEMBERS, ensemble_version, registered
from shared.forecasting.preparation import prepared, unfit_reason
from shared.forecasting.sanity import insane_reason
from shared.forecasting.zero_days import bounds_reaching_zero

FIT_ERRORS = (ArithmeticError, ValueError, RuntimeError)  # LinAlgError is a ValueError
LONGEST_HORIZON_DAYS = 365


@dataclass(frozen=True, slots=True)
class Forecaster:
    """Forecasts with each member and their mean; always answers a valid series.

    A member that cannot learn, fails, or breaks the sanity bound answers with the seasonal
    naive method instead and says why in `fallback`. Errors of the machine (memory, disk, a
    deadline) are not the series' fault and pass through.
    """

    members: tuple[str, ...] = ENSEMBLE_MEMBERS
    fallback: str = "seasonal_naive"

    def forecast(self, series: Series, horizon_days: int, level: float) -> tuple[Forecast, ...]:
        """Return one forecast per member and then the ensemble's, `horizon_days` points each.

        `level` is the coverage of the bounds, between 0 and 1. The same series gives the same
        numbers, in any process. Raises InvalidInput for an empty history, an amount that is
        negative or not a number, a horizon outside 1 to 365 days, or a level outside (0, 1).
        """
        _check(horizon_days, level)
        history = prepared(series)
        answers = tuple(self._member(name, history, horizon_days, level) for name in self.members)
        return (*answers, self._ensemble(answers))

    def _member(self, name: str, history: Series, horizon_days: int, level: float) -> Forecast:
        entry = registered(name)
        reason = unfit_reason(history, entry.model.minimum_days)
        points: tuple[ForecastPoint, ...] = ()
        if reason is None:
            points, reason = _attempt(entry.model, history, horizon_days, level)
        fallback = None
        if reason is not None:
            points = registered(self.fallback).model.fit(history).predict(horizon_days, level)
            fallback = f"seasonal naive: {reason}"
        points = bounds_reaching_zero(points, history, level)
        return Forecast(history.unique_id, name, entry.version, level, points, fallback)

    def _ensemble(self, answers: tuple[Forecast, ...]) -> Forecast:
        sound = [answer for answer in answers if answer.fallback is None]
        points = mean_of([answer.points for answer in sound or answers])
        return Forecast(
            unique_id=answers[0].unique_id,
            model_type="ensemble",
            model_version=ensemble_version(self.members),
            level=answers[0].level,
            points=points,
            fallback=_ensemble_fallback(answers, sound),
        )


def _attempt(
    model: Model, history: Series, horizon_days: int, level: float
) -> tuple[tuple[ForecastPoint, ...], str | None]:
    try:
        points = model.fit(history).predict(horizon_days, level)
    except FIT_ERRORS as error:
        return (), f"the fit failed with {type(error).__name__}"
    return points, insane_reason(points, max(history.values))


def _ensemble_fallback(answers: tuple[Forecast, ...], sound: list[Forecast]) -> str | None:
    if len(sound) == len(answers):
        return None
    used = " and ".join(answer.model_type for answer in sound) or "seasonal naive"
    reasons = [f"{answer.model_type} {answer.fallback}" for answer in answers if answer.fallback]
    return f"{used} alone ({'; '.join(reasons)})"


def _check(horizon_days: int, level: float) -> None:
    if not 1 <= horizon_days <= LONGEST_HORIZON_DAYS:
        raise InvalidInput(f"horizon_days is {horizon_days}, give 1 to {LONGEST_HORIZON_DAYS}")
    if not 0 < level < 1:
        raise InvalidInput(f"level is {level}, give a share between 0 and 1 such as 0.95")

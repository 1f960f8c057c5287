"""The forecaster: every series that can occur gets a valid answer."""

import math
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.series import Forecast, ForecastPoint, Series
from shared.errors import InvalidInput
from shared.forecasting import model_registry
from shared.forecasting.forecaster import Forecaster
from shared.forecasting.model_registry import Registered

START = date(2024, 1, 1)
SALES = tuple(float((day * 37 % 11) * (day % 7 != 6)) for day in range(120))


def forecast(*values: float) -> tuple[Forecast, ...]:
    return Forecaster().forecast(Series("SKU-1", START, values), 28, 0.95)


@dataclass(frozen=True)
class Stub:
    """A model that answers one number, or raises."""

    answer: float | Exception
    minimum_days: int = 1

    def fit(self, series: Series) -> "Stub":
        return self

    def predict(self, horizon_days: int, level: float) -> tuple[ForecastPoint, ...]:
        if isinstance(self.answer, Exception):
            raise self.answer
        return tuple(
            ForecastPoint(START + timedelta(days=i), self.answer, self.answer, self.answer)
            for i in range(horizon_days)
        )


def put_in_place_of_arima(monkeypatch: pytest.MonkeyPatch, answer: float | Exception) -> None:
    monkeypatch.setitem(model_registry.MODELS, "arima", Registered(Stub(answer), "arima-1"))


def test_arima_prophet_and_ensemble_answer_in_this_order_and_name_their_versions() -> None:
    answers = forecast(*SALES)
    assert [(a.model_type, a.model_version) for a in answers] == [
        ("arima", "arima-1"),
        ("prophet", "prophet-1"),
        ("ensemble", "ensemble-1+arima-1+prophet-1"),
    ]
    assert {(a.unique_id, a.level, a.fallback) for a in answers} == {("SKU-1", 0.95, None)}


def test_the_forecast_covers_28_days_from_the_day_after_the_history() -> None:
    for answer in forecast(*SALES):
        assert answer.points[0].day == date(2024, 4, 30)
        assert answer.points[-1].day == date(2024, 5, 27)
        assert len(answer.points) == 28


def test_the_ensemble_is_the_mean_of_both() -> None:
    arima, prophet, ensemble = (answer.points[3] for answer in forecast(*SALES))
    assert ensemble.predicted == pytest.approx((arima.predicted + prophet.predicted) / 2)
    assert ensemble.upper == pytest.approx((arima.upper + prophet.upper) / 2)


HISTORIES = {
    "one day": [5.0],
    "ten days": [float(day) for day in range(10)],
    "all zeros": [0.0] * 365,
    "a constant": [3.0] * 365,
    "nearly a constant": [1 + 1e-8 * (day % 2) for day in range(100)],
    "one spike": [0.0] * 100 + [50.0] + [0.0] * 20,
    "one sale, on the last day": [0.0] * 99 + [50.0],
    "leading zeros": [0.0] * 300 + list(SALES),
    "huge": [1e299 * value for value in SALES if value <= 10],
    "tiny": [5e-324 * value for value in SALES],
    "doubling each week": [2 ** (day / 7) for day in range(200)],
    "every other day": [0.0, 1.0] * 30,
    "two years and a half": [float(day % 7) + day % 30 for day in range(900)],
}


@pytest.mark.parametrize("name", HISTORIES)
def test_every_history_that_can_occur_gets_28_finite_points_in_order(name: str) -> None:
    for answer in forecast(*HISTORIES[name]):
        assert len(answer.points) == 28
        assert all(0 <= p.lower <= p.predicted <= p.upper < math.inf for p in answer.points)


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=100))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_finite_series_gets_28_finite_points_in_order(values: list[float]) -> None:
    for answer in forecast(*values):
        assert len(answer.points) == 28
        assert all(0 <= p.lower <= p.predicted <= p.upper < math.inf for p in answer.points)


@pytest.mark.parametrize(
    ("values", "fallback"),
    [
        ([0.0] * 90, "seasonal naive: the history is all zeros"),
        ([3.0] * 90, "seasonal naive: the history is constant"),
        ([1.0, 2.0] * 5, "seasonal naive: the history has 10 days, 28 are needed"),
    ],
)
def test_a_history_nobody_can_learn_from_falls_back_and_says_why(
    values: list[float], fallback: str
) -> None:
    arima, prophet, ensemble = forecast(*values)
    assert arima.fallback == prophet.fallback == fallback
    assert ensemble.fallback == f"seasonal naive alone (arima {fallback}; prophet {fallback})"
    assert arima.points == prophet.points
    assert [p.predicted for p in ensemble.points] == pytest.approx(
        [p.predicted for p in arima.points]
    )


def test_no_sales_ever_means_none_expected() -> None:
    assert all(p.upper == 0 for answer in forecast(*[0.0] * 90) for p in answer.points)


def test_a_constant_goes_on() -> None:
    assert all(p.predicted == 3 for answer in forecast(*[3.0] * 90) for p in answer.points)


def test_a_single_day_says_how_little_it_knows() -> None:
    first = forecast(5.0)[0].points[0]
    assert (first.lower, first.predicted, first.upper) == (0.0, 5.0, 10.0)


def test_an_exploding_model_is_replaced_and_left_out_of_the_ensemble(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_in_place_of_arima(monkeypatch, 1e23)
    arima, prophet, ensemble = forecast(*SALES)
    reason = "seasonal naive: a prediction above 3 times the highest day on 2024-01-01"
    assert arima.fallback == reason
    assert max(p.upper for p in arima.points) < 100
    assert ensemble.fallback == f"prophet alone (arima {reason})"
    assert ensemble.points == prophet.points


@pytest.mark.parametrize("error", [ValueError, RuntimeError, ZeroDivisionError])
def test_a_failed_fit_is_named_without_addresses(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    put_in_place_of_arima(monkeypatch, error(f"at {object()!r}"))
    assert forecast(*SALES)[0].fallback == (f"seasonal naive: the fit failed with {error.__name__}")


class DeadlineError(Exception):
    """Like the signal a queue raises inside a job that runs too long."""


@pytest.mark.parametrize("error", [DeadlineError(), MemoryError(), OSError("disk full")])
def test_what_is_not_the_series_fault_passes_through(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    put_in_place_of_arima(monkeypatch, error)
    with pytest.raises(type(error)):
        forecast(*SALES)


def test_an_empty_history_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no days of history"):
        forecast()


@pytest.mark.parametrize("horizon_days", [0, -1, 366])
def test_a_horizon_outside_one_year_is_refused(horizon_days: int) -> None:
    with pytest.raises(InvalidInput, match="give 1 to 365"):
        Forecaster().forecast(Series("SKU-1", START, SALES), horizon_days, 0.95)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, float("nan")])
def test_a_level_outside_zero_and_one_is_refused(level: float) -> None:
    with pytest.raises(InvalidInput, match="a share between 0 and 1"):
        Forecaster().forecast(Series("SKU-1", START, SALES), 28, level)

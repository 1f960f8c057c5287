"""What every model promises. A new model joins with its line in the registry.

The suite is tried on models that break each promise, so that a check that cannot fail shows.
"""

import math
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, fields, is_dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.series import ForecastPoint, Series
from shared.forecasting.model import Model
from shared.forecasting.model_registry import MODELS
from shared.forecasting.preparation import prepared, unfit_reason
from shared.forecasting.sanity import insane_reason

START = date(2024, 1, 1)
WEEKLY = tuple(float(5 + (day * 37 % 11) + 20 * (day % 7 == 5)) for day in range(120))
SPARSE = tuple(float(3 * (day % 9 == 4)) for day in range(120))
LATE = (0.0,) * 80 + WEEKLY[:40]
HISTORIES = {"weekly": WEEKLY, "sparse": SPARSE, "late start": LATE, "four weeks": WEEKLY[:28]}

every_model = pytest.mark.parametrize("model", [e.model for e in MODELS.values()], ids=[*MODELS])
every_history = pytest.mark.parametrize("values", HISTORIES.values(), ids=[*HISTORIES])


def series(values: tuple[float, ...]) -> Series:
    return prepared(Series("SKU-1", START, values))


def check_points(model: Model, history: Series, horizon_days: int = 28) -> None:
    points = model.fit(history).predict(horizon_days, 0.95)
    days = [history.origin + timedelta(days=ahead + 1) for ahead in range(horizon_days)]
    assert [point.day for point in points] == days
    assert all(type(number) is float for p in points for number in (p.predicted, p.upper))
    assert insane_reason(points, max(history.values)) is None


def check_repeatable(model: Model, history: Series) -> None:
    assert model.fit(history).predict(28, 0.95) == model.fit(history).predict(28, 0.95)


def check_wider_at_higher_level(model: Model, history: Series) -> None:
    fitted = model.fit(history)
    width_80, width_95 = (
        sum(point.upper - point.lower for point in fitted.predict(28, level))
        for level in (0.80, 0.95)
    )
    assert width_80 < width_95


def check_unit_does_not_matter(model: Model, history: Series) -> None:
    in_cents = replace(history, values=tuple(100 * value for value in history.values))
    for one, hundred in zip(
        model.fit(history).predict(28, 0.95), model.fit(in_cents).predict(28, 0.95), strict=True
    ):
        assert math.isclose(100 * one.predicted, hundred.predicted, rel_tol=1e-3, abs_tol=0.1)


@every_model
@every_history
def test_points_follow_the_history_day_by_day_and_are_sane(
    model: Model, values: tuple[float, ...]
) -> None:
    check_points(model, series(values))


@every_model
@pytest.mark.parametrize("horizon_days", [1, 7, 365])
def test_the_horizon_is_as_long_as_asked(model: Model, horizon_days: int) -> None:
    check_points(model, series(WEEKLY), horizon_days)


@every_model
@every_history
def test_the_same_series_gives_the_same_numbers(model: Model, values: tuple[float, ...]) -> None:
    check_repeatable(model, series(values))


@every_model
def test_a_higher_level_gives_a_wider_interval(model: Model) -> None:
    check_wider_at_higher_level(model, series(WEEKLY))


@every_model
def test_cents_or_euros_give_the_same_forecast(model: Model) -> None:
    check_unit_does_not_matter(model, series(WEEKLY))


@every_model
def test_parameters_are_frozen(model: Any) -> None:
    assert is_dataclass(model)
    name = fields(model)[0].name
    with pytest.raises(FrozenInstanceError):
        setattr(model, name, getattr(model, name))


@every_model
def test_the_shortest_history_it_asks_for_is_enough(model: Model) -> None:
    check_points(model, series(WEEKLY[: model.minimum_days]))


@every_model
@given(st.lists(st.floats(0, 1e6), min_size=28, max_size=90).map(tuple))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_history_it_can_learn_from_gives_28_points_in_order(
    model: Model, values: tuple[float, ...]
) -> None:
    history = series(values)
    if unfit_reason(history, model.minimum_days) is None:
        points = model.fit(history).predict(28, 0.95)
        assert len(points) == 28
        assert all(0 <= p.lower <= p.predicted <= p.upper < math.inf for p in points)


def test_a_week_that_repeats_is_learnt_by_the_naive_model_to_the_letter() -> None:
    week = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 9.0)
    points = MODELS["seasonal_naive"].model.fit(series(week * 8)).predict(14, 0.95)
    assert [point.predicted for point in points] == pytest.approx([*week, *week])


@pytest.mark.parametrize("name", ["arima", "prophet"])
def test_a_busy_weekday_is_seen_coming(name: str) -> None:
    points = MODELS[name].model.fit(series(WEEKLY)).predict(28, 0.95)
    busy = [p.predicted for p in points if p.day.weekday() == 5]
    quiet = [p.predicted for p in points if p.day.weekday() != 5]
    assert min(busy) > 15 + max(quiet) / 2


@dataclass(frozen=True)
class Broken:
    """A model whose points are whatever the test says; also its own fitted self."""

    make: Callable[[int, float], float]
    days: Callable[[int], int] = lambda horizon: horizon
    first: int = 1
    minimum_days: int = 1

    def fit(self, history: Series) -> "Broken":
        return self

    def predict(self, horizon_days: int, level: float) -> tuple[ForecastPoint, ...]:
        first = series(WEEKLY).origin + timedelta(days=self.first)
        numbers = [self.make(ahead, level) for ahead in range(self.days(horizon_days))]
        return tuple(
            ForecastPoint(first + timedelta(days=i), n, n, n) for i, n in enumerate(numbers)
        )


CALLS = iter(range(10_000))
BREACHES = {
    "not a number": (check_points, Broken(lambda ahead, level: math.nan)),
    "negative": (check_points, Broken(lambda ahead, level: -1.0)),
    "exploding": (check_points, Broken(lambda ahead, level: 1e23)),
    "whole numbers": (check_points, Broken(lambda ahead, level: 1)),
    "a day short": (check_points, Broken(lambda ahead, level: 1.0, lambda horizon: horizon - 1)),
    "starting on the last known day": (check_points, Broken(lambda ahead, level: 1.0, first=0)),
    "different each time": (check_repeatable, Broken(lambda ahead, level: float(next(CALLS)))),
    "deaf to the level": (check_wider_at_higher_level, Broken(lambda ahead, level: 1.0)),
    "deaf to the unit": (check_unit_does_not_matter, Broken(lambda ahead, level: 1.0)),
}


@pytest.mark.parametrize("name", BREACHES)
def test_the_suite_rejects_a_model_that_is(name: str) -> None:
    check, model = BREACHES[name]
    with pytest.raises(AssertionError):
        check(model, series(WEEKLY))

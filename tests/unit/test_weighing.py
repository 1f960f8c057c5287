"""Which members count: weights of days, and the middle ones of weeks and months."""

import numpy as np
import pytest

from shared.forecasting.arrays import Floats
from shared.forecasting.panels.rolling import Rolled
from shared.forecasting.panels.weighing import equal_weights, near_the_middle, trimmed, weigh

# Two origins, three series, four periods: what came was 10 each time.
ACTUAL = np.full((2, 3, 4), 10.0)


def rolled(**off: float | Floats) -> Rolled:
    """Members that are off by so much; the scale of each series is 2."""
    forecasts = {name: ACTUAL + each for name, each in off.items()}
    return Rolled(np.arange(3), (20, 21), ACTUAL, np.full(3, 2.0), forecasts, {}, {})


def test_members_far_behind_the_middle_one_do_not_count_for_weeks_and_months() -> None:
    found = near_the_middle(rolled(a=1.0, b=1.1, c=1.0, d=2.0))
    assert found == pytest.approx({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3})


def test_a_member_that_runs_away_on_one_series_still_counts() -> None:
    runs_away = np.array([1.0, 1.0, 1e9]).reshape(1, 3, 1)
    assert set(near_the_middle(rolled(a=1.0, b=1.1, c=runs_away))) == {"a", "b", "c"}


def test_a_member_without_a_forecast_does_not_count() -> None:
    assert set(near_the_middle(rolled(a=1.0, b=1.0, c=np.nan))) == {"a", "b"}


def test_the_highest_and_the_lowest_member_do_not_count_for_weeks_and_months() -> None:
    forecasts = {
        "a": np.array([[1.0, 1.0, 5.0, np.nan]]),
        "b": np.array([[2.0, np.nan, np.nan, np.nan]]),
        "c": np.array([[4.0, 3.0, np.nan, np.nan]]),
        "d": np.array([[900.0, np.nan, np.nan, np.nan]]),
    }
    found = trimmed(forecasts, forecasts)
    assert np.array_equal(found, [[3.0, 2.0, 5.0, np.nan]], equal_nan=True)


def test_weights_of_days_sum_to_one_and_the_worse_member_has_less() -> None:
    noise = np.random.default_rng(1).normal(size=(2, 2, 3, 4))
    found = weigh(rolled(good=noise[0], bad=3 * noise[1]))
    assert sum(found.values()) == pytest.approx(1)
    assert found["good"] > 2 * found.get("bad", 0)


def test_nothing_known_gives_equal_weights() -> None:
    assert equal_weights(["a", "b"]) == {"a": 0.5, "b": 0.5}

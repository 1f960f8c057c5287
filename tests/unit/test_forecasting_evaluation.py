"""The measures, against numbers worked out by hand."""

import math

import numpy as np
import pytest

from shared.forecasting.evaluation import coverage, msis, pinball, rmsse, wape

HISTORY = np.array([0.0, 0.0, 2.0, 4.0, 2.0, 4.0])
ACTUAL = np.array([3.0, 5.0])


def test_rmsse_divides_the_squared_error_by_the_squared_daily_change_since_the_first_sale() -> None:
    # errors 1 and 3: mean square 5; changes since the first sale ±2: mean square 4
    assert rmsse(HISTORY, ACTUAL, np.array([2.0, 2.0])) == pytest.approx(math.sqrt(5 / 4))


def test_rmsse_of_a_perfect_forecast_is_zero() -> None:
    assert rmsse(HISTORY, ACTUAL, ACTUAL) == 0


@pytest.mark.parametrize("history", [[0.0, 0.0, 0.0], [3.0, 3.0, 3.0], [0.0, 0.0, 5.0], []])
def test_rmsse_has_no_meaning_for_a_history_that_never_moves(history: list[float]) -> None:
    assert math.isnan(rmsse(np.array(history), ACTUAL, ACTUAL))


def test_wape_is_the_absolute_error_as_a_share_of_all_sales() -> None:
    assert wape(ACTUAL, np.array([2.0, 8.0])) == pytest.approx(4 / 8)


def test_wape_has_no_meaning_without_sales() -> None:
    assert math.isnan(wape(np.zeros(2), np.ones(2)))


def test_pinball_weighs_a_value_above_the_quantile_by_its_probability() -> None:
    assert pinball(np.array([10.0]), np.array([6.0]), 0.9) == pytest.approx(3.6)


def test_pinball_weighs_a_value_below_the_quantile_by_the_rest() -> None:
    assert pinball(np.array([6.0]), np.array([10.0]), 0.9) == pytest.approx(0.4)


def test_msis_adds_forty_times_each_miss_to_the_width_at_95_percent() -> None:
    history = np.array([0.0, 0, 0, 0, 0, 0, 0, 2, 2])  # week on week: changes of 2, scale 2
    # widths 4 and 4; the second value lies 1 above: (4 + 4 + 40·1) / 2 / 2
    score = msis(history, np.array([3.0, 5.0]), np.zeros(2), np.full(2, 4.0), 0.95)
    assert score == pytest.approx(12)


def test_msis_punishes_a_miss_below_as_one_above() -> None:
    history = np.array([0.0, 0, 0, 0, 0, 0, 0, 1])
    score = msis(history, np.array([1.0]), np.array([2.0]), np.array([4.0]), 0.95)
    assert score == pytest.approx(2 + 40)


def test_msis_has_no_meaning_within_the_first_season() -> None:
    assert math.isnan(msis(np.arange(7.0), ACTUAL, ACTUAL, ACTUAL, 0.95))


def test_coverage_counts_values_on_the_bounds_as_covered() -> None:
    actual = np.array([1.0, 2.0, 3.0, 9.0])
    assert coverage(actual, np.full(4, 1.0), np.full(4, 3.0)) == 0.75

"""What each model does in its own way (what all share is in the contract suite)."""

from datetime import date

import numpy as np
import pytest

from shared.domain.series import Series
from shared.forecasting.models.arima import GRID, Arima
from shared.forecasting.models.prophet import ProphetModel
from shared.forecasting.models.seasonal_naive import SeasonalNaive

START = date(2024, 1, 1)


def series(values: list[float]) -> Series:
    return Series("SKU-1", START, tuple(values))


def wandering(days: int) -> list[float]:
    steps = np.random.default_rng(1).normal(0, 1, days)
    return [float(value) for value in 100 + np.cumsum(steps)]


def test_all_arima_candidates_difference_once_so_that_their_criteria_compare() -> None:
    assert {(one.order[1], one.weekly[1]) for one in GRID} == {(1, 0)}


@pytest.mark.parametrize("candidate", GRID)
def test_every_arima_candidate_is_judged_on_the_same_days(candidate: object) -> None:
    fitted = Arima(grid=(candidate,)).fit(series(wandering(120)))  # type: ignore[arg-type]
    assert fitted.result.nobs_effective == 112


def test_arima_bounds_open_up_over_the_horizon_when_sales_wander() -> None:
    points = Arima().fit(series(wandering(200))).predict(28, 0.95)
    assert points[-1].upper - points[-1].lower > 3 * (points[0].upper - points[0].lower)


def test_arima_learns_from_the_latest_two_years_only() -> None:
    recent = wandering(730)
    alone = Arima().fit(series(recent)).predict(7, 0.95)
    behind_old_days = Arima().fit(series([110.0] * 300 + recent)).predict(7, 0.95)
    assert [p.predicted for p in behind_old_days] == pytest.approx([p.predicted for p in alone])


def test_arima_leaves_weekly_terms_out_below_eight_weeks() -> None:
    weekly_only = Arima(grid=GRID[2:])
    assert weekly_only.fit(series(wandering(56))).result.model.seasonal_order[3] == 7
    with pytest.raises(ValueError, match="no candidate"):
        weekly_only.fit(series(wandering(55)))


def test_prophet_stays_flat_and_without_a_year_below_two_years() -> None:
    curve = ProphetModel().fit(series(wandering(729))).curve
    assert (curve.growth, sorted(curve.seasonalities)) == ("flat", ["weekly"])


def test_prophet_learns_trend_and_year_from_two_years_on() -> None:
    curve = ProphetModel().fit(series(wandering(730))).curve
    assert (curve.growth, sorted(curve.seasonalities)) == ("linear", ["weekly", "yearly"])


def test_prophet_draws_no_samples() -> None:
    assert ProphetModel().fit(series(wandering(60))).curve.uncertainty_samples == 0


def test_seasonal_naive_repeats_the_last_week_and_widens_each_week() -> None:
    fitted = SeasonalNaive().fit(series([0.0, 1, 2, 3, 4, 5, 6] * 4 + [1.0, 2, 3, 4, 5, 6, 7]))
    points = fitted.predict(14, 0.95)
    assert [p.predicted for p in points] == pytest.approx([1, 2, 3, 4, 5, 6, 7] * 2)
    # 28 residuals, of 0 and 1: the largest is 1, then 1·√2 in the second week
    assert points[6].upper == pytest.approx(8)
    assert points[13].upper == pytest.approx(7 + 2**0.5)


def test_seasonal_naive_expects_the_mean_when_it_has_not_seen_a_week() -> None:
    points = SeasonalNaive().fit(series([1.0, 2, 6])).predict(3, 0.95)
    assert [p.predicted for p in points] == pytest.approx([3, 3, 3])


def test_seasonal_naive_stays_within_the_sanity_bound_however_far_it_looks() -> None:
    points = SeasonalNaive().fit(series([0.0, 8.0])).predict(365, 0.999999)
    assert max(p.upper for p in points) == 80.0


def test_seasonal_naive_expects_nothing_after_a_few_days_of_nothing() -> None:
    points = SeasonalNaive().fit(series([0.0] * 5)).predict(28, 0.95)
    assert {p.upper for p in points} == {0.0}

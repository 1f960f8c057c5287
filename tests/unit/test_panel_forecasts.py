"""Forecasts of a panel: whatever the series are, each gets numbers that can be used, and sums agree."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import InvalidInput
from shared.forecasting.arrays import Floats
from shared.forecasting.panels.forecaster import PanelForecaster
from shared.forecasting.panels.marginals import (
    LEVELS,
    corrected_levels,
    read_curve,
    shape_draws,
    whole_units,
)
from shared.forecasting.panels.members.intermittent import Intermittent
from shared.forecasting.panels.members.local import Local, ets
from shared.forecasting.panels.members.naive import SeasonalMean
from shared.forecasting.panels.model import PROBABILITIES
from shared.forecasting.panels.panel import Panel
from shared.forecasting.panels.paths import Dependence, sample
from shared.forecasting.panels.prospect import PanelForecast, quantiles_of
from shared.forecasting.panels.sanity import sane
from shared.forecasting.panels.weighing import mix

START = date(2024, 1, 1)
DAYS = 200
QUICK = PanelForecaster((Local("ets", ets), Intermittent(), SeasonalMean()))
ODD = {
    "constant": np.full(DAYS, 4.0),
    "all zero": np.zeros(DAYS),
    "one point": np.append(np.full(DAYS - 1, np.nan), 3.0),
    "two points": np.append(np.full(DAYS - 2, np.nan), [1.0, 2.0]),
    "nothing known": np.full(DAYS, np.nan),
    "huge": 1e12 * (1 + np.arange(DAYS) % 7),
    "tiny": 1e-9 * (1 + np.arange(DAYS) % 5),
    "gaps": np.where(np.arange(DAYS) % 4 == 0, np.nan, 5.0 + np.arange(DAYS) % 7),
    "one sale": np.append(np.zeros(DAYS - 1), 9.0),
    "weekly": 3.0 + 2.0 * (np.arange(DAYS) % 7),
}


def panel_of(rows: dict[str, Floats]) -> Panel:
    return Panel(tuple(rows), np.array(list(rows.values())), 7, START)


def forecast(panel: Panel, horizon: int = 14) -> PanelForecast:
    return QUICK.predict(QUICK.fit(panel, horizon), panel, horizon)


def test_every_odd_series_gets_finite_amounts_that_are_not_negative_and_do_not_explode() -> None:
    panel = panel_of(ODD)
    found = forecast(panel)
    assert found.ids == tuple(ODD)
    assert found.paths.shape == (10, 14, 500)
    assert np.isfinite(found.paths).all()
    assert found.paths.min() >= 0
    highest = np.nan_to_num(panel.values).max(axis=1)
    assert (found.means <= 3.01 * highest[:, None]).all()


def test_what_is_constant_or_zero_stays_so() -> None:
    means = forecast(panel_of(ODD)).means
    assert means[0] == pytest.approx(np.full(14, 4.0))
    assert forecast(panel_of(ODD)).quantiles((0.025, 0.975))[0, 0].tolist() == [4.0, 4.0]
    assert means[1] == pytest.approx(np.zeros(14))


def test_ten_thousand_days_are_forecast() -> None:
    days = np.arange(10_000, dtype=np.float64)
    found = forecast(
        panel_of({"long": np.array(5.0 + days % 7), "other": np.array(2.0 + days % 3)})
    )
    assert np.isfinite(found.means).all()


def test_the_same_seed_gives_the_same_numbers_and_another_one_other_paths() -> None:
    panel = panel_of(ODD)
    first, again = forecast(panel), forecast(panel)
    assert np.array_equal(first.paths, again.paths)
    other = PanelForecaster(QUICK.members, seed=2)
    paths = other.predict(other.fit(panel, 14), panel, 14).paths
    assert not np.array_equal(first.paths, paths)


def test_a_panel_alone_is_not_changed_by_the_series_beside_it_where_members_learn_alone() -> None:
    weekly = ODD["weekly"]
    found = Local("ets", ets).fit(panel_of({"a": weekly}), 14).predict(panel_of({"a": weekly}), 14)
    both = panel_of({"a": weekly, "b": ODD["gaps"]})
    assert Local("ets", ets).fit(both, 14).predict(both, 14)[0] == pytest.approx(found[0])


def test_a_member_that_explodes_or_fails_is_left_out_of_that_series_only() -> None:
    panel = panel_of({"a": ODD["weekly"], "b": ODD["weekly"]})
    wild = np.array([[5.0, 1e23], [5.0, 6.0]])
    lost = np.array([[4.0, 4.0], [np.nan, 6.0]])
    checked = {"wild": sane(wild, panel), "lost": sane(lost, panel)}
    assert mix({"wild": 0.5, "lost": 0.5}, checked) == pytest.approx(np.array([[4, 4], [5, 6]]))


@pytest.mark.parametrize("horizon", [0, 366])
def test_a_horizon_outside_a_year_is_refused(horizon: int) -> None:
    with pytest.raises(InvalidInput, match="give 1 to 365"):
        QUICK.fit(panel_of(ODD), horizon)


@pytest.mark.parametrize("amount", [-1.0, np.inf])
def test_a_panel_refuses_amounts_that_are_negative_or_endless(amount: float) -> None:
    with pytest.raises(InvalidInput, match="negative or beyond"):
        panel_of({"a": np.array([1.0, amount])})


def test_a_gap_is_filled_by_the_same_weekday() -> None:
    values = np.array([1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6, 7, np.nan, 2], dtype=float)
    assert panel_of({"a": values}).history(0)[14] == 1.0


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(0, 1e6), min_size=15, max_size=15),
    st.floats(0, 1e6),
)
def test_quantiles_of_any_curve_never_cross_and_whole_units_keep_their_mean(
    steps: list[float], mean: float
) -> None:
    quantiles = np.sort(np.array(steps)).reshape(1, 1, 15)
    panel = panel_of({"a": np.array([1.0, 2.0])})
    draws = shape_draws(quantiles, np.array([[mean]]), LEVELS, panel)
    assert (np.diff(quantiles_of(draws, PROBABILITIES.tolist())) >= 0).all()
    smooth = np.linspace(0, mean, 500)
    assert whole_units(smooth).sum() == pytest.approx(smooth.sum(), abs=0.51)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 6), st.integers(1, 30), st.integers(0, 9))
def test_sums_of_paths_are_sums_of_days_and_of_series(series: int, horizon: int, seed: int) -> None:
    draws = np.sort(np.random.default_rng(seed).gamma(2.0, 3.0, (series, horizon, 500)), axis=-1)
    paths = sample(draws, Dependence(0.1, 0.2, 0.1), seed)
    total = paths.sum(axis=0)
    assert total.mean(axis=1) == pytest.approx(paths.mean(axis=2).sum(axis=0), rel=1e-9)
    assert paths.sum(axis=1).mean(axis=1) == pytest.approx(paths.mean(axis=2).sum(axis=1), rel=1e-9)
    assert np.array_equal(np.sort(paths, axis=-1), draws)


def test_days_that_share_their_level_have_wider_sums_than_days_that_do_not() -> None:
    draws = np.tile(np.sort(np.random.default_rng(1).poisson(4, 500).astype(float)), (1, 28, 1))
    apart = sample(draws, Dependence(0, 0, 0), 1).sum(axis=1).std()
    shared = sample(draws, Dependence(0, 0.5, 0), 1).sum(axis=1).std()
    assert apart == pytest.approx(2 * 28**0.5, rel=0.15)
    assert shared > 3 * apart


def test_levels_widen_where_the_past_fell_outside() -> None:
    outside = np.concatenate([np.full(100, 0.001), np.full(100, 0.999), np.linspace(0, 1, 800)])
    levels = corrected_levels(outside)
    assert levels[12] < LEVELS[12]
    assert levels[-13] > LEVELS[-13]
    assert (np.diff(levels) >= 0).all()


def test_a_curve_is_read_between_its_quantiles() -> None:
    quantiles = 100 * PROBABILITIES
    read = read_curve(PROBABILITIES, quantiles, np.array([0.25, 0.5, 0.975]))
    assert read == pytest.approx([25.0, 50.0, 97.5])


@pytest.mark.parametrize("level", [0.01, 10.0, 5000.0])
def test_what_is_expected_stays_where_nobody_knows_the_spread(level: float) -> None:
    panel = Panel(("A",), np.full((1, 20), level) * np.array([1.0, 1.5] * 10), 7, date(2026, 1, 1))
    alone = PanelForecaster((SeasonalMean(),))
    found = alone.predict(alone.fit(panel, 7), panel, 7)
    assert found.means[0] == pytest.approx(found.members["seasonal_naive"][0], rel=1e-6)

"""How far the bounds lie from the prediction."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.forecasting.intervals import offsets


def test_each_side_is_its_own_conformal_quantile() -> None:
    residuals = np.concatenate([-np.arange(50.0), 10 * np.arange(50.0)])
    # n = 100: rank ⌈101·0.975⌉ = 99 on either side: 480 above, 48 below
    assert offsets(residuals, 0.95) == (-48.0, 480.0)


def test_a_livelier_season_widens_the_interval() -> None:
    calm_then_lively = np.concatenate([np.tile([-1.0, 1.0], 500), np.tile([-9.0, 9.0], 10)])
    assert offsets(calm_then_lively, 0.95) == (-9.0, 9.0)


def test_a_calmer_season_does_not_narrow_it() -> None:
    lively_then_calm = np.concatenate([np.tile([-9.0, 9.0], 100), np.tile([-1.0, 1.0], 56)])
    assert offsets(lively_then_calm, 0.95) == (-9.0, 9.0)


def test_few_residuals_widen_to_the_normal_quantile_when_that_is_wider() -> None:
    lower, upper = offsets(np.array([1.0, -1.0]), 0.95)
    assert (lower, upper) == pytest.approx((-1.96, 1.96), abs=0.001)


def test_few_residuals_reach_at_least_the_largest_of_them() -> None:
    _, upper = offsets(np.array([0.0] * 30 + [10.0]), 0.95)
    assert upper == 10.0


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200),
    st.floats(0.05, 0.99),
    st.floats(0.0, 0.009),
)
@settings(max_examples=100, deadline=None)
def test_a_higher_level_never_narrows_the_interval(
    residuals: list[float], level: float, more: float
) -> None:
    low, high = offsets(np.array(residuals), level)
    lower, higher = offsets(np.array(residuals), level + more)
    assert lower <= low <= 0 <= high <= higher

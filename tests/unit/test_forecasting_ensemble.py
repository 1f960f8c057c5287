"""The mean of the members."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.series import ForecastPoint
from shared.errors import InvalidInput
from shared.forecasting.ensemble import mean_of

DAY = date(2024, 3, 1)
AMOUNTS = st.lists(st.floats(0, 1e300), min_size=3, max_size=3).map(sorted)


def test_prediction_and_bounds_are_the_means_of_the_members_own() -> None:
    first = [ForecastPoint(DAY, 4.0, 2.0, 8.0)]
    second = [ForecastPoint(DAY, 8.0, 0.0, 20.0)]
    assert mean_of([first, second]) == (ForecastPoint(DAY, 6.0, 1.0, 14.0),)


def test_a_member_alone_is_the_ensemble() -> None:
    points = (ForecastPoint(DAY, 4.0, 2.0, 8.0),)
    assert mean_of([points]) == points


def test_an_ensemble_of_nobody_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no members"):
        mean_of([])


def test_members_of_different_days_are_refused() -> None:
    tomorrow = ForecastPoint(DAY + timedelta(days=1), 1.0, 1.0, 1.0)
    with pytest.raises(InvalidInput, match="different days"):
        mean_of([[ForecastPoint(DAY, 1.0, 1.0, 1.0)], [tomorrow]])


@given(st.lists(AMOUNTS, min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_the_mean_lies_within_its_own_bounds(members: list[list[float]]) -> None:
    points = [[ForecastPoint(DAY, middle, low, high)] for low, middle, high in members]
    (mean,) = mean_of(points)
    assert 0 <= mean.lower <= mean.predicted <= mean.upper

"""The last look at a forecast."""

from datetime import date

import pytest

from shared.domain.series import ForecastPoint
from shared.forecasting.sanity import insane_reason

DAY = date(2024, 3, 1)
NAN, INF = float("nan"), float("inf")


def test_points_up_to_the_bounds_are_sane() -> None:
    assert insane_reason([ForecastPoint(DAY, 30.0, 0.0, 100.0)], 10.0) is None


def test_zeros_after_a_history_of_zeros_are_sane() -> None:
    assert insane_reason([ForecastPoint(DAY, 0.0, 0.0, 0.0)], 0.0) is None


@pytest.mark.parametrize(
    ("predicted", "lower", "upper", "reason"),
    [
        (NAN, 0.0, 1.0, "a forecast that is not a finite number"),
        (1.0, NAN, 1.0, "a forecast that is not a finite number"),
        (1.0, 0.0, INF, "a forecast that is not a finite number"),
        (1.0, -0.1, 2.0, "a negative forecast"),
        (5.0, 0.0, 4.0, "a prediction outside its own bounds"),
        (1.0, 2.0, 4.0, "a prediction outside its own bounds"),
        (1e23, 0.0, 1e23, "a prediction above 3 times the highest day"),
        (30.1, 0.0, 40.0, "a prediction above 3 times the highest day"),
        (10.0, 0.0, 100.1, "an upper bound above 10 times the highest day"),
    ],
)
def test_a_broken_point_is_named_with_its_day(
    predicted: float, lower: float, upper: float, reason: str
) -> None:
    points = [ForecastPoint(DAY, 1.0, 0.0, 2.0), ForecastPoint(DAY, predicted, lower, upper)]
    assert insane_reason(points, 10.0) == f"{reason} on 2024-03-01"

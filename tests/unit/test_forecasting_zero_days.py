"""Lower bounds on days that may see no sale."""

from datetime import date, timedelta

from shared.domain.series import ForecastPoint, Series
from shared.forecasting.forecaster import Forecaster
from shared.forecasting.zero_days import bounds_reaching_zero

MONDAY = date(2024, 1, 1)


def lower_bounds(values: list[float], level: float = 0.95) -> list[float]:
    history = Series("SKU-1", MONDAY, tuple(values))
    days = [history.origin + timedelta(days=ahead) for ahead in range(1, 8)]
    points = [ForecastPoint(day, 5.0, 1.0, 9.0) for day in days]
    return [point.lower for point in bounds_reaching_zero(points, history, level)]


def test_only_the_closed_weekday_loses_its_bound() -> None:
    assert lower_bounds([4.0, 4, 4, 4, 4, 4, 0] * 8) == [1, 1, 1, 1, 1, 1, 0]


def test_the_weekday_is_found_whatever_day_the_history_ends_on() -> None:
    # ends on a Tuesday: Wednesday comes first, Sunday fifth
    assert lower_bounds([4.0, 4, 4, 4, 4, 4, 0] * 8 + [4.0, 4.0]) == [1, 1, 1, 1, 0, 1, 1]


def test_a_zero_longer_ago_than_sixteen_weeks_is_forgotten() -> None:
    assert lower_bounds([0.0] * 7 + [4.0] * 112) == [1] * 7


def test_a_rare_zero_counts_at_a_high_level_and_not_at_a_low_one() -> None:
    one_in_sixteen = [0.0] * 7 + [4.0] * 105
    assert lower_bounds(one_in_sixteen, 0.95) == [0] * 7
    assert lower_bounds(one_in_sixteen, 0.80) == [1] * 7


def test_weekdays_never_seen_keep_their_bound() -> None:
    # Monday sold, Tuesday did not: of Wednesday to Tuesday only the last lowers its bound
    assert lower_bounds([4.0, 0.0]) == [1, 1, 1, 1, 1, 1, 0]


def test_the_ensemble_covers_days_without_a_sale() -> None:
    values = tuple(float(day * 37 % 11 > 2) * 5 for day in range(120))
    answers = Forecaster().forecast(Series("SKU-1", MONDAY, values), 28, 0.95)
    assert {point.lower for answer in answers for point in answer.points} == {0.0}

"""Names, versions, and the promise that a version stands for its parameters and numbers."""

from datetime import date

import pytest

from shared.domain.series import Series
from shared.errors import InvalidInput
from shared.forecasting.model_registry import ENSEMBLE_MEMBERS, MODELS, ensemble_version, registered

# A line changes only together with its version (see the bump rule in the registry).
PARAMETERS = {
    "arima-1": "Arima(grid=(Order(order=(0, 1, 1), weekly=(0, 0, 0), start=(-0.9,)),"
    " Order(order=(1, 1, 1), weekly=(0, 0, 0), start=(0.1, -0.9)),"
    " Order(order=(0, 1, 1), weekly=(1, 0, 0), start=(-0.9, 0.1)),"
    " Order(order=(0, 1, 1), weekly=(1, 0, 1), start=(-0.9, 0.9, -0.8))),"
    " burn_days=8, weekly_from_days=56, longest_days=730, iterations=15)",
    "prophet-1": "ProphetModel(long_days=730, weekly_terms=3, yearly_terms=10,"
    " seasonality_prior_scale=10.0, changepoint_prior_scale=0.05, seed=1)",
    "seasonal-naive-1": "SeasonalNaive(season_days=7, short_days=28)",
}
SALES = tuple(float((day * 37 % 11) * (day % 7 != 6) + 12 * (day % 7 == 4)) for day in range(200))
# (sum of predictions, sum of lower bounds, sum of upper bounds) over 28 days
NUMBERS = {
    "arima": (165.66, 43.34, 318.59),
    "prophet": (166.32, 46.14, 314.05),
    "seasonal_naive": (136.0, 28.27, 394.14),
}


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_parameter_does_not_change_without_a_new_version(name: str) -> None:
    assert repr(MODELS[name].model) == PARAMETERS[MODELS[name].version]


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_numbers_do_not_change_without_a_new_version(name: str) -> None:
    fitted = MODELS[name].model.fit(Series("SKU-1", date(2024, 1, 1), SALES))
    points = fitted.predict(28, 0.95)
    sums = [sum(getattr(p, part) for p in points) for part in ("predicted", "lower", "upper")]
    assert sums == pytest.approx(NUMBERS[name], rel=0.01)


def test_the_ensemble_names_the_versions_of_its_members() -> None:
    assert ensemble_version() == "ensemble-1+arima-1+prophet-1"
    assert ENSEMBLE_MEMBERS == ("arima", "prophet")


def test_an_unknown_model_is_refused_with_the_known_names() -> None:
    with pytest.raises(InvalidInput) as caught:
        registered("oracle")
    assert "choose one of arima, prophet, seasonal_naive" in str(caught.value)

"""What a history must be before any model sees it."""

from datetime import date

import pytest

from shared.domain.series import Series
from shared.errors import InvalidInput
from shared.forecasting.preparation import prepared, unfit_reason

START = date(2024, 1, 1)


def series(*values: float) -> Series:
    return Series("SKU-1", START, values)


def test_an_empty_history_is_refused_in_one_line() -> None:
    with pytest.raises(InvalidInput) as caught:
        prepared(series())
    assert str(caught.value) == "series SKU-1: no days of history, give at least one"


@pytest.mark.parametrize("amount", [-1.0, float("nan"), float("inf"), 1e301])
def test_an_impossible_amount_is_refused_with_its_day(amount: float) -> None:
    with pytest.raises(InvalidInput, match="the amount on 2024-01-02 is"):
        prepared(series(1.0, amount))


def test_zeros_before_the_first_sale_are_dropped_and_the_start_moves_along() -> None:
    history = prepared(series(*[0.0] * 10, *[5.0] * 40))
    assert history == Series("SKU-1", date(2024, 1, 11), (5.0,) * 40)


def test_the_last_day_of_the_history_stays_where_it_was() -> None:
    whole = series(*[0.0] * 10, *[5.0] * 40)
    assert prepared(whole).origin == whole.origin == date(2024, 2, 19)


def test_at_least_28_days_stay_when_the_only_sale_is_on_the_last_day() -> None:
    assert prepared(series(*[0.0] * 99, 7.0)).values == (0.0,) * 27 + (7.0,)


def test_a_short_or_empty_handed_history_stays_whole() -> None:
    assert prepared(series(0.0, 0.0, 1.0)) == series(0.0, 0.0, 1.0)
    assert prepared(series(*[0.0] * 60)) == series(*[0.0] * 60)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([0.0] * 50, "the history is all zeros"),
        ([3.0] * 50, "the history is constant"),
        ([1.0, 2.0] * 5, "the history has 10 days, 28 are needed"),
        ([1.0], "the history has 1 day, 28 are needed"),
        ([1.0, 2.0] * 14, None),
    ],
)
def test_a_model_that_cannot_learn_says_why(values: list[float], reason: str | None) -> None:
    assert unfit_reason(series(*values), 28) == reason

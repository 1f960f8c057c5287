"""How near a forecast came, as a percentage."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.accuracy import (
    Scale,
    Scored,
    accuracy_percent,
    judge_sku,
    name_distance,
    scale_of,
)

AMOUNTS = st.decimals(0, 10_000_000, places=2)


@pytest.mark.parametrize(
    ("predicted", "actual", "expected"),
    [
        ("10", "10", "100"),
        ("9", "10", "90.00"),
        ("11", "10", "90.00"),
        ("20", "10", "0"),
        ("25", "10", "0"),
        ("0", "10", "0"),
        ("2", "3", "66.67"),
        ("1", "3", "33.33"),
        ("0.01", "1", "1.00"),
        ("7.9999", "8", "100.00"),
        # On a day without a sale: did it round to no unit?
        ("0", "0", "100"),
        ("0.49", "0", "100"),
        ("0.50", "0", "0"),
        ("3", "0", "0"),
    ],
)
def test_accuracy_is_what_was_not_missed_of_the_actual(
    predicted: str, actual: str, expected: str
) -> None:
    assert accuracy_percent(Decimal(predicted), Decimal(actual)) == Decimal(expected)


@given(AMOUNTS, AMOUNTS)
def test_accuracy_fits_its_column(predicted: Decimal, actual: Decimal) -> None:
    accuracy = accuracy_percent(predicted, actual)
    assert 0 <= accuracy <= 100
    assert accuracy == accuracy.quantize(Decimal("0.01"))


@pytest.mark.parametrize(
    ("days", "name"),
    [
        (1, "1-7"),
        (7, "1-7"),
        (8, "8-14"),
        (14, "8-14"),
        (15, "15-28"),
        (28, "15-28"),
        (29, "29+"),
        (365, "29+"),
    ],
)
def test_a_distance_holds_its_last_day(days: int, name: str) -> None:
    assert name_distance(days) == name


@pytest.mark.parametrize("demand", [[], ["3"], ["3", "3", "3"]])
def test_a_sku_that_never_changed_has_no_scale(demand: list[str]) -> None:
    assert scale_of([Decimal(each) for each in demand]) == Scale(None, None)


@given(AMOUNTS, AMOUNTS, AMOUNTS, st.sampled_from(["0.8", "0.9", "0.95"]))
def test_pinball_of_both_bounds_is_a_share_of_the_interval_score(
    first: Decimal, second: Decimal, actual: Decimal, level: str
) -> None:
    lower, upper = sorted((first, second))
    scored = Scored(lower, actual, lower, upper, Decimal(level))
    assert scored.pinball is not None and scored.interval_score is not None
    expected = (1 - Decimal(level)) / 4 * scored.interval_score
    assert abs(scored.pinball - expected) < Decimal("0.000001")


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=20))
def test_measures_fit_their_columns_and_bias_is_never_beyond_wape(
    pairs: list[tuple[Decimal, Decimal]],
) -> None:
    scored = [Scored(*pair, Decimal(0), pair[0], Decimal("0.95")) for pair in pairs]
    judged = judge_sku(scored, Scale(Decimal("0.01"), Decimal("0.01")))
    assert judged.forecasts == len(pairs)
    for measure in (judged.wape, judged.rmsse, judged.msis, judged.bias):
        assert measure is None or -1 <= measure < 1_000_000
    if judged.wape is not None and judged.bias is not None:
        assert abs(judged.bias) <= judged.wape

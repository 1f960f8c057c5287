"""How near a forecast came, as a percentage."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.accuracy import accuracy_percent

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

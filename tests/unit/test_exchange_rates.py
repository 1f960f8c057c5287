"""What an amount is worth in another currency, and every trap of the bank's rates."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.exchange_rates import DayRate, NoRate, Rate, RateTable, convert

FRIDAY = date(2026, 10, 30)
TABLE = RateTable.of(
    [
        DayRate(FRIDAY, "USD", Decimal("1.1172")),
        DayRate(FRIDAY, "GBP", Decimal("0.8338")),
        DayRate(FRIDAY, "JPY", Decimal("175.68")),
        DayRate(date(2022, 3, 1), "RUB", Decimal("117.2010")),
        DayRate(date(2025, 12, 31), "BGN", Decimal("1.9558")),
        DayRate(date(2008, 12, 9), "ISK", Decimal(290)),
        DayRate(date(2018, 2, 1), "ISK", Decimal("125.3")),
        DayRate(date(2005, 6, 30), "ROL", Decimal(36030)),
        DayRate(date(2005, 7, 1), "RON", Decimal("3.6050")),
        DayRate(date(2004, 12, 31), "TRL", Decimal(1836200)),
        DayRate(date(2005, 1, 3), "TRY", Decimal("1.8306")),
    ]
)


def rate(source: str, target: str, day: date) -> Rate:
    found = TABLE.between(source, target, day)
    assert isinstance(found, Rate), found
    return found


def reason(source: str, target: str, day: date) -> str:
    found = TABLE.between(source, target, day)
    assert isinstance(found, NoRate), found
    return found.reason


def test_two_currencies_are_converted_by_way_of_the_euro() -> None:
    assert convert(Decimal("100.00"), rate("USD", "EUR", FRIDAY)) == Decimal("89.51")
    assert convert(Decimal("100.00"), rate("EUR", "USD", FRIDAY)) == Decimal("111.72")
    # 100 / 1.1172 × 0.8338
    assert convert(Decimal("100.00"), rate("USD", "GBP", FRIDAY)) == Decimal("74.63")
    assert convert(Decimal("-100.00"), rate("USD", "GBP", FRIDAY)) == Decimal("-74.63")


def test_a_currency_is_worth_itself_also_where_it_has_no_rate() -> None:
    assert rate("XXX", "XXX", FRIDAY) == Rate(Decimal(1), 0)


def test_days_without_a_rate_take_the_one_before_five_days_at_most() -> None:
    days = [FRIDAY + timedelta(days=n) for n in range(6)]
    found = [rate("USD", "EUR", day) for day in days]
    assert [each.age_days for each in found] == [0, 1, 2, 3, 4, 5]
    assert [each.is_old for each in found] == [False] * 4 + [True] * 2
    late = FRIDAY + timedelta(days=6)
    assert (
        reason("USD", "EUR", late)
        == "USD has no rate on 2026-11-05: the one before is of 2026-10-30"
    )


def test_nothing_is_carried_back_to_days_before_the_first_rate() -> None:
    day = FRIDAY - timedelta(days=1)
    assert reason("EUR", "USD", day) == "USD has no rate on 2026-10-29: the first is of 2026-10-30"
    assert reason("EUR", "VND", FRIDAY) == "VND has no rates"


def test_the_hole_of_the_krona_is_a_hole() -> None:
    assert reason("ISK", "EUR", date(2012, 5, 1)) == (
        "ISK has no rate on 2012-05-01: the one before is of 2008-12-09"
    )
    assert rate("EUR", "ISK", date(2018, 2, 1)).factor == Decimal("125.3")


def test_the_rouble_is_refused_after_its_last_day_also_within_five_days() -> None:
    assert rate("EUR", "RUB", date(2022, 3, 1)).factor == Decimal("117.2010")
    assert reason("RUB", "EUR", date(2022, 3, 2)) == (
        "RUB has no rate after 2022-03-01: it is suspended"
    )


@pytest.mark.parametrize(
    ("currency", "first", "factor"),
    [("BGN", date(2026, 1, 1), "1.95583"), ("HRK", date(2023, 1, 1), "7.53450"),
     ("LTL", date(2015, 1, 1), "3.45280"), ("LVL", date(2014, 1, 1), "0.702804"),
     ("EEK", date(2011, 1, 1), "15.6466"), ("SKK", date(2009, 1, 1), "30.1260"),
     ("CYP", date(2008, 1, 1), "0.585274"), ("MTL", date(2008, 1, 1), "0.429300"),
     ("SIT", date(2007, 1, 1), "239.640")],
)  # fmt: skip
def test_a_currency_that_became_the_euro_has_its_last_rate_for_ever(
    currency: str, first: date, factor: str
) -> None:
    for day in (first, FRIDAY):
        assert rate("EUR", currency, day) == Rate(Decimal(factor), 0)


def test_before_the_euro_its_published_rate_counts() -> None:
    assert rate("EUR", "BGN", date(2025, 12, 31)).factor == Decimal("1.9558")


def test_currencies_that_lost_zeros_are_known_by_both_names() -> None:
    assert rate("EUR", "RON", date(2005, 6, 30)).factor == Decimal("3.6030")
    assert rate("EUR", "ROL", date(2005, 7, 1)).factor == Decimal("36050.0000")
    assert rate("EUR", "TRY", date(2004, 12, 31)).factor == Decimal("1.836200")
    assert rate("EUR", "TRL", date(2005, 1, 3)).factor == Decimal("1830600.0000")


cents = st.integers(-(10**12), 10**12).map(lambda n: Decimal(n).scaleb(-2))


@settings(deadline=None)
@given(cents)
def test_there_and_back_differs_by_less_than_a_unit_of_the_coarser_side(amount: Decimal) -> None:
    there, back = rate("EUR", "GBP", FRIDAY), rate("GBP", "EUR", FRIDAY)
    again = convert(convert(amount, there), back)
    # Half a penny is 0.006 of a euro.
    assert abs(again - amount) <= Decimal("0.02")

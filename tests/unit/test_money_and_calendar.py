"""Amounts, periods and the formulas of working capital."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.connectors.shopify.fields import read_decimal
from shared.domain.calendar import Period, PeriodType, period_of, periods_touching
from shared.domain.money import round_money
from shared.domain.working_capital import (
    Balances,
    Flows,
    days_outstanding,
    flow_window,
    measure,
)
from shared.errors import SkipRecord

DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))


def test_money_is_rounded_half_away_from_zero() -> None:
    assert round_money(Decimal("2.345")) == Decimal("2.35")
    assert round_money(Decimal("-2.345")) == Decimal("-2.35")


@pytest.mark.parametrize("text", ["", "12,50", "NaN", "Infinity", "1e20", None, 12.5])
def test_what_is_no_amount_names_its_field(text: object) -> None:
    with pytest.raises(SkipRecord, match=r"^price: "):
        read_decimal(text, "price")


def test_a_week_runs_from_monday_to_sunday() -> None:
    assert period_of(date(2011, 12, 9), PeriodType.WEEKLY) == Period(
        PeriodType.WEEKLY, date(2011, 12, 5), date(2011, 12, 11)
    )


def test_february_of_a_leap_year_has_29_days() -> None:
    assert period_of(date(2012, 2, 10), PeriodType.MONTHLY).days == 29


@given(DAYS, st.integers(0, 400), st.sampled_from(PeriodType))
def test_periods_follow_each_other_without_gap(first: date, span: int, kind: PeriodType) -> None:
    periods = list(periods_touching(first, first + timedelta(days=span), kind))
    assert periods[0].start <= first <= periods[0].end
    assert periods[-1].end >= first + timedelta(days=span)
    for before, after in pairwise(periods):
        assert after.start == before.end + timedelta(days=1)


def test_days_outstanding_is_balance_over_flow_times_days() -> None:
    assert days_outstanding(Decimal("11200"), Decimal("12908.50"), 30) == Decimal("26.03")


def test_an_unknown_or_empty_flow_gives_no_days() -> None:
    assert days_outstanding(Decimal(100), None, 30) is None
    assert days_outstanding(Decimal(100), Decimal(0), 30) is None
    assert days_outstanding(None, Decimal(100), 30) is None


def test_days_too_many_for_their_column_are_unknown() -> None:
    assert days_outstanding(Decimal("9999999999999.99"), Decimal("0.01"), 366) is None


def test_a_day_is_measured_by_the_thirty_days_behind_it() -> None:
    day = period_of(date(2011, 12, 9), PeriodType.DAILY)
    assert flow_window(day, date(2011, 12, 31)) == (date(2011, 11, 10), date(2011, 12, 9))


def test_an_open_month_ends_at_the_last_day_known() -> None:
    month = period_of(date(2011, 12, 9), PeriodType.MONTHLY)
    assert flow_window(month, date(2011, 12, 9)) == (date(2011, 12, 1), date(2011, 12, 9))


def test_a_month_is_measured_by_its_own_flows() -> None:
    month = period_of(date(2011, 11, 1), PeriodType.MONTHLY)
    row = measure(
        month,
        Balances(
            accounts_receivable=Decimal(3000),
            inventory=Decimal(6000),
            accounts_payable=Decimal(1500),
        ),
        Flows(revenue=Decimal(9000), cost_of_goods_sold=Decimal(4500)),
        30,
    )
    assert row.days_sales_outstanding == Decimal("10.00")
    assert row.days_inventory_outstanding == Decimal("40.00")
    assert row.days_payables_outstanding == Decimal("10.00")

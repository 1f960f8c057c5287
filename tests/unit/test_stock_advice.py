"""What an owner does next about the stock of a product."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.stock_advice import Advice, advise

TODAY = date(2026, 3, 1)
YESTERDAY = TODAY - timedelta(days=1)


@pytest.mark.parametrize(
    ("units", "a_day", "lead", "last_sold", "advice", "runs_out", "order_by"),
    [
        # 10 units at 2 a day last five days; a delivery takes seven.
        (10, "2", 7, YESTERDAY, Advice.ORDER_NOW, date(2026, 3, 6), date(2026, 2, 27)),
        (0, "2", None, YESTERDAY, Advice.ORDER_NOW, TODAY, TODAY),
        (40, "2", 7, YESTERDAY, Advice.ORDER_BY, date(2026, 3, 21), date(2026, 3, 14)),
        (40, "2", None, YESTERDAY, Advice.ORDER_BY, date(2026, 3, 21), date(2026, 3, 21)),
        (400, "2", 7, YESTERDAY, Advice.ENOUGH, date(2026, 9, 17), date(2026, 9, 10)),
        (5, "0", 7, YESTERDAY, Advice.ENOUGH, None, None),
        (5, "0.0001", 7, YESTERDAY, Advice.ENOUGH, None, None),
        (5, None, 7, YESTERDAY, Advice.UNKNOWN, None, None),
        (5, "1", 7, None, Advice.IDLE, None, None),
        (5, "1", 7, TODAY - timedelta(days=91), Advice.IDLE, None, None),
        (5, "1", 7, TODAY - timedelta(days=90), Advice.ORDER_NOW, date(2026, 3, 6), date(2026, 2, 27)),
        # What is sold out and has not sold for long is no idle stock.
        (0, None, 7, TODAY - timedelta(days=400), Advice.UNKNOWN, None, None),
    ],
)  # fmt: skip
def test_the_advice_follows_from_stock_demand_and_delivery(
    units: int,
    a_day: str | None,
    lead: int | None,
    last_sold: date | None,
    advice: Advice,
    runs_out: date | None,
    order_by: date | None,
) -> None:
    demand = None if a_day is None else Decimal(a_day)
    found = advise(units, demand, lead, last_sold, TODAY)
    assert (found.advice, found.runs_out_on, found.order_by) == (advice, runs_out, order_by)


@given(
    st.integers(0, 2_000_000_000),
    st.decimals(0, 10**9, places=4),
    st.none() | st.integers(0, 4000),
    st.integers(0, 90),
)
def test_no_stock_is_beyond_advice_and_more_of_it_never_makes_it_more_urgent(
    units: int, a_day: Decimal, lead: int | None, since: int
) -> None:
    sold = TODAY - timedelta(days=since)
    found, more = (advise(n, a_day, lead, sold, TODAY) for n in (units, units + 1))
    order = list(Advice)
    assert order.index(more.advice) >= order.index(found.advice)

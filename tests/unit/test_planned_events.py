"""Promotions, closed days and prices to come, and what they do to forecasts."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.planned_events import EventKind, PlannedEvent, check_event
from shared.domain.series import Horizon, NodeForecasts, Series, SkuFacts
from shared.errors import InvalidInput
from shared.forecasting.panels.forecaster import PanelForecaster
from shared.forecasting.panels.members.local import Local, theta
from shared.forecasting.panels.members.naive import SeasonalMean
from shared.forecasting.panels.plan import prices_ahead
from shared.forecasting.tenant_forecaster import TenantForecaster
from tests.fixtures.forecasting import learn_and_forecast

CHEAP = TenantForecaster(PanelForecaster((Local("theta", theta), SeasonalMean())))
ORIGIN, DAYS = date(2026, 3, 1), 364
START = ORIGIN - timedelta(days=DAYS - 1)
HORIZON = Horizon(28, 0.95)
TOMORROW = ORIGIN + timedelta(days=1)


def day(ahead: int) -> date:
    return ORIGIN + timedelta(days=ahead)


def promotion(
    first: date, days: int, sku: str | None = "MUG", discount: str = "0.3"
) -> PlannedEvent:
    last = first + timedelta(days=days - 1)
    return PlannedEvent(EventKind.PROMOTION, sku, first, last, Decimal(discount))


def selling(sku: str, mean: float, uplift: float = 1.0, seed: int = 1) -> Series:
    """A year of sales; on the days of PAST each sells `uplift` times as much."""
    rates = mean * np.where(
        [any(e.covers(START + timedelta(days=n)) for e in PAST) for n in range(DAYS)], uplift, 1.0
    )
    units = np.random.default_rng(seed).poisson(rates).astype(float)
    return Series(sku, START, tuple(units.tolist()))


# Six promotions of a week each.
PAST = [promotion(START + timedelta(days=40 + 50 * n), 7) for n in range(6)]


def forecast(
    series: list[Series], events: list[PlannedEvent], facts: dict[str, SkuFacts] | None = None
) -> dict[str | None, NodeForecasts]:
    nodes = learn_and_forecast(CHEAP, series, facts or {}, HORIZON, events)
    return {node.unique_id: node for node in nodes}


def daily(node: NodeForecasts, kind: str = "DEMAND") -> list[float]:
    (found,) = (
        each
        for each in node.forecasts
        if (each.model_type, each.forecast_type, each.period_type) == ("ensemble", kind, "DAILY")
    )
    return [point.predicted for point in found.points]


def test_the_next_promotion_is_forecast_within_a_tenth_and_missed_without_the_plan() -> None:
    series = [selling("MUG", 40, 1.8), selling("TEA", 40, seed=2)]
    planned = forecast(series, [*PAST, promotion(day(8), 7)])
    week, usual = sum(daily(planned["MUG"])[7:14]), sum(daily(planned["MUG"])[14:28])
    assert week == pytest.approx(7 * 40 * 1.8, rel=0.1)
    assert usual == pytest.approx(14 * 40, rel=0.1)
    assert sum(daily(planned["TEA"])[7:14]) == pytest.approx(7 * 40, rel=0.1)
    without = forecast(series, [])
    assert sum(daily(without["MUG"])[7:14]) < 0.75 * 7 * 40 * 1.8


def test_a_deeper_discount_sells_more_by_the_elasticity_that_was_learnt() -> None:
    series = [selling("MUG", 40, 1.8)]
    found = forecast(series, [*PAST, promotion(day(1), 7, discount="0.5")])
    # 30 % sold 1.8 times as much: b = ln 1.8 / −ln 0.7 = 1.648, and 50 % sells 2^b = 3.13 times.
    assert sum(daily(found["MUG"])[:7]) == pytest.approx(7 * 40 * 3.13, rel=0.1)


def test_a_sku_without_promotions_of_its_own_takes_the_tenants() -> None:
    series = [selling("MUG", 40, 1.8), selling("NEW", 40, seed=3)]
    found = forecast(series, [*PAST, promotion(day(1), 7, sku="NEW")])
    assert sum(daily(found["NEW"])[:7]) == pytest.approx(7 * 40 * 1.8, rel=0.1)


def test_nothing_sells_on_closed_days_and_closed_days_of_the_past_teach_nothing() -> None:
    flat = Series("MUG", START, tuple(0.0 if n % 7 == 3 and n > 200 else 5.0 for n in range(DAYS)))
    closed = [
        PlannedEvent(EventKind.CLOSED, None, START + timedelta(days=n), START + timedelta(days=n))
        for n in range(201, DAYS)
        if n % 7 == 3
    ]
    holiday = PlannedEvent(EventKind.CLOSED, None, day(3), day(5))
    found = forecast([flat], [*closed, holiday])
    units = daily(found["MUG"])
    assert units[2:5] == [0.0, 0.0, 0.0]
    assert units[:2] + units[5:] == pytest.approx([5.0] * 25, abs=0.1)
    (week,) = (each for each in found[None].sums if each.days == 7)
    assert week.expected == pytest.approx(20.0, abs=0.5)


def test_a_launch_and_an_end_of_sale_bound_what_is_sold() -> None:
    series = [selling("MUG", 5), selling("TEA", 5, seed=2)]
    found = forecast(
        series,
        [
            PlannedEvent(EventKind.END_OF_SALE, "MUG", day(11)),
            PlannedEvent(EventKind.LAUNCH, "TEA", START + timedelta(days=100)),
        ],
    )
    assert [units > 0 for units in daily(found["MUG"])] == [True] * 10 + [False] * 18
    assert min(daily(found["TEA"])) > 0


def test_the_deeper_of_two_promotions_counts_for_demand_and_for_the_price() -> None:
    both = [promotion(day(1), 7), promotion(day(1), 7, sku=None, discount="0.2")]
    assert prices_ahead(both, "MUG", 10.0, day(1), 1).tolist() == [7.0]


def test_no_promotion_sells_more_than_ten_times_the_usual() -> None:
    found = forecast([selling("MUG", 40, 3.0)], [*PAST, promotion(day(1), 7, discount="0.99")])
    assert sum(daily(found["MUG"])[:7]) == pytest.approx(7 * 40 * 10, rel=0.15)


def test_a_sku_that_sold_nothing_in_a_few_days_of_promotion_takes_the_tenants_uplift() -> None:
    rates = np.where([PAST[0].covers(START + timedelta(days=n)) for n in range(DAYS)], 0.0, 0.2)
    seldom = np.random.default_rng(5).poisson(rates).astype(float)
    series = [selling("MUG", 40, 1.8), Series("TEA", START, tuple(seldom.tolist()))]
    ahead = promotion(day(1), 7, sku="TEA")
    planned = forecast(series, [*PAST, promotion(PAST[0].first_day, 7, sku="TEA"), ahead])
    units = daily(planned["TEA"])
    assert 1.3 < sum(units[:7]) / sum(units[7:14]) < 1.9


def test_revenue_follows_the_price_of_the_day() -> None:
    change = PlannedEvent(EventKind.PRICE_CHANGE, "MUG", day(15), price=Decimal("20.00"))
    found = forecast([selling("MUG", 5)], [promotion(day(1), 7), change], {"MUG": SkuFacts(10.0)})
    units, money = daily(found["MUG"]), daily(found["MUG"], "REVENUE")
    prices = [each / unit for each, unit in zip(money, units, strict=True)]
    assert prices == pytest.approx([7.0] * 7 + [10.0] * 7 + [20.0] * 14, rel=0.01)


def test_a_change_of_the_last_weeks_counts_and_an_older_one_is_in_the_price_already() -> None:
    lately = PlannedEvent(EventKind.PRICE_CHANGE, "MUG", day(-5), price=Decimal("20.00"))
    long_ago = PlannedEvent(EventKind.PRICE_CHANGE, "MUG", day(-200), price=Decimal("30.00"))
    next_week = PlannedEvent(EventKind.PRICE_CHANGE, "MUG", day(3), price=Decimal("25.00"))
    forever = promotion(date.min, (date.max - date.min).days, discount="0.5")
    planned = [long_ago, lately, next_week]
    found = prices_ahead(planned, "MUG", 10.0, day(1), 4)
    assert found.tolist() == [20.0, 20.0, 25.0, 25.0]
    assert prices_ahead([forever], "MUG", 10.0, day(1), 2).tolist() == [5.0, 5.0]


def test_prices_follow_one_another_and_promotions_may_not_meet() -> None:
    first = PlannedEvent(EventKind.PRICE_CHANGE, "MUG", day(1), price=Decimal("20.00"))
    second = PlannedEvent(EventKind.PRICE_CHANGE, "MUG", day(9), price=Decimal("21.00"))
    assert not first.overlaps(second)
    assert promotion(day(1), 7).overlaps(promotion(day(7), 2))
    assert not promotion(day(1), 7).overlaps(promotion(day(8), 2))
    assert not promotion(day(1), 7).overlaps(promotion(day(2), 2, sku="TEA"))


def test_without_events_every_number_is_as_it_was() -> None:
    series = [selling("MUG", 5), selling("TEA", 5, seed=2)]
    elsewhere = promotion(day(100), 7)
    other = PlannedEvent(EventKind.CLOSED, "UNKNOWN", START, ORIGIN)
    assert forecast(series, []) == forecast(series, [elsewhere, other])


kinds = st.sampled_from(
    [EventKind.PROMOTION, EventKind.CLOSED, EventKind.LAUNCH, EventKind.END_OF_SALE]
)


@st.composite
def events(draw: st.DrawFn) -> PlannedEvent:
    kind = draw(kinds)
    first = day(draw(st.integers(-400, 60)))
    last = first + timedelta(days=draw(st.integers(0, 90)))
    sku = draw(st.sampled_from(["MUG", "TEA", None]))
    if kind is EventKind.PROMOTION:
        return PlannedEvent(kind, sku, first, last, Decimal(draw(st.integers(1, 99))) / 100)
    return PlannedEvent(kind, sku, first, last if kind is EventKind.CLOSED else None)


@settings(deadline=None, max_examples=25)
@given(st.lists(events(), max_size=5))
def test_parts_add_up_and_nothing_explodes_with_any_events(planned: list[PlannedEvent]) -> None:
    found = forecast([selling("MUG", 5, 1.8), selling("TEA", 0.2, seed=2)], planned)
    total = daily(found[None])
    for at, (mug, tea) in enumerate(zip(daily(found["MUG"]), daily(found["TEA"]), strict=True)):
        assert 0 <= mug < 1e6 and 0 <= tea < 1e6
        assert total[at] == pytest.approx(mug + tea, abs=1e-9)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (PlannedEvent(EventKind.PROMOTION, None, day(1), day(2)), "discount: a promotion needs one"),
        (promotion(day(1), 3, discount="20"), "discount: 20 is no share; write 20 % as 0.2"),
        (promotion(day(1), 0), f"last-day: {ORIGIN} is before {day(1)}"),
        (PlannedEvent(EventKind.PROMOTION, None, day(1), None, Decimal("0.1")), "last-day: a promotion event"),
        (PlannedEvent(EventKind.LAUNCH, None, day(1)), "sku: launch is of one product; name it"),
        (PlannedEvent(EventKind.CLOSED, None, day(1)), "last-day: a closed event needs its last day"),
        (PlannedEvent(EventKind.LAUNCH, "MUG", day(1), day(2)), "last-day: launch has no end"),
        (PlannedEvent(EventKind.PRICE_CHANGE, "MUG", day(1)), "price: a price change needs"),
        (PlannedEvent(EventKind.PRICE_CHANGE, "MUG", day(1), price=Decimal(-1)), "price: -1 is no price"),
        (promotion(day(1), 400), "last-day: a promotion of more than 366 days"),
        (promotion(day(1), 3, discount="0.00001"), "discount: 0.00001 is no share"),
        (PlannedEvent(EventKind.LAUNCH, "MUG", date(9026, 5, 1)), "first-day: 9026-05-01 is no day of a plan"),
        (PlannedEvent(EventKind.PRICE_CHANGE, "MUG", day(1), price=Decimal(10**9)), "price: 1000000000 is no price"),
    ],
)  # fmt: skip
def test_an_event_that_cannot_be_is_one_line(event: PlannedEvent, line: str) -> None:
    with pytest.raises(InvalidInput, match=line):
        check_event(event)

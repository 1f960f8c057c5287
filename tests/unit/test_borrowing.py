"""New SKUs borrow the level of others like them, and the week of all."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.planned_events import EventKind, PlannedEvent
from shared.domain.series import Forecast, Horizon, NodeForecasts, Series, SkuFacts
from shared.forecasting.arrays import Floats
from shared.forecasting.panels.borrowing import Borrowed, borrow
from shared.forecasting.panels.forecaster import PanelForecaster
from shared.forecasting.panels.members.local import Local, theta
from shared.forecasting.panels.members.naive import SeasonalMean
from shared.forecasting.panels.panel import Panel
from shared.forecasting.tenant_forecaster import TenantForecaster
from tests.fixtures.forecasting import learn_and_forecast

CHEAP = TenantForecaster(PanelForecaster((Local("theta", theta), SeasonalMean())))
# A Sunday: the day after is a Monday, the sixth a Saturday.
ORIGIN, DAYS = date(2026, 3, 1), 140
HORIZON = Horizon(28, 0.95)
CUP, POT = SkuFacts(6.0, "Cups"), SkuFacts(4.0, "Pots")
# Ten a day on average, of which Saturday sells thrice what another day does.
WEEK = np.array([70 / 9] * 5 + [210 / 9, 70 / 9])


def on_days(days: int) -> Floats:
    """What the planted week sells on the last `days` days up to the origin, in fractions of units."""
    weekdays = [(ORIGIN - timedelta(days=n)).weekday() for n in reversed(range(days))]
    return np.asarray(WEEK[weekdays])


def selling(sku: str, rate: float, days: int = DAYS, seed: int = 1) -> Series:
    """Poisson sales of the planted week at `rate` units a day."""
    units = np.random.default_rng(seed).poisson(on_days(days) * rate / 10).astype(float)
    return series(sku, units.tolist())


def series(sku: str, units: list[float]) -> Series:
    return Series(sku, ORIGIN - timedelta(days=len(units) - 1), tuple(units))


def cups(count: int = 6, rate: float = 10.0, name: str = "CUP") -> list[Series]:
    return [selling(f"{name}{n}", rate, seed=n + 1) for n in range(count)]


def forecast(
    found: list[Series], facts: dict[str, SkuFacts], events: list[PlannedEvent] | None = None
) -> dict[str | None, NodeForecasts]:
    known = {each.unique_id: CUP for each in found} | facts
    nodes = learn_and_forecast(CHEAP, found, known, HORIZON, events or [])
    return {node.unique_id or node.category: node for node in nodes}


def of_days(node: NodeForecasts) -> Forecast:
    (found,) = (each for each in node.forecasts if each.period_type == "DAILY" and is_demand(each))
    return found


def is_demand(each: Forecast) -> bool:
    return (each.model_type, each.forecast_type) == ("ensemble", "DEMAND")


def daily(node: NodeForecasts) -> list[float]:
    return [point.predicted for point in of_days(node).points]


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (5, "borrowed from category Cups: known for 5 days"),
        (1, "borrowed from category Cups: known for 1 day"),
    ],
)
def test_a_new_sku_gets_the_level_of_its_category_and_the_saturday_of_the_whole_panel(
    days: int, text: str
) -> None:
    found = forecast([*cups(), series("NEW", on_days(days).round().tolist())], {})
    units = daily(found["NEW"])
    assert sum(units) / 28 == pytest.approx(10.0, rel=0.08)
    assert units[5] == pytest.approx(70 / 3, rel=0.1)
    assert units[:5] == pytest.approx([70 / 9] * 5, rel=0.15)
    assert of_days(found["NEW"]).fallback == text


def test_a_new_sku_that_sold_nothing_is_expected_to_sell_less_than_the_others_but_not_nothing() -> (
    None
):
    found = forecast([*cups(), series("NEW", [0.0] * 5)], {})
    # Others are alike, so they count for seven days: 7 × 10 / (7 and what Wednesday to Sunday weigh).
    assert sum(daily(found["NEW"])) / 28 == pytest.approx(70 / (7 + 49 / 9), rel=0.05)
    points = of_days(found["NEW"]).points
    assert all(point.upper is not None and point.upper > point.predicted for point in points)


def test_nine_days_without_a_sale_have_a_spread_too() -> None:
    points = of_days(forecast([*cups(), series("NEW", [0.0] * 9)], {})["NEW"]).points
    assert all(point.lower == 0.0 for point in points)
    assert all(point.upper is not None and point.upper > 5.0 for point in points)


def test_each_price_band_has_a_level_of_its_own() -> None:
    dear = [selling(f"DEAR{n}", 1.0, seed=20 + n) for n in range(6)]
    few = [series("NEW_CUP", [10.0]), series("NEW_DEAR", [1.0])]
    prices = {each.unique_id: SkuFacts(60.0, "Cups") for each in dear}
    prices |= {"NEW_CUP": SkuFacts(8.0, "Cups"), "NEW_DEAR": SkuFacts(50.0, "Cups")}
    found = forecast([*cups(), *dear, *few], prices)
    assert sum(daily(found["NEW_CUP"])) / 28 == pytest.approx(10.0, rel=0.1)
    assert sum(daily(found["NEW_DEAR"])) / 28 == pytest.approx(1.0, rel=0.15)


def test_without_a_price_the_whole_category_counts() -> None:
    found = forecast([*cups(), series("NEW", [10.0])], {"NEW": SkuFacts(None, "Cups")})
    assert of_days(found["NEW"]).fallback == "borrowed from category Cups: known for 1 day"


def test_a_category_of_fewer_than_three_others_borrows_from_all_skus() -> None:
    pots = {f"CUP{n}": POT for n in range(2)} | {"NEW": POT}
    found = forecast([*cups(), series("NEW", [10.0])], pots)
    assert of_days(found["NEW"]).fallback == "borrowed from all SKUs: known for 1 day"


def test_the_only_sku_of_a_tenant_borrows_from_nobody() -> None:
    found = forecast([series("NEW", [3.0])], {})
    assert of_days(found["NEW"]).fallback == "without theta: no sound forecast of this SKU"
    assert daily(found["NEW"]) == pytest.approx([3.0] * 28, abs=0.05)


def test_from_the_twenty_eighth_day_on_a_sku_stands_alone() -> None:
    found = forecast([*cups(), selling("27", 10.0, 27), selling("28", 10.0, 28)], {})
    assert of_days(found["27"]).fallback == "borrowed from category Cups: known for 27 days"
    assert of_days(found["28"]).fallback is None


def test_numbers_of_all_other_skus_are_as_without_new_ones_that_borrow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    everything = [*cups(), series("NEW", [1.0, 0.0])]
    borrowed = forecast(everything, {})

    def nothing(panel: Panel, _facts: object, horizon: int) -> Borrowed:
        return Borrowed(np.full((len(panel.ids), horizon), np.nan))

    monkeypatch.setattr("shared.forecasting.tenant_forecaster.borrow", nothing)
    alone = forecast(everything, {})
    assert borrowed["NEW"] != alone["NEW"]
    for sku in ("CUP0", "CUP1", "CUP2", "CUP3", "CUP4", "CUP5"):
        assert borrowed[sku] == alone[sku]


def test_a_launch_ahead_is_forecast_from_the_category_and_sells_nothing_before() -> None:
    launch = PlannedEvent(EventKind.LAUNCH, "NEW", ORIGIN + timedelta(days=8))
    units = daily(forecast([*cups(), series("NEW", [0.0] * 3)], {}, [launch])["NEW"])
    assert units[:7] == [0.0] * 7
    assert sum(units[7:]) / 21 == pytest.approx(10.0, rel=0.08)


def test_a_sku_known_on_saturday_alone_is_not_taken_for_one_that_sells_thrice_as_much() -> None:
    saturday = series("NEW", [23.0, float("nan")])
    assert sum(daily(forecast([*cups(), saturday], {})["NEW"])) / 28 == pytest.approx(10, rel=0.08)


def test_the_more_others_differ_the_more_a_skus_own_days_count() -> None:
    own = series("NEW", [2.0] * 7)
    alike = forecast([*cups(), own], {})
    rates = enumerate((1.0, 2.0, 4.0, 9.0, 14.0, 30.0))
    differ = [selling(f"CUP{n}", rate, seed=n + 1) for n, rate in rates]
    unlike = forecast([*differ, own], {})
    assert sum(daily(alike["NEW"])) / 28 == pytest.approx((14 + 7 * 10) / (7 + 7), rel=0.05)
    assert sum(daily(unlike["NEW"])) / 28 == pytest.approx((14 + 1 * 10) / (7 + 1), rel=0.05)


amounts = st.one_of(
    st.just(0.0), st.just(float("nan")), st.floats(0, 50), st.sampled_from([1e12, 1e300])
)
kinds = st.builds(
    SkuFacts,
    st.one_of(st.none(), st.floats(0, 1e6), st.just(float("nan"))),
    st.sampled_from([None, "Cups", "Pots"]),
)
pasts = st.lists(st.tuples(st.lists(amounts, min_size=40, max_size=40), kinds), min_size=1)


@settings(deadline=None, max_examples=60)
@given(pasts, st.integers(1, 40))
def test_what_is_borrowed_is_finite_and_never_negative(
    past: list[tuple[list[float], SkuFacts]], days: int
) -> None:
    values = np.array([units for units, _ in past])[:, -days:]
    panel = Panel(tuple(str(row) for row in range(len(past))), values, start=ORIGIN)
    found = borrow(panel, [facts for _, facts in past], 28)
    for row, means in enumerate(found.means):
        assert np.isnan(means).all() if row not in found.reasons else np.isfinite(means).all()
        assert not (means < 0).any()


few_days = st.lists(
    st.one_of(st.integers(0, 30).map(float), st.just(float("nan"))), min_size=1, max_size=27
)


@settings(deadline=None, max_examples=15)
@given(few_days, few_days)
def test_totals_equal_the_sums_of_their_parts_with_any_new_skus(
    first: list[float], second: list[float]
) -> None:
    new = [series("NEW", first), series("NEWER", second)]
    found = forecast([*cups(3), *new], {"NEW": SkuFacts(6.0, "Pots")})
    parts = [daily(found[each]) for each in ("CUP0", "CUP1", "CUP2", "NEWER", "NEW")]
    of_cups = np.sum(parts[:4], axis=0)
    assert daily(found["Cups"]) == pytest.approx(of_cups.tolist(), abs=1e-6)
    assert daily(found[None]) == pytest.approx(np.sum(parts, axis=0).tolist(), abs=1e-6)
    assert np.isfinite(parts).all() and np.min(parts) >= 0


@pytest.mark.parametrize("value", [0.0, float("nan")])
def test_nothing_known_or_never_a_sale_is_no_error(value: float) -> None:
    panel = Panel(("A", "B", "C", "D"), np.full((4, 20), value), start=ORIGIN)
    found = borrow(panel, [SkuFacts()] * 4, 7)
    if np.isnan(value):
        assert found.reasons == {}
    else:
        assert found.reasons[0] == "borrowed from all SKUs: known for 20 days"
        assert found.means.tolist() == [[0.0] * 7] * 4

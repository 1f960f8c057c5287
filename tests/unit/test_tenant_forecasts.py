"""A tenant's SKUs as one panel: what each gets, and totals that equal their parts."""

from collections import defaultdict
from datetime import date, timedelta

import numpy as np
import pytest

from shared.domain.series import (
    Forecast,
    ForecastInputs,
    ForecastPoint,
    Horizon,
    NodeForecasts,
    Series,
    SkuFacts,
)
from shared.errors import InvalidInput
from shared.forecasting.panels.forecaster import PanelForecaster
from shared.forecasting.panels.members.local import Local, theta
from shared.forecasting.panels.members.naive import SeasonalMean
from shared.forecasting.tenant_forecaster import TenantForecaster, panel_of
from tests.fixtures.forecasting import learn_and_forecast, silent

# A Sunday: the weeks from it on begin on the day after.
ORIGIN = date(2026, 3, 1)
HORIZON = Horizon(31, 0.95)
CHEAP = TenantForecaster(PanelForecaster((Local("theta", theta), SeasonalMean())))


def selling(sku: str, days: int, mean: float = 4.0) -> Series:
    units = np.random.default_rng(len(sku) + days).poisson(mean, days).astype(float)
    return Series(sku, ORIGIN - timedelta(days=days - 1), tuple(units.tolist()))


def forecast(series: list[Series], prices: dict[str, float]) -> dict[str | None, NodeForecasts]:
    facts = {sku: SkuFacts(price) for sku, price in prices.items()}
    found = learn_and_forecast(CHEAP, series, facts, HORIZON)
    return {node.unique_id: node for node in found}


def points_of(node: NodeForecasts, kind: str, period: str) -> tuple[ForecastPoint, ...]:
    return the(node, kind, period).points


def the(node: NodeForecasts, kind: str, period: str) -> Forecast:
    (found,) = (
        each
        for each in node.forecasts
        if (each.model_type, each.forecast_type, each.period_type) == ("ensemble", kind, period)
    )
    return found


SERIES = [selling("MUG", 200), selling("TEA", 120, 0.3), selling("CUP", 40, 9.0)]
PRICES = {"MUG": 9.99, "TEA": 3.335, "CUP": 0.5}


def test_days_add_up_to_weeks_and_months_and_skus_to_the_company() -> None:
    found = forecast(SERIES, PRICES)
    for kind in ("DEMAND", "REVENUE"):
        sums: dict[date, float] = defaultdict(float)
        for node in found.values():
            days = {each.day: each.predicted for each in points_of(node, kind, "DAILY")}
            weeks = points_of(node, kind, "WEEKLY")
            assert [week.day for week in weeks] == [date(2026, 3, day) for day in (2, 9, 16, 23)]
            for week in weeks:
                whole = sum(days[week.day + timedelta(days=n)] for n in range(7))
                assert week.predicted == pytest.approx(whole, abs=1e-9)
            if node.unique_id is not None:
                for day, amount in days.items():
                    sums[day] += amount
        total = {each.day: each.predicted for each in points_of(found[None], kind, "DAILY")}
        assert total == pytest.approx(dict(sums), abs=1e-9)


def test_a_month_is_forecast_where_all_of_it_lies_ahead() -> None:
    end_of_february = [
        Series(each.unique_id, each.start - timedelta(days=1), each.values) for each in SERIES
    ]
    (march,) = points_of(forecast(end_of_february, {})[None], "DEMAND", "MONTHLY")
    assert march.day == date(2026, 3, 1)
    days = points_of(forecast(end_of_february, {})[None], "DEMAND", "DAILY")
    assert march.predicted == pytest.approx(sum(each.predicted for each in days), abs=1e-9)


def test_bounds_hold_what_is_expected_and_a_week_is_narrower_than_its_days_together() -> None:
    found = forecast(SERIES, PRICES)
    for node in found.values():
        for each in node.forecasts:
            for point in each.points:
                assert point.lower is not None and point.upper is not None
                assert 0 <= point.lower <= point.predicted <= point.upper
    days = points_of(found["MUG"], "DEMAND", "DAILY")[:7]
    week = points_of(found["MUG"], "DEMAND", "WEEKLY")[0]
    assert week.upper is not None
    assert week.upper < sum(each.upper or 0 for each in days)


def test_without_the_price_of_one_sku_the_revenue_of_the_company_is_unknown() -> None:
    found = forecast(SERIES, {"MUG": 9.99, "TEA": 3.335})
    assert points_of(found["MUG"], "REVENUE", "DAILY")
    kinds = {each.forecast_type for sku in ("CUP", None) for each in found[sku].forecasts}
    assert kinds == {"DEMAND"}


def test_a_sku_that_no_member_can_forecast_gets_what_is_usual_and_says_so() -> None:
    newcomer = Series("NEW", ORIGIN, (3.0,))
    found = forecast([*SERIES, newcomer], {})
    assert the(found["MUG"], "DEMAND", "DAILY").fallback is None
    days = points_of(found["NEW"], "DEMAND", "DAILY")
    assert [each.day for each in days] == [ORIGIN + timedelta(days=n) for n in range(1, 32)]
    assert the(found["NEW"], "DEMAND", "DAILY").fallback is not None


def test_days_out_of_stock_are_no_days_without_demand() -> None:
    """Four a day, out of stock a third of the time: zeros err by a third, unknown days do not."""
    units = np.full(180, 4.0) + (np.arange(180) % 2 * 2 - 1)
    gone = np.arange(180) % 30 >= 20
    start = ORIGIN - timedelta(days=179)
    as_zero = Series("ZERO", start, tuple(np.where(gone, 0.0, units).tolist()))
    unknown = Series("GONE", start, tuple(np.where(gone, np.nan, units).tolist()))
    rates = {
        sku: np.mean([each.predicted for each in points_of(node, "DEMAND", "DAILY")])
        for sku, node in forecast([as_zero, unknown], {}).items()
    }
    assert abs(rates["GONE"] / 4 - 1) < 0.05
    assert abs(rates["ZERO"] / 4 - 1) > 0.2


def test_sums_ahead_are_those_of_the_days_and_their_quantiles_rise() -> None:
    facts = {"MUG": SkuFacts(lead_time_days=10), "TEA": SkuFacts(lead_time_days=60)}
    found = {node.unique_id: node for node in learn_and_forecast(CHEAP, SERIES, facts, HORIZON)}
    days = {sku: [each.days for each in node.sums] for sku, node in found.items()}
    assert days == {
        "MUG": [7, 10, 14, 28], "TEA": [7, 14, 28], "CUP": [7, 14, 28], None: [7, 14, 28],
    }  # fmt: skip
    for node in found.values():
        daily = [each.predicted for each in points_of(node, "DEMAND", "DAILY")]
        for each in node.sums:
            assert each.expected == pytest.approx(sum(daily[: each.days]), abs=1e-9)
            assert list(each.quantiles) == sorted(each.quantiles)
            assert each.quantiles[0] <= each.expected <= each.quantiles[-1]


def test_a_category_is_the_sum_of_its_skus_and_comes_after_them() -> None:
    facts = {sku: SkuFacts(2.0, kind) for sku, kind in (("MUG", "Cups"), ("CUP", "Cups"))}
    nodes = learn_and_forecast(CHEAP, SERIES, facts, HORIZON)
    order = [node.unique_id or node.category for node in nodes]
    assert order == ["TEA", "MUG", "CUP", "Cups", None]
    by_name = dict(zip(order, nodes, strict=True))
    for kind in ("DEMAND", "REVENUE"):
        parts = [points_of(by_name[sku], kind, "DAILY") for sku in ("MUG", "CUP")]
        whole = points_of(by_name["Cups"], kind, "DAILY")
        for first, second, total in zip(*parts, whole, strict=True):
            assert total.predicted == pytest.approx(first.predicted + second.predicted, abs=1e-9)


def test_progress_goes_up_to_its_total() -> None:
    seen: list[tuple[int, int | None]] = []

    def report(done: int, total: int | None, _message: str) -> None:
        seen.append((done, total))

    inputs = ForecastInputs(SERIES)
    state = CHEAP.learn(inputs, HORIZON, report)
    assert seen == [(done, 4) for done in range(1, 5)]
    list(CHEAP.forecast(inputs, HORIZON, state, report))
    assert seen[4:] == [(done, 3) for done in range(1, 4)]


def test_series_that_do_not_end_together_are_refused() -> None:
    late = Series("LATE", ORIGIN, (1.0, 2.0))
    with pytest.raises(InvalidInput, match="LATE ends on 2026-03-02; let all end on 2026-03-01"):
        panel_of([SERIES[0], late])


@pytest.mark.parametrize(
    ("horizon", "line"),
    [
        (Horizon(0, 0.95), "horizon_days: 0 days; give 1 to 365"),
        (Horizon(28, 1.0), "level: 1.0; give a share between 0 and 1 such as 0.95"),
    ],
)
def test_a_horizon_or_level_that_cannot_be_is_refused(horizon: Horizon, line: str) -> None:
    with pytest.raises(InvalidInput, match=line):
        CHEAP.learn(ForecastInputs(SERIES), horizon, silent)
    with pytest.raises(InvalidInput, match=line):
        CHEAP.forecast(ForecastInputs(SERIES), horizon, b"", silent)

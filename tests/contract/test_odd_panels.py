"""What the forecast of a whole panel promises, with odd series in it."""

import sys
from datetime import timedelta
from functools import cache
from importlib.abc import MetaPathFinder

import numpy as np
import pytest

from shared.forecasting.panels.forecaster import PanelForecaster
from shared.forecasting.panels.model import PROBABILITIES
from shared.forecasting.panels.panel import Panel
from shared.forecasting.panels.prospect import PanelForecast, quantiles_of
from tests.fixtures.odd_series import (
    HORIZON,
    LEAP_DAY,
    LEARNT_BY_ALL,
    MEMBERS,
    MOST_TIMES_LARGEST,
    ODD,
    SHORT,
    START,
    odd_series,
    panel_of,
    usual,
)

every_odd_series = pytest.mark.parametrize("odd", ODD)
every_period = pytest.mark.parametrize("period", ["daily", "coarse"])


@cache
def whole(period: str) -> Panel:
    """All odd series and two usual ones: daily ones long enough for models of all series."""
    periods = SHORT["coarse"] if period == "coarse" else LEARNT_BY_ALL
    rows = {odd: odd_series(odd, periods) for odd in ODD}
    return panel_of(period, rows | {f"usual {n}": usual(periods, n) for n in range(1, 3)})


def forecast_again(panel: Panel, period: str) -> PanelForecast:
    members = tuple(each for name, each in MEMBERS.items() if name.startswith(period))
    forecaster = PanelForecaster(members)
    return forecaster.predict(forecaster.fit(panel, HORIZON), panel, HORIZON)


@cache
def forecast(period: str) -> PanelForecast:
    """Of the whole panel, made once for all tests that read it."""
    return forecast_again(whole(period), period)


def check_amounts(found: PanelForecast, panel: Panel) -> None:
    assert found.ids == panel.ids
    assert found.means.shape == (len(panel.ids), HORIZON)
    assert np.isfinite(found.paths).all()
    assert found.paths.min() >= 0
    largest = np.nan_to_num(panel.values).max(axis=1)[:, None, None]
    assert (found.paths <= MOST_TIMES_LARGEST * largest).all()


@every_period
def test_the_whole_answers_each_series_and_period_with_an_amount(period: str) -> None:
    check_amounts(forecast(period), whole(period))


@every_period
@every_odd_series
def test_the_whole_answers_an_odd_series_that_is_alone(period: str, odd: str) -> None:
    panel = panel_of(period, {odd: odd_series(odd, SHORT[period])})
    check_amounts(forecast_again(panel, period), panel)


@every_period
def test_the_same_seed_gives_the_same_paths(period: str) -> None:
    again = forecast_again(whole(period), period)
    assert np.array_equal(again.paths, forecast(period).paths)
    assert again.weights == forecast(period).weights


@every_period
def test_quantiles_never_cross_also_of_sums(period: str) -> None:
    asked = [0.0, *PROBABILITIES.tolist(), 1.0]
    assert (np.diff(forecast(period).quantiles(asked), axis=-1) >= 0).all()
    summed = quantiles_of(forecast(period).paths.sum(axis=1), asked)
    assert (np.diff(summed, axis=-1) >= 0).all()


@every_period
def test_totals_are_the_sums_of_days_and_of_series(period: str) -> None:
    found = forecast(period)
    by_day, by_series = found.paths.sum(axis=0), found.paths.sum(axis=1)
    assert by_day.mean(axis=1) == pytest.approx(found.means.sum(axis=0), rel=1e-9)
    assert by_series.mean(axis=1) == pytest.approx(found.means.sum(axis=1), rel=1e-9)
    assert by_day.sum() == pytest.approx(by_series.sum(), rel=1e-9)


def test_the_leap_day_lies_inside_each_daily_panel() -> None:
    days = [whole("daily").day(at) for at in range(whole("daily").periods)]
    assert days.index(LEAP_DAY) == 45
    assert START + timedelta(days=SHORT["daily"]) > LEAP_DAY


@every_period
def test_the_whole_answers_where_no_member_learnt_anything(period: str) -> None:
    panel = panel_of(period, {"new": usual(SHORT[period])})
    forecaster = PanelForecaster((MEMBERS["daily lstm"], MEMBERS["daily lightgbm"]))
    found = forecaster.predict(forecaster.fit(panel, HORIZON), panel, HORIZON)
    check_amounts(found, panel)
    assert found.weights == {}
    assert found.dropped == {"new": ("lightgbm", "lstm")}


def test_a_library_that_does_not_load_drops_its_member_by_name(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Absent(MetaPathFinder):
        def find_spec(self, fullname: str, path: object, target: object = None) -> None:
            if fullname == "lightgbm":
                raise OSError("libgomp.so.1: cannot open shared object file")

    monkeypatch.delitem(sys.modules, "lightgbm", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Absent(), *sys.meta_path])
    panel = panel_of("daily", {f"usual {n}": usual(LEARNT_BY_ALL, n) for n in range(1, 8)})
    forecaster = PanelForecaster((MEMBERS["daily lightgbm"], MEMBERS["daily croston"]))
    found = forecaster.predict(forecaster.fit(panel, HORIZON), panel, HORIZON)
    check_amounts(found, panel)
    assert found.weights == {"croston": 1.0}
    assert found.dropped == {f"usual {n}": ("lightgbm",) for n in range(1, 8)}
    assert "libgomp.so.1: cannot open shared object file" in caplog.text

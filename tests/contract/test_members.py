"""What every member of a panel promises, also on odd series.

A new member joins with its line in DAILY or COARSE.
"""

import numpy as np
import pytest

from shared.forecasting.arrays import Floats
from shared.forecasting.panels.model import PROBABILITIES, Distributed
from shared.forecasting.panels.packing import pack, unpack
from shared.forecasting.panels.panel import Panel
from tests.fixtures.odd_series import (
    HORIZON,
    LEARNT_BY_ALL,
    MEMBERS,
    MOST_TIMES_LARGEST,
    ODD,
    SHORT,
    odd_series,
    panel_of,
    usual,
)

LONG = 10_000
# The search for a seasonal ARIMA takes minutes on so many periods.
TOO_SLOW_WHEN_LONG = {"coarse arima"}
every_member = pytest.mark.parametrize("name", MEMBERS)
every_odd_series = pytest.mark.parametrize("odd", ODD)


def beside(name: str, odd: str) -> Panel:
    """An odd series above usual ones: two, or as many as a model of all series needs."""
    alone = MEMBERS[name].learns_alone
    periods, others = (SHORT[name.split(maxsplit=1)[0]], 1) if alone else (LEARNT_BY_ALL, 7)
    rows = {f"usual {seed}": usual(periods, seed) for seed in range(1, others + 1)}
    return panel_of(name, {odd: odd_series(odd, periods), **rows})


def check_rows(found: Floats, panel: Panel) -> None:
    """Each row is all NaN or all numbers that are not exploded."""
    assert found.shape == (len(panel.ids), HORIZON)
    absent = np.isnan(found)
    assert (absent.all(axis=1) == absent.any(axis=1)).all()
    assert not np.isinf(found).any()
    largest = np.nan_to_num(panel.values).max(axis=1)[:, None]
    assert (np.nan_to_num(np.abs(found)) <= MOST_TIMES_LARGEST * largest).all()


@every_member
@every_odd_series
def test_an_odd_series_alone_is_forecast_or_left_out_and_never_an_error(
    name: str, odd: str
) -> None:
    panel = panel_of(name, {odd: odd_series(odd, SHORT[name.split(maxsplit=1)[0]])})
    fitted = MEMBERS[name].fit(panel, HORIZON)
    assert fitted is not None or not MEMBERS[name].learns_alone
    if fitted is not None:
        check_rows(fitted.predict(panel, HORIZON), panel)


@every_member
@every_odd_series
def test_series_beside_an_odd_one_are_forecast(name: str, odd: str) -> None:
    panel = beside(name, odd)
    fitted = MEMBERS[name].fit(panel, HORIZON)
    assert fitted is not None
    found = fitted.predict(panel, HORIZON)
    check_rows(found, panel)
    assert np.isfinite(found[1:]).all()
    if isinstance(fitted, Distributed):
        quantiles = fitted.distribution(panel, HORIZON)
        assert quantiles.shape == (len(panel.ids), HORIZON, PROBABILITIES.size)
        assert np.isfinite(quantiles[1:]).all()
        assert (np.diff(quantiles[1:], axis=-1) >= 0).all()


@pytest.mark.parametrize("name", [name for name in MEMBERS if name not in TOO_SLOW_WHEN_LONG])
def test_ten_thousand_periods_are_forecast(name: str) -> None:
    count = 1 if MEMBERS[name].learns_alone else 3
    panel = panel_of(name, {f"long {n}": usual(LONG, n) for n in range(1, count + 1)})
    fitted = MEMBERS[name].fit(panel, HORIZON)
    assert fitted is not None
    assert np.isfinite(fitted.predict(panel, HORIZON)).all()


@every_member
def test_the_same_panel_gives_the_same_numbers(name: str) -> None:
    panel = beside(name, "gaps")
    first, again = (MEMBERS[name].fit(panel, HORIZON) for _ in range(2))
    assert first is not None
    assert again is not None
    assert np.array_equal(first.predict(panel, HORIZON), again.predict(panel, HORIZON))


@every_member
def test_what_was_learnt_is_the_same_after_it_was_stored(name: str) -> None:
    panel = beside(name, "gaps")
    member = MEMBERS[name]
    learnt = member.fit(panel, HORIZON)
    assert learnt is not None
    again = member.unpacked(unpack(pack(learnt.packed())))
    assert np.array_equal(learnt.predict(panel, HORIZON), again.predict(panel, HORIZON))


@every_member
def test_what_was_learnt_follows_its_series_to_other_rows(name: str) -> None:
    panel = beside(name, "gaps")
    learnt = MEMBERS[name].fit(panel, HORIZON)
    assert learnt is not None
    rows = list(range(len(panel.ids)))[::-1]
    turned = learnt.arranged(rows).predict(panel.only(rows), HORIZON)
    assert turned == pytest.approx(learnt.predict(panel, HORIZON)[rows], rel=1e-9, nan_ok=True)
    nobody = learnt.arranged([None] * len(rows)).predict(panel, HORIZON)
    assert nobody.shape == (len(panel.ids), HORIZON)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e23, -1e23])
def test_the_suite_rejects_a_row_with_one_number_that_is(wrong: float) -> None:
    found = np.full((2, HORIZON), 5.0)
    found[1, 3] = wrong
    panel = panel_of("daily", {"a": usual(70), "b": usual(70, 2)})
    with pytest.raises(AssertionError):
        check_rows(found, panel)

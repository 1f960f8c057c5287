"""When a tenant's models learn again, and what of them is stored."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.learnt_models import LearntModels, Needed, is_own_day, why_learn
from shared.forecasting.panels.forecaster import PanelForecaster
from shared.forecasting.panels.members.local import Local, ets, theta
from shared.forecasting.panels.members.naive import SeasonalMean
from shared.forecasting.panels.packing import pack, unpack
from shared.forecasting.panels.panel import Panel
from shared.forecasting.panels.storage import pack_learnt, unpack_learnt

FIRST, SUNDAY = date(2025, 1, 1), date(2026, 3, 1)
STORED = LearntModels("panel-9", FIRST, SUNDAY, 100, b"state")


def why(
    stored: LearntModels | None = STORED,
    days: int = 1,
    first: date = FIRST,
    skus: int = 100,
    own_day: bool = False,
) -> str | None:
    return why_learn(stored, Needed("panel-9", first, SUNDAY + timedelta(days=days), skus), own_day)


def test_models_go_on_for_a_week() -> None:
    assert [why(days=days) for days in range(7)] == [None] * 7
    assert why(days=7) == "what was learnt until 2026-03-01 is not of this week"


def test_each_company_learns_on_a_day_of_the_week_of_its_own() -> None:
    assert [why(days=days, own_day=True) for days in (0, 1)] == [
        None,
        "what was learnt until 2026-03-01 is not of this week",
    ]
    companies = [UUID(int=number) for number in range(7)]
    days = [SUNDAY + timedelta(days=n) for n in range(7)]
    assert [sum(is_own_day(each, day) for day in days) for each in companies] == [1] * 7
    assert [sum(is_own_day(each, day) for each in companies) for day in days] == [1] * 7


def test_a_forecast_from_an_older_day_does_not_use_what_was_learnt_since() -> None:
    assert why(days=-1) == "what was learnt until 2026-03-01 is not of this week"


def test_models_learn_again_with_a_reason() -> None:
    assert why(None) == "nothing was learnt yet"
    assert why(replace(STORED, model_version="panel-8")) == "panel-8 learnt, this is panel-9"
    assert why(replace(STORED, state=None)) == "what was stored is damaged"
    assert why(replace(STORED, refit_reason="drift")) == "drift"


def test_a_backfill_and_another_range_of_goods_are_learnt_again() -> None:
    assert why(first=FIRST - timedelta(days=28)) is None
    assert why(first=date(2023, 1, 1)) == "2025-01-01 was the first day, now 2023-01-01"
    assert [why(skus=skus) for skus in (80, 120)] == [None, None]
    assert why(skus=121) == "100 SKUs were learnt, 121 are sold now"


numbers = st.floats(allow_nan=False) | st.integers(-(2**62), 2**62)
trees = st.recursive(
    st.none() | st.booleans() | st.text() | numbers,
    lambda each: st.lists(each) | st.dictionaries(st.text(), each) | st.lists(each).map(tuple),
)


@settings(deadline=None)
@given(trees)
def test_any_tree_comes_back_as_it_was(tree: object) -> None:
    assert unpack(pack(tree)) == tree


@pytest.mark.parametrize("kind", ["float64", "float32", "int64", "bool"])
def test_arrays_come_back_bit_by_bit(kind: str) -> None:
    values = np.arange(6).reshape(2, 3).astype(kind)
    found = unpack(pack({"a": [values]}))["a"][0]
    assert found.dtype == values.dtype
    assert np.array_equal(found, values)


@pytest.mark.parametrize("data", [b"", b"x", pack({"a": 1})[:-3], b"x\x9c" + b"0" * 9])
def test_other_bytes_are_no_models(data: bytes) -> None:
    with pytest.raises(ValueError, match="no packed models"):
        unpack(data)


CHEAP = PanelForecaster((Local("theta", theta), Local("ets", ets), SeasonalMean()))


def panel(days: int) -> Panel:
    """Two SKUs with a strong week, longer known than models look back."""
    draw = np.random.default_rng(1)
    week = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 20.0, 10.0])[np.arange(days) % 7]
    return Panel(("MUG", "TEA"), draw.poisson([week, 2 * week]).astype(float), 7, FIRST)


def test_stored_models_forecast_the_same() -> None:
    known = panel(300)
    learnt = CHEAP.fit(known, 14)
    again = unpack_learnt(pack_learnt(learnt), CHEAP.usual(known))
    first, second = (CHEAP.predict(each, known, 14) for each in (learnt, again))
    assert np.array_equal(first.paths, second.paths)


def test_bytes_of_other_members_are_refused() -> None:
    known = panel(300)
    data = pack_learnt(CHEAP.fit(known, 14))
    with pytest.raises(ValueError, match="no packed models"):
        unpack_learnt(data, (SeasonalMean(),))


@pytest.mark.parametrize("newer", [1, 3, 6])
def test_the_week_stays_in_its_place_on_the_days_after_learning(newer: int) -> None:
    """A window that slides by a day would take Saturdays for Fridays."""
    every = panel(900 + newer)
    learnt = CHEAP.fit(every.until(899), 14)
    means = CHEAP.predict(learnt, every, 14).means
    refit = CHEAP.predict(CHEAP.fit(every, 14), every, 14).means
    assert means == pytest.approx(refit, rel=0.15)
    best = (5 - (900 + newer)) % 7
    assert (means.argmax(axis=1) % 7 == best).all()


def test_a_new_sku_is_forecast_by_members_that_need_not_know_it() -> None:
    known = panel(300)
    learnt = CHEAP.fit(known.only([0]), 14)
    found = CHEAP.predict(learnt, known, 14)
    assert found.dropped == {"TEA": ("theta", "ets")}
    assert (found.means[1] > 0).all()


def test_a_new_record_day_does_not_multiply_what_was_learnt() -> None:
    every = panel(301)
    every.values[:, 300] = 10 * every.values.max()
    forecaster = PanelForecaster((Local("ets", ets),))
    learnt = forecaster.fit(every.until(299), 14)
    before = forecaster.foresee(learnt, every.until(299), 14).means
    after = forecaster.foresee(learnt, every, 14).means
    # The same days, one of which is over; the level may rise a little.
    assert after[:, :13] == pytest.approx(before[:, 1:], rel=0.6)


def test_a_sku_whose_known_past_is_gone_stops_nobody() -> None:
    every = panel(300)
    learnt = CHEAP.fit(every, 14)
    every.values[0] = np.nan
    found = CHEAP.predict(learnt, every, 14)
    assert np.isfinite(found.means).all()

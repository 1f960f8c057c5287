"""Prophet's curve is read by its formulas, not by the library: both say the same."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from shared.domain.series import Series
from shared.forecasting.models import prophet
from shared.forecasting.models.prophet import ProphetModel


@pytest.mark.parametrize("days", [60, 800], ids=["flat", "with trend and year"])
def test_a_curve_read_by_its_formulas_is_the_librarys_own(
    days: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Any] = []
    made = ProphetModel._curve

    def curve(model: ProphetModel, long: bool) -> Any:
        kept.append(made(model, long))
        return kept[-1]

    monkeypatch.setattr(ProphetModel, "_curve", curve)
    units = np.random.default_rng(days).poisson(4, days) + np.arange(days) % 7 + 0.02 * days
    series = Series("SKU", date(2024, 1, 1), tuple(float(each) for each in units))
    fitted = ProphetModel().fit(series)
    first = series.origin + timedelta(days=1)
    frame = prophet._frame(first, np.zeros(40)).drop(columns="y")
    expected = kept[0].predict(frame)["yhat"] * max(units)
    assert fitted.read(first, 40) == pytest.approx(expected.to_numpy(), rel=1e-9)

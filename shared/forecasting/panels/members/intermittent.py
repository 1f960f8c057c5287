"""Intermittent demand: the mean of forecasts at several levels of aggregation over time (IMAPA).

Source: Petropoulos, Kourentzes 2015, "Forecast combinations for intermittent demand", JORS 66.
Each level sums blocks of periods up to the mean gap between sales, and smooths the blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.forecasting.arrays import Floats
from shared.forecasting.panels.panel import Panel

ALPHAS = np.linspace(0.05, 0.4, 8)


@dataclass(frozen=True, slots=True)
class Intermittent:
    """A flat forecast of each series; it needs no parameters kept, so fitting is reading."""

    name: str = "croston"
    learns_alone: bool = True
    longest: int = 730
    highest_level: int = 28

    def fit(self, _panel: Panel, _horizon: int) -> "Intermittent":
        """Nothing is learnt before the forecast itself."""
        return self

    def arranged(self, _rows: Sequence[int | None]) -> "Intermittent":
        """It knows no series."""
        return self

    def packed(self) -> None:
        """Nothing is kept."""

    def unpacked(self, _tree: Any) -> "Intermittent":
        """Nothing was kept."""
        return self

    def predict(self, panel: Panel, horizon: int) -> Floats:
        """The same rate for each period."""
        rates = [self._rate(panel.history(row)[-self.longest :]) for row in range(len(panel.ids))]
        return np.repeat(np.array(rates)[:, None], horizon, axis=1)

    def _rate(self, values: Floats) -> float:
        sold = np.flatnonzero(values)
        if values.size == 0:
            return float("nan")
        if sold.size == 0:
            return 0.0
        gap = float(np.diff(sold).mean()) if sold.size > 1 else float(values.size)
        top = int(min(max(round(gap), 1), self.highest_level, max(values.size // 4, 1)))
        return float(
            np.mean([_smoothed(_blocks(values, level)) / level for level in range(1, top + 1)])
        )


def _blocks(values: Floats, level: int) -> Floats:
    whole = values.size // level * level
    return np.asarray(values[values.size - whole :].reshape(-1, level).sum(axis=1))


def _smoothed(blocks: Floats) -> float:
    """Simple exponential smoothing with the weight that had the least squared error."""
    level = np.full(ALPHAS.size, blocks[: min(blocks.size, 8)].mean())
    squares = np.zeros(ALPHAS.size)
    for value in blocks:
        error = value - level
        squares += error**2
        level = level + ALPHAS * error
    return float(level[np.argmin(squares)])

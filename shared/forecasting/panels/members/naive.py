"""What always answers: the mean of the same phase of the last seasons, or of the few periods known."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.forecasting.arrays import Floats
from shared.forecasting.panels.panel import Panel


@dataclass(frozen=True, slots=True)
class SeasonalMean:
    """The mean of up to `seasons` seasons by phase; needs nothing learnt."""

    name: str = "seasonal_naive"
    learns_alone: bool = True
    seasons: int = 4

    def fit(self, _panel: Panel, _horizon: int) -> "SeasonalMean":
        """Nothing is learnt before the forecast itself."""
        return self

    def arranged(self, _rows: Sequence[int | None]) -> "SeasonalMean":
        """It knows no series."""
        return self

    def packed(self) -> None:
        """Nothing is kept."""

    def unpacked(self, _tree: Any) -> "SeasonalMean":
        """Nothing was kept."""
        return self

    def predict(self, panel: Panel, horizon: int) -> Floats:
        """Zeros for a series of which nothing is known."""
        rows = [
            self._ahead(panel.history(row), panel.season, horizon) for row in range(len(panel.ids))
        ]
        return np.array(rows).reshape(len(panel.ids), horizon)

    def _ahead(self, values: Floats, season: int, horizon: int) -> Floats:
        if values.size == 0:
            return np.zeros(horizon)
        if values.size < 2 * season:
            return np.full(horizon, values.mean())
        whole = min(values.size // season, self.seasons) * season
        phases = values[-whole:].reshape(-1, season).mean(axis=0)
        return np.asarray(phases[np.arange(horizon) % season])

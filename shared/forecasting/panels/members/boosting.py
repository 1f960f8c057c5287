"""LightGBM: one model of all series, direct to each day ahead, with a Tweedie loss.

Source of the loss and of lags behind the horizon: the winner of M5 (Makridakis et al. 2022).
Seeded, in one thread, deterministic: the same panel gives the same numbers.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.forecasting.arrays import Floats
from shared.forecasting.panels.features import View
from shared.forecasting.panels.lessons import gather, look
from shared.forecasting.panels.panel import Panel

log = logging.getLogger(__name__)
PARAMETERS = {
    "objective": "tweedie",
    "tweedie_variance_power": 1.2,
    "learning_rate": 0.05,
    "num_leaves": 31,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.6,
    "bagging_freq": 1,
    "min_data_in_leaf": 200,
    "lambda_l2": 1.0,
    "max_bin": 100,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


@dataclass(frozen=True, slots=True)
class FittedBoosting:
    """The trees."""

    booster: Any

    def arranged(self, _rows: Sequence[int | None]) -> "FittedBoosting":
        """It knows no series."""
        return self

    def packed(self) -> str:
        """The trees as the library writes them."""
        return str(self.booster.model_to_string())

    def predict(self, panel: Panel, horizon: int) -> Floats:
        """Predict the series that sold lately; the others are rows of NaN."""
        view, origin = View.of(panel), panel.periods - 1
        rows = view.learnable(origin)
        answer = np.full((len(panel.ids), horizon), np.nan)
        if len(rows):
            seen = look(view, rows, origin, horizon)
            flat = self.booster.predict(seen.features.reshape(-1, seen.features.shape[-1]))
            answer[rows] = np.maximum(flat.reshape(len(rows), horizon), 0.0) * seen.scales[:, None]
        return answer


@dataclass(frozen=True, slots=True)
class Boosting:
    """`rounds` trees."""

    name: str = "lightgbm"
    learns_alone: bool = False
    rounds: int = 200
    seed: int = 1

    def fit(self, panel: Panel, horizon: int) -> FittedBoosting | None:
        """Learn from a daily panel; None where it has too few windows or the library does not load."""
        lessons = gather(panel, horizon, self.seed) if panel.is_daily else None
        lightgbm = None if lessons is None else _library()
        if lessons is None or lightgbm is None:
            return None
        known = ~np.isnan(lessons.targets)
        weights = np.repeat(lessons.weights[:, None], horizon, axis=1)
        data = lightgbm.Dataset(
            lessons.features[known], lessons.targets[known], weight=weights[known]
        )
        return FittedBoosting(lightgbm.train(PARAMETERS | {"seed": self.seed}, data, self.rounds))

    def unpacked(self, tree: str) -> FittedBoosting:
        """The trees again; raises ValueError where the library does not load."""
        lightgbm = _library()
        if lightgbm is None:
            raise ValueError("lightgbm does not load")
        try:
            return FittedBoosting(lightgbm.Booster(model_str=tree))
        except lightgbm.basic.LightGBMError as error:
            raise ValueError(f"lightgbm: {error}") from None


def _library() -> Any:
    """Import late; None, with a warning, where the OpenMP library of the machine is absent."""
    try:
        import lightgbm  # noqa: PLC0415  loaded only in the forecast worker
    except OSError as error:
        log.warning("lightgbm does not load (%s); install libgomp1", error)
        return None
    return lightgbm

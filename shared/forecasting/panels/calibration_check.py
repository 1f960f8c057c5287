"""Whether sample paths say how likely things are: where what happened fell among them."""

import numpy as np

from shared.forecasting.arrays import Floats
from shared.forecasting.panels.marginals import fallen

SUMS_OF = (7, 14, 28)


def check_calibration(paths: Floats, actual: Floats, sums: bool, seed: int = 1) -> dict[str, float]:
    """Return how far from uniform the fall of each actual is, and how often intervals held.

    `paths` has the shape (series, horizon, draws). An actual that ties with draws falls at random
    among them (randomised probability integral transform; Czado et al. 2009), so that counts are
    judged fairly. `pit_ks` is the Kolmogorov-Smirnov distance, pooled; `inside_80` and
    `inside_95` are shares; with `sums` also of demand added up over 7, 14 and 28 periods.
    """
    draw = np.random.default_rng(seed)
    where = fallen(paths, actual, draw)
    answer = {"pit_ks": _distance(where)} | _inside(where, "")
    if sums:
        for periods in SUMS_OF:
            if periods <= actual.shape[1]:
                added = paths[:, :periods].sum(axis=1)
                where = fallen(added, actual[:, :periods].sum(axis=1), draw)
                answer |= _inside(where, f"_sum_{periods}")
    return {name: round(value, 4) for name, value in answer.items()}


def _inside(where: Floats, suffix: str) -> dict[str, float]:
    return {
        f"inside_{level}{suffix}": float(np.mean(np.abs(where - 0.5) < level / 200))
        for level in (80, 95)
    }


def _distance(where: Floats) -> float:
    ordered = np.sort(where)
    if not ordered.size:
        return float("nan")
    return float(np.abs(ordered - (np.arange(ordered.size) + 0.5) / ordered.size).max())

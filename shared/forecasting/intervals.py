"""How far the bounds lie from the prediction, learnt from a model's own residuals.

Daily sales are skewed: many zeros, few large days. A normal interval puts its width on the
wrong side (below, where the floor at zero cuts it off) and misses the large days above. So each
side gets its own quantile of the residuals, and the analytic growth of the error over the
horizon, where a model knows it, is multiplied on afterwards.

The last sixteen weeks are looked at on their own too, and the wider answer holds: a season
that has just become livelier widens the interval at once, a calm one does not narrow it.
"""

import math
from statistics import NormalDist

import numpy as np

from shared.forecasting.arrays import Floats

RECENT_DAYS = 112


def offsets(residuals: Floats, level: float) -> tuple[float, float]:
    """Return (lower, upper) offsets one day ahead, lower ≤ 0 ≤ upper, in the residuals' unit.

    `residuals` are actual minus predicted, shape (days,), oldest first, at least one. Each
    side is the ⌈(n + 1)·(1 + level)/2⌉-th smallest residual on that side (split conformal
    rank; Lei et al. 2018, JASA 113), for the whole history and for its last 112 days, and the
    wider of the two. Where n is too small for that rank, the largest residual or the normal
    quantile times the root mean square, whichever is wider.
    """
    recent = residuals[-RECENT_DAYS:]
    upper = max(_one_side(residuals, level), _one_side(recent, level))
    lower = max(_one_side(-residuals, level), _one_side(-recent, level))
    return -lower, upper


def _one_side(residuals: Floats, level: float) -> float:
    probability = (1 + level) / 2
    ordered = np.sort(residuals)
    rank = math.ceil((ordered.size + 1) * probability)
    if rank <= ordered.size:
        return max(0.0, float(ordered[rank - 1]))
    spread = math.sqrt(float(np.mean(ordered**2)))
    return max(0.0, float(ordered[-1]), NormalDist().inv_cdf(probability) * spread)

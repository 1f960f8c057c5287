"""Measures of forecast quality: pure functions of arrays, the lower the better but for coverage.

Arrays are one-dimensional: `history` has n days, the others h days of the horizon, all in the
same unit. A measure whose scale is zero (a history that never moves, no sales at all) has no
meaning and is NaN: leave it out of a mean, and say how many were left out.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def rmsse(history: Floats, actual: Floats, predicted: Floats) -> float:
    """Root mean squared scaled error, without unit.

    sqrt( mean((y − ŷ)²) / mean((history[t] − history[t−1])²) ), the scale taken from the first
    day with a sale on. Source: M5 competition guide (Makridakis et al. 2022).
    """
    sales = np.flatnonzero(history)
    active = history[sales[0] :] if sales.size else history[:0]
    if active.size < 2 or np.ptp(active) == 0:
        return float("nan")
    scale = np.mean(np.diff(active) ** 2)
    return float(np.sqrt(np.mean((actual - predicted) ** 2) / scale))


def wape(actual: Floats, predicted: Floats) -> float:
    """Weighted absolute percentage error as a share: sum|y − ŷ| / sum|y|.

    Source: Kolassa, Schütz 2007, "Advantages of the MAD/Mean ratio over the MAPE".
    """
    total = float(np.sum(np.abs(actual)))
    return float(np.sum(np.abs(actual - predicted))) / total if total else float("nan")


def pinball(actual: Floats, quantile: Floats, probability: float) -> float:
    """Mean pinball loss of a forecast quantile, in the unit of the series.

    mean( max(p·(y − q), (p − 1)·(y − q)) ), 0 < p < 1. Source: Koenker, Bassett 1978.
    """
    gap = actual - quantile
    return float(np.mean(np.maximum(probability * gap, (probability - 1) * gap)))


def msis(
    history: Floats, actual: Floats, lower: Floats, upper: Floats, level: float, season: int = 7
) -> float:
    """Mean scaled interval score, without unit; α = 1 − level.

    mean( (u − l) + 2/α·(l − y)·[y < l] + 2/α·(y − u)·[y > u] ) divided by
    mean|history[t] − history[t − season]|. Source: Gneiting, Raftery 2007; M4 competition guide.
    """
    if history.size <= season:
        return float("nan")
    scale = float(np.mean(np.abs(history[season:] - history[:-season])))
    penalty = 2 / (1 - level)
    missed = np.maximum(lower - actual, 0) + np.maximum(actual - upper, 0)
    score = float(np.mean((upper - lower) + penalty * missed))
    return score / scale if scale else float("nan")


def coverage(actual: Floats, lower: Floats, upper: Floats) -> float:
    """Share of days whose value lies within its bounds, bounds included (from 0 to 1)."""
    return float(np.mean((lower <= actual) & (actual <= upper)))

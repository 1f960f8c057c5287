"""How likely each amount of each period is: 500 equally likely amounts a series and period, in order.

The shape is the mean of the quantiles of members that have any. It is moved so that its mean is the
ensemble's forecast, and corrected by where the past fell in such shapes (probability integral
transform at rolling origins, pooled over series).
"""

import numpy as np

from shared.forecasting.arrays import Floats
from shared.forecasting.panels.model import PROBABILITIES
from shared.forecasting.panels.panel import Panel

DRAWS = 500
LEVELS = (np.arange(DRAWS) + 0.5) / DRAWS
# The last quantile is 0.99; beyond it the curve rises on as it did from 0.95 on.
TAIL = 1.5
LEAST_FACTOR, LARGEST_FACTOR = 0.3, 3.0
LEAST_CELLS = 40
# Of the mean 1, exactly.
EXPONENTIAL = -np.log1p(-LEVELS) / np.mean(-np.log1p(-LEVELS))


def read_curve(probabilities: Floats, quantiles: Floats, levels: Floats = LEVELS) -> Floats:
    """Return the amounts at `levels` of quantile curves, shape (..., levels); zero at probability 0."""
    top = quantiles[..., -1:] + TAIL * (quantiles[..., -1:] - quantiles[..., -3:-2])
    known = np.concatenate([[0.0], probabilities, [1.0]])
    curve = np.concatenate([np.zeros_like(top), quantiles, top], axis=-1)
    left = np.clip(np.searchsorted(known, levels, side="right") - 1, 0, known.size - 2)
    share = (levels - known[left]) / (known[left + 1] - known[left])
    return np.asarray(curve[..., left] * (1 - share) + curve[..., left + 1] * share)


def centred(draws: Floats, means: Floats) -> Floats:
    """Return the draws times one factor a period, so that their mean is `means` (factor 0.3 to 3, or 0)."""
    factor = means / np.maximum(draws.mean(axis=-1), 1e-12)
    factor = np.where(means > 0, np.clip(factor, LEAST_FACTOR, LARGEST_FACTOR), 0.0)
    return np.asarray(draws * factor[..., None])


def whole_units(draws: Floats) -> Floats:
    """Return whole numbers with the same sum, to half a unit, for draws in rising order.

    Running totals are rounded, so that what one draw loses the next one gets (error diffusion).
    """
    return np.sort(np.diff(np.rint(np.cumsum(draws, axis=-1)), prepend=0.0, axis=-1), axis=-1)


def fallen(draws: Floats, actual: Floats, draw: np.random.Generator) -> Floats:
    """Return where each actual fell among its draws, from 0 to 1; ties are broken by chance."""
    below = (draws < actual[..., None]).mean(axis=-1)
    upto = (draws <= actual[..., None]).mean(axis=-1)
    where = below + (upto - below) * draw.random(actual.shape)
    return np.asarray(where[~np.isnan(actual)])


def corrected_levels(where: Floats) -> Floats:
    """Return the levels to read instead of LEVELS: half way to where the past really fell."""
    if where.size < LEAST_CELLS:
        return LEVELS
    return np.asarray(0.5 * LEVELS + 0.5 * np.quantile(where, LEVELS))


def shape_draws(quantiles: Floats, means: Floats, levels: Floats, panel: Panel) -> Floats:
    """Return 500 amounts of each cell in order, shape (series, horizon, 500), with the mean `means`.

    `quantiles` (series, horizon, 15) are read at `levels`; where they are NaN nothing is known of
    the spread, and amounts are exponential: their deviation equals their mean. A panel of whole
    numbers gets whole numbers.
    """
    draws = EXPONENTIAL * np.maximum(means, 0.0)[..., None]
    known = ~np.isnan(quantiles).any(axis=-1)
    draws[known] = centred(read_curve(PROBABILITIES, quantiles[known], levels), means[known])
    return whole_units(draws) if panel.sells_whole_units else np.asarray(np.sort(draws, axis=-1))

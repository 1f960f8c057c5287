"""How much each member counts, learnt from rolling origins; one set of weights a tenant.

The weights minimise the pooled squared error in units of each series' own scale, are not negative,
sum to one and are drawn towards equal weights. A member that counts for less than 3 % is switched
off. Source: Bates, Granger 1969; Claeskens et al. 2016 on why weights need shrinking.
"""

from collections.abc import Collection, Mapping

import numpy as np

from shared.forecasting.arrays import Floats
from shared.forecasting.panels.rolling import Rolled, mean_known

TOWARDS_EQUAL = 0.3
SUM_TO_ONE = 1e3
LEAST_WEIGHT = 0.03
MOST_OVER_MIDDLE = 1.15


def equal_weights(names: list[str]) -> dict[str, float]:
    """Return the same weight for each."""
    return {name: 1 / len(names) for name in names}


def weigh(rolled: Rolled) -> dict[str, float]:
    """Return the weights of the members that count, summing to one."""
    names = list(rolled.forecasts)
    scales = rolled.scales[None, :, None]
    forecasts = np.stack([rolled.forecasts[name] for name in names])
    known = ~np.isnan(rolled.actual)
    middle = mean_known(forecasts)
    filled = np.where(np.isnan(forecasts), middle, forecasts)
    known &= ~np.isnan(middle)
    if not known.any():
        return equal_weights(names)
    inputs = np.stack([(each / scales)[known] for each in filled], axis=1)
    target = (rolled.actual / scales)[known]
    return _switched(names, _solve(inputs, target))


def near_the_middle(rolled: Rolled) -> dict[str, float]:
    """Return equal weights of the members that err at most 15 % more than the middle one.

    The error is the median over series of the mean absolute error in units of the series' own
    scale: one series on which a member runs away says nothing of the others.
    """
    errors = {}
    for name, forecasts in rolled.forecasts.items():
        gaps = np.abs(forecasts - rolled.actual) / rolled.scales[None, :, None]
        of_series = mean_known(np.moveaxis(gaps, 1, -1).reshape(-1, len(rolled.scales)))
        known = of_series[~np.isnan(of_series)]
        errors[name] = float(np.median(known)) if known.size else np.inf
    bound = MOST_OVER_MIDDLE * float(np.median(list(errors.values())))
    return equal_weights([name for name, error in errors.items() if error <= bound])


def mix(weights: Mapping[str, float], forecasts: Mapping[str, Floats]) -> Floats:
    """Return the weighted mean, shape as each forecast's; who is NaN somewhere does not count there."""
    parts = np.stack([forecasts[name] for name in weights])
    shares = np.array(list(weights.values())).reshape(-1, *[1] * (parts.ndim - 1))
    shares = np.where(np.isnan(parts), 0.0, shares)
    total = shares.sum(axis=0)
    summed = (np.nan_to_num(parts) * shares).sum(axis=0)
    return np.where(total > 0, summed / np.where(total > 0, total, 1), np.nan)


def trimmed(names: Collection[str], forecasts: Mapping[str, Floats]) -> Floats:
    """Return the mean of those members without the highest and the lowest, NaN where none has one.

    For weeks and months: it leaves out the member that runs away on one series. Of two members
    both count. Shape as each forecast's.
    """
    parts = np.stack([forecasts[name] for name in names])
    count = (~np.isnan(parts)).sum(axis=0)
    total = np.nan_to_num(parts).sum(axis=0)
    enough = count > 2
    highest = np.where(enough, np.nan_to_num(parts, nan=-np.inf).max(axis=0), 0.0)
    lowest = np.where(enough, np.nan_to_num(parts, nan=np.inf).min(axis=0), 0.0)
    total, count = total - highest - lowest, np.where(enough, count - 2, count)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _solve(inputs: Floats, target: Floats) -> Floats:
    """Least squares with two more kinds of rows: weights near equal ones, and their sum near one."""
    from scipy.optimize import nnls  # noqa: PLC0415  slow to load

    count = inputs.shape[1]
    spread = np.sqrt(np.mean((target - inputs.mean(axis=1)) ** 2) * len(target))
    pull = np.sqrt(TOWARDS_EQUAL) * spread
    bound = SUM_TO_ONE * max(spread, 1.0)
    rows = np.concatenate([inputs, pull * np.eye(count), bound * np.ones((1, count))])
    wanted = np.concatenate([target, np.full(count, pull / count), [bound]])
    found, _ = nnls(rows, wanted)
    return np.asarray(found)


def _switched(names: list[str], weights: Floats) -> dict[str, float]:
    weights = weights / weights.sum()
    kept = {name: float(weight) for name, weight in zip(names, weights, strict=True)}
    kept = {name: weight for name, weight in kept.items() if weight >= LEAST_WEIGHT}
    total = sum(kept.values())
    return {name: weight / total for name, weight in kept.items()}

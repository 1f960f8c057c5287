"""Promotions and closed days: taken out of what is learnt from, put into what is forecast.

The uplift of a promotion is exp(b × depth) with depth = −log(1 − discount): a constant price
elasticity b. Each promotion day is beside the mean of the same weekday in the four weeks before and
after that have no promotion. b is the maximum of the Poisson likelihood, where sums sold equal sums
expected, and not below 0; a SKU's own b counts as much as the tenant's where 20 units were expected
without a promotion. No promotion sells more than ten times the usual.
"""

from dataclasses import dataclass, replace

import numpy as np

from shared.forecasting.arrays import Floats
from shared.forecasting.panels.panel import Panel
from shared.forecasting.panels.plan import Plan

WEEKS_BESIDE = 4
UNITS_OF_TENANT = 20.0
STRONGEST = 8.0  # a discount of 20 % then sells six times as much
MOST_TIMES = 10.0
STEPS = 60


@dataclass(frozen=True, slots=True)
class Adjusted:
    """`panel` is what members learn from; `ahead` (series, horizon) multiplies what they expect."""

    panel: Panel
    ahead: Floats


def adjust(panel: Panel, plan: Plan) -> Adjusted:
    """Take planned events out of a daily panel; without any, the panel stays as it is."""
    horizon = plan.depth.shape[1] - panel.periods
    if plan.is_empty:
        return Adjusted(panel, np.ones((len(panel.ids), horizon)))
    past, ahead = np.split(plan.depth, [panel.periods], axis=1)
    values = np.where(plan.shut[:, : panel.periods], np.nan, panel.values)
    elasticity = learn_elasticity(values, past, panel.season)
    values = values / uplift(elasticity, past)
    factors = uplift(elasticity, ahead)
    factors[plan.shut[:, panel.periods :]] = 0.0
    return Adjusted(replace(panel, values=values, is_whole=panel.sells_whole_units), factors)


def uplift(elasticity: Floats, depth: Floats) -> Floats:
    """Return how many times as much each day sells: (series,) and (series, days) give (series, days)."""
    return np.asarray(np.exp(np.minimum(elasticity[:, None] * depth, np.log(MOST_TIMES))))


def learn_elasticity(values: Floats, depth: Floats, season: int) -> Floats:
    """Return b of each series from promotions of the past: shape (series,); 0 without any."""
    usual = usual_beside(np.where(depth > 0, np.nan, values), season)
    known = (depth > 0) & ~np.isnan(values) & ~np.isnan(usual) & (usual > 0)
    rows = [
        (values[row, each], usual[row, each], depth[row, each]) for row, each in enumerate(known)
    ]
    if not known.any():
        return np.zeros(len(values))
    whole = _solve(*(np.concatenate(part) for part in zip(*rows, strict=True)))
    own = np.array([_solve(*row) if row[0].size else whole for row in rows])
    expected = np.where(known, usual, 0.0).sum(axis=1)
    share = expected / (expected + UNITS_OF_TENANT)
    return np.asarray(share * own + (1 - share) * whole)


def usual_beside(values: Floats, season: int) -> Floats:
    """Return for each day the mean of the same phase, up to four seasons before and after; NaN without."""
    shifts = [
        _shifted(values, season * weeks * side)
        for weeks in range(1, WEEKS_BESIDE + 1)
        for side in (-1, 1)
    ]
    beside = np.stack(shifts)
    count = (~np.isnan(beside)).sum(axis=0)
    return np.where(count > 0, np.nan_to_num(beside).sum(axis=0) / np.maximum(count, 1), np.nan)


def _shifted(values: Floats, periods: int) -> Floats:
    answer = np.full_like(values, np.nan)
    if abs(periods) < values.shape[1]:
        if periods > 0:
            answer[:, periods:] = values[:, :-periods]
        else:
            answer[:, :periods] = values[:, -periods:]
    return answer


def _solve(sold: Floats, usual: Floats, depth: Floats) -> float:
    """Find b with sum(usual × exp(b × depth)) = sum(sold) by halving; what is expected rises with b."""
    low, high, total = 0.0, STRONGEST, float(sold.sum())
    for _ in range(STEPS):
        middle = (low + high) / 2
        if float((usual * np.exp(middle * depth)).sum()) < total:
            low = middle
        else:
            high = middle
    return (low + high) / 2

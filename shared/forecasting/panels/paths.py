"""Sample paths: 500 futures of all series that hang together over days and over series.

The dependence is that of four normal factors: one for all series and days, one a series, one a
day, one for each cell. Their shares come from normal scores of past errors. Each cell then takes
its own amounts in the order of its scores (a Gaussian copula), so that marginals stay exact.
"""

from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from shared.forecasting.arrays import Floats
from shared.forecasting.panels.features import Rows
from shared.forecasting.panels.marginals import fallen

MOST_SHARED = 0.95
EDGE = 0.001
THINNED = 4  # every fourth draw is enough to try a share
SHARES_TRIED = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)


@dataclass(frozen=True, slots=True)
class Dependence:
    """Shares of the variance: common to all, to a series, to a day; the rest is each cell's own."""

    common: float = 0.0
    of_series: float = 0.1
    of_day: float = 0.0

    @classmethod
    def learn(cls, where: Floats) -> "Dependence":
        """Learn from where actuals fell, shape (origins, series, horizon), NaN where unknown."""
        scores = _normal(np.clip(where, EDGE, 1 - EDGE))
        by_series = _between(scores, axis=2)
        by_day = _between(scores, axis=1)
        common = max(0.0, _pairs(scores, by_series, by_day))
        shares = (common, max(0.0, by_series - common), max(0.0, by_day - common))
        shrink = min(1.0, MOST_SHARED / max(sum(shares), 1e-12))
        return cls(*(share * shrink for share in shares))

    def fitting_sums(self, draws: Floats, actual: Floats, seed: int) -> "Dependence":
        """Return the same with the share of a series with which past sums fell as wide as they should.

        `draws` (origins, series, horizon, 500) and `actual` (origins, series, horizon). Sums of a
        quarter, of half and of the whole horizon are looked at: where they fell, as normal
        scores, is to have the mean square 1. Errors of the level last for weeks, and that widens
        sums more than any pair of days shows.
        """
        some = draws[..., ::THINNED]
        room = max(0.0, MOST_SHARED - self.common - self.of_day)
        tried = [replace(self, of_series=share * room) for share in SHARES_TRIED]
        return min(tried, key=lambda each: abs(each.spread_of_sums(some, actual, seed) - 1))

    def spread_of_sums(self, draws: Floats, actual: Floats, seed: int) -> float:
        """Return the mean square of the normal scores of sums; 1 is right, above is too narrow."""
        horizon = actual.shape[2]
        scores = []
        for at, each in enumerate(draws):
            paths = sample(each, self, seed + at)
            for periods in {max(1, horizon // 4), max(1, horizon // 2), horizon}:
                where = fallen(
                    paths[:, :periods].sum(axis=1),
                    actual[at, :, :periods].sum(axis=1),
                    np.random.default_rng(seed),
                )
                scores.append(_normal(np.clip(where, EDGE, 1 - EDGE)))
        found = np.concatenate(scores) if scores else np.zeros(0)
        return float(np.mean(found**2)) if found.size else 1.0

    def order(self, rows: range, horizon: int, draws: int, seed: int) -> Rows:
        """Return for each series and day the places of its draws, shape (series, horizon, draws).

        Each row has a generator of its own, so that rows may be sampled in any portions.
        """
        shared = np.random.default_rng([seed, 0])
        rest = np.sqrt(max(0.0, 1 - self.common - self.of_series - self.of_day))
        scores = np.empty((len(rows), horizon, draws), dtype=np.float32)
        scores[:] = np.sqrt(self.common) * shared.standard_normal((1, draws))
        scores += np.sqrt(self.of_day) * shared.standard_normal((horizon, draws))
        for at, row in enumerate(rows):
            own = np.random.default_rng([seed, 1, row])
            scores[at] += np.sqrt(self.of_series) * own.standard_normal((1, draws))
            scores[at] += rest * own.standard_normal((horizon, draws), dtype=np.float32)
        places: Rows = scores.argsort(axis=-1).argsort(axis=-1)
        return places


def sample(draws: Floats, dependence: Dependence, seed: int, first: int = 0) -> Floats:
    """Return paths of shape (series, horizon, draws): path k of all series is one future.

    `draws` are the amounts of each cell in order, of the rows from `first` on. The same seed
    gives the same paths.
    """
    series, horizon, count = draws.shape
    rows = range(first, first + series)
    return np.take_along_axis(draws, dependence.order(rows, horizon, count, seed), axis=-1)


def _normal(shares: Floats) -> Floats:
    table = np.linspace(EDGE, 1 - EDGE, 2001)
    scores = np.array([NormalDist().inv_cdf(float(share)) for share in table])
    return np.where(
        np.isnan(shares), np.nan, np.interp(np.nan_to_num(shares, nan=0.5), table, scores)
    )


def _between(scores: Floats, axis: int) -> float:
    """Mean product of two different cells along one axis."""
    known = ~np.isnan(scores)
    filled = np.nan_to_num(scores)
    count = known.sum(axis=axis)
    products = filled.sum(axis=axis) ** 2 - (filled**2).sum(axis=axis)
    pairs = count * (count - 1)
    return float(products.sum() / max(pairs.sum(), 1))


def _pairs(scores: Floats, by_series: float, by_day: float) -> float:
    """Mean product of two cells of the same origin that differ in series and in day."""
    known = ~np.isnan(scores)
    filled = np.nan_to_num(scores)
    squares = (filled**2).sum(axis=(1, 2))
    rows, days = filled.sum(axis=2), filled.sum(axis=1)
    in_row = (rows**2).sum(axis=1) - squares
    in_day = (days**2).sum(axis=1) - squares
    others = filled.sum(axis=(1, 2)) ** 2 - squares - in_row - in_day
    count = known.sum(axis=(1, 2))
    row_pairs = (known.sum(axis=2) ** 2).sum(axis=1) - count
    day_pairs = (known.sum(axis=1) ** 2).sum(axis=1) - count
    pairs = count**2 - count - row_pairs - day_pairs
    found = float(others.sum() / max(pairs.sum(), 1))
    return min(found, by_series, by_day)

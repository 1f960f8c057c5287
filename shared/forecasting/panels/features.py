"""What global models see of a series at an origin: levels, its week, last year, the whole panel.

All figures are relative to the series' own recent level, so that one model serves a seller of two
units a week and one of two thousand. Only days up to the origin are read.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.forecasting.arrays import Floats
from shared.forecasting.panels.panel import Panel

LEVELS = (7, 14, 28, 56, 112, 364)
YEAR = 364
Rows = NDArray[np.intp]
LEAST_DAYS = 28
LEAST_LEVEL = 1e-4


class Sums:
    """Running sums of a matrix of series, so that the mean of any stretch of days costs one step."""

    def __init__(self, values: Floats) -> None:
        known = ~np.isnan(values)
        filled = np.nan_to_num(values)
        self._sum, self._square = _running(filled), _running(filled**2)
        self._known, self._zeros = _running(known), _running(known & (filled == 0))

    def known(self, last: int) -> Floats:
        """How many periods are known up to and including `last`."""
        return self._known[:, last + 1]

    def mean(self, first: int, last: int) -> Floats:
        """Mean of the known periods from `first` to `last`, both included; NaN where none is known."""
        return self._share(self._sum, first, last)

    def zeros(self, first: int, last: int) -> Floats:
        """Share of the known periods without a sale."""
        return self._share(self._zeros, first, last)

    def spread(self, first: int, last: int) -> Floats:
        """Standard deviation of the known periods."""
        mean = self.mean(first, last)
        return np.asarray(
            np.sqrt(np.maximum(self._share(self._square, first, last) - mean**2, 0.0))
        )

    def level(self, last: int) -> Floats:
        """The recent level: four fifths of eight weeks, one fifth of a year; 0 where nothing is known."""
        level = 0.8 * self.mean(last - 55, last) + 0.2 * self.mean(last - YEAR, last)
        return np.nan_to_num(level)

    def _share(self, of: Floats, first: int, last: int) -> Floats:
        first = max(first, 0)
        if last < first:
            return np.full(len(of), np.nan)
        count = self._known[:, last + 1] - self._known[:, first]
        total = of[:, last + 1] - of[:, first]
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _running(values: Floats) -> Floats:
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


@dataclass(frozen=True, slots=True)
class View:
    """A panel with its running sums and those of the mean of all its series, each relative to its own."""

    panel: Panel
    sums: Sums
    whole: Sums

    @classmethod
    def of(cls, panel: Panel) -> "View":
        """Sum a panel once, for all origins that are asked of it."""
        known = ~np.isnan(panel.values)
        means = np.nan_to_num(panel.values).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        relative = panel.values / np.maximum(means, 1e-9)[:, None]
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known.any(axis=0), np.nan_to_num(relative).sum(axis=0) / count, np.nan)
        return cls(panel, Sums(panel.values), Sums(mean[None, :]))

    def learnable(self, origin: int) -> Rows:
        """Rows that sold lately and are known for four weeks."""
        enough = self.sums.known(origin) >= LEAST_DAYS
        return np.flatnonzero(enough & (self.sums.level(origin) > LEAST_LEVEL))

    def pooled(self, periods: list[int]) -> Floats:
        """The mean of all series in those periods, shape (1, periods)."""
        return np.stack([self.whole.mean(at, at) for at in periods], axis=1)

    def scales(self, rows: Rows, origin: int) -> Floats:
        """What the figures of those rows are divided by."""
        return np.maximum(self.sums.level(origin)[rows], 1e-6)


def tabulate(view: View, rows: Rows, origin: int, horizon: int) -> Floats:
    """Return the features of each row and step ahead: shape (rows, horizon, features).

    The first 15 features are the same for all steps, the others belong to the step's day.
    """
    scales = view.scales(rows, origin)
    fixed = _of_series(view, rows, origin, scales)
    steps = [
        np.concatenate([fixed, _of_day(view, rows, origin, ahead, scales)], axis=1)
        for ahead in range(1, horizon + 1)
    ]
    return np.stack(steps, axis=1)


def _of_series(view: View, rows: Rows, origin: int, scales: Floats) -> Floats:
    sums, values = view.sums, view.panel.values[rows]
    recent = np.nan_to_num(values[:, max(0, origin - 111) : origin + 1])
    sold = recent[:, ::-1] > 0
    since = np.where(sold.any(axis=1), sold.argmax(axis=1), recent.shape[1])
    weights = 0.9 ** np.arange(min(60, origin + 1))[::-1]
    newest = values[:, max(0, origin - 59) : origin + 1]
    known = ~np.isnan(newest)
    smooth = (np.nan_to_num(newest) * weights).sum(axis=1) / np.maximum(
        (known * weights).sum(axis=1), 1e-9
    )
    columns = [sums.mean(origin - days + 1, origin)[rows] / scales for days in LEVELS]
    columns += [sums.spread(origin - days + 1, origin)[rows] / scales for days in (28, 112)]
    columns += [sums.zeros(origin - days + 1, origin)[rows] for days in (28, 112)]
    columns += [since, np.log(scales), np.minimum(sums.known(origin)[rows], 800)]
    return np.stack([*columns, smooth / scales, recent.max(axis=1) / scales], axis=1)


def _of_day(
    view: View,
    rows: Rows,
    origin: int,
    ahead: int,
    scales: Floats,
) -> Floats:
    day = view.panel.day(origin + ahead)
    same = list(range(origin + ahead - 7 * ((ahead + 6) // 7), -1, -7))[:26]
    past = view.panel.values[rows][:, same]
    last_year = origin + ahead - YEAR
    before = view.sums.mean(origin - YEAR - 27, origin - YEAR)
    around = view.sums.mean(last_year - 3, last_year + 3)
    whole_before = view.whole.mean(origin - YEAR - 27, origin - YEAR)
    pooled = _over(_mean(view.pooled(same[:8])), view.whole.mean(origin - 55, origin))
    calendar = [ahead, day.weekday(), day.day, day.timetuple().tm_yday]
    whole = [
        _over(view.whole.mean(last_year - 3, last_year + 3), whole_before),
        _over(view.whole.mean(last_year, last_year), whole_before),
        pooled,
    ]
    own = [past[:, :1], past[:, :4], past[:, :8], past]
    columns = [np.full(len(rows), float(value)) for value in calendar]
    columns += [_mean(each) / scales for each in own]
    columns += [(around / np.maximum(before, 1e-6))[rows], around[rows] / scales]
    columns += [np.full(len(rows), float(value[0])) for value in whole]
    return np.stack(columns, axis=1)


def _over(amount: Floats, base: Floats) -> Floats:
    """Return the ratio; NaN, unknown, where the base is zero."""
    return np.asarray(np.divide(amount, base, out=np.full_like(base, np.nan), where=base != 0))


def _mean(values: Floats) -> Floats:
    known = ~np.isnan(values)
    count = known.sum(axis=-1)
    return np.where(count > 0, np.nan_to_num(values).sum(axis=-1) / np.maximum(count, 1), np.nan)

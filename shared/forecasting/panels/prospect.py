"""What was learnt, what it says of the time ahead, and the sample paths drawn from that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from shared.forecasting.arrays import Floats
from shared.forecasting.panels.marginals import shape_draws
from shared.forecasting.panels.model import FittedMember
from shared.forecasting.panels.panel import Panel, constant_rows
from shared.forecasting.panels.paths import Dependence, sample
from shared.forecasting.panels.weighing import mix, trimmed


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a fit leaves: members with their weights, and how the past fell around their mean.

    `ids` are the series that were learnt. `is_trimmed` says that weights do not count. `unfit`
    are names of members that learnt nothing: too short a past, or no library.
    """

    ids: tuple[str, ...]
    members: Mapping[str, FittedMember]
    weights: Mapping[str, float]
    is_trimmed: bool
    levels: Floats
    dependence: Dependence
    unfit: tuple[str, ...] = ()

    def arranged(self, ids: tuple[str, ...]) -> "Learnt":
        """The same for other series: members that learn alone do not know the new ones."""
        if ids == self.ids:
            return self
        places = {key: row for row, key in enumerate(self.ids)}
        rows = [places.get(key) for key in ids]
        members = {name: each.arranged(rows) for name, each in self.members.items()}
        return replace(self, ids=ids, members=members)

    def combined(self, forecasts: Mapping[str, Floats]) -> Floats:
        """Return what the members expect together, shape as each forecast's; NaN where none does.

        The weighted mean of days; of weeks and months the mean without the highest and the lowest.
        """
        weights = {name: each for name, each in self.weights.items() if name in forecasts}
        return trimmed(weights, forecasts) if self.is_trimmed else mix(weights, forecasts)


@dataclass(frozen=True, slots=True)
class PanelForecast:
    """`paths` (series, horizon, 500): path k of all series is one future. Sums of paths are coherent.

    `means` of the paths are the prediction; `weights` are the ensemble's; `dropped` names, for a
    series, the members that could not forecast it.
    """

    ids: tuple[str, ...]
    paths: Floats
    weights: Mapping[str, float]
    members: Mapping[str, Floats]
    dropped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def means(self) -> Floats:
        """What is expected, shape (series, horizon)."""
        return np.asarray(self.paths.mean(axis=2))

    def quantiles(self, probabilities: Sequence[float]) -> Floats:
        """Quantiles of each period: (series, horizon, probabilities); each is an amount of a path."""
        return quantiles_of(self.paths, probabilities)


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is known of the time ahead before paths are drawn.

    `means` have the shape (series, horizon), `quantiles` (series, horizon, 15); NaN rows of
    `members` could not be forecast by that one. `borrowed` says, by row, from whom new series have
    their level.
    """

    panel: Panel
    learnt: Learnt
    members: Mapping[str, Floats]
    means: Floats
    quantiles: Floats
    seed: int
    borrowed: Mapping[int, str] = field(default_factory=dict)

    def paths(self, first: int, last: int) -> Floats:
        """Draw the paths of the rows from `first` up to `last`, shape (rows, horizon, 500)."""
        means = self.means[first:last]
        draws = shape_draws(self.quantiles[first:last], means, self.learnt.levels, self.panel)
        steady = constant_rows(self.panel)
        steady[list(self.borrowed)] = False  # a few days without a sale do not stay so
        steady = steady[first:last]
        draws[steady] = means[steady][..., None]
        return sample(draws, self.learnt.dependence, self.seed, first)

    def dropped(self, row: int) -> tuple[str, ...]:
        """Name the members that could not forecast that row."""
        return tuple(name for name, each in self.members.items() if np.isnan(each[row]).any())


def quantiles_of(paths: Floats, probabilities: Sequence[float]) -> Floats:
    """Quantiles over the last axis, which becomes that of the probabilities; they never cross."""
    found = np.quantile(paths, np.asarray(probabilities), axis=-1, method="inverted_cdf")
    return np.moveaxis(found, 0, -1)

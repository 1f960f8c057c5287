"""The steps in order: fit, weigh, shape, sample. A panel in, sample paths of all its series out."""

from dataclasses import dataclass, replace

import numpy as np

from shared.errors import InvalidInput
from shared.forecasting.arrays import Floats
from shared.forecasting.panels.borrowing import Borrowed
from shared.forecasting.panels.marginals import (
    LEVELS,
    corrected_levels,
    fallen,
    shape_draws,
)
from shared.forecasting.panels.members.boosting import Boosting
from shared.forecasting.panels.members.intermittent import Intermittent
from shared.forecasting.panels.members.local import (
    Local,
    auto_arima,
    auto_theta,
    ces,
    ets,
    theta,
    trending_ets,
)
from shared.forecasting.panels.members.naive import SeasonalMean
from shared.forecasting.panels.members.network import Network
from shared.forecasting.panels.members.prophet import Prophet
from shared.forecasting.panels.members.sarimax import Sarimax
from shared.forecasting.panels.model import Member
from shared.forecasting.panels.panel import Panel
from shared.forecasting.panels.paths import Dependence
from shared.forecasting.panels.prospect import Learnt, PanelForecast, Prospect
from shared.forecasting.panels.rolling import (
    Rolled,
    Step,
    fit_or_drop,
    ignore_step,
    pool_quantiles,
    roll,
)
from shared.forecasting.panels.sanity import sane
from shared.forecasting.panels.weighing import equal_weights, near_the_middle, weigh

LONGEST_HORIZON = 365
# Kept also where it does not count: the spread of daily series comes from it.
SHAPES = "lstm"
LAST_RESORT = SeasonalMean()
DAILY: tuple[Member, ...] = (
    Sarimax(),
    Prophet(),
    Network(),
    Boosting(),
    Local("ets", ets),
    Local("theta", theta),
    Intermittent(),
    SeasonalMean(),
)
# Weeks and months have trends, and too few periods for a model of all series.
COARSE: tuple[Member, ...] = (
    Local("arima", auto_arima),
    Local("ets", trending_ets),
    Local("theta", theta),
    Local("auto_theta", auto_theta),
    Local("ces", ces),
    Intermittent(),
    SeasonalMean(),
)


@dataclass(frozen=True, slots=True)
class PanelForecaster:
    """Learns with `members`, or the usual ones of the panel's period; all draws come from `seed`."""

    members: tuple[Member, ...] | None = None
    seed: int = 1

    def usual(self, panel: Panel) -> tuple[Member, ...]:
        """Return the members that are used for such a panel."""
        return self.members or (DAILY if panel.is_daily else COARSE)

    def fit(self, panel: Panel, horizon: int, step: Step = ignore_step) -> Learnt:
        """Learn all there is to learn; raises `InvalidInput` for a horizon outside 1 to 365.

        `step` is called with the name of each member before it is weighed and before it learns.
        """
        if not 1 <= horizon <= LONGEST_HORIZON:
            raise InvalidInput(f"horizon: {horizon} periods; give 1 to {LONGEST_HORIZON}")
        members = self.usual(panel)
        rolled = roll(panel, members, horizon, self.seed, step)
        if rolled is not None:
            rolled = _sane(rolled, panel)
        weights = equal_weights([each.name for each in members])
        if rolled is not None:
            weights = weigh(rolled) if panel.is_daily else near_the_middle(rolled)
        kept = {*weights, SHAPES}
        fits = {}
        for each in members:
            step(each.name)
            if each.name in kept:
                fits[each.name] = fit_or_drop(each, panel, horizon)
        fitted = {name: fit for name, fit in fits.items() if fit is not None}
        weights = {name: weight for name, weight in weights.items() if name in fitted}
        unfit = {name for name, fit in fits.items() if fit is None}
        if rolled is not None:
            unfit |= {each.name for each in members} - set(rolled.fitted)
        learnt = Learnt(
            panel.ids,
            fitted,
            weights,
            not panel.is_daily,
            LEVELS,
            Dependence(),
            tuple(sorted(unfit - set(fitted))),
        )
        return learnt if rolled is None else self._judged(learnt, rolled, panel)

    def foresee(
        self,
        learnt: Learnt,
        panel: Panel,
        horizon: int,
        factors: Floats | None = None,
        borrowed: Borrowed | None = None,
    ) -> Prospect:
        """Look ahead from the panel's end; it may go further than what was learnt.

        Series that were not learnt are forecast by the members that need not know them. `factors`
        (series, horizon) multiply what is expected, and its spread. `borrowed` stands in place of
        what members say of new series.
        """
        learnt = learnt.arranged(panel.ids)
        found = {
            name: sane(fit.predict(panel, horizon), panel) for name, fit in learnt.members.items()
        }
        nobody = np.full((len(panel.ids), horizon), np.nan)
        means = learnt.combined(found) if learnt.weights else nobody
        lost = np.isnan(means)
        if lost.any():
            means = np.where(lost, LAST_RESORT.predict(panel, horizon), means)
        quantiles = pool_quantiles(learnt.members, panel, horizon)
        if borrowed is not None:
            means, quantiles = borrowed.laid_over(means, quantiles)
        if factors is not None:
            found = {name: each * factors for name, each in found.items()}
            means, quantiles = means * factors, quantiles * factors[..., None]
        reasons = {} if borrowed is None else borrowed.reasons
        return Prospect(panel, learnt, found, means, quantiles, self.seed, reasons)

    def predict(self, learnt: Learnt, panel: Panel, horizon: int) -> PanelForecast:
        """Forecast from the panel's end, all series at once."""
        seen = self.foresee(learnt, panel, horizon)
        names = {key: (*seen.dropped(row), *learnt.unfit) for row, key in enumerate(panel.ids)}
        dropped = {key: each for key, each in names.items() if each}
        paths = seen.paths(0, len(panel.ids))
        return PanelForecast(panel.ids, paths, learnt.weights, seen.members, dropped)

    def _judged(self, learnt: Learnt, rolled: Rolled, panel: Panel) -> Learnt:
        """Add what the rolling origins say of levels and dependence."""
        means = learnt.combined(rolled.forecasts)
        draw = np.random.default_rng(self.seed)
        draws = np.stack(
            [
                shape_draws(rolled.quantiles(panel, at, means.shape[2]), means[at], LEVELS, panel)
                for at in range(len(rolled.origins))
            ]
        )
        known = ~np.isnan(rolled.actual) & ~np.isnan(means)
        where = np.full(known.shape, np.nan)
        where[known] = fallen(draws[known], rolled.actual[known], draw)
        actual = np.where(known, rolled.actual, np.nan)
        dependence = Dependence.learn(where).fitting_sums(draws, actual, self.seed)
        return replace(learnt, levels=corrected_levels(where[known]), dependence=dependence)


def _sane(rolled: Rolled, panel: Panel) -> Rolled:
    learnt = panel.until(rolled.origins[0]).only(list(rolled.probes))
    checked = {
        name: np.stack([sane(each, learnt) for each in forecasts])
        for name, forecasts in rolled.forecasts.items()
    }
    return replace(rolled, forecasts=checked)

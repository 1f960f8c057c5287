"""Rolling origins: what each member would have said at origins of the past, of which the end is known."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from shared.forecasting.arrays import Floats
from shared.forecasting.panels.features import Rows
from shared.forecasting.panels.model import PROBABILITIES, Distributed, FittedMember, Member
from shared.forecasting.panels.panel import Panel

Step = Callable[[str], None]
FIT_ERRORS = (ArithmeticError, ValueError, RuntimeError, ImportError)  # LinAlgError is a ValueError
_log = logging.getLogger(__name__)
ORIGINS = 5
MOST_PROBES = 60
LEAST_SEASONS = 3  # of days
LEAST_BEYOND_SEASON = 4  # of weeks and months


@dataclass(frozen=True, slots=True)
class Rolled:
    """Forecasts at the origins, of the probed rows only.

    `actual` has the shape (origins, probes, horizon), NaN where unknown; each of `forecasts` too.
    `scales` are the probes' root mean squared change from period to period. `fitted` learnt
    nothing after the first origin.
    """

    probes: Rows
    origins: tuple[int, ...]
    actual: Floats
    scales: Floats
    forecasts: Mapping[str, Floats]
    fitted: Mapping[str, FittedMember]
    learns_alone: Mapping[str, bool]

    def quantiles(self, panel: Panel, at: int, horizon: int) -> Floats:
        """Return the pooled quantiles of the probes at one of the origins."""
        past = panel.until(self.origins[at])
        probed = past.only(list(self.probes))
        alone = {name: fit for name, fit in self.fitted.items() if self.learns_alone[name]}
        together = {name: fit for name, fit in self.fitted.items() if not self.learns_alone[name]}
        first = pool_quantiles(together, past, horizon)[self.probes]
        return _first_known(first, lambda: pool_quantiles(alone, probed, horizon))


def pool_quantiles(members: Mapping[str, FittedMember], panel: Panel, horizon: int) -> Floats:
    """Return the mean of the members' quantiles, shape (series, horizon, 15), NaN where none has any.

    A network that learns from all series speaks alone where it can: it knows the spread best.
    """
    speaking = {name: fit for name, fit in members.items() if isinstance(fit, Distributed)}
    nothing = np.full((len(panel.ids), horizon, PROBABILITIES.size), np.nan)
    network = speaking.pop("lstm", None)
    first = nothing if network is None else network.distribution(panel, horizon)

    def mean_of_others() -> Floats:
        found = [fit.distribution(panel, horizon) for fit in speaking.values()]
        return mean_known(np.stack(found)) if found else nothing

    return _first_known(first, mean_of_others)


def mean_known(values: Floats) -> Floats:
    """Return the mean over the first axis of what is known; NaN where nothing is."""
    count = (~np.isnan(values)).sum(axis=0)
    total = np.nan_to_num(values).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _first_known(first: Floats, others: Callable[[], Floats]) -> Floats:
    return np.where(np.isnan(first), others(), first) if np.isnan(first).any() else first


def ignore_step(_name: str) -> None:
    """Report to nobody."""


def fit_or_drop(member: Member, panel: Panel, horizon: int) -> FittedMember | None:
    """Let a member learn; None, with a line in the log, where it fails.

    Errors of the machine (memory, a deadline) are not the member's and pass through.
    """
    try:
        return member.fit(panel, horizon)
    except FIT_ERRORS:
        _log.exception("member %s could not learn and is left out", member.name)
        return None


def roll(
    panel: Panel,
    members: Sequence[Member],
    horizon: int,
    seed: int = 1,
    report: Step = ignore_step,
) -> Rolled | None:
    """Fit each member up to the first of five origins and let it forecast from each of them.

    Members that learn series alone are asked about at most 60 series, drawn by `seed`; so are
    the others, but these learn from all. None where the panel is too short.
    """
    step = panel.season if panel.is_daily else 1
    last = panel.periods - 1 - horizon
    origins = tuple(last - step * back for back in reversed(range(ORIGINS)))
    if origins[0] < _least(panel):
        return None
    probes = _draw(panel.until(origins[0]), seed)
    if not len(probes):
        return None
    learnt = panel.until(origins[0])
    forecasts, fitted = {}, {}
    alone_by_name = {member.name: member.learns_alone for member in members}
    for member in members:
        alone = member.learns_alone
        report(member.name)
        fit = fit_or_drop(member, learnt.only(list(probes)) if alone else learnt, horizon)
        if fit is None:
            continue
        fitted[member.name] = fit
        forecasts[member.name] = np.stack(
            [_at(fit, panel.until(origin), probes, horizon, alone) for origin in origins]
        )
    if not forecasts:
        return None
    actual = np.stack(
        [panel.values[probes, origin + 1 : origin + 1 + horizon] for origin in origins]
    )
    return Rolled(
        probes, origins, actual, change_scales(learnt)[probes], forecasts, fitted, alone_by_name
    )


def change_scales(panel: Panel) -> Floats:
    """Root mean squared change from period to period of each series; 0 for one that never moves."""
    squares = np.diff(panel.values, axis=1) ** 2
    count = (~np.isnan(squares)).sum(axis=1)
    return np.asarray(np.sqrt(np.nan_to_num(squares).sum(axis=1) / np.maximum(count, 1)))


def _at(fit: FittedMember, panel: Panel, probes: Rows, horizon: int, alone: bool) -> Floats:
    if alone:
        return fit.predict(panel.only(list(probes)), horizon)
    return fit.predict(panel, horizon)[probes]


def _least(panel: Panel) -> int:
    """How many periods a series needs for a forecast of it to teach something."""
    if panel.is_daily:
        return LEAST_SEASONS * panel.season
    return panel.season + LEAST_BEYOND_SEASON


def _draw(panel: Panel, seed: int) -> Rows:
    """Series that are known long enough and move, at most 60 of them."""
    known = (~np.isnan(panel.values)).sum(axis=1) >= _least(panel)
    rows = np.flatnonzero(known & (change_scales(panel) > 0))
    if len(rows) > MOST_PROBES:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_PROBES, replace=False))
    return rows

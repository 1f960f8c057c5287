"""All forecasts of one tenant: its SKUs as one panel in; SKUs, categories and the company out.

Everything comes from the same sample paths. Days of a SKU are rounded to two places first; weeks,
months, revenue, categories and the company are sums of those, so that stored totals equal the
stored parts.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import groupby

import numpy as np

from shared.domain.series import (
    Forecast,
    ForecastInputs,
    Horizon,
    NodeForecasts,
    Series,
    SkuFacts,
)
from shared.errors import InvalidInput
from shared.forecasting.arrays import Floats
from shared.forecasting.node_forecasts import (
    MODEL_VERSION,
    Node,
    Total,
    forecasts_of,
    point_forecast,
    sums_of,
)
from shared.forecasting.panels.adjustment import adjust
from shared.forecasting.panels.borrowing import borrow
from shared.forecasting.panels.forecaster import LONGEST_HORIZON, PanelForecaster
from shared.forecasting.panels.panel import Panel
from shared.forecasting.panels.plan import plan_of, prices_ahead
from shared.forecasting.panels.prospect import Prospect
from shared.forecasting.panels.storage import pack_learnt, unpack_learnt

# Takes what is done, of how much, and a line for people; it may raise to stop the work.
Report = Callable[[int, int | None, str], None]
# Members that the table `forecasts` holds beside the ensemble, one row a day.
STORED_MEMBERS = ("arima", "prophet", "lstm")
CHUNK = 100
UNKNOWN = SkuFacts()


@dataclass(frozen=True, slots=True)
class TenantForecaster:
    """Forecasts a tenant's SKUs with all members; the same series give the same numbers."""

    panels: PanelForecaster = field(default_factory=PanelForecaster)

    @property
    def version(self) -> str:
        """Changes where what was learnt before cannot be used any more."""
        return MODEL_VERSION

    def learn(self, inputs: ForecastInputs, horizon: Horizon, report: Report) -> bytes:
        """Return what all members learnt; raises `InvalidInput` as `forecast` does."""
        _check(horizon)
        panel, _ = _prepare(inputs, horizon)
        steps = 2 * len(self.panels.usual(panel))
        done = 0

        def step(member: str) -> None:
            nonlocal done
            done += 1
            report(done, steps, f"learn {member}")

        return pack_learnt(self.panels.fit(panel, horizon.days, step))

    def forecast(
        self, inputs: ForecastInputs, horizon: Horizon, state: bytes, report: Report
    ) -> Iterator[NodeForecasts]:
        """Yield the forecasts of the series by category, of each category, of the company last.

        Raises `InvalidInput` for a horizon outside 1 to 365 days or a level outside 0 to 1, and
        `UnreadableModels` where `state` is not what `learn` returned.
        """
        _check(horizon)
        panel, factors = _prepare(inputs, horizon)
        learnt = unpack_learnt(state, self.panels.usual(panel))
        facts = [inputs.facts.get(each, UNKNOWN) for each in panel.ids]
        borrowed = borrow(panel, facts, horizon.days)
        ahead = self.panels.foresee(learnt, panel, horizon.days, factors, borrowed)
        return _nodes(ahead, inputs, horizon, report)


def _prepare(inputs: ForecastInputs, horizon: Horizon) -> tuple[Panel, Floats]:
    """Return the panel by category without its planned events, and their factors ahead."""

    def category(series: Series) -> str:
        return inputs.facts.get(series.unique_id, UNKNOWN).category or ""

    panel = panel_of(sorted(inputs.series, key=category))
    adjusted = adjust(panel, plan_of(inputs.events, panel, horizon.days))
    return adjusted.panel, adjusted.ahead


def panel_of(series: Sequence[Series]) -> Panel:
    """Lay series that end on one day side by side; raises `InvalidInput` where they do not."""
    start, origin = min(each.start for each in series), series[0].origin
    values = np.full((len(series), (origin - start).days + 1), np.nan)
    for row, each in enumerate(series):
        if each.origin != origin:
            raise InvalidInput(
                f"series: {each.unique_id} ends on {each.origin}; let all end on {origin}"
            )
        values[row, (each.start - start).days :] = each.values
    return Panel(tuple(each.unique_id for each in series), values, start=start)


def _nodes(
    ahead: Prospect, inputs: ForecastInputs, horizon: Horizon, report: Report
) -> Iterator[NodeForecasts]:
    ids, origin = ahead.panel.ids, inputs.series[0].origin
    company = Total.empty(horizon.days)
    known = [inputs.facts.get(each, UNKNOWN) for each in ids]
    for category, rows in groupby(_rows(ahead), lambda each: known[each[0]].category):
        of_category = Total.empty(horizon.days)
        for row, paths in rows:
            units = Node(np.round(paths.mean(axis=1), 2), paths)
            revenue = _revenue(units, ids[row], known[row].price, inputs)
            for total in (company, of_category):
                total.add(units, revenue)
            named = _named(
                ahead, row, forecasts_of(ids[row], units, revenue, origin, horizon.level)
            )
            members = _members(ahead, row, origin)
            sums = sums_of(units, known[row].lead_time_days)
            yield NodeForecasts(ids[row], (*members, *named), sums)
            report(row + 1, len(ids), f"forecast {ids[row]}")
        if category is not None:
            yield _total(of_category, origin, horizon.level, category)
    yield _total(company, origin, horizon.level, None)


def _revenue(units: Node, sku: str, price: float | None, inputs: ForecastInputs) -> Node | None:
    if price is None:
        return None
    first = inputs.series[0].origin + timedelta(days=1)
    return units.times(prices_ahead(inputs.events, sku, price, first, len(units.means)))


def _total(total: Total, origin: date, level: float, category: str | None) -> NodeForecasts:
    forecasts = forecasts_of(category or "", total.units, total.revenue, origin, level)
    sums = sums_of(total.units, None) if category is None else ()
    return NodeForecasts(None, forecasts, sums, category)


def _rows(ahead: Prospect) -> Iterator[tuple[int, Floats]]:
    """Yield each row with its paths, a portion of rows in memory at a time."""
    for first in range(0, len(ahead.panel.ids), CHUNK):
        for at, paths in enumerate(ahead.paths(first, first + CHUNK)):
            yield first + at, paths


def _members(ahead: Prospect, row: int, origin: date) -> list[Forecast]:
    found = {name: ahead.members[name][row] for name in STORED_MEMBERS if name in ahead.members}
    return [
        point_forecast(ahead.panel.ids[row], name, means, origin)
        for name, means in found.items()
        if not np.isnan(means).any()
    ]


def _named(ahead: Prospect, row: int, forecasts: Sequence[Forecast]) -> tuple[Forecast, ...]:
    reason = _fallback(ahead, row)
    return tuple(replace(each, fallback=reason) for each in forecasts)


def _fallback(ahead: Prospect, row: int) -> str | None:
    """Say from whom that row borrows, or which members are missing from its ensemble, or None."""
    if row in ahead.borrowed:
        return ahead.borrowed[row]
    dropped = [name for name in ahead.dropped(row) if name in ahead.learnt.weights]
    if len(dropped) == len(ahead.learnt.weights):
        return "seasonal mean: no member could forecast it"
    reasons = (
        (dropped, "no sound forecast of this SKU"),
        (ahead.learnt.unfit, "too little to learn"),
    )
    found = [f"without {', '.join(names)}: {reason}" for names, reason in reasons if names]
    return "; ".join(found) or None


def _check(horizon: Horizon) -> None:
    if not 1 <= horizon.days <= LONGEST_HORIZON:
        raise InvalidInput(f"horizon_days: {horizon.days} days; give 1 to {LONGEST_HORIZON}")
    if not 0 < horizon.level < 1:
        raise InvalidInput(f"level: {horizon.level}; give a share between 0 and 1 such as 0.95")

"""All forecasts of one tenant: its SKUs as one panel in, each SKU and then the company out.

Everything comes from the same sample paths. Days of a SKU are rounded to two places first; weeks,
months, revenue and the company are sums of those, so that stored totals equal the stored parts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from shared.domain.series import Forecast, Horizon, NodeForecasts, Series
from shared.errors import InvalidInput
from shared.forecasting.arrays import Floats
from shared.forecasting.node_forecasts import Node, forecasts_of, point_forecast
from shared.forecasting.panels.forecaster import LONGEST_HORIZON, PanelForecaster
from shared.forecasting.panels.panel import Panel
from shared.forecasting.panels.prospect import Prospect

# Takes what is done, of how much, and a line for people; it may raise to stop the work.
Report = Callable[[int, int | None, str], None]
# Members that the table `forecasts` holds beside the ensemble, one row a day.
STORED_MEMBERS = ("arima", "prophet", "lstm")
CHUNK = 100


@dataclass(slots=True)
class Company:
    """Sums over the SKUs so far; `revenue` is None once a SKU has no price."""

    units: Node
    revenue: Node | None


@dataclass(frozen=True, slots=True)
class TenantForecaster:
    """Forecasts a tenant's SKUs with all members; the same series give the same numbers."""

    panels: PanelForecaster = field(default_factory=PanelForecaster)

    def forecast(
        self,
        series: Sequence[Series],
        prices: Mapping[str, float],
        horizon: Horizon,
        report: Report,
    ) -> Iterator[NodeForecasts]:
        """Yield the forecasts of each series in order, and of the company last; nothing for none.

        Raises `InvalidInput` for a horizon outside 1 to 365 days or a level outside 0 to 1.
        """
        _check(horizon)
        if not series:
            return
        panel = panel_of(series)
        steps = 2 * len(self.panels.usual(panel)) + len(series)
        done = 0

        def step(member: str) -> None:
            nonlocal done
            done += 1
            report(done, steps, f"learn {member}")

        learnt = self.panels.fit(panel, horizon.days, step)
        ahead = self.panels.foresee(learnt, panel, horizon.days)
        yield from _nodes(ahead, series[0], prices, horizon, report, steps)


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
    ahead: Prospect,
    first: Series,
    prices: Mapping[str, float],
    horizon: Horizon,
    report: Report,
    steps: int,
) -> Iterator[NodeForecasts]:
    ids, origin = ahead.panel.ids, first.origin
    company = Company(Node.empty(horizon.days), Node.empty(horizon.days))
    for row, paths in _rows(ahead):
        units = Node(np.round(paths.mean(axis=1), 2), paths)
        company.units = company.units.plus(units)
        price = prices.get(ids[row])
        revenue = None if price is None else units.times(price)
        if company.revenue is not None:
            company.revenue = None if revenue is None else company.revenue.plus(revenue)
        forecasts = forecasts_of(ids[row], units, revenue, origin, horizon.level)
        members = _members(ahead, row, origin)
        reason = _fallback(ahead, row)
        named = tuple(replace(each, fallback=reason) for each in forecasts)
        yield NodeForecasts(ids[row], (*members, *named))
        report(steps - len(ids) + row + 1, steps, f"forecast {ids[row]}")
    yield NodeForecasts(
        None, forecasts_of("", company.units, company.revenue, origin, horizon.level)
    )


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


def _fallback(ahead: Prospect, row: int) -> str | None:
    """Say which members are missing from the ensemble of that row, or None."""
    dropped = [name for name in ahead.dropped(row) if name in ahead.learnt.weights]
    if not dropped:
        return None
    if len(dropped) == len(ahead.learnt.weights):
        return "seasonal mean: no member could forecast it"
    return f"without {', '.join(dropped)}: no sound forecast of this SKU"


def _check(horizon: Horizon) -> None:
    if not 1 <= horizon.days <= LONGEST_HORIZON:
        raise InvalidInput(f"horizon_days: {horizon.days} days; give 1 to {LONGEST_HORIZON}")
    if not 0 < horizon.level < 1:
        raise InvalidInput(f"level: {horizon.level}; give a share between 0 and 1 such as 0.95")

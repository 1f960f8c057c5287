"""From sample paths of one node, a SKU or the company, to its forecasts by day, week and month."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from shared.domain.calendar import PeriodType, periods_touching
from shared.domain.series import SUM_PROBABILITIES, Forecast, ForecastPoint, SumAhead
from shared.forecasting.arrays import Floats
from shared.forecasting.panels.marginals import DRAWS

MODEL_VERSION = "panel-4"
# Sums of so many days are stored, and of the lead time.
SUMMED_DAYS = (7, 14, 28)


@dataclass(frozen=True, slots=True)
class Node:
    """`means` (horizon,) at two places are what is expected; `paths` (horizon, 500) are futures."""

    means: Floats
    paths: Floats

    @classmethod
    def empty(cls, horizon: int) -> "Node":
        """Nothing yet: zeros to add to."""
        return cls(np.zeros(horizon), np.zeros((horizon, DRAWS)))

    def plus(self, other: "Node") -> "Node":
        """The sum, path by path."""
        return Node(self.means + other.means, self.paths + other.paths)

    def times(self, prices: Floats) -> "Node":
        """Units as money by each day's price, each day's expectation at two places."""
        return Node(np.round(self.means * prices, 2), self.paths * prices[:, None])


@dataclass(slots=True)
class Total:
    """Sums over SKUs so far; `revenue` is None once a SKU has no price."""

    units: Node
    revenue: Node | None

    @classmethod
    def empty(cls, horizon: int) -> "Total":
        """Nothing yet."""
        return cls(Node.empty(horizon), Node.empty(horizon))

    def add(self, units: Node, revenue: Node | None) -> None:
        """Count a SKU."""
        self.units = self.units.plus(units)
        if self.revenue is not None:
            self.revenue = None if revenue is None else self.revenue.plus(revenue)


def forecasts_of(
    unique_id: str, units: Node, revenue: Node | None, origin: date, level: float
) -> tuple[Forecast, ...]:
    """Return demand, and revenue where it is known, by each period that lies wholly ahead."""
    kinds = {"DEMAND": units} | ({} if revenue is None else {"REVENUE": revenue})
    return tuple(
        Forecast(unique_id, "ensemble", MODEL_VERSION, level, points, None, kind, str(period_type))
        for kind, node in kinds.items()
        for period_type in PeriodType
        if (points := tuple(_points(node, origin, period_type, level)))
    )


def point_forecast(unique_id: str, name: str, means: Floats, origin: date) -> Forecast:
    """Return what one member expects a day, without bounds."""
    points = tuple(
        ForecastPoint(origin + timedelta(days=ahead), float(mean), None, None)
        for ahead, mean in enumerate(means, start=1)
    )
    return Forecast(unique_id, name, MODEL_VERSION, None, points)


def sums_of(node: Node, lead_time_days: int | None) -> tuple[SumAhead, ...]:
    """Return sums of 7, 14, 28 days and of the lead time, as far as the horizon goes."""
    asked = {*SUMMED_DAYS, *([lead_time_days] if lead_time_days else [])}
    return tuple(_sum(node, days) for days in sorted(asked) if days <= len(node.means))


def _sum(node: Node, days: int) -> SumAhead:
    totals = node.paths[:days].sum(axis=0)
    quantiles = np.quantile(totals, SUM_PROBABILITIES, method="inverted_cdf")
    expected = round(float(node.means[:days].sum()), 2)
    return SumAhead(days, expected, tuple(quantiles.tolist()))


def _points(
    node: Node, origin: date, period_type: PeriodType, level: float
) -> Iterator[ForecastPoint]:
    first, last = origin + timedelta(days=1), origin + timedelta(days=len(node.means))
    for period in periods_touching(first, last, period_type):
        if first <= period.start and period.end <= last:
            days = slice((period.start - first).days, (period.end - first).days + 1)
            yield _point(period.start, node.means[days], node.paths[days], level)


def _point(day: date, means: Floats, paths: Floats, level: float) -> ForecastPoint:
    expected = round(float(means.sum()), 2)
    outside = (1 - level) / 2
    low, high = np.quantile(paths.sum(axis=0), (outside, 1 - outside), method="inverted_cdf")
    return ForecastPoint(day, expected, min(float(low), expected), max(float(high), expected))

"""Days on which nothing may be sold: their lower bound is zero, not a little above it.

A bound at 0.02 units misses every day without a sale as surely as one at 2, and on a product
that often sells nothing such misses were the larger part of all (M5 hobbies, training part:
5.3 % below the ensemble's bounds against 2.3 % above; the members' bounds averaged with zero).
"""

from collections.abc import Sequence
from dataclasses import replace

from shared.domain.series import ForecastPoint, Series
from shared.forecasting.intervals import RECENT_DAYS


def bounds_reaching_zero(
    points: Sequence[ForecastPoint], history: Series, level: float
) -> tuple[ForecastPoint, ...]:
    """Lower to zero the lower bound of each day whose weekday often sees no sale.

    Often: on more than (1 − level)/2 of the same weekdays of the last 112 days, which makes
    zero that weekday's own empirical quantile. Days of the week are kept apart, so that a shop
    closed on Sundays keeps its bounds on Mondays. Nothing else of the points changes.
    """
    latest_first = history.values[-RECENT_DAYS:][::-1]
    answer = []
    for point in points:
        ahead = (point.day - history.origin).days
        same_weekday = latest_first[-ahead % 7 :: 7]
        often = same_weekday.count(0.0) > (1 - level) / 2 * len(same_weekday)
        answer.append(replace(point, lower=0.0) if often else point)
    return tuple(answer)

"""The ensemble: the plain mean of its members."""

from collections.abc import Sequence
from math import fsum

from shared.domain.series import ForecastPoint
from shared.errors import InvalidInput


def mean_of(members: Sequence[Sequence[ForecastPoint]]) -> tuple[ForecastPoint, ...]:
    """Average the members' points day by day; all members cover the same days.

    Prediction and bounds are each the mean of the members' own. Averaging bounds (quantile
    averaging; Lichtendahl, Grushka-Cockayne, Winkler 2013, Management Science 59(7)) is the
    right rule here because the members see the same history: their errors are nearly
    perfectly correlated, and then the spread of a mean is the mean of the spreads. Treating
    them as independent would shrink the interval by the square root of two; taking the
    outermost bounds would widen it without end as members join. The order
    lower ≤ predicted ≤ upper survives averaging. Raises InvalidInput without members, or
    when their days differ.
    """
    if not members:
        raise InvalidInput("ensemble: no members, give at least one")
    days = [[point.day for point in points] for points in members]
    if any(other != days[0] for other in days):
        raise InvalidInput("ensemble: the members cover different days, give one horizon")
    return tuple(_mean_point(same_day) for same_day in zip(*members, strict=True))


def _mean_point(points: tuple[ForecastPoint, ...]) -> ForecastPoint:
    share = 1 / len(points)
    return ForecastPoint(
        day=points[0].day,
        predicted=fsum(share * point.predicted for point in points),
        lower=fsum(share * point.lower for point in points),
        upper=fsum(share * point.upper for point in points),
    )

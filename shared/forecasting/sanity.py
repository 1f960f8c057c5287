"""The last look at a forecast before anybody acts on it."""

import math
from collections.abc import Sequence

from shared.domain.series import ForecastPoint

PREDICTED_MULTIPLE = 3.0
UPPER_MULTIPLE = 10.0


def insane_reason(points: Sequence[ForecastPoint], highest: float) -> str | None:
    """Say in words which bound the points break; None when they break none.

    `highest` is the maximum of the history, in its unit. Predictions may reach 3 times that
    maximum and upper bounds 10 times: wide enough for real growth, and an exploding fit
    (1e23 was seen) lies far beyond. Every number is finite, not negative, and in order.
    """
    for point in points:
        reason = _point_reason(point, highest)
        if reason is not None:
            return f"{reason} on {point.day}"
    return None


def _point_reason(point: ForecastPoint, highest: float) -> str | None:
    numbers = (point.lower, point.predicted, point.upper)
    if not all(math.isfinite(number) for number in numbers):
        return "a forecast that is not a finite number"
    if min(numbers) < 0:
        return "a negative forecast"
    if not point.lower <= point.predicted <= point.upper:
        return "a prediction outside its own bounds"
    if point.predicted > PREDICTED_MULTIPLE * highest:
        return f"a prediction above {PREDICTED_MULTIPLE:g} times the highest day"
    if point.upper > UPPER_MULTIPLE * highest:
        return f"an upper bound above {UPPER_MULTIPLE:g} times the highest day"
    return None

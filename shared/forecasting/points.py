"""From arrays to forecast points."""

from datetime import date, timedelta

import numpy as np

from shared.domain.series import ForecastPoint
from shared.forecasting.arrays import Floats


def points_after(
    origin: date, predicted: Floats, lower: Floats, upper: Floats
) -> tuple[ForecastPoint, ...]:
    """Return one point a day from the day after `origin`, floored at zero, bounds in order.

    The arrays have the shape (horizon,) and the unit of the history. What is not a number
    stays not a number, so that `sanity` sees it.
    """
    middle = np.maximum(predicted, 0.0)
    low = np.maximum(np.minimum(lower, middle), 0.0)
    high = np.maximum(upper, middle)
    return tuple(
        ForecastPoint(
            day=origin + timedelta(days=ahead + 1),
            predicted=float(middle[ahead]),
            lower=float(low[ahead]),
            upper=float(high[ahead]),
        )
        for ahead in range(middle.size)
    )

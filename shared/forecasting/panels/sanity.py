"""The last look at what a member says, before it counts."""

import numpy as np

from shared.forecasting.arrays import Floats
from shared.forecasting.panels.panel import Panel

MOST_TIMES_HIGHEST = 3.0


def sane(forecast: Floats, panel: Panel) -> Floats:
    """Return the forecast with NaN in each row that is not finite or beyond 3 times its highest period.

    Real growth stays below that bound; a fit that explodes (1e23 was seen) lies far beyond.
    Negative amounts become zero.
    """
    highest = np.nan_to_num(panel.values).max(axis=1, initial=0.0)
    with np.errstate(invalid="ignore"):
        fits = np.isfinite(forecast) & (forecast <= MOST_TIMES_HIGHEST * highest[:, None])
    good = fits.all(axis=1)
    return np.where(good[:, None], np.maximum(np.nan_to_num(forecast), 0.0), np.nan)

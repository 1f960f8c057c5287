"""Arrays that numerical models work on."""

import numpy as np
from numpy.typing import NDArray

from shared.domain.series import Series

Floats = NDArray[np.float64]


def unit_scaled(series: Series) -> tuple[Floats, float]:
    """Return the history divided by its maximum, shape (days,), and that maximum.

    Optimisers then see numbers from 0 to 1 whatever the unit, and squares of huge amounts do
    not overflow. A history of zeros keeps its zeros and has the scale 1.
    """
    values = np.asarray(series.values, dtype=np.float64)
    scale = float(values.max()) or 1.0
    return values / scale, scale

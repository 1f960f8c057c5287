"""SCUM, the peer: the median of four classical methods (Petropoulos, Svetunkov 2020, IJF 36(1)).

AutoARIMA, AutoETS, AutoCES and DynamicOptimizedTheta of statsforecast with its defaults; the
median of their means and of each of their bounds, floored at zero.
"""

import time
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np

from shared.forecasting.arrays import Floats

LEVELS = (80, 95)
BOUNDS = ("mean", "lo-80", "hi-80", "lo-95", "hi-95")


@dataclass(frozen=True, slots=True)
class PeerForecast:
    """`bounds` has the shape (series, 5, horizon): mean, lower and upper at 80 %, at 95 %."""

    bounds: Floats
    cpu_s: float


def forecast_scum(
    histories: Sequence[Floats], season: int, horizon: int, jobs: int = 1
) -> PeerForecast:
    """Forecast each history in `jobs` processes; a method that fails does not count for that series."""
    work = [(history, season, horizon) for history in histories]
    if jobs > 1:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            done = list(pool.map(_one, work, chunksize=4))
    else:
        done = [_one(each) for each in work]
    return PeerForecast(np.stack([bounds for bounds, _ in done]), sum(cpu for _, cpu in done))


def _one(work: tuple[Floats, int, int]) -> tuple[Floats, float]:
    from statsforecast.models import (  # noqa: PLC0415  2 s to import
        AutoARIMA,
        AutoCES,
        AutoETS,
        DynamicOptimizedTheta,
    )

    history, season, horizon = work
    started = time.process_time()
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for method in (AutoARIMA, AutoETS, AutoCES, DynamicOptimizedTheta):
            try:
                ahead = method(season_length=season).forecast(
                    y=history, h=horizon, level=list(LEVELS)
                )
            except Exception:  # noqa: S112  the peer's own faults are many
                continue
            bounds = np.stack([np.asarray(ahead[name], dtype=np.float64) for name in BOUNDS])
            if np.isfinite(bounds).all():
                found.append(bounds)
    middle = np.median(found, axis=0) if found else np.full((len(BOUNDS), horizon), history.mean())
    return np.maximum(middle, 0.0), time.process_time() - started

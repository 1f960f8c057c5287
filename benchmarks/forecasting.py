"""What forecasts of all SKUs together cost: the weekly refit and the nightly update, beside SCUM.

    python -m benchmarks.forecasting [--skus 500] [--days 730] [--peers 5] [--json]

The SKUs are made up and seeded: a third sell smoothly by weekday, a third seldom, a third with a
trend. Times are CPU time of this process, per SKU. SCUM forecasts a few of the same series in the
same run; the mean of their times stands for all. Libraries are loaded before the clock runs: a worker
loads them once.
"""

import argparse
import json
import logging
import resource
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from importlib import import_module
from typing import TypeVar

from shared.forecasting.threads import limit_to_one_thread

limit_to_one_thread()

import numpy as np  # noqa: E402

from benchmarks.figures import Figure, print_table  # noqa: E402
from shared.forecasting.arrays import Floats  # noqa: E402
from shared.forecasting.panels.forecaster import PanelForecaster  # noqa: E402
from shared.forecasting.panels.panel import Panel  # noqa: E402
from shared.forecasting.panels.scum import forecast_scum  # noqa: E402

HORIZON_DAYS = 28
FIRST = date(2024, 1, 1)
REFIT_MS, NIGHTLY_MS, MEMORY_MB = 300, 20, 1024
REFIT_TIMES, NIGHTLY_TIMES = 5, 100
FURTHER_RUNS, GROWTH = 20, 1.02
LIBRARIES = ("statsforecast.models", "statsmodels.api", "prophet", "lightgbm", "jax", "optax")
Answer = TypeVar("Answer")


def main() -> None:
    """Run the benchmark and print the table; with --json the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--skus", type=int, default=500)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--peers", type=int, default=5, help="how many SKUs SCUM forecasts")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    logging.getLogger("prophet").setLevel(logging.CRITICAL)  # misses libraries of its plots
    figures = measure(made_up(asked.skus, asked.days + 1), asked.peers)
    print(f"{asked.skus} SKUs of {asked.days} days, {HORIZON_DAYS} days ahead, CPU time")
    print_table(figures)
    if asked.json:
        each = [asdict(figure) for figure in figures]
        print(json.dumps({"benchmark": "forecasting", "skus": asked.skus, "figures": each}))


def made_up(skus: int, days: int, seed: int = 1) -> Panel:
    """A panel of whole units, shape (skus, days)."""
    draw = np.random.default_rng(seed)
    kinds = (smooth, seldom, trending)
    rates = [
        kinds[row % len(kinds)](draw, np.arange(days, dtype=np.float64)) for row in range(skus)
    ]
    values = draw.poisson(np.array(rates)).astype(np.float64)
    return Panel(tuple(f"SKU-{row}" for row in range(skus)), values, 7, FIRST)


def smooth(draw: np.random.Generator, day: Floats) -> Floats:
    """Units expected a day: a level from 5 to 50, with a week and a year."""
    week = draw.uniform(0.6, 1.6, 7)[day.astype(int) % 7]
    return np.asarray(draw.uniform(5, 50) * week * (1 + 0.2 * np.sin(2 * np.pi * day / 365)))


def seldom(draw: np.random.Generator, day: Floats) -> Floats:
    """Units expected a day: none on most days, some at once on others."""
    sold = draw.random(day.size) < draw.uniform(0.05, 0.3)
    return np.where(sold, draw.uniform(1, 4), 0.0)


def trending(draw: np.random.Generator, day: Floats) -> Floats:
    """Units expected a day: the level grows or falls by up to its size, with a week."""
    level = 1 + draw.uniform(-0.8, 1.0) * day / day.size
    return np.asarray(draw.uniform(3, 20) * level * draw.uniform(0.7, 1.4, 7)[day.astype(int) % 7])


def measure(panel: Panel, peers: int) -> list[Figure]:
    """Refit without the last day, update with it, and let SCUM forecast `peers` of the SKUs."""
    forecaster = PanelForecaster()
    before = panel.until(panel.periods - 2)
    for name in LIBRARIES:
        import_module(name)
    learnt, refit_ms = timed_cpu(lambda: forecaster.fit(before, HORIZON_DAYS))
    _, nightly_ms = timed_cpu(lambda: forecaster.predict(learnt, panel, HORIZON_DAYS))
    memory_mb = peak_mb()
    for _ in range(FURTHER_RUNS):
        forecaster.predict(learnt, panel, HORIZON_DAYS)
    grown = peak_mb() / memory_mb
    skus = len(panel.ids)
    peer_ms = cost_of_scum(panel, peers)
    return [
        beside("weekly refit, a SKU", refit_ms / skus, peer_ms, REFIT_MS, REFIT_TIMES),
        beside("nightly update, a SKU", nightly_ms / skus, peer_ms, NIGHTLY_MS, NIGHTLY_TIMES),
        Figure(
            "peak memory, beside the limit",
            "MB",
            memory_mb,
            MEMORY_MB,
            "",
            f"≤ {MEMORY_MB}",
            memory_mb <= MEMORY_MB,
        ),
        Figure(
            f"peak memory after {FURTHER_RUNS} more updates",
            "MB",
            grown * memory_mb,
            memory_mb,
            f"{grown:.3f} ×",
            f"≤ {GROWTH}",
            grown <= GROWTH,
        ),
    ]


def peak_mb() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def beside(what: str, ours_ms: float, peer_ms: float, most_ms: float, least_times: float) -> Figure:
    """A time per SKU, with its limit and how many times faster than the peer it is to be."""
    times = peer_ms / ours_ms
    met = ours_ms <= most_ms and times >= least_times
    goal = f"≤ {most_ms:g} ms, ≥ {least_times:g} ×"
    return Figure(what, "ms", ours_ms, peer_ms, f"{times:.1f} ×", goal, met)


def cost_of_scum(panel: Panel, peers: int) -> float:
    """Milliseconds of CPU a SKU, the mean of `peers` SKUs spread over the panel."""
    rows = np.unique(np.linspace(0, len(panel.ids) - 1, peers).astype(int))
    found = forecast_scum([panel.history(row) for row in rows], panel.season, HORIZON_DAYS)
    return found.cpu_s * 1000 / len(rows)


def timed_cpu(action: Callable[[], Answer]) -> tuple[Answer, float]:
    """What it returns, and the milliseconds of CPU that it took."""
    started = time.process_time()
    answer = action()
    return answer, (time.process_time() - started) * 1000


if __name__ == "__main__":
    main()

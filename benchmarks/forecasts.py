"""Forecast quality and speed on real daily sales: our three models against simple peers.

    python -m benchmarks.forecasts --data FOLDER [--series 60] [--json]

FOLDER (or the variable RETAIL_DAILY) holds retail_daily_train.csv and retail_daily_test.csv in
long format unique_id,ds,y; the test part is the 28 days after the train part. Source of the
data: UCI Online Retail (D. Chen, 2015), CC BY 4.0. Without the files the benchmark says so and
ends well.
"""

import argparse
import csv
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path

from shared.forecasting.threads import limit_to_one_thread

limit_to_one_thread()

import numpy as np  # noqa: E402

from shared.domain.series import ForecastPoint, Series  # noqa: E402
from shared.forecasting.arrays import Floats  # noqa: E402
from shared.forecasting.evaluation import coverage, msis, rmsse, wape  # noqa: E402
from shared.forecasting.forecaster import Forecaster  # noqa: E402
from shared.forecasting.points import points_after  # noqa: E402

HORIZON_DAYS = 28
LEVEL = 0.95
MODELS = ("arima", "prophet", "ensemble", "seasonal_naive")
Answer = tuple[tuple[ForecastPoint, ...], bool]


@dataclass
class Scores:
    """What one model scored, one entry a series."""

    rmsse: list[float] = field(default_factory=list)
    wape: list[float] = field(default_factory=list)
    coverage: list[float] = field(default_factory=list)
    msis: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    fallbacks: int = 0

    def add(self, history: Floats, actual: Floats, points: tuple[ForecastPoint, ...]) -> None:
        """Score one series: arrays of shape (days,) and (28,), points for the same 28 days."""
        predicted = np.array([point.predicted for point in points])
        lower = np.array([point.lower for point in points])
        upper = np.array([point.upper for point in points])
        self.rmsse.append(rmsse(history, actual, predicted))
        self.wape.append(wape(actual, predicted))
        self.coverage.append(coverage(actual, lower, upper))
        self.msis.append(msis(history, actual, lower, upper, LEVEL))

    def means(self) -> dict[str, float]:
        """Return the mean of each measure; series without a scale (NaN) are left out."""
        lists = {name: values for name, values in asdict(self).items() if name != "fallbacks"}
        means = {name: round(float(np.nanmean(values)), 4) for name, values in lists.items()}
        return means | {"fallbacks": self.fallbacks}


def main() -> None:
    """Run the benchmark and print the table; with --json the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=os.environ.get("RETAIL_DAILY"))
    parser.add_argument("--series", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.data is None or not (Path(asked.data) / "retail_daily_train.csv").is_file():
        print("skipped: retail_daily is absent, name its folder with --data or RETAIL_DAILY")
        if asked.json:
            print(json.dumps({"benchmark": "forecasts", "skipped": True}))
        return
    results = scores_of(Path(asked.data), asked.series)
    count = len(next(iter(results.values())).rmsse)
    print_table(results, count)
    if asked.json:
        means = {name: scores.means() for name, scores in results.items()}
        print(json.dumps({"benchmark": "forecasts", "series": count, "models": means}))


def scores_of(folder: Path, count: int) -> dict[str, Scores]:
    """Forecast the first `count` series of the folder with every method and score them."""
    methods = {**our_methods(), **autoets_if_installed()}
    results = {name: Scores() for name in methods}
    pairs = list(islice(series_pairs(folder), count))
    for method in methods.values():
        method(pairs[0][0])  # imports are paid once per worker, not per series
    for series, actual in pairs:
        history = np.array(series.values)
        for name, method in methods.items():
            started = time.perf_counter()
            points, fell_back = method(series)
            results[name].seconds.append(time.perf_counter() - started)
            results[name].add(history, actual, points)
            results[name].fallbacks += fell_back
    return results


def series_pairs(folder: Path) -> Iterator[tuple[Series, Floats]]:
    """Yield each history with the 28 days that followed it, in order of its id."""
    train = read_long(folder / "retail_daily_train.csv")
    test = read_long(folder / "retail_daily_test.csv")
    for name in sorted(train):
        days = train[name]
        yield (
            Series(name, days[0][0], tuple(value for _, value in days)),
            np.array([value for _, value in test[name]][:HORIZON_DAYS]),
        )


def read_long(path: Path) -> dict[str, list[tuple[date, float]]]:
    """Read unique_id,ds,y into lists of (day, amount), oldest first."""
    rows: dict[str, list[tuple[date, float]]] = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            rows[row["unique_id"]].append((date.fromisoformat(row["ds"][:10]), float(row["y"])))
    return {name: sorted(days) for name, days in rows.items()}


def our_methods() -> dict[str, Callable[[Series], Answer]]:
    """Return our models and the ensemble, each callable on a series on its own."""
    forecaster = Forecaster()
    alone = {name: Forecaster(members=(name,)) for name in MODELS if name != "ensemble"}

    def one(name: str) -> Callable[[Series], Answer]:
        def run(series: Series) -> Answer:
            first = alone[name].forecast(series, HORIZON_DAYS, LEVEL)[0]
            return first.points, first.fallback is not None

        return run

    def ensemble(series: Series) -> Answer:
        last = forecaster.forecast(series, HORIZON_DAYS, LEVEL)[-1]
        return last.points, last.fallback is not None

    return {name: ensemble if name == "ensemble" else one(name) for name in MODELS}


def autoets_if_installed() -> dict[str, Callable[[Series], Answer]]:
    """Return statsforecast's AutoETS (ZNZ, weekly) as a peer, or nothing."""
    try:
        from statsforecast.models import AutoETS  # noqa: PLC0415
    except ImportError:
        return {}

    def run(series: Series) -> Answer:
        model = AutoETS(season_length=7, model="ZNZ")
        ahead = model.forecast(y=np.array(series.values), h=HORIZON_DAYS, level=[95])
        bounds = (ahead["mean"], ahead["lo-95"], ahead["hi-95"])
        return points_after(series.origin, *(np.asarray(b, np.float64) for b in bounds)), False

    return {"autoets (peer)": run}


def print_table(results: dict[str, Scores], count: int) -> None:
    """Print one line a model; the ensemble's seconds are those of all three forecasts."""
    print(f"retail_daily, {count} series, {HORIZON_DAYS} days ahead, bounds at {LEVEL}")
    columns = ("rmsse", "wape", "coverage", "msis", "seconds", "fallbacks")
    print(f"{'model':<16}" + "".join(f"{column:>11}" for column in columns))
    for name, scores in results.items():
        means = scores.means()
        print(f"{name:<16}" + "".join(f"{means[column]:>11.4g}" for column in columns))
    print("seconds of the ensemble are those of arima, prophet and their mean together")


if __name__ == "__main__":
    main()

"""What each part of the forecasts brings: the same series without it, beside all parts together.

    python -m benchmarks.ablation [--train F --test F] [--skus 60] [--days 400] [--json]

Daily series of two long CSV files (unique_id, ds, y), or made-up ones whose last 28 days are held
back. A ratio above 1 says that the part helps. `stock-outs as zeros` is beside `stock-outs
unknown`: in both, a third of the series were out of stock on 20 of the last 60 days.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from shared.forecasting.threads import limit_to_one_thread

limit_to_one_thread()

import numpy as np  # noqa: E402

from benchmarks.figures import Figure  # noqa: E402
from benchmarks.forecasting import made_up  # noqa: E402
from shared.forecasting.arrays import Floats  # noqa: E402
from shared.forecasting.panels.forecaster import DAILY, PanelForecaster  # noqa: E402
from shared.forecasting.panels.long_csv import Exam, read_exams  # noqa: E402
from shared.forecasting.panels.marginals import LEVELS  # noqa: E402
from shared.forecasting.panels.paths import Dependence  # noqa: E402
from shared.forecasting.panels.prospect import Prospect, quantiles_of  # noqa: E402
from shared.forecasting.panels.rolling import roll  # noqa: E402
from shared.forecasting.panels.scores import PROBABILITIES, measure, score  # noqa: E402
from shared.forecasting.panels.weighing import equal_weights, mix, weigh  # noqa: E402

HORIZON_DAYS, SEASON = 28, 7
MEASURES = ("rmsse", "wape", "pinball", "msis")
Scored = dict[str, float]


def main() -> None:
    """Run the benchmark and print the table; with --json the last line is one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--train", type=Path)
    parser.add_argument("--test", type=Path)
    parser.add_argument("--skus", type=int, default=60)
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.train and asked.test:
        exams = read_exams(asked.train, asked.test, SEASON, HORIZON_DAYS)
    else:
        exams = [held_back(asked.skus, asked.days)]
    figures = []
    print(f"{'without':<28}" + "".join(f"{name:>10}" for name in MEASURES), flush=True)
    for name, without, whole in take_apart(exams):
        ratios = {key: without[key] / whole[key] for key in MEASURES}
        print(f"{name:<28}" + "".join(f"{ratio:>10.4f}" for ratio in ratios.values()), flush=True)
        figures += [
            Figure(f"{name}, {key}", "", without[key], whole[key], f"{ratio:.4f} ×", "", None)
            for key, ratio in ratios.items()
        ]
    if asked.json:
        each = [asdict(figure) for figure in figures]
        print(json.dumps({"benchmark": "ablation", "figures": each}))


def held_back(skus: int, days: int) -> Exam:
    """A made-up panel, and its last days apart."""
    panel = made_up(skus, days)
    last = panel.periods - HORIZON_DAYS
    return Exam(panel.until(last - 1), panel.values[:, last:])


def take_apart(exams: list[Exam]) -> Iterator[tuple[str, Scored, Scored]]:
    """Yield each part with the scores without it and with it."""
    every = PanelForecaster()
    seen = [look(every, exam) for exam in exams]
    whole = scored(exams, seen)
    for name, variant in VARIANTS.items():
        yield name, scored(exams, [variant(each) for each in seen]), whole
    for gone in DAILY:
        fewer = PanelForecaster(tuple(each for each in DAILY if each is not gone))
        yield gone.name, scored(exams, [look(fewer, exam) for exam in exams]), whole
    unknown = [out_of_stock(exam) for exam in exams]
    with_gaps = scored(exams, [look(every, exam) for exam in unknown])
    zeros = [with_zeros(gaps, exam) for gaps, exam in zip(unknown, exams, strict=True)]
    yield (
        "stock-outs as unknown days",
        scored(exams, [look(every, each) for each in zeros]),
        with_gaps,
    )


def look(forecaster: PanelForecaster, exam: Exam) -> Prospect:
    """Learn, and look ahead."""
    learnt = forecaster.fit(exam.panel, HORIZON_DAYS)
    return forecaster.foresee(learnt, exam.panel, HORIZON_DAYS)


def scored(exams: list[Exam], seen: list[Prospect]) -> Scored:
    """The measures over all series."""
    found = dict.fromkeys(MEASURES, 0.0)
    series = sum(len(exam.panel.ids) for exam in exams)
    for exam, each in zip(exams, seen, strict=True):
        rows = range(len(exam.panel.ids))
        paths = each.paths(0, len(rows))
        histories = [exam.panel.history(row) for row in rows]
        bounds = quantiles_of(paths, PROBABILITIES)
        scores = score(histories, exam.actual, paths.mean(axis=2), bounds, SEASON)
        for name in MEASURES:
            found[name] += measure(scores, name, np.arange(len(rows))) * len(rows) / series
    return found


def equally_weighted(seen: Prospect) -> Prospect:
    """Each member counts the same."""
    weights = equal_weights(list(seen.members))
    return with_means(seen, mix(weights, seen.members))


def weighted_by_sku(seen: Prospect) -> Prospect:
    """The SKUs that were looked at have weights of their own."""
    rolled = roll(seen.panel, DAILY, HORIZON_DAYS, seen.seed)
    means = seen.means.copy()
    for at, row in enumerate(() if rolled is None else rolled.probes):
        assert rolled is not None
        alone = replace(
            rolled,
            probes=rolled.probes[at : at + 1],
            actual=rolled.actual[:, at : at + 1],
            scales=rolled.scales[at : at + 1],
            forecasts={name: each[:, at : at + 1] for name, each in rolled.forecasts.items()},
        )
        members = {name: each[row : row + 1] for name, each in seen.members.items()}
        means[row] = mix(weigh(alone), members)[0]
    return with_means(seen, means)


def with_means(seen: Prospect, means: Floats) -> Prospect:
    """The same with other means, where these are known."""
    return replace(seen, means=np.where(np.isnan(means), seen.means, means))


def uncalibrated(seen: Prospect) -> Prospect:
    """The spread as members say it, and the usual dependence."""
    return replace(seen, learnt=replace(seen.learnt, levels=LEVELS, dependence=Dependence()))


def out_of_stock(exam: Exam) -> Exam:
    """Every third series was out of stock on days 20 to 39 of the last 60."""
    values = exam.panel.values.copy()
    values[::3, -60:-40] = np.nan
    return Exam(replace(exam.panel, values=values), exam.actual)


def with_zeros(gaps: Exam, exam: Exam) -> Exam:
    """The days that went unknown are zero; what was unknown before stays so."""
    gone = np.isnan(gaps.panel.values) & ~np.isnan(exam.panel.values)
    values = np.where(gone, 0.0, gaps.panel.values)
    return Exam(replace(gaps.panel, values=values), gaps.actual)


VARIANTS = {
    "weights (all equal)": equally_weighted,
    "pooling (weights by SKU)": weighted_by_sku,
    "calibration": uncalibrated,
}

if __name__ == "__main__":
    main()

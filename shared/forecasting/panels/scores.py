"""What forecasts of a panel scored, a figure a series, and how that compares with a peer's."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shared.forecasting.arrays import Floats
from shared.forecasting.evaluation import msis, pinball, rmsse

RESAMPLES = 2000
PROBABILITIES = (0.025, 0.1, 0.5, 0.9, 0.975)
LOWER_95, LOWER_80, MEDIAN, UPPER_80, UPPER_95 = range(5)
RATIOS = ("rmsse", "mase", "wape", "wape_median", "pinball", "msis")


@dataclass(frozen=True, slots=True)
class Scores:
    """A figure a series of each measure; NaN where the measure has no scale.

    `error` and `error_median` are sums of absolute errors, of the mean and of the median;
    `amount` the sum of what was sold: WAPE is their ratio over all series together. `inside_80`
    and `inside_95` are shares of periods within the bounds.
    """

    rmsse: Floats
    mase: Floats
    pinball: Floats
    msis: Floats
    error: Floats
    error_median: Floats
    amount: Floats
    inside_80: Floats
    inside_95: Floats

    def summary(self) -> dict[str, float]:
        """Return each measure over all series."""
        every = np.arange(self.rmsse.size)
        found = {name: measure(self, name, every) for name in RATIOS}
        inside = {"coverage_80": _mean(self.inside_80), "coverage_95": _mean(self.inside_95)}
        return {name: round(value, 5) for name, value in (found | inside).items()}


def score(
    histories: Sequence[Floats], actual: Floats, means: Floats, bounds: Floats | None, season: int
) -> Scores:
    """Score means (series, horizon) and quantiles at PROBABILITIES (series, horizon, 5).

    Without bounds, what needs them is NaN. Periods whose actual is unknown are left out.
    """
    rows = [
        _one(history, actual[row], means[row], None if bounds is None else bounds[row], season)
        for row, history in enumerate(histories)
    ]
    return Scores(*(np.array(each) for each in zip(*rows, strict=True)))


def measure(scores: Scores, name: str, rows: Floats | np.ndarray) -> float:
    """Return one measure over those series: a mean, or a ratio of sums for WAPE."""
    if name == "wape":
        return _share(scores.error[rows], scores.amount[rows])
    if name == "wape_median":
        return _share(scores.error_median[rows], scores.amount[rows])
    return _mean(getattr(scores, name)[rows])


def compare(ours: Scores, peers: Scores, seed: int = 1) -> dict[str, dict[str, float]]:
    """Return ours over the peer's for each measure, with a bootstrap interval of 95 % over series.

    The peer has one point forecast, so its WAPE stands beside ours of the mean and of the median.
    """
    draw = np.random.default_rng(seed)
    count = ours.rmsse.size
    samples = draw.integers(0, count, (RESAMPLES, count))
    answer = {}
    for name in RATIOS:
        theirs = "wape" if name == "wape_median" else name
        found = [measure(ours, name, rows) / measure(peers, theirs, rows) for rows in samples]
        low, high = (
            np.nanquantile(found, (0.025, 0.975)) if np.isfinite(found).any() else (np.nan,) * 2
        )
        every = np.arange(count)
        ratio = measure(ours, name, every) / measure(peers, theirs, every)
        answer[name] = {"ratio": _round(ratio), "low": _round(low), "high": _round(high)}
    return answer


def win_rate(ours: Scores, peers: Scores) -> float:
    """Return the share of series whose RMSSE is lower than the peer's; equal ones count half."""
    gap = ours.rmsse - peers.rmsse
    gap = gap[~np.isnan(gap)]
    return float(np.mean(np.where(gap == 0, 0.5, gap < 0))) if gap.size else float("nan")


def _one(
    history: Floats, actual: Floats, means: Floats, bounds: Floats | None, season: int
) -> tuple[float, ...]:
    known = ~np.isnan(actual)
    actual, means = actual[known], means[known]
    if not actual.size:
        return (np.nan,) * 4 + (0.0,) * 3 + (np.nan,) * 2
    errors = np.abs(actual - means)
    scale = _scale(history, season)
    points = (rmsse(history, actual, means), errors.mean() / scale if scale else np.nan)
    amount = float(actual.sum())
    if bounds is None:
        return (*points, np.nan, np.nan, errors.sum(), np.nan, amount, np.nan, np.nan)
    bounds = bounds[known]
    low, high = bounds[:, LOWER_95], bounds[:, UPPER_95]
    losses = [pinball(actual, bounds[:, at], p) for at, p in enumerate(PROBABILITIES)]
    inside = [
        float(np.mean((bounds[:, a] <= actual) & (actual <= bounds[:, b])))
        for a, b in ((LOWER_80, UPPER_80), (LOWER_95, UPPER_95))
    ]
    by_season = season if history.size > season else 1
    interval = msis(history, actual, low, high, 0.95, by_season)
    median = float(np.abs(actual - bounds[:, MEDIAN]).sum())
    loss = float(np.mean(losses)) / scale if scale else np.nan
    return (*points, loss, interval, errors.sum(), median, amount, *inside)


def _scale(history: Floats, season: int) -> float:
    """Mean absolute change from season to season, the scale of MASE (Hyndman, Koehler 2006)."""
    step = season if history.size > season else 1
    return float(np.mean(np.abs(history[step:] - history[:-step]))) if history.size > step else 0.0


def _share(errors: Floats, amounts: Floats) -> float:
    total = float(amounts.sum())
    return float(errors.sum()) / total if total else float("nan")


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def _round(value: float) -> float:
    return round(float(value), 4)

"""Our forecasts beside SCUM's, on series whose end is known, in one run."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from shared.errors import InvalidInput
from shared.forecasting.panels.calibration_check import check_calibration
from shared.forecasting.panels.forecaster import COARSE, DAILY, PanelForecaster
from shared.forecasting.panels.long_csv import Exam
from shared.forecasting.panels.members.zero_shot import ZeroShot
from shared.forecasting.panels.model import Member
from shared.forecasting.panels.prospect import PanelForecast
from shared.forecasting.panels.scores import PROBABILITIES, Scores, compare, score, win_rate
from shared.forecasting.panels.scum import forecast_scum

ENSEMBLE, PEER = "ensemble", "scum"


@dataclass(frozen=True, slots=True)
class Contest:
    """What was asked: `models` are names of members, all if empty; `jobs` processes for the peer.

    A `zero_shot` is the folder of a foundation model, which takes part where it is named.
    """

    season: int
    horizon: int
    models: Sequence[str] = ()
    jobs: int = 1
    with_peer: bool = True
    zero_shot: Path | None = None


def run_contest(exams: Sequence[Exam], asked: Contest) -> dict[str, object]:
    """Return scores of the ensemble, of each member and of SCUM, and the ratios of ours to SCUM's.

    The CPU time of the ensemble is that of everything: weighing, calibration and all members.
    """
    parts = [_ours(exam, asked) for exam in exams]
    series = sum(len(exam.panel.ids) for exam in exams)
    scores = {name: _joined([part.scores[name] for part in parts]) for name in parts[0].scores}
    report: dict[str, object] = {
        "series": series,
        "horizon": asked.horizon,
        "season_length": asked.season,
        "weights": [dict(part.forecast.weights) for part in parts],
        "calibration": check_calibration(
            np.concatenate([part.forecast.paths for part in parts]),
            np.concatenate([exam.actual for exam in exams]),
            exams[0].panel.is_daily,
        ),
        "cpu_ms_a_series": {ENSEMBLE: round(1000 * sum(part.cpu_s for part in parts) / series, 1)},
    }
    if asked.with_peer:
        peers, cpu_s = _peers(exams, asked)
        report["ratios_to_scum"] = compare(scores[ENSEMBLE], peers)
        report["win_rate"] = round(win_rate(scores[ENSEMBLE], peers), 4)
        report["cpu_ms_a_series"] |= {PEER: round(1000 * cpu_s / series, 1)}  # type: ignore[operator]
        scores[PEER] = peers
    report["models"] = {name: each.summary() for name, each in scores.items()}
    return report


@dataclass(frozen=True, slots=True)
class Part:
    """What came of one exam."""

    forecast: PanelForecast
    scores: dict[str, Scores]
    cpu_s: float


def _ours(exam: Exam, asked: Contest) -> Part:
    forecaster = PanelForecaster(_members(exam, asked))
    started = time.process_time()
    learnt = forecaster.fit(exam.panel, asked.horizon)
    forecast = forecaster.predict(learnt, exam.panel, asked.horizon)
    cpu_s = time.process_time() - started
    histories = [exam.panel.history(row) for row in range(len(exam.panel.ids))]
    bounds = forecast.quantiles(PROBABILITIES)
    scores = {ENSEMBLE: score(histories, exam.actual, forecast.means, bounds, asked.season)}
    for name, means in forecast.members.items():
        filled = np.where(np.isnan(means), forecast.means, means)
        scores[name] = score(histories, exam.actual, filled, None, asked.season)
    return Part(forecast, scores, cpu_s)


def _members(exam: Exam, asked: Contest) -> tuple[Member, ...]:
    usual = DAILY if exam.panel.is_daily else COARSE
    known = usual if asked.zero_shot is None else (*usual, ZeroShot(asked.zero_shot))
    unknown = set(asked.models) - {member.name for member in known}
    if unknown:
        names = ", ".join(member.name for member in known)
        raise InvalidInput(f"models: {min(unknown)!r} is unknown here; choose of {names}")
    return tuple(each for each in known if each.name in asked.models) if asked.models else usual


def _peers(exams: Sequence[Exam], asked: Contest) -> tuple[Scores, float]:
    parts, cpu_s = [], 0.0
    for exam in exams:
        histories = [exam.panel.history(row) for row in range(len(exam.panel.ids))]
        found = forecast_scum(histories, asked.season, asked.horizon, asked.jobs)
        mean, low_80, high_80, low_95, high_95 = np.moveaxis(found.bounds, 1, 0)
        bounds = np.stack([low_95, low_80, mean, high_80, high_95], axis=-1)
        parts.append(score(histories, exam.actual, mean, bounds, asked.season))
        cpu_s += found.cpu_s
    return _joined(parts), cpu_s


def _joined(parts: Sequence[Scores]) -> Scores:
    first = parts[0]
    names = list(first.__dataclass_fields__)
    return replace(
        first, **{n: np.concatenate([getattr(each, n) for each in parts]) for n in names}
    )

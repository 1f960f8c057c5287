"""What global models learn from: windows of all series, each seen from an origin of the past."""

from dataclasses import dataclass

import numpy as np

from shared.forecasting.arrays import Floats
from shared.forecasting.panels.features import Rows, View, tabulate
from shared.forecasting.panels.panel import Panel

WINDOW = 56
EVERY_DAYS = 5
ORIGINS = 100
MOST_WINDOWS = 8000
LEAST_WINDOWS = 200
FIRST_ORIGIN = 60
LARGEST_TARGET = 20.0


@dataclass(frozen=True, slots=True)
class Window:
    """`rows` seen from one origin, relative to `scales`.

    `newest` are the last 56 days, shape (rows, 56), NaN where unknown; `features` those of
    `tabulate`.
    """

    rows: Rows
    scales: Floats
    newest: Floats
    features: Floats


@dataclass(frozen=True, slots=True)
class Lessons:
    """Windows under one another, with what followed: `targets` (windows, horizon), NaN where unknown.

    `weights` are the squared scale over the mean squared change from day to day: an error then
    counts as it does in RMSSE.
    """

    newest: Floats
    features: Floats
    targets: Floats
    weights: Floats


def look(view: View, rows: Rows, origin: int, horizon: int) -> Window:
    """Return what is known of those rows at an origin."""
    scales = view.scales(rows, origin)
    newest = np.full((len(rows), WINDOW), np.nan)
    seen = view.panel.values[rows][:, max(0, origin - WINDOW + 1) : origin + 1]
    newest[:, WINDOW - seen.shape[1] :] = seen / scales[:, None]
    return Window(rows, scales, newest, tabulate(view, rows, origin, horizon))


def gather(panel: Panel, horizon: int, seed: int = 1) -> Lessons | None:
    """Return at most 8,000 windows of the last 500 days; None where there are fewer than 200.

    With more series than fit, each origin shows some of them, drawn by `seed`.
    """
    view = View.of(panel)
    last = panel.periods - 1 - horizon
    origins = [
        at for at in range(last, last - EVERY_DAYS * ORIGINS, -EVERY_DAYS) if at >= FIRST_ORIGIN
    ]
    learnable = [(origin, view.learnable(origin)) for origin in origins]
    total = sum(len(rows) for _, rows in learnable)
    if total < LEAST_WINDOWS:
        return None
    share = min(1.0, MOST_WINDOWS / total)
    chosen = np.random.default_rng(seed)
    changes = _mean_squared_changes(panel)
    parts = []
    for origin, rows in learnable:
        some = rows[chosen.random(len(rows)) < share]
        if len(some):
            parts.append(_part(view, some, origin, horizon, changes))
    newest, features, targets, weights = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Lessons(newest, features, targets, np.minimum(weights, np.quantile(weights, 0.98)))


def _part(
    view: View, rows: Rows, origin: int, horizon: int, changes: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    window = look(view, rows, origin, horizon)
    after = view.panel.values[rows][:, origin + 1 : origin + 1 + horizon] / window.scales[:, None]
    weights = window.scales**2 / np.maximum(changes[rows], 1e-12)
    return window.newest, window.features, np.minimum(after, LARGEST_TARGET), weights


def _mean_squared_changes(panel: Panel) -> Floats:
    squares = np.diff(panel.values, axis=1) ** 2
    known = ~np.isnan(squares)
    return np.asarray(np.nan_to_num(squares).sum(axis=1) / np.maximum(known.sum(axis=1), 1))

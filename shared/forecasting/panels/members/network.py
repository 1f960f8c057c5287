"""`lstm`: a global network in JAX that says the whole distribution of each day ahead.

Its trunk is dense, not recurrent: over three rolling origins of foods, hobbies and retail the
dense trunk was as good as an LSTM of 32 units (RMSSE and MSIS within 1 %) in an eighth of the
time. The name stays that of the data model. Each of three seeds answers with the mean and fifteen
quantiles of 28 days; quantiles are sums of positive steps and cannot cross.
"""

import os
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np

from shared.forecasting.arrays import Floats
from shared.forecasting.panels.features import View
from shared.forecasting.panels.lessons import Lessons, Window, gather, look
from shared.forecasting.panels.model import PROBABILITIES
from shared.forecasting.panels.panel import Panel

# Of `tabulate`: how many columns belong to the series, and which of the day's the network reads.
OF_SERIES = 15
OF_DAY = (23, 25, 26, 27)
HIDDEN = 96
FURTHEST = 4.0  # standard deviations; what lies beyond is cut
BELOW_ZERO = 0.15  # lets the lowest quantiles reach zero
Weights = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FittedNetwork:
    """The weights of each seed; `centre` and `spread` of the inputs."""

    weights: tuple[Weights, ...]
    centre: Floats
    spread: Floats

    def arranged(self, _rows: Sequence[int | None]) -> "FittedNetwork":
        """It knows no series."""
        return self

    def packed(self) -> Any:
        """The weights as they are: half the digits would be another network."""
        return astuple(self)

    def predict(self, panel: Panel, horizon: int) -> Floats:
        """Return the mean of each day, shape (series, horizon); NaN for series without recent sales."""
        return self._answers(panel, horizon)[0]

    def distribution(self, panel: Panel, horizon: int) -> Floats:
        """Return quantiles at PROBABILITIES, shape (series, horizon, 15)."""
        return self._answers(panel, horizon)[1]

    def _answers(self, panel: Panel, horizon: int) -> tuple[Floats, Floats]:
        view, origin = View.of(panel), panel.periods - 1
        rows = view.learnable(origin)
        means = np.full((len(panel.ids), horizon), np.nan)
        quantiles = np.full((*means.shape, PROBABILITIES.size), np.nan)
        if len(rows):
            seen = look(view, rows, origin, horizon)
            inputs = np.clip((_inputs(seen) - self.centre) / self.spread, -FURTHEST, FURTHEST)
            answers = [_apply(each, inputs, horizon) for each in self.weights]
            scales = seen.scales[:, None]
            means[rows] = np.mean([mean for mean, _ in answers], axis=0) * scales
            found = np.mean([quantile for _, quantile in answers], axis=0)
            quantiles[rows] = np.maximum(found, 0.0) * scales[..., None]
        return means, quantiles


@dataclass(frozen=True, slots=True)
class Network:
    """`steps` of `batch` windows for each of the `seeds`; fewer where all would be seen too often."""

    name: str = "lstm"
    learns_alone: bool = False
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 500
    batch: int = 256
    least_steps: int = 60
    most_epochs: int = 12
    learning_rate: float = 3e-3

    def fit(self, panel: Panel, horizon: int) -> FittedNetwork | None:
        """Learn from a daily panel; None where it has too few windows."""
        lessons = gather(panel, horizon, seed=0) if panel.is_daily else None
        if lessons is None:
            return None
        inputs = _inputs(lessons)
        centre, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-3
        inputs = np.clip((inputs - centre) / spread, -FURTHEST, FURTHEST).astype(np.float32)
        weights = tuple(self._train(inputs, lessons, seed) for seed in self.seeds)
        return FittedNetwork(weights, centre, spread)

    def unpacked(self, tree: Any) -> FittedNetwork:
        """The weights again."""
        return FittedNetwork(*tree)

    def _train(self, inputs: Any, lessons: Lessons, seed: int) -> Weights:
        jax, optax = _libraries()
        targets = np.nan_to_num(lessons.targets, nan=-1.0).astype(np.float32)
        counted = np.sqrt(lessons.weights)
        counted = np.minimum(counted / np.median(counted), 3.0).astype(np.float32)
        draw = np.random.default_rng(seed)
        weights = _start(draw, inputs.shape[1], targets.shape[1])
        steps = self._steps_for(len(targets))
        schedule = optax.cosine_onecycle_schedule(steps, self.learning_rate)
        optimiser = optax.chain(
            optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=1e-3)
        )
        step = _stepper(jax, optax, optimiser)
        state = optimiser.init(weights)
        for _ in range(steps):
            some = draw.integers(0, len(targets), self.batch)
            kept = (draw.random((self.batch, HIDDEN)) < 0.8).astype(np.float32) / 0.8
            weights, state = step(weights, state, inputs[some], targets[some], counted[some], kept)
        return {name: np.asarray(value) for name, value in weights.items()}

    def _steps_for(self, windows: int) -> int:
        """Return how many steps: a small panel is learnt by heart long before the usual number."""
        return min(self.steps, max(self.least_steps, self.most_epochs * windows // self.batch))


def _libraries() -> tuple[Any, Any]:
    """Import late, 1 s, and in one thread."""
    os.environ.setdefault(
        "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    )
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax  # noqa: PLC0415
    import optax  # noqa: PLC0415

    return jax, optax


def _inputs(seen: Window | Lessons) -> Floats:
    """The last 56 days (roots, relative to the level) and what is known of them, and some features."""
    days = seen.features[:, :, OF_DAY].reshape(len(seen.features), -1)
    fixed = seen.features[:, 0, :OF_SERIES]
    weekday = np.eye(7)[seen.features[:, 0, OF_SERIES + 1].astype(np.intp)]
    angle = 2 * np.pi * seen.features[:, :1, OF_SERIES + 3][:, 0] / 365.25
    year = np.stack([np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)], axis=1)
    roots = np.sqrt(np.maximum(np.nan_to_num(seen.newest), 0.0))
    parts = [
        roots,
        np.isnan(seen.newest),
        np.minimum(np.nan_to_num(days), 4.0),
        np.isnan(days[:, :1]),
    ]
    return np.concatenate([*parts, np.nan_to_num(fixed), weekday, year], axis=1)


def _start(draw: np.random.Generator, inputs: int, horizon: int) -> Weights:
    outputs = PROBABILITIES.size + 1

    def layer(rows: int, columns: int) -> Any:
        return (draw.normal(size=(rows, columns)) * np.sqrt(2 / (rows + columns))).astype(
            np.float32
        )

    heads = np.full(outputs, -2.0, np.float32)
    heads[-1] = 0.5
    return {
        "in": layer(inputs, HIDDEN),
        "in_shift": np.zeros(HIDDEN, np.float32),
        "mid": layer(HIDDEN, HIDDEN),
        "mid_shift": np.zeros(HIDDEN, np.float32),
        "out": layer(HIDDEN, horizon * outputs) * np.float32(0.1),
        "out_shift": np.tile(heads, horizon),
    }


def _apply(weights: Weights, inputs: Any, horizon: int, kept: Any = 1.0, of: Any = np) -> Any:
    """Return means (windows, horizon) and quantiles (windows, horizon, 15), relative to the level.

    `of` is numpy to predict, jax.numpy to learn: predicting needs no compiler.
    """
    first = of.maximum(inputs @ weights["in"] + weights["in_shift"], 0) * kept
    second = first + of.maximum(first @ weights["mid"] + weights["mid_shift"], 0)
    found = (second @ weights["out"] + weights["out_shift"]).reshape(len(inputs), horizon, -1)
    positive = of.logaddexp(found, 0.0)
    return positive[..., -1], of.cumsum(positive[..., :-1], axis=-1) - BELOW_ZERO


def _stepper(jax: Any, optax: Any, optimiser: Any) -> Any:
    of, probabilities, power = jax.numpy, PROBABILITIES.astype(np.float32), 1.2

    def loss(weights: Weights, inputs: Any, targets: Any, counted: Any, kept: Any) -> Any:
        """Pinball of the quantiles and Tweedie of the mean; unknown targets are -1 and do not count."""
        mean, quantiles = _apply(weights, inputs, targets.shape[1], kept, of)
        counts = (targets >= 0) * counted[:, None]
        known = of.maximum(targets, 0)
        gap = known[..., None] - quantiles
        pinball = of.maximum(probabilities * gap, (probabilities - 1) * gap).mean(axis=-1)
        mean = mean + 1e-3
        tweedie = mean ** (2 - power) / (2 - power) - known * mean ** (1 - power) / (1 - power)
        return ((2 * pinball + 0.5 * tweedie) * counts).sum() / counts.sum()

    def step(weights: Weights, state: Any, *batch: Any) -> tuple[Weights, Any]:
        gradients = jax.grad(loss)(weights, *batch)
        updates, state = optimiser.update(gradients, state, weights)
        return optax.apply_updates(weights, updates), state

    return jax.jit(step)

"""`zero-shot`: a foundation model of the Chronos family, which learns nothing here.

Its weights come from a folder that somebody has put there; nothing is fetched. It needs the extra
`zero-shot` (torch is large), is never a default, and is there to be compared:
`capliquify forecast evaluate --models …,zero-shot --zero-shot-folder FOLDER`.
Ansari et al., "Chronos: Learning the Language of Time Series", 2024.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from shared.errors import InvalidInput
from shared.forecasting.arrays import Floats
from shared.forecasting.panels.model import PROBABILITIES
from shared.forecasting.panels.panel import Panel

# Series that are asked at once: what is held in memory does not grow with the panel.
BATCH = 64
# As far back as models of the family look.
LONGEST = 2048


@dataclass(frozen=True, slots=True)
class FittedZeroShot:
    """A model that is asked about any series."""

    folder: Path

    def arranged(self, _rows: Sequence[int | None]) -> "FittedZeroShot":
        """It knows no series."""
        return self

    def packed(self) -> Any:
        """The folder: weights stay where they are."""
        return str(self.folder)

    def predict(self, panel: Panel, horizon: int) -> Floats:
        """Return the mean of each quantile function, shape (series, horizon); NaN for an unknown series."""
        found = self.distribution(panel, horizon)
        steps = np.diff(PROBABILITIES)
        inside = ((found[..., 1:] + found[..., :-1]) / 2 * steps).sum(axis=-1)
        # Beyond the outermost quantiles nothing is known: they count as they are.
        lowest, highest = PROBABILITIES[0], 1 - PROBABILITIES[-1]
        return np.asarray(inside + found[..., 0] * lowest + found[..., -1] * highest)

    def distribution(self, panel: Panel, horizon: int) -> Floats:
        """Return quantiles at PROBABILITIES, shape (series, horizon, 15); none is negative or falls."""
        quantiles = np.full((len(panel.ids), horizon, PROBABILITIES.size), np.nan)
        rows = np.flatnonzero(~np.isnan(panel.values).all(axis=1))
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            quantiles[some] = self._ask([_known(panel, row) for row in some], horizon)
        return np.sort(np.maximum(quantiles, 0.0), axis=-1)

    def _ask(self, series: Sequence[Floats], horizon: int) -> Floats:
        torch, pipeline = _load(self.folder)
        # Models of the first generation draw samples.
        torch.manual_seed(0)
        levels = [float(each) for each in PROBABILITIES]
        inputs = [torch.tensor(each, dtype=torch.float32) for each in series]
        found, _ = pipeline.predict_quantiles(
            inputs, prediction_length=horizon, quantile_levels=levels
        )
        shape = (len(series), horizon, len(levels))
        answers = [np.asarray(each, dtype=np.float64) for each in found]
        return np.stack(answers).reshape(shape)


@dataclass(frozen=True, slots=True)
class ZeroShot:
    """The model in `folder`: config.json and model.safetensors, as its publisher lays them out."""

    folder: Path
    name: str = "zero-shot"
    learns_alone: bool = False

    def fit(self, panel: Panel, horizon: int) -> FittedZeroShot:
        """Learn nothing; raises `InvalidInput` where the folder has no model or the extra is missing."""
        _load(self.folder)
        return FittedZeroShot(self.folder)

    def unpacked(self, tree: Any) -> FittedZeroShot:
        """The model of the folder again."""
        return FittedZeroShot(Path(tree))


def _known(panel: Panel, row: int) -> Floats:
    """Return one series from its first known period on, with NaN for gaps."""
    values = panel.values[row, -LONGEST:]
    known = np.flatnonzero(~np.isnan(values))
    return values[known[0] :] if known.size else np.zeros(1)


@cache
def _load(folder: Path) -> tuple[Any, Any]:
    """Return torch and the model; imported late, seconds, and in one thread."""
    # A pickled file of weights would be code; a tensor file is not.
    for name in ("config.json", "model.safetensors"):
        if not (folder / name).is_file():
            raise InvalidInput(f"zero-shot-folder: {folder} has no {name}")
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        import torch  # noqa: PLC0415
        from chronos import BaseChronosPipeline  # noqa: PLC0415
    except ImportError as error:
        raise InvalidInput(
            f"zero-shot: {error.name} is not installed; pip install 'capliquify-workers[zero-shot]'"
        ) from None
    torch.set_num_threads(1)
    try:
        pipeline = BaseChronosPipeline.from_pretrained(
            str(folder), device_map="cpu", dtype=torch.float32, local_files_only=True
        )
    except (OSError, ValueError, KeyError, TypeError, AssertionError) as error:
        reason = str(error).partition("\n")[0]
        raise InvalidInput(f"zero-shot-folder: {folder} holds no such model: {reason}") from None
    return torch, pipeline

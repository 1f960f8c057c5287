"""A foundation model from a folder, as a member of the ensemble. Its weights here are random: shapes and rules hold."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from shared.errors import InvalidInput
from shared.forecasting.panels.contest import Contest, run_contest
from shared.forecasting.panels.long_csv import Exam
from shared.forecasting.panels.members.zero_shot import ZeroShot
from shared.forecasting.panels.panel import Panel

SERIES, DAYS, HORIZON = 5, 120, 9


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A model of the size of a thumbnail, as its publisher would lay it out."""
    reason = "the extra `zero-shot` is not installed"
    torch = pytest.importorskip("torch", reason=reason)
    bolt = pytest.importorskip("chronos.chronos_bolt", reason=reason)
    from transformers import T5Config

    threads = torch.get_num_threads()
    torch.manual_seed(7)
    config = T5Config(d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, vocab_size=2)
    config.dense_act_fn, config.is_gated_act = "relu", False
    config.decoder_start_token_id, config.pad_token_id = 0, 0
    config.chronos_pipeline_class = "ChronosBoltPipeline"
    config.chronos_config = {
        "context_length": 64,
        "prediction_length": 8,
        "input_patch_size": 8,
        "input_patch_stride": 8,
        "quantiles": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
        "use_reg_token": True,
    }
    path = tmp_path_factory.mktemp("model")
    config.architectures = ["ChronosBoltModelForForecasting"]
    bolt.ChronosBoltModelForForecasting(config).save_pretrained(path, safe_serialization=True)
    yield path
    torch.set_num_threads(threads)


def panel() -> Panel:
    """Steady series; the second begins late and has a gap, the third was never known."""
    draw = np.random.default_rng(3)
    values = draw.poisson(4.0, (SERIES, DAYS)).astype(np.float64)
    values[1, :50] = values[1, 70] = np.nan
    values[2] = np.nan
    return Panel(tuple("abcde"), values, 7, date(2026, 1, 1))


def test_it_says_a_distribution_of_each_known_series(folder: Path) -> None:
    fitted = ZeroShot(folder).fit(panel(), HORIZON)
    quantiles = fitted.distribution(panel(), HORIZON)
    means = fitted.predict(panel(), HORIZON)
    assert (quantiles.shape, means.shape) == ((SERIES, HORIZON, 15), (SERIES, HORIZON))
    assert np.isnan(quantiles[2]).all() and np.isnan(means[2]).all()
    known = np.delete(quantiles, 2, axis=0)
    assert np.isfinite(known).all() and (known >= 0).all()
    assert (np.diff(known, axis=-1) >= 0).all()
    inside = np.delete(means, 2, axis=0)
    assert (known[..., 0] - 1e-9 <= inside).all() and (inside <= known[..., -1] + 1e-9).all()


def test_it_says_the_same_again_and_after_it_was_stored(folder: Path) -> None:
    member = ZeroShot(folder)
    fitted = member.fit(panel(), HORIZON)
    first = fitted.predict(panel(), HORIZON)
    again = member.unpacked(fitted.packed()).arranged([0, None]).predict(panel(), HORIZON)
    assert np.array_equal(first, again, equal_nan=True)


def test_a_series_is_forecast_alone_as_beside_others(folder: Path) -> None:
    fitted = ZeroShot(folder).fit(panel(), HORIZON)
    alone = fitted.predict(panel().only([1]), HORIZON)
    assert np.allclose(alone[0], fitted.predict(panel(), HORIZON)[1], rtol=1e-4)


def test_a_contest_takes_it_where_it_is_named(folder: Path) -> None:
    whole = panel().only([0, 3, 4])
    exam = Exam(whole.until(DAYS - HORIZON - 1), whole.values[:, DAYS - HORIZON :])
    names = ["zero-shot", "seasonal_naive"]
    report = run_contest([exam], Contest(7, HORIZON, names, with_peer=False, zero_shot=folder))
    models = report["models"]
    assert isinstance(models, dict)
    assert set(models) == {"ensemble", "zero-shot", "seasonal_naive"}


@pytest.mark.parametrize("present", [(), ("config.json",), ("model.safetensors",)])
def test_a_folder_without_a_model_is_one_line(tmp_path: Path, present: tuple[str, ...]) -> None:
    for name in present:
        (tmp_path / name).write_text("{}")
    missing = "model.safetensors" if "config.json" in present else "config.json"
    with pytest.raises(InvalidInput, match=rf"^zero-shot-folder: {tmp_path} has no {missing}$"):
        ZeroShot(tmp_path).fit(panel(), HORIZON)


def test_what_is_no_model_is_one_line(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "t5"}')
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(InvalidInput, match="holds no such model"):
        ZeroShot(tmp_path).fit(panel(), HORIZON)


def test_nobody_gets_it_without_a_folder() -> None:
    whole = panel().only([0, 3, 4])
    exam = Exam(whole.until(DAYS - HORIZON - 1), whole.values[:, DAYS - HORIZON :])
    with pytest.raises(InvalidInput, match="models: 'zero-shot' is unknown here"):
        run_contest([exam], Contest(7, HORIZON, ["zero-shot"], with_peer=False))
